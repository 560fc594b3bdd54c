//! `nac-supplicant load`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::load::{Extent, LoadMode, LoadPlan, Pace, ProcessId, run as run_load};

use super::server::{DeviceArguments, ServerArguments, seconds};
use super::{CliResult, print};

/// Arguments of `load`.
#[derive(Debug, Args)]
pub(super) struct LoadArguments {
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    device: DeviceArguments,
    /// What every authentication is.
    #[arg(long, value_enum, default_value = "eap-tls")]
    mode: ModeArgument,
    /// Closed loop: conversations at a time.
    #[arg(long, value_name = "N", default_value_t = 16)]
    concurrency: usize,
    /// Open loop: conversations begun per second, at random times.
    #[arg(long, value_name = "PER_SECOND", conflicts_with = "concurrency")]
    rate: Option<f64>,
    /// Seconds during which conversations begin.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    duration: f64,
    /// Conversations in all, instead of a duration.
    #[arg(long, visible_alias = "hold", value_name = "N", conflicts_with = "duration")]
    count: Option<u64>,
    /// Authentications before the measurement.
    #[arg(long, value_name = "N", default_value_t = 0)]
    warm_up: u64,
    /// Worker threads.
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Source sockets, at least.
    #[arg(long, value_name = "N", default_value_t = 4)]
    sockets: usize,
    /// Different MAC addresses: 02-00-00-00-00-00 and on.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    macs: u32,
    /// Devices with tickets of their own, for the resumed mode; by default as many as conversations at a time, or 64.
    #[arg(long, value_name = "N")]
    devices: Option<usize>,
    /// The server's process, for its CPU time and memory.
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// Never sleep while replies are awaited: a server on this machine is then not charged for waking its clients, which
    /// those of a network do not cost it.
    #[arg(long)]
    awake: bool,
    /// Seconds for which the server has to rest before its CPU time and memory are read for the last time.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    linger: f64,
}

/// Values of `--mode`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModeArgument {
    /// EAP-TLS with full handshakes.
    EapTls,
    /// EAP-TLS, resumed.
    Resumed,
    /// EAP-TLS conversations that are begun and left; `--hold N` is how many.
    HalfOpen,
    /// MAC authentication bypass.
    Mab,
    /// Status-Server.
    Status,
    /// Accounting-Requests; `--server` is then the accounting address.
    Accounting,
}

/// Runs `load`.
pub(super) fn run(arguments: &LoadArguments) -> CliResult<ExitCode> {
    let report = run_load(&arguments.plan()?)?;
    print(&serde_json::to_string(&report)?)?;
    Ok(ExitCode::SUCCESS)
}

impl LoadArguments {
    fn plan(&self) -> CliResult<LoadPlan> {
        Ok(LoadPlan {
            server: self.server.address()?,
            trust: self.server.trust()?,
            retransmission: self.server.retransmission(),
            mode: self.mode()?,
            pace: self.pace()?,
            extent: match self.count {
                Some(count) => Extent::Count(count),
                None => Extent::Duration(seconds(self.duration)?),
            },
            warm_up: self.warm_up,
            threads: self.threads,
            sockets: self.sockets,
            macs: self.macs,
            devices: self.devices.unwrap_or(if self.rate.is_some() { 64 } else { self.concurrency }),
            eap: Arc::new(self.device.eap_settings()),
            server_process: self.server_pid.map(ProcessId),
            awake: self.awake,
            linger: seconds(self.linger)?,
        })
    }

    fn mode(&self) -> CliResult<LoadMode> {
        let config = || self.device.client_config().map(Arc::new);
        Ok(match self.mode {
            ModeArgument::EapTls => LoadMode::EapTls(config()?),
            ModeArgument::Resumed => LoadMode::Resumed(config()?),
            ModeArgument::HalfOpen => LoadMode::HalfOpen(config()?),
            ModeArgument::Mab => LoadMode::Mab,
            ModeArgument::Status => LoadMode::Status,
            ModeArgument::Accounting => LoadMode::Accounting,
        })
    }

    fn pace(&self) -> CliResult<Pace> {
        match self.rate {
            Some(rate) if rate.is_finite() && rate > 0.0 => Ok(Pace::Open { rate }),
            Some(_) => Err("--rate is a positive number".into()),
            None => Ok(Pace::Closed { concurrency: self.concurrency.max(1) }),
        }
    }
}

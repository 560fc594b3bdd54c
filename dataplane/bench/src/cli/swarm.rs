//! `nac-supplicant swarm`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, IsTerminal};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use rustls::ClientConfig;

use crate::exchange::{Backoff, Retransmission};
use crate::load::ProcessId;
use crate::swarm::{Expectation, Profile, SwarmPlan, run as run_swarm};

use super::server::{DeviceArguments, ServerArguments, seconds};
use super::{CliResult, print};

mod posture;

use posture::PostureArguments;

/// Exit code when something is wrong with what the server did.
const WRONG: u8 = 1;

/// Most addresses that switches take.
const MAX_SOURCES: u32 = 64;

/// Arguments of `swarm`. With `--timeout-ms 2000 --transmissions 3` a request waits 2, 4 and 8 seconds.
#[derive(Debug, Args)]
pub(super) struct SwarmArguments {
    #[command(flatten)]
    server: ServerArguments,
    /// Address and port for accounting; the port after the server's by default.
    #[arg(long, value_name = "HOST:PORT")]
    accounting: Option<String>,
    #[command(flatten)]
    device: DeviceArguments,
    /// Folder of device certificates, NAME.pem with NAME.key beside it; the devices take turns.
    #[arg(long, value_name = "FOLDER", conflicts_with = "cert")]
    devices: Option<PathBuf>,
    /// Devices.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    supplicants: u32,
    /// Arrivals per second, at random times; a power cut has them all at once.
    #[arg(long, value_name = "PER_SECOND", default_value_t = 100.0)]
    rate: f64,
    /// How they come and go.
    #[arg(long, value_enum, default_value = "morning-rush")]
    profile: ProfileArgument,
    /// Addresses of the switches: a prefix such as 127.9.0.0/28, at most 64 addresses.
    #[arg(long, value_name = "PREFIX")]
    sources: Option<Sources>,
    /// Share of the devices that hold a ticket from an earlier login, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    with_ticket: f64,
    /// Lose one reply in N on its way, so that requests are sent again; never the reply to one that was sent again.
    #[arg(long, value_name = "N")]
    lose_every: Option<NonZeroU64>,
    /// Seconds that a device stays at a port.
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0)]
    stay: f64,
    /// Seconds between two Interim-Updates.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    interim: f64,
    /// Moves of each device, when it roams.
    #[arg(long, value_name = "N", default_value_t = 3)]
    moves: u32,
    /// Seconds until a device that was refused begins again.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    restart_after: f64,
    /// Logins that a device begins before it gives up.
    #[arg(long, value_name = "N", default_value_t = 5)]
    attempts: u32,
    /// The VLAN that every Access-Accept must grant.
    #[arg(long, value_name = "VLAN", conflicts_with = "expect_segment")]
    expect_vlan: Option<String>,
    /// A segment and its VLAN; every Access-Accept must grant one of those given.
    #[arg(long, value_name = "NAME=VLAN")]
    expect_segment: Vec<ExpectedSegment>,
    #[command(flatten)]
    posture: PostureArguments,
    /// Port on the addresses of the switches where they take changes of authorization (RFC 5176): they change the VLAN
    /// of a live session, or end it so that its device logs in again.
    #[arg(long, value_name = "PORT", requires = "sources")]
    coa_port: Option<u16>,
    /// Worker threads.
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// The server's process, for its CPU time and memory.
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// Seconds until the server's CPU time and memory are read for the last time.
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    linger: f64,
}

/// Values of `--profile`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProfileArgument {
    /// Wired devices that come at random times and stay.
    MorningRush,
    /// Every switch starts, then all devices log in at once.
    PowerCut,
    /// Wireless devices that move from one access point to the next.
    Roaming,
}

/// The value of `--sources`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sources(Vec<IpAddr>);

/// A value of `--expect-segment`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ExpectedSegment {
    name: String,
    vlan: String,
}

/// Runs `swarm`.
pub(super) fn run(arguments: &SwarmArguments) -> CliResult<ExitCode> {
    let report = run_swarm(&arguments.plan()?)?;
    print(&serde_json::to_string(&report)?)?;
    Ok(if report.all_right { ExitCode::SUCCESS } else { ExitCode::from(WRONG) })
}

impl SwarmArguments {
    fn plan(&self) -> CliResult<SwarmPlan> {
        let server = self.server.address()?;
        let devices = self.devices.as_deref().map_or_else(|| Ok(Vec::new()), pairs)?;
        Ok(SwarmPlan {
            server,
            accounting: self.accounting_address(server)?,
            trust: self.server.trust()?,
            retransmission: Retransmission { backoff: Backoff::Doubling, ..self.server.retransmission() },
            lose_every: self.lose_every,
            supplicants: self.supplicants,
            profile: match self.profile {
                ProfileArgument::MorningRush => Profile::MorningRush,
                ProfileArgument::PowerCut => Profile::PowerCut,
                ProfileArgument::Roaming => Profile::Roaming,
            },
            rate: positive(self.rate, "--rate")?,
            certificates: self.certificates(&devices)?,
            eap: Arc::new(self.device.eap_settings()),
            sources: self.sources.as_ref().map_or_else(Vec::new, |sources| sources.0.clone()),
            with_ticket: self.with_ticket,
            stay: seconds(self.stay)?,
            interim: seconds(positive(self.interim, "--interim")?)?,
            moves: self.moves,
            restart_after: seconds(self.restart_after)?,
            attempts: self.attempts,
            expectation: self.expectation(),
            posture: self.posture.plan(&devices, self.device.ca.as_ref(), self.supplicants)?,
            coa_port: self.coa_port,
            threads: self.threads,
            server_process: self.server_pid.map(ProcessId),
            linger: seconds(self.linger)?,
            progress: io::stderr().is_terminal(),
        })
    }

    fn accounting_address(&self, server: SocketAddr) -> CliResult<SocketAddr> {
        let Some(text) = &self.accounting else {
            let port = server.port().checked_add(1).ok_or("--accounting is needed: no port follows the server's")?;
            return Ok(SocketAddr::new(server.ip(), port));
        };
        text.to_socket_addrs()
            .map_err(|error| format!("{text}: {error}"))?
            .next()
            .ok_or_else(|| format!("{text} has no address").into())
    }

    fn certificates(&self, devices: &[(PathBuf, PathBuf)]) -> CliResult<Vec<Arc<ClientConfig>>> {
        let Some(folder) = &self.devices else {
            if self.device.cert.is_none() {
                return Err("--devices, or --cert and --key, are needed: a swarm logs in by certificate".into());
            }
            return Ok(vec![Arc::new(self.device.client_config()?)]);
        };
        if devices.is_empty() {
            return Err(format!("{}: no NAME.key with NAME.pem beside it", folder.display()).into());
        }
        let wanted = devices.iter().zip(0..self.supplicants);
        wanted.map(|((chain, key), _)| Ok(Arc::new(self.device.client_config_of(Some((chain, key)))?))).collect()
    }

    fn expectation(&self) -> Expectation {
        let segments: BTreeMap<String, String> = self
            .expect_segment
            .iter()
            .map(|segment| (segment.vlan.clone(), segment.name.clone()))
            .chain(self.expect_vlan.iter().map(|vlan| (vlan.clone(), format!("VLAN {vlan}"))))
            .collect();
        if segments.is_empty() { Expectation::Anything } else { Expectation::Segments(segments) }
    }
}

/// (chain, key) of every device in a folder and the folders in it, as `nac pki issue --out` leaves them.
fn pairs(folder: &Path) -> CliResult<Vec<(PathBuf, PathBuf)>> {
    let mut found = Vec::new();
    for path in sorted(folder)? {
        let inside = if path.is_dir() { sorted(&path)? } else { vec![path] };
        found.extend(inside.into_iter().filter(|path| path.extension() == Some(OsStr::new("key"))));
    }
    Ok(found.into_iter().map(|key| (key.with_extension("pem"), key)).filter(|(chain, _)| chain.is_file()).collect())
}

fn sorted(folder: &Path) -> CliResult<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn positive(number: f64, option: &str) -> CliResult<f64> {
    if number.is_finite() && number > 0.0 { Ok(number) } else { Err(format!("{option} is a positive number").into()) }
}

/// The addresses of a prefix without its first, which names the network.
impl FromStr for Sources {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no IPv4 prefix such as 127.9.0.0/28");
        let (address, length) = text.split_once('/').unwrap_or((text, "32"));
        let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
        let length: u32 = length.parse().ok().filter(|length| *length <= 32).ok_or_else(wrong)?;
        if length == 32 {
            return Ok(Self(vec![address.into()]));
        }
        let count = 1_u32.checked_shl(32 - length).unwrap_or(u32::MAX) - 1;
        if count > MAX_SOURCES {
            return Err(format!("{text} has more than {MAX_SOURCES} addresses"));
        }
        let network = u32::from(address) & !count;
        Ok(Self((1..=count).map(|host| Ipv4Addr::from(network | host).into()).collect()))
    }
}

impl FromStr for ExpectedSegment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, vlan)) if !name.is_empty() && !vlan.is_empty() => {
                Ok(Self { name: name.to_owned(), vlan: vlan.to_owned() })
            }
            _ => Err(format!("{text:?} is no NAME=VLAN")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail loudly")]

    use super::*;

    #[test]
    fn sources_are_the_hosts_of_a_prefix() {
        let addresses = |text: &str| text.parse::<Sources>().map(|sources| sources.0);
        assert_eq!(addresses("127.0.0.9").unwrap(), ["127.0.0.9".parse::<IpAddr>().unwrap()]);
        let many = addresses("127.9.0.7/29").unwrap();
        assert_eq!((many.first().unwrap().to_string(), many.len()), ("127.9.0.1".to_owned(), 7));
        for wrong in ["127.9.0.0/33", "127.9.0.0/24", "127.9", "::1/64", "/8"] {
            assert!(addresses(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn segments_have_a_name_and_a_vlan() {
        let expected = ExpectedSegment { name: "ml".to_owned(), vlan: "120".to_owned() };
        assert_eq!("ml=120".parse(), Ok(expected));
        assert!("ml".parse::<ExpectedSegment>().is_err());
        assert!("=120".parse::<ExpectedSegment>().is_err());
    }
}

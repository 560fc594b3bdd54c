//! `nac-supplicant auth`: one device, shown in lines for people or as JSON for scripts.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use rustls::ClientConfig;

use crate::authentication::{Authentication, Method, Verdict};
use crate::exchange::{Exchange, ExchangeError};
use crate::nas_port::{MacAddress, NasPort, PORT_TYPE_ETHERNET, PORT_TYPE_WIRELESS};
use crate::supplicant::{Supplicant, with_session_store};

use super::server::{DeviceArguments, ServerArguments};
use super::{CliResult, print};

mod report;

use report::AuthReport;

/// Arguments of `auth`.
#[derive(Debug, Args)]
pub(super) struct AuthArguments {
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    device: DeviceArguments,
    /// The device's address (Calling-Station-Id).
    #[arg(long, default_value = "02-00-00-00-00-01")]
    mac: MacAddress,
    /// MAC authentication bypass with this address instead of EAP-TLS.
    #[arg(long, value_name = "MAC", conflicts_with_all = ["cert", "mac"])]
    mab: Option<MacAddress>,
    /// Authenticate again this often, resuming the TLS session.
    #[arg(long, value_name = "N", default_value_t = 0)]
    resume: u32,
    /// Called-Station-Id.
    #[arg(long, value_name = "TEXT")]
    called_station: Option<String>,
    /// Connect-Info.
    #[arg(long, value_name = "TEXT")]
    connect_info: Option<String>,
    /// NAS-Identifier.
    #[arg(long, value_name = "TEXT", default_value = "nac-supplicant")]
    nas_identifier: String,
    /// Framed-MTU in octets.
    #[arg(long, value_name = "OCTETS")]
    framed_mtu: Option<u32>,
    /// NAS-Port-Type Wireless instead of Ethernet.
    #[arg(long)]
    wireless: bool,
    /// Ask for EAP-Key-Name, as a MACsec switch does.
    #[arg(long)]
    request_key_name: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs `auth`.
pub(super) fn run(arguments: &AuthArguments) -> CliResult<ExitCode> {
    let config = match arguments.mab {
        Some(_) => None,
        None => Some(Arc::new(with_session_store(&arguments.device.client_config()?))),
    };
    let mut exchange =
        Exchange::open(arguments.server.address()?, arguments.server.trust()?, arguments.server.retransmission())?;
    let mut reports = Vec::new();
    for _ in 0..=arguments.resume {
        let report = authenticate(arguments, config.as_ref(), &mut exchange);
        let accepted = report.is_accept();
        reports.push(report);
        if !accepted {
            break;
        }
    }
    print(&if arguments.json { report::json(&reports)? } else { report::lines(&reports) })?;
    Ok(ExitCode::from(reports.last().map_or(3, AuthReport::exit_code)))
}

fn authenticate(arguments: &AuthArguments, config: Option<&Arc<ClientConfig>>, exchange: &mut Exchange) -> AuthReport {
    let mut authentication = Authentication::new(arguments.port(), arguments.method(config));
    let started = Instant::now();
    let retransmits_before = exchange.retransmits();
    let outcome: Result<Verdict, ExchangeError> = exchange.run(&mut authentication);
    AuthReport::new(&authentication, &outcome, started.elapsed(), exchange.retransmits() - retransmits_before)
        .of_device(arguments.mab.unwrap_or(arguments.mac), &arguments.device.identity, arguments.mab.is_some())
}

impl AuthArguments {
    fn port(&self) -> NasPort {
        NasPort {
            called_station: self.called_station.clone(),
            connect_info: self.connect_info.clone(),
            nas_identifier: self.nas_identifier.clone(),
            framed_mtu: self.framed_mtu,
            port_type: if self.wireless { PORT_TYPE_WIRELESS } else { PORT_TYPE_ETHERNET },
            ..NasPort::wired(self.mab.unwrap_or(self.mac))
        }
    }

    fn method(&self, config: Option<&Arc<ClientConfig>>) -> Method {
        let Some(config) = config else {
            return Method::Mab;
        };
        Method::EapTls {
            supplicant: Box::new(Supplicant::new(Arc::clone(config), Arc::new(self.device.eap_settings()))),
            request_key_name: self.request_key_name,
        }
    }
}

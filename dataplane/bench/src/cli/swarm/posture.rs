//! The options of `nac-supplicant swarm` for devices that report their posture.

use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use rustls::pki_types::ServerName;

use crate::posture::{Desk, Identity};
use crate::supplicant::Credentials;
use crate::swarm::PosturePlan;

use super::super::CliResult;
use super::super::server::seconds;
use super::positive;

/// The port of a URL that names none (RFC 9110 4.2.2).
const HTTPS: u16 = 443;

/// Most threads that report.
const MAX_REPORTERS: u64 = 256;

/// What is reported, where, and how often.
#[derive(Debug, Args)]
pub(super) struct PostureArguments {
    /// The posture service, https://HOST:PORT: each device that is in reports there, with a certificate of its own.
    #[arg(long, value_name = "URL", requires = "devices")]
    posture: Option<String>,
    /// PEM file with the trust anchors for the posture service; those of --ca by default.
    #[arg(long, value_name = "FILE", requires = "posture")]
    posture_ca: Option<PathBuf>,
    /// Name that its certificate must carry; the host of the URL by default.
    #[arg(long, value_name = "NAME", requires = "posture")]
    posture_name: Option<String>,
    /// Whom the reports are for.
    #[arg(long, value_name = "TEXT", default_value = "nac-posture")]
    audience: String,
    /// Seconds from a verdict to the next report; a certificate may ask 20 times at once, and every 5 seconds for long.
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    report_every: f64,
    /// Share of the devices whose firewall is off, 0 to 1; they must be judged unhealthy, the others healthy.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    unhealthy: f64,
    /// Reports at a time.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=MAX_REPORTERS))]
    reporters: u64,
}

impl PostureArguments {
    /// `devices`: chain and key of each certificate; `ca`: of `--ca`.
    pub(super) fn plan(
        &self,
        devices: &[(PathBuf, PathBuf)],
        ca: Option<&PathBuf>,
        supplicants: u32,
    ) -> CliResult<Option<PosturePlan>> {
        let Some(url) = &self.posture else { return Ok(None) };
        if u32::try_from(devices.len()).is_ok_and(|count| count < supplicants) {
            let count = devices.len();
            return Err(format!(
                "{count} certificates for {supplicants} devices: each device that reports needs one of its own, for \
                 one on two devices is a stolen one"
            )
            .into());
        }
        if !(0.0..=1.0).contains(&self.unhealthy) {
            return Err("--unhealthy is a share from 0 to 1".into());
        }
        let (host, address) = host_and_address(url)?;
        let name = self.posture_name.clone().unwrap_or_else(|| host.to_owned());
        let ca =
            self.posture_ca.as_ref().or(ca).ok_or("--posture-ca is needed: a device does not trust just any server")?;
        let wanted = devices.iter().zip(0..supplicants);
        let identities = wanted
            .map(|((chain, key), _)| {
                let identity = Identity::new(&Credentials::read(ca, Some((chain, key)))?, &name)
                    .map_err(|error| format!("{}: {error}", chain.display()))?;
                Ok(Arc::new(identity))
            })
            .collect::<CliResult<_>>()?;
        let server_name = ServerName::try_from(name.clone()).map_err(|_| format!("{name:?} is no name of a server"))?;
        Ok(Some(PosturePlan {
            desk: Desk::new(
                address.to_socket_addrs()?.next().ok_or_else(|| format!("{host} has no address"))?,
                server_name,
            ),
            audience: self.audience.as_str().into(),
            identities,
            every: seconds(positive(self.report_every, "--report-every")?)?,
            unhealthy: self.unhealthy,
            threads: usize::try_from(self.reporters)?,
        }))
    }
}

/// The host of an https URL without a path, and what to connect to.
fn host_and_address(url: &str) -> CliResult<(&str, String)> {
    let wrong = || format!("{url:?} is no https://HOST:PORT");
    let authority = url.strip_prefix("https://").ok_or_else(wrong)?;
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    if authority.is_empty() || authority.contains(['/', '@', '?', '#']) {
        return Err(wrong().into());
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
        _ => (authority, HTTPS),
    };
    Ok((host.trim_start_matches('[').trim_end_matches(']'), format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail loudly")]

    use super::*;

    #[test]
    fn a_posture_service_has_a_host_and_a_port() {
        for (url, host, address) in [
            ("https://posture.corp.example", "posture.corp.example", "posture.corp.example:443"),
            ("https://127.0.0.1:8443/", "127.0.0.1", "127.0.0.1:8443"),
            ("https://[::1]:8443", "::1", "[::1]:8443"),
            ("https://[::1]", "::1", "[::1]:443"),
        ] {
            assert_eq!(host_and_address(url).unwrap(), (host, address.to_owned()));
        }
        for wrong in
            ["http://a:1", "a:1", "https://", "https://a:port", "https://a/v1", "https://me@a", "https://a:70000"]
        {
            assert!(host_and_address(wrong).is_err(), "{wrong}");
        }
    }
}

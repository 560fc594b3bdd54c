//! The switches that the devices are on: 48 ports each, with names, addresses and session ids of their own.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::life::{Life, Session};
use super::{Profile, SwarmPlan};
use crate::accounting::{AccountingRecord, AccountingStatus, TerminateCause};
use crate::authentication::{Authentication, Method};
use crate::nas_port::{MacAddress, NasPort, PORT_TYPE_ETHERNET, PORT_TYPE_WIRELESS};
use crate::supplicant::{EapSettings, Supplicant};
use crate::traffic::sockets::Route;

/// Ports of a switch.
const PORTS: u32 = 48;
/// The network name of the access points.
const SSID: &str = "swarm";

/// All switches.
#[derive(Debug)]
pub(super) struct Switches {
    count: u32,
    profile: Profile,
    sources: Vec<IpAddr>,
    eap: Arc<EapSettings>,
    run: u32,
}

impl Switches {
    /// As many as the devices need. `run`: a number that no other run has, for session ids.
    pub(super) fn new(plan: &SwarmPlan, run: u32) -> Self {
        Self::of(plan.supplicants, plan.profile, plan.sources.clone(), Arc::clone(&plan.eap), run)
    }

    /// The same from its parts.
    pub(super) fn of(devices: u32, profile: Profile, sources: Vec<IpAddr>, eap: Arc<EapSettings>, run: u32) -> Self {
        Self { count: devices.div_ceil(PORTS).max(1), profile, sources, eap, run }
    }

    /// The addresses that they take turns on.
    pub(super) fn sources(&self) -> &[IpAddr] {
        &self.sources
    }

    /// The address of a device's switch; None where the operating system chooses it.
    pub(super) fn address_of(&self, life: &Life) -> Option<IpAddr> {
        self.sources.get(self.source_index(self.switch_of(life))).copied()
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The routes of all switches: for each source to the authentication server, then to the accounting server.
    pub(super) fn routes(&self, plan: &SwarmPlan) -> Vec<Route> {
        let given = self.sources.iter().copied().map(Some);
        let any = self.sources.is_empty().then_some(None);
        given
            .chain(any)
            .flat_map(|source| [plan.server, plan.accounting].map(|server| Route { server, source }))
            .collect()
    }

    /// Index of the route for a login at a device's switch.
    pub(super) fn login_route(&self, life: &Life) -> usize {
        self.source_index(self.switch_of(life)) * 2
    }

    /// Index of the route for a record of a device's switch.
    pub(super) fn accounting_route(&self, life: &Life) -> usize {
        self.login_route(life) + 1
    }

    /// Index of the route for a record of a switch itself.
    pub(super) fn announcement_route(&self, switch: u32) -> usize {
        self.source_index(switch) * 2 + 1
    }

    /// A device logs in where it is.
    pub(super) fn login(&self, life: &Life) -> Authentication {
        let supplicant = Supplicant::new(Arc::clone(life.tls()), Arc::clone(&self.eap));
        let method = Method::EapTls { supplicant: Box::new(supplicant), request_key_name: false };
        Authentication::new(self.port_of(life), method)
    }

    /// A device's switch reports of its session, which has lasted for `session_time` seconds.
    pub(super) fn report(
        &self,
        life: &Life,
        session: &Session,
        status: AccountingStatus,
        session_time: u32,
    ) -> Authentication {
        let record = AccountingRecord {
            status,
            session_id: self.session_id(life.number(), life.login()),
            class: session.class.clone(),
            user_name: session.user_name.clone(),
            event_timestamp: Some(now()),
            session_time,
            terminate_cause: life.terminate_cause(),
        };
        Authentication::new(self.port_of(life), Method::Accounting(record))
    }

    /// A switch says that it has started.
    pub(super) fn announcement(&self, switch: u32) -> Authentication {
        let record = AccountingRecord {
            status: AccountingStatus::On,
            session_id: format!("{:08x}-on-{switch:x}", self.run),
            class: None,
            user_name: Vec::new(),
            event_timestamp: Some(now()),
            session_time: 0,
            terminate_cause: TerminateCause::LostCarrier,
        };
        Authentication::new(self.port(switch, 0, MacAddress::numbered(0)), Method::Accounting(record))
    }

    /// Device and login that an Acct-Session-Id of this run names.
    pub(super) fn session_named(&self, session_id: &str) -> Option<(u32, u32)> {
        let (number, login) = session_id.split_once('-')?.1.split_once('-')?;
        let (number, login) = (u32::from_str_radix(number, 16).ok()?, u32::from_str_radix(login, 16).ok()?);
        (self.session_id(number, login) == session_id).then_some((number, login))
    }

    fn session_id(&self, number: u32, login: u32) -> String {
        format!("{:08x}-{number:x}-{login:x}", self.run)
    }

    fn port_of(&self, life: &Life) -> NasPort {
        self.port(self.switch_of(life), life.number() % PORTS, MacAddress::numbered(life.number()))
    }

    fn port(&self, switch: u32, index: u32, device: MacAddress) -> NasPort {
        let wireless = self.profile == Profile::Roaming;
        // Locally administered, and no device's address: those begin with 02-00.
        let [_, a, b, c] = switch.to_be_bytes();
        let [.., last] = index.to_be_bytes();
        let own = MacAddress([0x02, 0x5a, a, b, c, last]);
        let port = index + 1;
        NasPort {
            nas_identifier: format!("swarm-{switch:05}"),
            nas_ip_address: match self.sources.get(self.source_index(switch)) {
                Some(IpAddr::V4(address)) => *address,
                _ => Ipv4Addr::LOCALHOST,
            },
            port,
            port_id: Some(if wireless { "radio-1".to_owned() } else { format!("GigabitEthernet1/0/{port}") }),
            port_type: if wireless { PORT_TYPE_WIRELESS } else { PORT_TYPE_ETHERNET },
            called_station: Some(if wireless { format!("{own}:{SSID}") } else { own.to_string() }),
            ..NasPort::wired(device)
        }
    }

    /// A device begins at its own switch and goes on to the next one.
    fn switch_of(&self, life: &Life) -> u32 {
        (life.number() / PORTS + life.visit()) % self.count
    }

    fn source_index(&self, switch: u32) -> usize {
        usize::try_from(switch).unwrap_or(0) % self.sources.len().max(1)
    }
}

/// For Event-Timestamp.
fn now() -> u32 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since_1970.as_secs()).unwrap_or(u32::MAX)
}

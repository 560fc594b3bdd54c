//! The devices of one worker: who authenticates next, and with which TLS configuration.

use std::collections::VecDeque;
use std::sync::Arc;

use rustls::ClientConfig;

use super::{LoadMode, LoadPlan};
use crate::accounting::{AccountingRecord, AccountingStatus, TerminateCause};
use crate::authentication::{Authentication, Method};
use crate::nas_port::{MacAddress, NasPort};
use crate::supplicant::{EapSettings, Supplicant, with_session_store};

/// A device that is busy until it is given back.
#[derive(Debug)]
pub(crate) struct Device {
    config: Option<Arc<ClientConfig>>,
}

/// Devices at rest.
#[derive(Debug)]
pub(super) struct Devices {
    mode: LoadMode,
    eap: Arc<EapSettings>,
    macs: u32,
    next_mac: u32,
    run: u32,
    mac_step: u32,
    resting: VecDeque<Device>,
    to_prepare: usize,
}

impl Devices {
    /// The devices of worker `index` among `workers`; the workers' MAC addresses interleave. `run`: a number that no
    /// other run has, for session ids.
    pub(super) fn new(plan: &LoadPlan, index: usize, workers: usize, run: u32) -> Self {
        let resting: VecDeque<Device> = match &plan.mode {
            LoadMode::Resumed(config) => {
                let own = plan.devices / workers + usize::from(index < plan.devices % workers);
                (0..own).map(|_| Device { config: Some(Arc::new(with_session_store(config))) }).collect()
            }
            _ => VecDeque::new(),
        };
        Self {
            mode: plan.mode.clone(),
            eap: Arc::clone(&plan.eap),
            macs: plan.macs.max(1),
            next_mac: u32::try_from(index).unwrap_or(0),
            run,
            mac_step: u32::try_from(workers).unwrap_or(1),
            to_prepare: resting.len(),
            resting,
        }
    }

    /// Devices that need one full handshake before they can resume.
    pub(super) fn to_prepare(&self) -> usize {
        self.to_prepare
    }

    /// The next conversation; None while all devices of the resumed mode are busy.
    pub(super) fn begin(&mut self) -> Option<(Device, Authentication)> {
        let device = match &self.mode {
            LoadMode::Resumed(_) => self.resting.pop_front()?,
            LoadMode::EapTls(config) | LoadMode::HalfOpen(config) => Device { config: Some(Arc::clone(config)) },
            LoadMode::Mab | LoadMode::Status | LoadMode::Accounting => Device { config: None },
        };
        let port = NasPort {
            port: self.next_mac % self.macs,
            ..NasPort::wired(MacAddress::numbered(self.next_mac % self.macs))
        };
        self.next_mac = self.next_mac.wrapping_add(self.mac_step);
        let method = self.method(&device);
        Some((device, Authentication::new(port, method)))
    }

    /// A conversation has ended.
    pub(super) fn give_back(&mut self, device: Device) {
        if matches!(self.mode, LoadMode::Resumed(_)) {
            self.resting.push_back(device);
        }
    }

    /// Round trips after which a conversation is left alone.
    pub(super) fn rounds_before_silence(&self) -> Option<u32> {
        // Identity brings Start; ClientHello brings the first octets of the server's flight.
        matches!(self.mode, LoadMode::HalfOpen(_)).then_some(2)
    }

    fn method(&self, device: &Device) -> Method {
        match (&device.config, &self.mode) {
            (Some(config), _) => Method::EapTls {
                supplicant: Box::new(Supplicant::new(Arc::clone(config), Arc::clone(&self.eap))),
                request_key_name: false,
            },
            (None, LoadMode::Status) => Method::Status,
            (None, LoadMode::Accounting) => Method::Accounting(self.interim_update()),
            (None, _) => Method::Mab,
        }
    }

    /// Of a session of its own, as no two requests may be the same.
    fn interim_update(&self) -> AccountingRecord {
        let session = format!("{:08x}-{:08x}", self.run, self.next_mac);
        AccountingRecord {
            status: AccountingStatus::InterimUpdate,
            class: Some(session.clone().into_bytes()),
            session_id: session,
            user_name: b"alice@corp.example".to_vec(),
            event_timestamp: None,
            session_time: 3_600,
            terminate_cause: TerminateCause::LostCarrier,
        }
    }
}

//! What goes on beside the logins, on threads of its own: the devices report, and their switches take changes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use super::SwarmPlan;
use super::dynamic_authorization::{ChangeTally, DynamicAuthorization, PutOff};
use super::reports::{ReportTally, Reports};
use super::seats::Seats;
use super::switches::Switches;
use crate::traffic::TrafficError;

/// Both, as far as the plan wants them.
#[derive(Debug)]
pub(super) struct Beside<'a> {
    pub(super) reports: Option<Reports<'a>>,
    changes: Option<DynamicAuthorization<'a>>,
}

/// What came of it; None for what was not wanted.
#[derive(Debug, Default)]
pub(super) struct BesideTally {
    pub(super) reports: Option<ReportTally>,
    pub(super) changes: Option<ChangeTally>,
}

impl<'a> Beside<'a> {
    /// `workers`: who has the devices, which take turns.
    pub(super) fn new(
        plan: &'a SwarmPlan,
        switches: &'a Switches,
        seats: &'a Seats,
        workers: Vec<Sender<PutOff>>,
    ) -> Result<Self, TrafficError> {
        let secret = plan.trust.secret.clone();
        let listen = |port| DynamicAuthorization::open(switches, seats, port, secret, workers);
        Ok(Self {
            reports: plan.posture.as_ref().map(|posture| Reports::new(posture, seats)),
            changes: plan.coa_port.map(listen).transpose()?,
        })
    }

    /// Goes on while `logins` runs, and until what is due then is done.
    pub(super) fn during<T>(&self, logins: impl FnOnce() -> T) -> Result<(T, BesideTally), TrafficError> {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let reporting: Option<Vec<_>> = self
                .reports
                .as_ref()
                .map(|reports| (0..reports.threads()).map(|_| scope.spawn(|| reports.serve())).collect());
            let changing = self.changes.as_ref().map(|changes| scope.spawn(|| changes.serve(&over)));
            let ran = logins();
            if let Some(reports) = &self.reports {
                reports.close();
            }
            let reported = reporting.map(|threads| {
                threads.into_iter().map(thread::ScopedJoinHandle::join).try_fold(ReportTally::default(), added)
            });
            over.store(true, Ordering::Relaxed);
            let changed = changing.map(|thread| thread.join().map_err(|_| TrafficError::Worker)).transpose()?;
            Ok((ran, BesideTally { reports: reported.transpose()?, changes: changed.transpose()? }))
        })
    }
}

fn added(mut sum: ReportTally, one: thread::Result<ReportTally>) -> Result<ReportTally, TrafficError> {
    sum.add(one.map_err(|_| TrafficError::Worker)?);
    Ok(sum)
}

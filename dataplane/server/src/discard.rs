//! Packets that are not answered, by reason; told once a minute per source, not per packet.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::limits::{DISCARD_REPORT_INTERVAL, MAX_DISCARD_REPORTS};

macro_rules! reasons {
    ($($variant:ident $name:literal $detail:literal;)*) => {
        /// Why a packet was silently discarded (RFC 2865 section 1.2).
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum DiscardReason {
            $(#[doc = $detail] $variant,)*
        }

        impl DiscardReason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word for counters and events.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// One sentence for people, with the fix.
            #[must_use]
            pub const fn detail(self) -> &'static str {
                match self { $(Self::$variant => $detail,)* }
            }
        }
    };
}

reasons! {
    UnknownClient "unknown_client" "no RADIUS client is configured for this source address: `nac client add`";
    MalformedPacket "malformed_packet" "not a RADIUS packet (RFC 2865 section 3)";
    UnexpectedCode "unexpected_code" "this packet code is not served on this port";
    BadMessageAuthenticator "bad_message_authenticator" "Message-Authenticator does not verify: the shared secret differs (RFC 3579 section 3.2)";
    BadRequestAuthenticator "bad_request_authenticator" "the Request Authenticator does not verify: the shared secret differs (RFC 2866 section 3)";
    MalformedMessageAuthenticator "malformed_message_authenticator" "Message-Authenticator has a wrong length or is repeated";
    MissingMessageAuthenticator "missing_message_authenticator" "no Message-Authenticator (CVE-2024-3596): enable it on the NAS, or set the client to `observe` meanwhile";
    ProxyStateUnprotected "proxy_state_unprotected" "Proxy-State without Message-Authenticator is refused (CVE-2024-3596)";
    EapUnprotected "eap_unprotected" "EAP-Message without Message-Authenticator (RFC 3579 section 3.1)";
    EapWithPassword "eap_with_password" "EAP-Message together with a password (RFC 3579 section 3.3)";
    MalformedEapMessage "malformed_eap_message" "EAP-Message attributes are not consecutive (RFC 3579 section 3.1)";
    NoNasIdentity "no_nas_identity" "neither NAS-IP-Address, NAS-IPv6-Address nor NAS-Identifier (RFC 2865 section 4.1)";
    NoAccountingStatus "no_accounting_status" "an Accounting-Request without Acct-Status-Type (RFC 2866 section 5.1)";
    DuplicateInWork "duplicate_in_work" "a retransmission of a request that is being worked on";
    RateLimited "rate_limited" "the client opens conversations faster than its limit";
    ReplyTooLong "reply_too_long" "the request's Proxy-State attributes leave no room for an answer (RFC 2865 section 3)";
    Overloaded "overloaded" "the shard's queue is full; the NAS will send it again";
    Internal "internal" "an internal fault; see the server's log";
}

/// One report that is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiscardReport {
    /// Why.
    pub reason: DiscardReason,
    /// From where; port numbers do not matter.
    pub source: IpAddr,
    /// RADIUS client, when known.
    pub client: Option<String>,
    /// How many since the last report.
    pub count: u64,
}

struct Pending {
    last: Duration,
    count: u64,
    client: Option<String>,
}

/// Counts discards per reason and source, and says when one is to be told.
#[derive(Default)]
pub struct DiscardReports {
    pending: HashMap<(DiscardReason, IpAddr), Pending>,
}

impl DiscardReports {
    /// Note one discard: the first of a source is told at once, later ones once in [`DISCARD_REPORT_INTERVAL`].
    pub fn note(
        &mut self,
        reason: DiscardReason,
        source: IpAddr,
        client: Option<&str>,
        now: Duration,
    ) -> Option<DiscardReport> {
        if let Some(pending) = self.pending.get_mut(&(reason, source)) {
            pending.count += 1;
            let due = now.saturating_sub(pending.last) >= DISCARD_REPORT_INTERVAL;
            return due.then(|| {
                pending.last = now;
                let count = std::mem::take(&mut pending.count);
                DiscardReport { reason, source, client: pending.client.clone(), count }
            });
        }
        if self.pending.len() >= MAX_DISCARD_REPORTS {
            self.forget_quiet(now);
            if self.pending.len() >= MAX_DISCARD_REPORTS {
                return None;
            }
        }
        let client = client.map(str::to_string);
        self.pending.insert((reason, source), Pending { last: now, count: 0, client: client.clone() });
        Some(DiscardReport { reason, source, client, count: 1 })
    }

    /// What has been held back for long enough.
    pub fn due(&mut self, now: Duration) -> Vec<DiscardReport> {
        let mut reports = Vec::new();
        for ((reason, source), pending) in &mut self.pending {
            if pending.count > 0 && now.saturating_sub(pending.last) >= DISCARD_REPORT_INTERVAL {
                pending.last = now;
                let count = std::mem::take(&mut pending.count);
                reports.push(DiscardReport { reason: *reason, source: *source, client: pending.client.clone(), count });
            }
        }
        self.forget_quiet(now);
        reports
    }

    fn forget_quiet(&mut self, now: Duration) {
        self.pending
            .retain(|_, pending| pending.count > 0 || now.saturating_sub(pending.last) < 2 * DISCARD_REPORT_INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_told_once_a_minute_with_its_count() {
        let mut reports = DiscardReports::default();
        let source = IpAddr::from([192, 0, 2, 1]);
        let mut note = |second| reports.note(DiscardReason::UnknownClient, source, None, Duration::from_secs(second));
        assert_eq!(note(0).map(|report| report.count), Some(1));
        assert!((1..60).all(|second| note(second).is_none()));
        assert_eq!(note(60).map(|report| report.count), Some(60));
        assert!(note(61).is_none());
        assert_eq!(reports.due(Duration::from_secs(121)).first().map(|report| report.count), Some(1));
        assert!(reports.due(Duration::from_secs(300)).is_empty());
        assert!(reports.pending.is_empty());
    }

    #[test]
    fn sources_are_bounded() {
        let mut reports = DiscardReports::default();
        for source in 0..10_000_u32 {
            reports.note(DiscardReason::UnknownClient, IpAddr::from(source.to_be_bytes()), None, Duration::ZERO);
        }
        assert_eq!(reports.pending.len(), MAX_DISCARD_REPORTS);
    }
}

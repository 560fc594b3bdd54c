//! Every bound on what the network can make this server hold or do, with its reason.

use std::time::Duration;

/// Largest RADIUS packet (RFC 2865 section 3).
pub const MAX_PACKET: usize = 4096;
/// TLS octets that one flight of a client may have: chains of two intermediates with 4096-bit keys need 8 KiB;
/// RFC 5216 section 2.1.5 allows 64 KiB.
pub const MAX_FLIGHT: usize = 65_536;
/// TLS octets that a client may send in one conversation: two flights of the above.
pub const MAX_HANDSHAKE: usize = 2 * MAX_FLIGHT;
/// Rounds of one conversation (RFC 3748 leaves it to us; 64 KiB in fragments of 200 octets are 350 rounds, real
/// chains need under 60).
pub const MAX_ROUNDS: u16 = 400;
/// Conversations that one shard holds. One that has not begun its handshake takes 1 to 2 KiB.
pub const MAX_CONVERSATIONS: usize = 8_192;
/// Handshakes under way that one shard holds: 14 KiB each, most of it rustls' own buffers, so 14 MiB. A shard completes
/// some 4,000 a second; who takes longer than a quarter of a second for a round while that many are under way starts again.
pub const MAX_HANDSHAKES: usize = 1_024;
/// Octets of incomplete client flights that one shard holds, over all its conversations.
pub const MAX_FRAGMENT_OCTETS: usize = 16 << 20;
/// A conversation ends when nothing came for this long: NASes retransmit for 10 to 30 s (RFC 5080 section 2.2.1).
pub const CONVERSATION_IDLE: Duration = Duration::from_secs(30);
/// A conversation ends after this long in any case (802.1X supplicants give up after 60 s or less).
pub const CONVERSATION_LIFETIME: Duration = Duration::from_secs(60);
/// Answers kept for retransmissions (RFC 5080 section 2.2.2 says 5 to 30 s).
pub const DUPLICATE_LIFETIME: Duration = Duration::from_secs(10);
/// Entries of the duplicate cache, over all stripes.
pub const MAX_DUPLICATES: usize = 65_536;
/// Octets of cached answers, over all stripes.
pub const MAX_DUPLICATE_OCTETS: usize = 16 << 20;
/// Events that one commit of the journal makes durable; one takes some 3,000 octets.
pub const MAX_EVENTS_PER_COMMIT: usize = 256;
/// Accounting-Requests that one group commit waits for: what comes in during the disk's fdatasync, at 50,000 a second.
pub const MAX_ACCOUNTING_BATCH: usize = 256;
/// Requests that wait for one shard; beyond, the newest is dropped and the NAS sends it again.
pub const MAX_SHARD_QUEUE: usize = 8_192;
/// TLS 1.2 sessions kept for resumption by session id; each has the client's chain in it.
pub const MAX_STORED_SESSIONS: usize = 16_384;
/// Octets of those sessions.
pub const MAX_STORED_SESSION_OCTETS: usize = 16 << 20;
/// EAP identity kept of a peer: an NAI has at most 253 octets (RFC 7542 section 2.3).
pub const MAX_IDENTITY: usize = 253;
/// Alternative names kept of each kind per certificate.
pub const MAX_NAMES_PER_CERTIFICATE: usize = 16;
/// Certificates that a client may show beside its own: path building tries their permutations. Two intermediates and a
/// root that need not be there are three.
pub const MAX_INTERMEDIATES: usize = 4;
/// Octets kept of one name in a certificate; a longer one is left out (a DNS name has 253, RFC 1035).
pub const MAX_NAME: usize = 256;
/// Octets of a distinguished name that policies compare; a longer one is shown cut, and compared with nothing.
pub const MAX_DISTINGUISHED_NAME: usize = 1_024;
/// Chains remembered as verified, per trust store: some 1,000 octets each, most of them the certificate's names.
pub const MAX_VERIFIED_CHAINS: usize = 32_768;
/// Octets of access lists that switches fetch by name; one has some 4 KiB at most, and many sessions share it.
pub const MAX_ACCESS_LIST_OCTETS: usize = 32 << 20;
/// Sessions known at a time, 1 to 3 KiB each; beyond, the one that was silent the longest has to go.
pub const MAX_SESSIONS: usize = 200_000;
/// Ended sessions remembered, so that a report that was overtaken opens none again: some 100 octets each.
pub const MAX_ENDED_SESSIONS: usize = 131_072;
/// Sessions decided on again in one go: a millisecond, after which others may have their turn.
pub const MAX_REEVALUATED_AT_ONCE: usize = 64;
/// Sessions looked at in one go when some are searched for: less than a millisecond.
pub const MAX_SEARCHED_AT_ONCE: usize = 4_096;
/// Sessions that this server ended by itself, kept in case their NAS still reports them: 3 KiB each at most.
pub const MAX_KEPT_SESSIONS: usize = 8_192;
/// Records of the journal read at a time when the sessions of before a crash are put together again.
pub const MAX_REPLAYED_AT_ONCE: usize = 4_096;
/// Octets of an event of the control plane that is to be recorded, or of a session that is to be restored.
pub const MAX_TOLD_EVENT: usize = 65_536;
/// Octets of CA names in the CertificateRequest; beyond, none are sent (RFC 8446 section 4.2.4 makes them optional).
pub const MAX_ROOT_HINT_OCTETS: usize = 512;
/// Sources and reasons remembered for the once-a-minute discard report; beyond, they are counted together.
pub const MAX_DISCARD_REPORTS: usize = 1_024;
/// One discard event per reason and source in this time.
pub const DISCARD_REPORT_INTERVAL: Duration = Duration::from_secs(60);
/// The smallest `fragment_size` of a client: below it 64 KiB do not fit MAX_ROUNDS. A Framed-MTU may ask for less
/// (RFC 3579 section 2.4), and only large chains fail then.
pub const MIN_FRAGMENT: usize = 200;
/// The largest EAP fragment: an EAP-Message of it, with everything around, stays below one Ethernet frame.
pub const MAX_FRAGMENT: usize = 1_400;

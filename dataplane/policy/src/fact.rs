//! The closed list of facts that a policy may name, and the set of those known about one request.

use std::fmt;
use std::str::FromStr;

use crate::text::{Text, TextSet};

/// The type of a fact's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactKind {
    /// Text, compared without case.
    Text,
    /// True or false.
    Boolean,
    /// A signed 64-bit integer.
    Integer,
    /// A set of text.
    Set,
}

impl FactKind {
    /// The word of the policy language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Set => "set",
        }
    }
}

/// What people and compilers need to know about one fact.
#[derive(Clone, Copy, Debug)]
pub struct FactDefinition {
    /// The name that policies use.
    pub name: &'static str,
    /// The type of its value.
    pub kind: FactKind,
    /// Where the value comes from, for people.
    pub source: &'static str,
    /// A value as it may look, for people.
    pub example: &'static str,
    /// True when the fact says who someone is.
    pub identity: bool,
}

/// Writes the enum and its table from one list, so that they cannot disagree.
macro_rules! facts {
    ($($variant:ident $name:literal $kind:ident $identity:literal $source:literal $example:literal;)*) => {
        /// A fact that a policy may name. Documented in [`DEFINITIONS`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum FactName {
            $(#[doc = $source] $variant,)*
        }

        impl FactName {
            /// Every fact, in the order of [`DEFINITIONS`].
            pub const ALL: [Self; [$(Self::$variant),*].len()] = [$(Self::$variant),*];

            /// The definition of this fact.
            pub const fn definition(self) -> &'static FactDefinition {
                match self {
                    $(Self::$variant => const {
                        &FactDefinition {
                            name: $name,
                            kind: FactKind::$kind,
                            source: $source,
                            example: $example,
                            identity: $identity,
                        }
                    },)*
                }
            }
        }

        /// Every fact a policy may name, in the order in which they are shown.
        pub const DEFINITIONS: [&FactDefinition; FactName::ALL.len()] = [$(FactName::$variant.definition()),*];
    };
}

facts! {
    Method "method" Text false "how the device proved itself: eap-tls or mab" "eap-tls";
    CertificateSubject "certificate.subject" Text true "subject of the verified client certificate (RFC 4514)" "CN=alice,O=Corp";
    CertificateIssuer "certificate.issuer" Text true "issuer of the verified client certificate (RFC 4514)" "CN=Corp Issuing CA";
    CertificateCommonName "certificate.common_name" Text true "common name in the certificate's subject" "alice";
    CertificateSerial "certificate.serial" Text true "serial number of the certificate, hex" "0a3f77";
    CertificateFingerprint "certificate.fingerprint" Text true "SHA-256 of the certificate, hex" "9f86d081884c7d65...";
    CertificateDns "certificate.dns" Set true "DNS names in the certificate (RFC 5280 4.2.1.6)" "laptop-17.corp.example";
    CertificateEmail "certificate.email" Set true "e-mail addresses in the certificate (RFC 5280 4.2.1.6)" "alice@corp.example";
    CertificateUpn "certificate.upn" Set true "user principal names in the certificate" "alice@corp.example";
    CertificateUri "certificate.uri" Set true "URIs in the certificate (RFC 5280 4.2.1.6)" "spiffe://corp.example/gpu/7";
    CertificateEku "certificate.eku" Set false "extended key usages of the certificate, OIDs (RFC 5280 4.2.1.12)" "1.3.6.1.5.5.7.3.2";
    CertificatePolicy "certificate.policy" Set false "certificate policies, OIDs (RFC 5280 4.2.1.4)" "1.3.6.1.4.1.99999.1";
    CertificateKey "certificate.key" Text false "type of the certificate's public key" "ec-p256";
    CertificateKeyAttested "certificate.key_attested" Boolean false "whether the certificate carries a policy of the trust's attested_policies: its key is in hardware" "true";
    CertificateDaysLeft "certificate.days_left" Integer false "whole days until the certificate expires" "90";
    UserName "user.name" Text true "user that the certificate names" "alice@corp.example";
    UserKnown "user.known" Boolean true "whether the user is on record" "true";
    UserGroups "user.groups" Set true "groups of the user on record" "ml-engineers";
    UserDisabled "user.disabled" Boolean true "whether the user is disabled; false when there is no record" "false";
    UserAccessEnded "user.access_ended" Boolean true "whether the user's access has ended; false when no end is on record" "false";
    DeviceName "device.name" Text true "device that the certificate names, else the one on record with the MAC address" "laptop-17";
    DeviceKnown "device.known" Boolean true "whether the device is on record" "true";
    DeviceManaged "device.managed" Boolean true "whether the organisation manages the device; false when there is no record" "true";
    DeviceOwnership "device.ownership" Text true "managed by the organisation; byod: on record with an owner, but not managed; else unknown" "byod";
    DeviceDisabled "device.disabled" Boolean true "whether the device is disabled; false when there is no record" "false";
    DeviceKind "device.kind" Text true "kind of the device on record" "printer";
    DeviceOwner "device.owner" Text true "owner of the device on record" "alice@corp.example";
    DeviceTags "device.tags" Set true "tags of the device on record" "gpu-lab";
    DeviceSharedIdentity "device.shared_identity" Boolean false "whether its identity was seen on two machines at once (nac posture findings); false when there is no record" "false";
    PostureStatus "posture.status" Text false "health of the device; `unknown` once the last report has expired" "healthy";
    PostureFreshness "posture.freshness" Text false "fresh, ageing or stale by the age of the last posture report; `unknown` once it has expired" "fresh";
    PostureAge "posture.age" Integer false "seconds since the last posture report" "3600";
    PostureScore "posture.score" Integer false "score of the last posture report; unknown once it has expired" "85";
    PosturePassed "posture.passed" Set false "checks that passed in the last posture report; unknown once it has expired" "disk-encryption";
    PostureFailed "posture.failed" Set false "checks that failed in the last posture report; unknown once it has expired" "firewall";
    RiskScore "risk.score" Integer false "risk of the device on record, 0 to 100" "20";
    ClientName "client.name" Text false "name of the RADIUS client that asks" "switch-1";
    ClientSite "client.site" Text false "site of the RADIUS client" "berlin";
    ClientRegion "client.region" Text false "region of the RADIUS client's site" "eu";
    NasIdentifier "nas.identifier" Text false "NAS-Identifier (RFC 2865 5.32)" "sw-floor-2";
    NasPort "nas.port" Text false "NAS-Port-Id (RFC 2869 5.17), else NAS-Port" "GigabitEthernet1/0/12";
    Connection "connection" Text false "wired or wireless, from NAS-Port-Type (RFC 2865 5.41)" "wired";
    Ssid "ssid" Text false "wireless network, from Called-Station-Id (RFC 3580 3.20)" "corp";
    Mac "mac" Text true "MAC address, from Calling-Station-Id (RFC 3580 3.21)" "00-11-22-33-44-55";
    MacOui "mac.oui" Text false "first three octets of the MAC address" "00-11-22";
    TlsVersion "tls.version" Text false "TLS version of the handshake" "1.3";
    TlsResumed "tls.resumed" Boolean false "whether the TLS session was resumed" "false";
    PreviousSegment "previous.segment" Text false "segment in which the device was placed last" "quarantine";
    Time "time" Integer false "moment of the decision, Unix seconds" "1774742400";
}

impl FactName {
    /// The name that policies use.
    pub const fn name(self) -> &'static str {
        self.definition().name
    }

    /// The type of its value.
    pub const fn kind(self) -> FactKind {
        self.definition().kind
    }
}

impl fmt::Display for FactName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The text that names no fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFact(pub String);

impl fmt::Display for UnknownFact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "there is no fact named {:?}", self.0)
    }
}

impl std::error::Error for UnknownFact {}

impl FromStr for FactName {
    type Err = UnknownFact;

    fn from_str(name: &str) -> Result<Self, UnknownFact> {
        let found = Self::ALL.into_iter().find(|fact| fact.name() == name);
        found.ok_or_else(|| UnknownFact(name.to_owned()))
    }
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Lower-cased text.
    Text(Text),
    /// True or false.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A set of lower-cased text.
    Set(TextSet),
}

impl Value {
    /// A text value, in any case.
    pub fn text(text: &str) -> Self {
        Self::Text(Text::new(text))
    }

    /// A set of texts, in any case and order.
    pub fn set<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Set(TextSet::new(texts))
    }

    /// The type of this value.
    pub const fn kind(&self) -> FactKind {
        match self {
            Self::Text(_) => FactKind::Text,
            Self::Boolean(_) => FactKind::Boolean,
            Self::Integer(_) => FactKind::Integer,
            Self::Set(_) => FactKind::Set,
        }
    }
}

/// What is known about one request. A fact that was not set is unknown.
#[derive(Clone, Debug)]
pub struct FactSet {
    values: [Option<Value>; FactName::ALL.len()],
}

impl Default for FactSet {
    fn default() -> Self {
        Self::new()
    }
}

impl FactSet {
    /// A set in which every fact is unknown.
    pub const fn new() -> Self {
        Self { values: [const { None }; FactName::ALL.len()] }
    }

    /// Makes a fact known; the last value wins. A value of another type than the fact's leaves the fact unknown.
    pub fn set(&mut self, name: FactName, value: Value) {
        let fits = value.kind() == name.kind();
        if let Some(slot) = self.values.get_mut(name as usize) {
            *slot = fits.then_some(value);
        }
    }

    /// Makes a text fact known.
    pub fn set_text(&mut self, name: FactName, text: &str) {
        self.set(name, Value::text(text));
    }

    /// The value, or `None` while it is unknown.
    pub fn get(&self, name: FactName) -> Option<&Value> {
        self.values.get(name as usize).and_then(Option::as_ref)
    }

    /// Every known fact, in the order of [`DEFINITIONS`].
    pub fn iter_known(&self) -> impl Iterator<Item = (FactName, &Value)> {
        FactName::ALL.into_iter().filter_map(|name| Some((name, self.get(name)?)))
    }
}

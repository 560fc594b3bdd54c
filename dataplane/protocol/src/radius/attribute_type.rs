//! The Type field of an attribute and the Vendor-Id of RFC 2865 5.26.

/// The type of an attribute (RFC 2865 5). An open registry: unknown values are kept as they came.
///
/// Constants exist for the types that this code names; every other one has a name in the dictionaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeType(pub u8);

impl AttributeType {
    /// RFC 2865 5.1.
    pub const USER_NAME: Self = Self(1);
    /// RFC 2865 5.2.
    pub const USER_PASSWORD: Self = Self(2);
    /// RFC 2865 5.3.
    pub const CHAP_PASSWORD: Self = Self(3);
    /// RFC 2865 5.4.
    pub const NAS_IP_ADDRESS: Self = Self(4);
    /// RFC 2865 5.5.
    pub const NAS_PORT: Self = Self(5);
    /// RFC 2865 5.6.
    pub const SERVICE_TYPE: Self = Self(6);
    /// RFC 2865 5.7.
    pub const FRAMED_PROTOCOL: Self = Self(7);
    /// RFC 2865 5.8.
    pub const FRAMED_IP_ADDRESS: Self = Self(8);
    /// RFC 2865 5.9.
    pub const FRAMED_IP_NETMASK: Self = Self(9);
    /// RFC 2865 5.11.
    pub const FILTER_ID: Self = Self(11);
    /// RFC 2865 5.12.
    pub const FRAMED_MTU: Self = Self(12);
    /// RFC 2865 5.18.
    pub const REPLY_MESSAGE: Self = Self(18);
    /// RFC 2865 5.24.
    pub const STATE: Self = Self(24);
    /// RFC 2865 5.25.
    pub const CLASS: Self = Self(25);
    /// RFC 2865 5.26.
    pub const VENDOR_SPECIFIC: Self = Self(26);
    /// RFC 2865 5.27.
    pub const SESSION_TIMEOUT: Self = Self(27);
    /// RFC 2865 5.28.
    pub const IDLE_TIMEOUT: Self = Self(28);
    /// RFC 2865 5.29.
    pub const TERMINATION_ACTION: Self = Self(29);
    /// RFC 2865 5.30.
    pub const CALLED_STATION_ID: Self = Self(30);
    /// RFC 2865 5.31.
    pub const CALLING_STATION_ID: Self = Self(31);
    /// RFC 2865 5.32.
    pub const NAS_IDENTIFIER: Self = Self(32);
    /// RFC 2865 5.33.
    pub const PROXY_STATE: Self = Self(33);
    /// RFC 2866 5.1.
    pub const ACCT_STATUS_TYPE: Self = Self(40);
    /// RFC 2866 5.2.
    pub const ACCT_DELAY_TIME: Self = Self(41);
    /// RFC 2866 5.3.
    pub const ACCT_INPUT_OCTETS: Self = Self(42);
    /// RFC 2866 5.4.
    pub const ACCT_OUTPUT_OCTETS: Self = Self(43);
    /// RFC 2866 5.5.
    pub const ACCT_SESSION_ID: Self = Self(44);
    /// RFC 2866 5.6.
    pub const ACCT_AUTHENTIC: Self = Self(45);
    /// RFC 2866 5.7.
    pub const ACCT_SESSION_TIME: Self = Self(46);
    /// RFC 2866 5.8.
    pub const ACCT_INPUT_PACKETS: Self = Self(47);
    /// RFC 2866 5.9.
    pub const ACCT_OUTPUT_PACKETS: Self = Self(48);
    /// RFC 2866 5.10.
    pub const ACCT_TERMINATE_CAUSE: Self = Self(49);
    /// RFC 2866 5.11.
    pub const ACCT_MULTI_SESSION_ID: Self = Self(50);
    /// RFC 2866 5.12.
    pub const ACCT_LINK_COUNT: Self = Self(51);
    /// RFC 2869 5.1.
    pub const ACCT_INPUT_GIGAWORDS: Self = Self(52);
    /// RFC 2869 5.2.
    pub const ACCT_OUTPUT_GIGAWORDS: Self = Self(53);
    /// RFC 2869 5.3.
    pub const EVENT_TIMESTAMP: Self = Self(55);
    /// RFC 4675 2.1.
    pub const EGRESS_VLANID: Self = Self(56);
    /// RFC 4675 2.2.
    pub const INGRESS_FILTERS: Self = Self(57);
    /// RFC 4675 2.3.
    pub const EGRESS_VLAN_NAME: Self = Self(58);
    /// RFC 4675 2.4.
    pub const USER_PRIORITY_TABLE: Self = Self(59);
    /// RFC 2865 5.40.
    pub const CHAP_CHALLENGE: Self = Self(60);
    /// RFC 2865 5.41.
    pub const NAS_PORT_TYPE: Self = Self(61);
    /// RFC 2865 5.42.
    pub const PORT_LIMIT: Self = Self(62);
    /// RFC 2868 3.1.
    pub const TUNNEL_TYPE: Self = Self(64);
    /// RFC 2868 3.2.
    pub const TUNNEL_MEDIUM_TYPE: Self = Self(65);
    /// RFC 2868 3.3.
    pub const TUNNEL_CLIENT_ENDPOINT: Self = Self(66);
    /// RFC 2868 3.4.
    pub const TUNNEL_SERVER_ENDPOINT: Self = Self(67);
    /// RFC 2868 3.5.
    pub const TUNNEL_PASSWORD: Self = Self(69);
    /// RFC 2869 5.4.
    pub const ARAP_PASSWORD: Self = Self(70);
    /// RFC 2869 5.11.
    pub const CONNECT_INFO: Self = Self(77);
    /// RFC 2869 5.13.
    pub const EAP_MESSAGE: Self = Self(79);
    /// RFC 2869 5.14.
    pub const MESSAGE_AUTHENTICATOR: Self = Self(80);
    /// RFC 2868 3.6.
    pub const TUNNEL_PRIVATE_GROUP_ID: Self = Self(81);
    /// RFC 2868 3.7.
    pub const TUNNEL_ASSIGNMENT_ID: Self = Self(82);
    /// RFC 2868 3.8.
    pub const TUNNEL_PREFERENCE: Self = Self(83);
    /// RFC 2869 5.16.
    pub const ACCT_INTERIM_INTERVAL: Self = Self(85);
    /// RFC 2869 5.17.
    pub const NAS_PORT_ID: Self = Self(87);
    /// RFC 4372 2.2.
    pub const CHARGEABLE_USER_IDENTITY: Self = Self(89);
    /// RFC 4849 2.
    pub const NAS_FILTER_RULE: Self = Self(92);
    /// RFC 3162 2.1.
    pub const NAS_IPV6_ADDRESS: Self = Self(95);
    /// RFC 3162 2.2.
    pub const FRAMED_INTERFACE_ID: Self = Self(96);
    /// RFC 3162 2.3.
    pub const FRAMED_IPV6_PREFIX: Self = Self(97);
    /// RFC 5176 3.5.
    pub const ERROR_CAUSE: Self = Self(101);
    /// RFC 7268 2.2.
    pub const EAP_KEY_NAME: Self = Self(102);
    /// RFC 5580 4.1.
    pub const OPERATOR_NAME: Self = Self(126);
    /// RFC 6911 3.1.
    pub const FRAMED_IPV6_ADDRESS: Self = Self(168);
    /// RFC 6929 3.1.
    pub const EXTENDED_TYPE_1: Self = Self(241);
    /// RFC 6929 3.2.
    pub const EXTENDED_TYPE_2: Self = Self(242);
    /// RFC 6929 3.3.
    pub const EXTENDED_TYPE_3: Self = Self(243);
    /// RFC 6929 3.4.
    pub const EXTENDED_TYPE_4: Self = Self(244);
    /// RFC 6929 3.5.
    pub const LONG_EXTENDED_TYPE_1: Self = Self(245);
    /// RFC 6929 3.6.
    pub const LONG_EXTENDED_TYPE_2: Self = Self(246);
}

/// An SMI Network Management Private Enterprise Code (RFC 2865 5.26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VendorId(pub u32);

impl VendorId {
    /// Cisco Systems; AV pairs and `ip:inacl#` lines.
    pub const CISCO: Self = Self(9);
    /// Microsoft; MS-MPPE keys (RFC 2548 2.4).
    pub const MICROSOFT: Self = Self(311);
}

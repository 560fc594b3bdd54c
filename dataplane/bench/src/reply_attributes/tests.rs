//! How a reply is shown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use super::*;

#[test]
fn rfc4849_2_rules_are_rejoined_across_attributes() {
    let reply = vec![
        (AttributeType::TUNNEL_PRIVATE_GROUP_ID, b"\x01120".to_vec()),
        (AttributeType::NAS_FILTER_RULE, b"permit in ip from any to 10.0.0.1\0permit in tcp ".to_vec()),
        (AttributeType::NAS_FILTER_RULE, b"from any to any 443".to_vec()),
        (AttributeType::NAS_FILTER_RULE, b"deny in ip from any to any".to_vec()),
        (AttributeType::SESSION_TIMEOUT, vec![0, 0, 14, 16]),
        (AttributeType::VENDOR_SPECIFIC, [&[0, 0, 0, 9, 1, 31][..], b"ip:inacl#10=permit ip any any"].concat()),
    ];
    let grant = Grant::of(&reply);
    assert_eq!(grant.vlan.as_deref(), Some("120"));
    assert_eq!(
        grant.filter_rules,
        [
            "permit in ip from any to 10.0.0.1",
            "permit in tcp from any to any 443",
            "deny in ip from any to any",
            "ip:inacl#10=permit ip any any"
        ]
    );
    assert_eq!(grant.session_timeout, Some(3600));
}

#[test]
fn rfc2868_3_6_text_without_tag_is_kept() {
    let reply = vec![(AttributeType::TUNNEL_PRIVATE_GROUP_ID, b"120".to_vec())];
    assert_eq!(Grant::of(&reply).vlan.as_deref(), Some("120"));
}

#[test]
fn rfc2865_5_26_is_shown_by_vendor_and_type() {
    let shown = shown(&[(AttributeType::VENDOR_SPECIFIC, vec![0, 0, 1, 0x37, 17, 4, 0xab, 0xcd])]);
    assert_eq!((shown[0].vendor, shown[0].vendor_type), (Some(311), Some(17)));
    assert_eq!(shown[0].hex, "abcd");
    assert_eq!(shown[0].text, None);
}

//! The RADIUS wire (RFC 2865, 2866, 2868, 2869, 2548, 3579, 5176, 6929).
//!
//! Receiving: [`Packet::parse`], then [`verify_request_message_authenticator`]. Sending: [`ReplyBuilder`], whose
//! `finish` signs. Clients use [`RequestBuilder`] and [`verify_response`].
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |     Code      |  Identifier   |            Length             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                     Authenticator (16 octets)                 |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  Attributes ...     each: Type (1), Length (1), Value (0..253)
//! +-+-+-+-+-+-+-+-
//! ```

mod attribute_type;
mod authenticator;
mod builder;
mod code;
mod extended;
mod layout;
mod md5_cipher;
mod packet;
mod salted;
mod secret;
mod user_password;
mod vendor;
mod verify;

pub use attribute_type::{AttributeType, VendorId};
pub use builder::{PacketBuilder, Reply, ReplyBuilder, Request, RequestBuilder};
pub use code::Code;
pub(crate) use extended::read_extended;
pub use extended::{ExtendedAttribute, ExtendedAttributes, extended_attributes};
pub use layout::{
    BuildError, MAX_VALUE_LENGTH, put_attribute, put_extended, put_long_extended, put_tagged_integer, put_tagged_text,
    put_vendor,
};
pub(crate) use layout::{tag_of_text, tagged_integer};
pub use packet::{Attribute, Attributes, EapMessageError, HEADER_LENGTH, MAX_PACKET_LENGTH, Packet, PacketError};
pub use salted::{decrypt_mppe_key, decrypt_tunnel_password, encrypt_tunnel_password};
pub use secret::{Secret, SecretError};
pub use user_password::{PasswordError, decode_user_password, encode_user_password};
pub use vendor::{VendorAttribute, VendorAttributes, VendorSpecific};
pub use verify::{
    AccountingAuthenticatorError, MessageAuthenticatorError, Presence, ResponseError, verify_accounting_request,
    verify_request_message_authenticator, verify_response,
};

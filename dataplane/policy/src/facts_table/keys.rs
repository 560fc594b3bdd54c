//! Devices as keys of maps, by what stands in their record: the map has no second one of it.

use std::borrow::{Borrow, Cow};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::device::{DeviceFacts, Fingerprint};
use crate::text::Text;

/// What has a name; equal when the names are but for case.
pub(super) trait Named {
    fn name(&self) -> &str;
}

/// A record by its name, without case.
#[derive(Clone, Debug)]
pub(super) struct ByName(pub(super) Arc<DeviceFacts>);

impl Named for ByName {
    fn name(&self) -> &str {
        &self.0.name
    }
}

impl Named for &str {
    fn name(&self) -> &str {
        self
    }
}

/// Lower-cased as a [`Text`] is; only what is not is copied.
fn lowered(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|octet| octet.is_ascii() && !octet.is_ascii_uppercase()) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(Text::new(name).as_str().to_owned())
}

impl Hash for dyn Named + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        lowered(self.name()).hash(state);
    }
}

impl PartialEq for dyn Named + '_ {
    fn eq(&self, other: &Self) -> bool {
        lowered(self.name()) == lowered(other.name())
    }
}

impl Eq for dyn Named + '_ {}

impl Hash for ByName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self as &dyn Named).hash(state);
    }
}

impl PartialEq for ByName {
    fn eq(&self, other: &Self) -> bool {
        (self as &dyn Named) == (other as &dyn Named)
    }
}

impl Eq for ByName {}

impl<'a> Borrow<dyn Named + 'a> for ByName {
    fn borrow(&self) -> &(dyn Named + 'a) {
        self
    }
}

/// A record by one of its certificates.
#[derive(Clone, Debug)]
pub(super) struct ByCertificate {
    pub(super) device: Arc<DeviceFacts>,
    /// Among the record's.
    pub(super) position: u32,
}

impl Borrow<Fingerprint> for ByCertificate {
    fn borrow(&self) -> &Fingerprint {
        const NONE: &Fingerprint = &Fingerprint([0; 32]);
        self.device.certificates.get(self.position as usize).unwrap_or(NONE)
    }
}

impl Hash for ByCertificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let fingerprint: &Fingerprint = self.borrow();
        fingerprint.hash(state);
    }
}

impl PartialEq for ByCertificate {
    fn eq(&self, other: &Self) -> bool {
        let (one, two): (&Fingerprint, &Fingerprint) = (self.borrow(), other.borrow());
        one == two
    }
}

impl Eq for ByCertificate {}

//! How a push service knows us again [RFC 8292]: a signed statement for each of its origins.

use aws_lc_rs::error::Unspecified;
use countersign_wire::base64::b64u;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::derived_key::DerivedKey;

/// How long a statement holds. At most 24 hours are allowed; services have clocks of their own.
const LIFE: SignedDuration = SignedDuration::from_hours(12);

/// The application server's key: browsers subscribe for it, and only its holder may push to them.
pub struct VapidKey(DerivedKey);

impl VapidKey {
    /// The key that belongs to the signing core's key. Browsers must subscribe anew for another.
    pub fn of_core(core: &[u8; 32]) -> Result<Self, Unspecified> {
        DerivedKey::of_core(core, "countersign web push key").map(Self)
    }

    /// `04 ‖ x ‖ y`: what browsers call `applicationServerKey`.
    pub fn public(&self) -> &[u8] {
        self.0.public()
    }

    /// The value of `Authorization` for a push service of this origin. `contact`: whom its operator may write to.
    pub(super) fn authorization(
        &self,
        origin: &str,
        contact: Option<&str>,
        now: Timestamp,
    ) -> Result<String, Unspecified> {
        let mut claims = json!({ "aud": origin, "exp": (now + LIFE).as_second() });
        if let Some(contact) = contact {
            claims["sub"] = json!(contact);
        }
        let token = self.0.jwt(&claims)?;
        Ok(format!("vapid t={token}, k={}", b64u(self.public())))
    }
}

impl std::fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VapidKey")
    }
}

//! `[device_api]`: the keys that phones make with this service.

use countersign_split_key::Parameters;
use serde::{Deserialize, Serialize};

use crate::config::Mend;

/// `[device_api]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceApi {
    /// Bits of each half of a new key: 3072 or 4096. The halves of one key are equally long.
    pub half_bits: u32,
    /// Whether a new public key is the product of both halves, or the phone's half alone
    /// (`docs/decisions/0001-composite-modulus-and-the-patent.md`).
    pub composite: bool,
    /// Iterations of PBKDF2 between a PIN and the mask of a share. It slows down who has stolen phone and service
    /// both, and every approval on a slow phone.
    pub kdf_iterations: u32,
    /// Halves of this service that are made before a phone asks for one; each takes up to a second. 0 makes them on
    /// demand.
    pub outer_keys: u32,
}

impl Default for DeviceApi {
    fn default() -> Self {
        Self { half_bits: 3072, composite: true, kdf_iterations: 600_000, outer_keys: 8 }
    }
}

impl DeviceApi {
    /// The sizes of new keys. The fault is one that [`DeviceApi::check`] finds too.
    pub(crate) fn parameters(&self) -> Result<Parameters, Mend> {
        Parameters::new(self.half_bits, self.composite).map_err(|_| {
            let found = format!("{} is not a permitted size", self.half_bits);
            Mend::new("device_api.half_bits", found, "give 3072 or 4096")
        })
    }

    pub(crate) fn check(&self, found: &mut Vec<Mend>) {
        found.extend(self.parameters().err());
        if self.kdf_iterations == 0 {
            found.push(Mend::new("device_api.kdf_iterations", "0 makes no mask", "give 600000"));
        }
        if self.outer_keys > 1000 {
            found.push(Mend::new(
                "device_api.outer_keys",
                format!("{} is more than 1000", self.outer_keys),
                "give as many as there are registrations in a minute",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_key_sizes_are_configured() {
        let mut found = Vec::new();
        DeviceApi::default().check(&mut found);
        assert!(found.is_empty(), "{found:?}");
        DeviceApi { half_bits: 1536, kdf_iterations: 0, ..DeviceApi::default() }.check(&mut found);
        assert_eq!(found.len(), 2, "{found:?}");
    }
}

//! Passwords of people, compared and hashed: Argon2id on a pool of its own, so that signatures do not wait for guesses.

use countersign_domain::registration::{NewPassword, PasswordMeans, PasswordPolicy};
use countersign_wire::registration::MeansSerial;
use zeroize::Zeroizing;

use crate::compute::{Busy, Compute};
use crate::password_hash::PasswordHash;
use crate::randomness::Randomness;

/// Passwords that wait for a processor at the same time.
const QUEUE: usize = 32;

/// What compares and makes hashes.
pub(super) struct Credentials {
    compute: Compute,
    pub(super) policy: PasswordPolicy,
}

/// What came of comparing a password.
pub(super) struct Compared {
    /// Which copy of the means it was compared with; none where there is none.
    serial: Option<MeansSerial>,
    right: bool,
}

impl Compared {
    /// Whether it was right for this means, as it is by now: one that was replaced meanwhile has another serial.
    pub(super) fn is_right_for(&self, means: &PasswordMeans) -> bool {
        self.right && self.serial.is_some() && self.serial.as_ref() == means.serial()
    }
}

impl Credentials {
    pub(super) fn new(policy: PasswordPolicy) -> Self {
        Self { compute: Compute::for_half_of_this_machine(QUEUE), policy }
    }

    /// Compares what was entered with the password of a number. Who has none costs the same.
    pub(super) async fn compare(
        &self,
        means: Option<&PasswordMeans>,
        entered: &str,
    ) -> Result<Compared, Busy> {
        let known =
            means.and_then(|means| Some((means.serial()?.clone(), PasswordHash::parse(means.hash())?)));
        let (serial, hash) = match known {
            Some((serial, hash)) => (Some(serial), hash),
            None => (None, PasswordHash::decoy()),
        };
        let entered = Zeroizing::new(entered.to_owned());
        let right = self.compute.run(move || hash.is_of(entered.as_bytes())).await?;
        Ok(Compared { serial, right })
    }

    /// The hash of a password that somebody has chosen, in its text form.
    pub(super) async fn hash(&self, chosen: NewPassword, mut rng: Randomness) -> Result<String, Busy> {
        let text = move || PasswordHash::make(chosen.reveal().as_bytes(), &mut rng).to_text().to_string();
        self.compute.run(text).await
    }
}

//! `[[registration.partner]]`: others who identify people, and what they are believed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_domain::registration::IdentificationMethod;
use countersign_pki::verify::{Curve, KeyKind, PublicKey, ecdsa_der_from_fixed};
use countersign_pki::{Digest, SignatureAlgorithm};
use countersign_wire::jws::{CompactJws, JwsAlgorithm};
use countersign_wire::registration::{AssuranceLevel, PerJurisdiction, TenantId};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::config::Mend;

/// `[[registration.partner]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityPartner {
    /// What it is called in its results (`iss`) and in the trail: 1 to 64 letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// Its public key in Base64: `openssl pkey -pubin -in key.pem -outform der | base64 -w0`. P-256 or RSA.
    pub public_key: String,
    /// How it may identify people.
    pub methods: Vec<IdentificationMethod>,
    /// The highest level that it may grant under Swiss law: 3 or 4; none without it. The method's own ceiling counts too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zertes: Option<AssuranceLevel>,
    /// The same in the European Union.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eidas: Option<AssuranceLevel>,
    /// Whose people they are.
    #[serde(default = "default_tenant")]
    pub tenant: String,
    /// What its results have to say they are for (`aud`).
    #[serde(default = "default_audience")]
    pub audience: String,
    /// Hours after which a result is too old.
    #[serde(default = "default_hours")]
    pub max_age_hours: u32,
}

fn default_tenant() -> String {
    "default".to_owned()
}

fn default_audience() -> String {
    "countersign".to_owned()
}

fn default_hours() -> u32 {
    24
}

/// A partner with its key.
#[derive(Clone)]
pub(crate) struct KnownPartner {
    pub(crate) name: String,
    pub(crate) methods: Vec<IdentificationMethod>,
    pub(crate) ceiling: PerJurisdiction<Option<AssuranceLevel>>,
    pub(crate) tenant: TenantId,
    pub(crate) audience: String,
    pub(crate) max_age: SignedDuration,
    key: PublicKey,
}

impl KnownPartner {
    /// Whether it has signed this. The kind of key says how, not the message.
    pub(crate) fn signed(&self, jws: &CompactJws<'_>) -> bool {
        let (algorithm, signature) = match (jws.algorithm, self.key.kind()) {
            (JwsAlgorithm::Es256, KeyKind::Ec(Curve::P256)) => {
                let Ok(der) = ecdsa_der_from_fixed(Curve::P256, &jws.signature) else { return false };
                (SignatureAlgorithm::Ecdsa(Digest::Sha256), der)
            }
            (JwsAlgorithm::Ps256, KeyKind::Rsa { .. }) => {
                (SignatureAlgorithm::RsaPss(Digest::Sha256), jws.signature.clone())
            }
            (JwsAlgorithm::Es256 | JwsAlgorithm::Ps256, _) => return false,
        };
        self.key.verify(algorithm, jws.signed.as_bytes(), &signature).is_ok()
    }
}

impl IdentityPartner {
    pub(super) fn known(&self, index: usize) -> Result<KnownPartner, Mend> {
        let at = |member: &str| format!("registration.partner[{index}].{member}");
        let plain = "give 1 to 64 letters, digits, '.', '_' and '-'";
        // A name of the same form as a tenant's.
        TenantId::parse(&self.name).map_err(|_| Mend::new(at("name"), "is not a plain name", plain))?;
        let tenant = TenantId::parse(&self.tenant)
            .map_err(|_| Mend::new(at("tenant"), "is not a plain name", plain))?;
        let key = STANDARD.decode(&self.public_key).ok();
        let key = key.and_then(|der| PublicKey::from_spki_der(&der).ok());
        let fits = |key: &PublicKey| matches!(key.kind(), KeyKind::Rsa { .. } | KeyKind::Ec(Curve::P256));
        let key = key.filter(fits).ok_or_else(|| {
            let how = "give what `openssl pkey -pubin -in key.pem -outform der | base64 -w0` prints";
            Mend::new(at("public_key"), "is no public key of P-256 or RSA in Base64", how)
        })?;
        Ok(KnownPartner {
            name: self.name.clone(),
            methods: self.methods.clone(),
            ceiling: PerJurisdiction { zertes: self.zertes, eidas: self.eidas },
            tenant,
            audience: self.audience.clone(),
            max_age: SignedDuration::from_hours(i64::from(self.max_age_hours)),
            key,
        })
    }

    pub(super) fn check(&self, index: usize, earlier: &[Self], found: &mut Vec<Mend>) {
        let at = |member: &str| format!("registration.partner[{index}].{member}");
        if let Err(fault) = self.known(index) {
            found.push(fault);
        }
        if earlier.iter().any(|other| other.name == self.name) {
            found.push(Mend::new(at("name"), "is used twice", "give every partner a name of its own"));
        }
        if self.methods.is_empty() {
            found.push(Mend::new(at("methods"), "is empty", "name how the partner identifies people"));
        }
        if self.zertes.is_none() && self.eidas.is_none() {
            found.push(Mend::new(at("eidas"), "no level is given", "give zertes or eidas, 3 or 4"));
        }
        if !(1..=24 * 30).contains(&self.max_age_hours) {
            let how = "give 1 to 720 hours";
            found.push(Mend::new(
                at("max_age_hours"),
                format!("{} is out of range", self.max_age_hours),
                how,
            ));
        }
    }
}

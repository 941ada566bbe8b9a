//! The issuing side: which CAs there are, with which keys, and who answers for them.
//!
//! ```text
//! root ─┬─ eid-q    qualified certificates of people ── OCSP responder
//!       ├─ eid-nq   other certificates of people ────── OCSP responder
//!       ├─ time-stamping unit
//!       └─ OCSP responder of the root
//! ```
//!
//! One directory holds it all: a private key `NAME.key.pem` (PKCS#8) for each name of [`MEMBERS`] and [`RESPONDERS`], and
//! a certificate `NAME.pem` for each member. Keys that the configuration places in a PKCS#11 token are not in files
//! ([`KeyHomes`]). Responders' certificates are short-lived, as nobody can revoke them, so they are issued here when they
//! are needed ([`Responders`]). A CA that takes over from another is kept in the store ([`rollover`]). Every key is used
//! through [`Signer`]. The keys of `countersign dev` are public; a production directory that holds one of them is refused.

pub mod config;
pub mod dev;
mod key_homes;
pub(crate) mod responders;
pub(crate) mod rollover;
mod setup;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use const_oid::ObjectIdentifier;
use countersign_domain::revocation::{CertificateStatus, IssuedCertificate};
use countersign_pki::certificate::{Name, name};
use countersign_pki::ocsp::Status;
use countersign_pki::profile::{Addresses, Issuer, Organization, Profile};
use countersign_pki::{Certificate, Signer, crl, tsp};
use countersign_wire::words::CertificateLevel;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use zeroize::Zeroizing;

pub use key_homes::KeyHomes;
pub use responders::Responders;
pub(crate) use responders::responders;
pub use setup::{Names, set_up};

/// Who has a certificate of long life: the CAs, and the time-stamping unit.
pub const MEMBERS: [&str; 4] = [ROOT, QUALIFIED, NON_QUALIFIED, TIME_STAMPING];

/// The keys that answer for the CAs, in their order.
pub const RESPONDERS: [&str; 3] = ["root-ocsp", "eid-q-ocsp", "eid-nq-ocsp"];

const ROOT: &str = "root";
const QUALIFIED: &str = "eid-q";
const NON_QUALIFIED: &str = "eid-nq";
const TIME_STAMPING: &str = "tsa";

/// Best practices time-stamp policy (EN 319 421 section 5.2).
const TIME_STAMP_POLICY: ObjectIdentifier = tsp::BTSP_POLICY;

/// Why an authority cannot be put together.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file is missing or cannot be read.
    #[error("the authority's file {} cannot be read: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file does not hold what its name says.
    #[error("the authority's {name} is not usable: {source}")]
    Unusable {
        /// Which member.
        name: &'static str,
        /// What is wrong.
        source: countersign_pki::Error,
    },
    /// A key in the PKCS#11 token cannot be used.
    #[error("the authority's {name} cannot be used: {source}")]
    Token {
        /// Which member or responder.
        name: String,
        /// What is wrong.
        source: countersign_pkcs11::Error,
    },
    /// The configuration of the token is not whole.
    #[error("[pkcs11] {0}")]
    TokenConfig(String),
    /// A CA that took over cannot be used.
    #[error("the issuing CA {name} from the store is not usable: {reason}")]
    Successor {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A key of `countersign dev` in production.
    #[error("the authority's {name} is a public TEST key: make your own with `countersign init`")]
    PublicKey {
        /// Which member.
        name: &'static str,
    },
}

/// Where members come from: their certificate and their key, as PEM.
pub(crate) struct Source<'a> {
    pub(crate) certificate: &'a dyn Fn(&'static str) -> Result<String, Error>,
    pub(crate) key: &'a dyn Fn(&'static str) -> Result<Zeroizing<String>, Error>,
    pub(crate) homes: &'a KeyHomes,
}

/// Where relying parties find things, and the documents that certificates point at.
#[derive(Debug, Clone)]
pub struct Places {
    /// `http://host` below which `/ca` and `/ocsp` are found. Plain http: what is there is signed.
    pub base: String,
    /// The certification practice statement.
    pub cps: String,
    /// The PKI disclosure statement; https.
    pub pds: String,
}

/// All CAs, responders and the time-stamping unit of this service.
pub struct Authorities {
    places: Places,
    root: Arc<Ca>,
    cas: RwLock<Cas>,
    homes: KeyHomes,
    responders: responders::Office,
    time_stamping: TimeStamping,
}

/// The CAs, the root first; those that took over come last. A place in the list is never given to another CA.
pub type Cas = Arc<[Arc<Ca>]>;

/// A new certificate is valid a little earlier, for clients whose clock is behind.
const BACKDATED: SignedDuration = SignedDuration::from_hours(1);

/// A certificate authority with its key.
pub struct Ca {
    name: String,
    level: Option<CertificateLevel>,
    certificate: Certificate,
    signer: Arc<dyn Signer>,
    profile: Option<Profile>,
    /// What its OCSP responder begins with.
    responder_key: Arc<dyn Signer>,
}

/// The time-stamping unit.
pub struct TimeStamping {
    unit: Arc<tsp::Authority>,
    certificate: Certificate,
}

impl Authorities {
    /// Reads a directory. Error: also when it holds a key of `countersign dev`.
    pub fn load(directory: &Path, places: &Places, homes: KeyHomes) -> Result<Self, Error> {
        let read = |name: &str, ending: &str| {
            let path = directory.join(format!("{name}{ending}"));
            std::fs::read_to_string(&path).map_err(|source| Error::Unreadable { path, source })
        };
        let source = Source {
            certificate: &|name| read(name, ".pem"),
            key: &|name| Ok(Zeroizing::new(read(name, ".key.pem")?)),
            homes: &homes,
        };
        let public = dev::certificates()?;
        for name in MEMBERS {
            let certificate = parse(name, &(source.certificate)(name)?)?;
            if public.iter().any(|known| known.spki_der() == certificate.spki_der()) {
                return Err(Error::PublicKey { name });
            }
        }
        Self::from_source(&source, places)
    }

    pub(crate) fn from_source(source: &Source<'_>, places: &Places) -> Result<Self, Error> {
        let key = |name: &'static str| source.homes.signer(name, || (source.key)(name));
        let member = |name: &'static str| -> Result<(Certificate, Arc<dyn Signer>), Error> {
            Ok((parse(name, &(source.certificate)(name)?)?, key(name)?))
        };
        let levels = [None, Some(CertificateLevel::Qualified), Some(CertificateLevel::Advanced)];
        let mut cas = Vec::with_capacity(levels.len());
        for ((name, responder), level) in MEMBERS.into_iter().zip(RESPONDERS).zip(levels) {
            let (certificate, signer) = member(name)?;
            Issuer::new(&certificate, signer.as_ref()).map_err(|source| Error::Unusable { name, source })?;
            let profile = level.map(|level| places.profile(name, level));
            let (name, responder_key) = (name.to_owned(), key(responder)?);
            cas.push(Arc::new(Ca { name, level, certificate, signer, profile, responder_key }));
        }
        let root = Arc::clone(&cas[0]);
        let (certificate, signer) = member(TIME_STAMPING)?;
        let above = std::slice::from_ref(&root.certificate);
        let unit = tsp::Authority::new(&certificate, above, signer, vec![TIME_STAMP_POLICY])
            .map_err(|source| Error::Unusable { name: TIME_STAMPING, source })?;
        Ok(Self {
            places: places.clone(),
            root,
            cas: RwLock::new(cas.into()),
            homes: source.homes.clone(),
            responders: responders::Office::default(),
            time_stamping: TimeStamping { unit: Arc::new(unit), certificate },
        })
    }

    /// The same with the policies and the accuracy of the configuration in time-stamps.
    pub(crate) fn with_time_stamping(mut self, config: &crate::tsa::config::Tsa) -> Result<Self, Error> {
        let unit = tsp::Authority::clone(&self.time_stamping.unit).with_accuracy(config.accuracy());
        let unit = unit.with_policies(config.oids().unwrap_or_default());
        let unit = unit.map_err(|source| Error::Unusable { name: TIME_STAMPING, source })?;
        self.time_stamping.unit = Arc::new(unit);
        Ok(self)
    }

    /// The root.
    pub fn root(&self) -> &Ca {
        &self.root
    }

    /// The CA that issues to people at this level: the newest of its kind.
    pub fn issuing(&self, level: CertificateLevel) -> Arc<Ca> {
        let cas = self.cas();
        let newest = cas.iter().rev().find(|ca| ca.level == Some(level));
        // There was one of each kind from the beginning, and none is ever taken away.
        Arc::clone(newest.unwrap_or(&self.root))
    }

    /// What certificates point at.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// Every CA, the root first.
    pub fn cas(&self) -> Cas {
        Arc::clone(&self.cas.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self) -> usize {
        self.cas.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The time-stamping unit.
    pub fn time_stamping(&self) -> &TimeStamping {
        &self.time_stamping
    }

    /// The status that a responder gives to a certificate of `issuer`, from what the store has of it.
    /// What nobody issued is never good (EN 319 411-1 section 6.3.10).
    pub(crate) fn status(&self, issuer: &Ca, serial: &[u8], stored: Option<&IssuedCertificate>) -> Status {
        match stored.map(|certificate| certificate.status) {
            Some(CertificateStatus::Good) => Status::Good,
            Some(CertificateStatus::OnHold { since }) => {
                Status::Revoked { at: since, reason: crl::Reason::CertificateHold }
            }
            Some(CertificateStatus::Revoked { at, reason }) => Status::Revoked {
                at,
                reason: crl::Reason::from_code(reason.code()).unwrap_or(crl::Reason::Unspecified),
            },
            // The authority's own certificates are in its directory, not in the store.
            None if self.own().iter().any(|own| {
                own.issuer_der() == issuer.certificate.subject_der() && own.serial().magnitude() == serial
            }) =>
            {
                Status::Good
            }
            None => Status::NotIssued,
        }
    }

    /// The certificates of this authority itself, the root first; those of the responders come and go.
    pub fn own(&self) -> Vec<Certificate> {
        let cas = self.cas();
        let all = cas.iter().map(|ca| &ca.certificate).chain([&self.time_stamping.certificate]);
        all.cloned().collect()
    }
}

impl Ca {
    /// Its name: in URLs, file names and the store.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The level of the certificates that it issues to people; none at the root.
    pub fn level(&self) -> Option<CertificateLevel> {
        self.level
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// When a certificate begins that this CA issues at `now` to those who answer for it: a little earlier, for clients
    /// whose clock is behind, and not before the CA itself.
    pub(crate) fn backdated(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(BACKDATED).unwrap_or(now).max(self.certificate.not_before())
    }

    /// What its OCSP responder is called: the CA's own name, with the role before the common name.
    fn responder_name(&self) -> Result<Name, countersign_pki::Error> {
        let subject = self.certificate.subject();
        let text = |oid| subject.find(oid).unwrap_or_default();
        let organization = Organization {
            country: text(name::COUNTRY),
            name: text(name::ORGANIZATION),
            identifier: text(name::ORGANIZATION_IDENTIFIER),
        };
        organization.named(&format!("OCSP RESPONDER of {}", text(name::COMMON_NAME)))
    }

    /// Its key.
    pub fn signer(&self) -> &dyn Signer {
        self.signer.as_ref()
    }

    /// Certificate and key, for issuing.
    ///
    /// # Errors
    /// None in practice: the pair was checked when it was loaded.
    pub fn issuer(&self) -> Result<Issuer<'_>, countersign_pki::Error> {
        Issuer::new(&self.certificate, self.signer.as_ref())
    }

    /// How certificates of people look here; none at the root.
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }
}

impl TimeStamping {
    /// The unit.
    pub fn unit(&self) -> &tsp::Authority {
        &self.unit
    }

    /// The same, to be taken to another thread.
    pub(crate) fn unit_handle(&self) -> Arc<tsp::Authority> {
        Arc::clone(&self.unit)
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

impl Places {
    /// What a certificate says of the CA `name` that issued it.
    pub(crate) fn addresses(&self, name: &str) -> Addresses {
        Addresses {
            ca_issuers: Some(format!("{}/ca/{name}.crt", self.base)),
            ocsp: Some(format!("{}/ocsp", self.base)),
            crl: Some(format!("{}/ca/{name}.crl", self.base)),
        }
    }

    fn profile(&self, name: &str, level: CertificateLevel) -> Profile {
        match level {
            CertificateLevel::Qualified => Profile::qualified(&self.cps, &self.pds, self.addresses(name)),
            CertificateLevel::Advanced => Profile::non_qualified(&self.cps, self.addresses(name)),
        }
    }
}

/// The policy of time-stamps for requests that name none.
pub(crate) fn time_stamp_policy(app: &crate::App) -> ObjectIdentifier {
    let configured = app.config().tsa.oids().and_then(|oids| oids.first().copied());
    configured.unwrap_or(TIME_STAMP_POLICY)
}

fn parse(name: &'static str, pem: &str) -> Result<Certificate, Error> {
    Certificate::from_pem(pem).map_err(|source| Error::Unusable { name, source })
}

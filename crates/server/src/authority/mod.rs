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
//! a certificate `NAME.pem` for each member. Responders' certificates are short-lived, as nobody can revoke them, so
//! they are issued here when they are needed. Every key is used through [`Signer`]. The keys of `countersign dev` are
//! public; a production directory that holds one of them is refused.

pub mod dev;
mod setup;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use const_oid::ObjectIdentifier;
use countersign_domain::revocation::{CertificateStatus, IssuedCertificate};
use countersign_pki::certificate::build::Validity;
use countersign_pki::certificate::{Name, name};
use countersign_pki::ocsp::{self, Responder, Status};
use countersign_pki::profile::{Addresses, Issuer, Organization, Profile};
use countersign_pki::{Certificate, Signer, SoftwareKey, crl, tsp};
use countersign_wire::words::CertificateLevel;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

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
    cas: [Ca; 3],
    responder_keys: [Arc<dyn Signer>; 3],
    responders: RwLock<Option<Arc<Responders>>>,
    time_stamping: TimeStamping,
}

/// What answers OCSP requests, with the certificates it answers under.
pub struct Responders {
    issued: Timestamp,
    certificates: [Certificate; 3],
    responder: Responder,
}

/// Days that a responder's certificate is valid, and after which the next one is issued.
const RESPONDER_DAYS: u16 = 90;
const RESPONDER_RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(60 * 24);
/// A new certificate is valid a little earlier, for clients whose clock is behind.
const BACKDATED: SignedDuration = SignedDuration::from_hours(1);

/// A certificate authority with its key.
pub struct Ca {
    name: &'static str,
    certificate: Certificate,
    signer: Arc<dyn Signer>,
    profile: Option<Profile>,
}

/// The time-stamping unit, and the time of its last token.
pub struct TimeStamping {
    unit: tsp::Authority,
    certificate: Certificate,
    last_second: AtomicI64,
}

impl Authorities {
    /// Reads a directory. Error: also when it holds a key of `countersign dev`.
    pub fn load(directory: &Path, places: &Places) -> Result<Self, Error> {
        let read = |name: &str, ending: &str| {
            let path = directory.join(format!("{name}{ending}"));
            std::fs::read_to_string(&path).map_err(|source| Error::Unreadable { path, source })
        };
        let source = Source {
            certificate: &|name| read(name, ".pem"),
            key: &|name| Ok(Zeroizing::new(read(name, ".key.pem")?)),
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
        let member = |name: &'static str| -> Result<(Certificate, Arc<dyn Signer>), Error> {
            let certificate = parse(name, &(source.certificate)(name)?)?;
            let key = SoftwareKey::from_pem(&(source.key)(name)?)
                .map_err(|source| Error::Unusable { name, source })?;
            Ok((certificate, Arc::new(key)))
        };
        let ca = |name: &'static str| -> Result<Ca, Error> {
            let (certificate, signer) = member(name)?;
            Issuer::new(&certificate, signer.as_ref()).map_err(|source| Error::Unusable { name, source })?;
            Ok(Ca { name, certificate, signer, profile: places.profile(name) })
        };
        let responder_key = |name: &'static str| -> Result<Arc<dyn Signer>, Error> {
            let key = SoftwareKey::from_pem(&(source.key)(name)?);
            Ok(Arc::new(key.map_err(|source| Error::Unusable { name, source })?))
        };
        let cas = [ca(ROOT)?, ca(QUALIFIED)?, ca(NON_QUALIFIED)?];
        let [root, qualified, non_qualified] = RESPONDERS;
        let responder_keys = [responder_key(root)?, responder_key(qualified)?, responder_key(non_qualified)?];
        let (certificate, signer) = member(TIME_STAMPING)?;
        let unit = tsp::Authority::new(
            &certificate,
            std::slice::from_ref(&cas[0].certificate),
            signer,
            vec![TIME_STAMP_POLICY],
        )
        .map_err(|source| Error::Unusable { name: TIME_STAMPING, source })?;
        Ok(Self {
            cas,
            responder_keys,
            responders: RwLock::new(None),
            time_stamping: TimeStamping { unit, certificate, last_second: AtomicI64::new(i64::MIN) },
        })
    }

    /// The root.
    pub fn root(&self) -> &Ca {
        &self.cas[0]
    }

    /// The CA that issues to people at this level.
    pub fn issuing(&self, level: CertificateLevel) -> &Ca {
        match level {
            CertificateLevel::Qualified => &self.cas[1],
            CertificateLevel::Advanced => &self.cas[2],
        }
    }

    /// Every CA, the root first.
    pub fn cas(&self) -> &[Ca] {
        &self.cas
    }

    /// The time-stamping unit.
    pub fn time_stamping(&self) -> &TimeStamping {
        &self.time_stamping
    }

    /// What answers for all CAs at `now`, under certificates that are issued anew before they grow old.
    ///
    /// # Errors
    /// Those of the CAs' signers.
    pub fn responders(
        &self,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Arc<Responders>, countersign_pki::Error> {
        let usable = |responders: &Arc<Responders>| {
            (SignedDuration::ZERO..RESPONDER_RENEWED_AFTER).contains(&now.duration_since(responders.issued))
        };
        let known = self.responders.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(usable) {
            return Ok(known);
        }
        let mut latest = self.responders.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = latest.clone().filter(usable) {
            return Ok(known);
        }
        let issue = |ca: &Ca, key: &Arc<dyn Signer>, rng: &mut _| {
            let from = now.saturating_sub(BACKDATED).unwrap_or(now);
            let validity = Validity::days(from, RESPONDER_DAYS)?;
            ca.issuer()?.issue_ocsp_responder(ca.responder_name()?, key.public_key(), validity, rng)
        };
        let [root, qualified, non_qualified] = &self.cas;
        let [root_key, qualified_key, non_qualified_key] = &self.responder_keys;
        let certificates = [
            issue(root, root_key, rng)?,
            issue(qualified, qualified_key, rng)?,
            issue(non_qualified, non_qualified_key, rng)?,
        ];
        let answering = self.cas.iter().zip(&certificates).zip(&self.responder_keys);
        let answering = answering
            .map(|((ca, certificate), key)| {
                ocsp::Authority::new(&ca.certificate, certificate, Arc::clone(key))
            })
            .collect::<Result<_, _>>()?;
        let made = Arc::new(Responders { issued: now, certificates, responder: Responder::new(answering) });
        *latest = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The status that a responder gives to a certificate of `issuer`, from what the store has of it.
    /// What nobody issued is never good (EN 319 411-1 section 6.3.10).
    pub(crate) fn status(&self, issuer: &Ca, serial: &[u8], stored: Option<&IssuedCertificate>) -> Status {
        match stored.map(|certificate| certificate.status) {
            Some(CertificateStatus::Good) => Status::Good,
            Some(CertificateStatus::Revoked { at, reason }) => Status::Revoked {
                at,
                reason: crl::Reason::from_code(reason.code()).unwrap_or(crl::Reason::Unspecified),
            },
            // The authority's own certificates are in its directory, not in the store.
            None if self.own().any(|own| {
                own.issuer_der() == issuer.certificate.subject_der() && own.serial().magnitude() == serial
            }) =>
            {
                Status::Good
            }
            None => Status::NotIssued,
        }
    }

    /// The certificates of this authority itself, the root first; those of the responders come and go.
    pub fn own(&self) -> impl Iterator<Item = &Certificate> {
        self.cas.iter().map(Ca::certificate).chain([&self.time_stamping.certificate])
    }
}

impl Ca {
    /// Its name: in URLs, file names and the store.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
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

impl Responders {
    /// Answers for all CAs; a [query](ocsp::Query)'s `authority` is the place in [`Authorities::cas`].
    pub fn responder(&self) -> &Responder {
        &self.responder
    }

    /// The certificates that answers are signed under, in the order of the CAs.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

impl TimeStamping {
    /// The unit.
    pub fn unit(&self) -> &tsp::Authority {
        &self.unit
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether a token may be given at `now`: time never goes back from one token to the next
    /// (EN 319 421 section 7.7.2). Remembers `now` if so.
    pub(crate) fn advances_to(&self, now: Timestamp) -> bool {
        let second = now.as_second();
        self.last_second.fetch_max(second, Ordering::SeqCst) <= second
    }

    /// Forgets the time of the last token, after the clock of a development server was moved on purpose.
    pub(crate) fn forget_last(&self) {
        self.last_second.store(i64::MIN, Ordering::SeqCst);
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

    fn profile(&self, name: &str) -> Option<Profile> {
        match name {
            QUALIFIED => Some(Profile::qualified(&self.cps, &self.pds, self.addresses(name))),
            NON_QUALIFIED => Some(Profile::non_qualified(&self.cps, self.addresses(name))),
            _ => None,
        }
    }
}

fn parse(name: &'static str, pem: &str) -> Result<Certificate, Error> {
    Certificate::from_pem(pem).map_err(|source| Error::Unusable { name, source })
}

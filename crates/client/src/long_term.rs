//! From a signature value to a signature that proves itself for years: time-stamps and OCSP answers, asked for in the
//! order in which they have to be made (EN 319 132-1, EN 319 142-1), checked, and put in.
//!
//! One loop for everybody who signs or extends: it asks the signature what is missing next, fetches that, and asks
//! again, until nothing is missing. [`Lasting`] is what can be asked: a XAdES signature or a PDF document.

use std::sync::Arc;

use countersign_container::pades::SignedPdf;
use countersign_container::{ArchiveInput, Level, Need, SignedSignature, TrustAnchors, path_above};
use countersign_pki::tsp::TimeStampToken;
use countersign_pki::{Certificate, Digest};
use jiff::Timestamp;
use rand_core::CryptoRng;

use crate::client::Client;
use crate::error::Service;
use crate::evidence;
use crate::http::{Http, What};
use crate::tls::Roots;

/// Why a signature did not reach its level. What was fetched before stays in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An answer could not be had, or cannot be trusted.
    #[error(transparent)]
    Evidence(#[from] crate::Error),
    /// What was fetched does not fit the signature.
    #[error(transparent)]
    Container(#[from] countersign_container::Error),
    /// The certificate of the CA above a signer is not among the authorities.
    #[error("the issuer {issuer} is not among the authorities that are known")]
    NoIssuer {
        /// Its name.
        issuer: String,
    },
    /// The level needs a time-stamp, and no time-stamping authority is set.
    #[error("the level needs a time-stamp, and no time-stamping authority is set")]
    NoTimeStamping,
}

/// A signature that can be brought to a higher level.
pub trait Lasting {
    /// What is missing next on the way to `target`.
    ///
    /// # Errors
    /// When it cannot be extended.
    fn needs(&self, target: Level, authorities: &[Certificate]) -> countersign_container::Result<Vec<Need>>;

    /// What is missing next for one more archive time-stamp; empty when there is nothing to renew.
    ///
    /// # Errors
    /// When it cannot be extended.
    fn renewal_needs(&self, authorities: &[Certificate]) -> countersign_container::Result<Vec<Need>>;

    /// The status of this certificate can't be had.
    fn pass_over(&mut self, certificate: &Certificate);

    /// Adds what [`Need::TimeStamp`] asked for.
    ///
    /// # Errors
    /// When it is for other data.
    fn add_time_stamp(&mut self, token: &TimeStampToken) -> countersign_container::Result<()>;

    /// Adds what [`Need::ArchiveTimeStamp`] asked for.
    ///
    /// # Errors
    /// When it is for other data.
    fn add_archive_time_stamp(
        &mut self,
        token: &TimeStampToken,
        input: &ArchiveInput,
        imprint: &[u8],
    ) -> countersign_container::Result<()>;

    /// Adds certificates and OCSP answers.
    ///
    /// # Errors
    /// When an answer can't be used.
    fn add_validation_data(
        &mut self,
        certificates: &[Certificate],
        ocsp_responses: &[Vec<u8>],
        now: Timestamp,
    ) -> countersign_container::Result<()>;
}

impl Lasting for SignedSignature {
    fn needs(&self, target: Level, authorities: &[Certificate]) -> countersign_container::Result<Vec<Need>> {
        Ok(Self::needs(self, target, authorities))
    }

    fn renewal_needs(&self, authorities: &[Certificate]) -> countersign_container::Result<Vec<Need>> {
        Ok(Self::renewal_needs(self, authorities))
    }

    fn pass_over(&mut self, certificate: &Certificate) {
        Self::pass_over(self, certificate);
    }

    fn add_time_stamp(&mut self, token: &TimeStampToken) -> countersign_container::Result<()> {
        self.add_timestamp(token)
    }

    fn add_archive_time_stamp(
        &mut self,
        token: &TimeStampToken,
        input: &ArchiveInput,
        imprint: &[u8],
    ) -> countersign_container::Result<()> {
        self.add_archive_timestamp(token, input, imprint)
    }

    fn add_validation_data(
        &mut self,
        certificates: &[Certificate],
        ocsp_responses: &[Vec<u8>],
        now: Timestamp,
    ) -> countersign_container::Result<()> {
        Self::add_validation_data(self, certificates, ocsp_responses, now)
    }
}

impl Lasting for SignedPdf {
    fn needs(&self, target: Level, authorities: &[Certificate]) -> countersign_container::Result<Vec<Need>> {
        Self::needs(self, target, authorities)
    }

    fn renewal_needs(&self, authorities: &[Certificate]) -> countersign_container::Result<Vec<Need>> {
        Self::renewal_needs(self, authorities)
    }

    fn pass_over(&mut self, certificate: &Certificate) {
        Self::pass_over(self, certificate);
    }

    fn add_time_stamp(&mut self, token: &TimeStampToken) -> countersign_container::Result<()> {
        self.add_timestamp(token)
    }

    /// A document is time-stamped as a whole, by an ordinary time-stamp.
    fn add_archive_time_stamp(
        &mut self,
        token: &TimeStampToken,
        _: &ArchiveInput,
        _: &[u8],
    ) -> countersign_container::Result<()> {
        self.add_timestamp(token)
    }

    fn add_validation_data(
        &mut self,
        certificates: &[Certificate],
        ocsp_responses: &[Vec<u8>],
        now: Timestamp,
    ) -> countersign_container::Result<()> {
        Self::add_validation_data(self, certificates, ocsp_responses, &[], now)
    }
}

/// What happens on the way, for whoever shows it.
#[derive(Debug)]
pub enum Step<'a> {
    /// A time-stamping authority or a responder is asked. Whether it is for the signer's own sake.
    Asking {
        /// Whom.
        service: Service,
        /// False for what makes the signature complete for validators that ask for more.
        required: bool,
    },
    /// A time-stamp is in the signature.
    TimeStamped {
        /// Who made it.
        url: &'a str,
        /// The time in it.
        time: Timestamp,
        /// Whether it is an archive time-stamp.
        archive: bool,
    },
    /// The status of a certificate was found to be good.
    Good {
        /// Who says so; none where the certificate itself names the responder.
        url: Option<&'a str>,
        /// When.
        produced_at: Timestamp,
        /// Whether it is the signer's.
        required: bool,
    },
    /// A status that could be done without was not to be had.
    LeftOut {
        /// Whose.
        certificate: &'a Certificate,
        /// Why.
        error: &'a crate::Error,
    },
}

const ASKING_FOR_TIME: Step<'static> =
    Step::Asking { service: Service::TimeStampingAuthority, required: true };

/// Whom to ask for time-stamps and statuses, and whom to trust in them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LongTerm {
    http: Http,
    tsa: Option<Arc<str>>,
    ocsp: Option<Arc<str>>,
    anchors: Arc<TrustAnchors>,
    required_only: bool,
}

impl LongTerm {
    /// With the connections of a client.
    pub fn of(client: &Client, anchors: Arc<TrustAnchors>) -> Self {
        Self { http: client.http.clone(), tsa: None, ocsp: None, anchors, required_only: false }
    }

    /// With connections of its own, for those who start no sessions. `tls_roots`: whom to trust for TLS instead of the
    /// operating system's roots.
    ///
    /// # Errors
    /// [`crate::Error::Setting`].
    pub fn alone(
        tls_roots: Option<&[Certificate]>,
        anchors: Arc<TrustAnchors>,
    ) -> Result<Self, crate::Error> {
        let roots = tls_roots.map_or(Roots::System, |roots| {
            Roots::Only(roots.iter().map(|root| root.as_der().to_vec()).collect())
        });
        let http = Http::new(What::with_roots(roots))?;
        Ok(Self { http, tsa: None, ocsp: None, anchors, required_only: false })
    }

    /// The time-stamping authority. Without one there is no level above B.
    #[must_use]
    pub fn tsa(self, url: Option<&str>) -> Self {
        Self { tsa: url.map(Arc::from), ..self }
    }

    /// One responder for all certificates. Without it, each certificate's own is asked.
    #[must_use]
    pub fn ocsp(self, url: Option<&str>) -> Self {
        Self { ocsp: url.map(Arc::from), ..self }
    }

    /// Asks for no status that the level can do without. Validators that are stricter than the level may miss it.
    #[must_use]
    pub fn required_only(self) -> Self {
        Self { required_only: true, ..self }
    }

    /// Brings a signature to `level`. `imprint` makes the imprints of archive time-stamps, of the container that the
    /// signature is for; `now` tells the time of each call.
    ///
    /// # Errors
    /// See [`Error`]. Statuses that can be done without are left out, and `watch` is told.
    pub async fn complete<L: Lasting, F>(
        &self,
        signature: &mut L,
        level: Level,
        imprint: impl Fn(ArchiveInput, Digest) -> F,
        now: impl Fn() -> Timestamp,
        rng: &mut impl CryptoRng,
        watch: impl Fn(Step<'_>),
    ) -> Result<(), Error>
    where
        F: Future<Output = countersign_container::Result<Vec<u8>>>,
    {
        let authorities = self.authorities();
        loop {
            let needs = signature.needs(level, &authorities)?;
            if needs.is_empty() {
                return Ok(());
            }
            self.answer(signature, needs, &authorities, &imprint, &now, rng, &watch).await?;
        }
    }

    /// Gives a signature one more archive time-stamp, after what a validator will want to know about the last one.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    pub async fn renew<L: Lasting, F>(
        &self,
        signature: &mut L,
        imprint: impl Fn(ArchiveInput, Digest) -> F,
        now: impl Fn() -> Timestamp,
        rng: &mut impl CryptoRng,
        watch: impl Fn(Step<'_>),
    ) -> Result<(), Error>
    where
        F: Future<Output = countersign_container::Result<Vec<u8>>>,
    {
        let authorities = self.authorities();
        loop {
            let needs = signature.renewal_needs(&authorities)?;
            let is_last = needs.is_empty()
                || needs
                    .iter()
                    .any(|need| matches!(need, Need::TimeStamp { .. } | Need::ArchiveTimeStamp { .. }));
            self.answer(signature, needs, &authorities, &imprint, &now, rng, &watch).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// One round: each answer is in the signature, or given up, when this returns.
    async fn answer<L: Lasting, F>(
        &self,
        signature: &mut L,
        needs: Vec<Need>,
        authorities: &[Certificate],
        imprint: &impl Fn(ArchiveInput, Digest) -> F,
        now: &impl Fn() -> Timestamp,
        rng: &mut impl CryptoRng,
        watch: &impl Fn(Step<'_>),
    ) -> Result<(), Error>
    where
        F: Future<Output = countersign_container::Result<Vec<u8>>>,
    {
        let mut responses = Vec::new();
        // Certificates above those whose status is asked for, so that the container does not carry what nobody needs.
        let mut above: Vec<Certificate> = Vec::new();
        for need in needs {
            match need {
                Need::TimeStamp { digest, imprint } => {
                    watch(ASKING_FOR_TIME);
                    let token = self.time_stamp(digest, &imprint, now(), rng).await?;
                    signature.add_time_stamp(&token)?;
                    self.time_stamped(&token, false, watch);
                }
                Need::ArchiveTimeStamp { digest, input } => {
                    let imprint = imprint(input.clone(), digest).await?;
                    watch(ASKING_FOR_TIME);
                    let token = self.time_stamp(digest, &imprint, now(), rng).await?;
                    signature.add_archive_time_stamp(&token, &input, &imprint)?;
                    self.time_stamped(&token, true, watch);
                }
                Need::Ocsp { certificate, required: false, .. } if self.required_only => {
                    signature.pass_over(&certificate);
                }
                Need::Ocsp { certificate, issuer, produced_from, required } => {
                    watch(Step::Asking { service: Service::OcspResponder, required });
                    for authority in path_above(&certificate, authorities) {
                        if !above.contains(&authority) {
                            above.push(authority);
                        }
                    }
                    let asked = evidence::good_status(
                        &self.http,
                        self.ocsp.as_deref(),
                        &certificate,
                        &issuer,
                        produced_from,
                        now(),
                        rng,
                    );
                    match asked.await {
                        Ok(good) => {
                            responses.push(good.response);
                            let (url, produced_at) = (self.ocsp.as_deref(), good.produced_at);
                            watch(Step::Good { url, produced_at, required });
                        }
                        Err(error) if required => return Err(error.into()),
                        Err(error) => {
                            watch(Step::LeftOut { certificate: &certificate, error: &error });
                            signature.pass_over(&certificate);
                        }
                    }
                }
                Need::Issuer { certificate } => {
                    return Err(Error::NoIssuer { issuer: certificate.issuer().readable() });
                }
            }
        }
        if !responses.is_empty() {
            signature.add_validation_data(&above, &responses, now())?;
        }
        Ok(())
    }

    /// A time-stamp over this imprint, checked.
    ///
    /// # Errors
    /// [`Error::NoTimeStamping`]; [`Error::Evidence`] when the answer could not be had, or cannot be trusted.
    pub async fn time_stamp(
        &self,
        digest: Digest,
        imprint: &[u8],
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<TimeStampToken, Error> {
        let url = self.tsa.as_deref().ok_or(Error::NoTimeStamping)?;
        let (pool, anchors) = (&self.anchors.intermediates, &self.anchors.tsa);
        Ok(evidence::time_stamp(&self.http, url, digest, imprint, pool, anchors, now, rng).await?)
    }

    fn time_stamped(&self, token: &TimeStampToken, archive: bool, watch: &impl Fn(Step<'_>)) {
        let url = self.tsa.as_deref().unwrap_or_default();
        watch(Step::TimeStamped { url, time: token.gen_time(), archive });
    }

    /// Every CA that may stand above a signer or a time-stamping unit.
    fn authorities(&self) -> Vec<Certificate> {
        let TrustAnchors { intermediates, ca, tsa, .. } = &*self.anchors;
        intermediates.iter().chain(ca).chain(tsa).cloned().collect()
    }
}

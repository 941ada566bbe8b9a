//! What makes a signature last: time-stamps and OCSP answers, asked for over HTTP and checked before they go in.

use clap::Args;
use countersign_client::SystemRandom;
use countersign_container::pades::SignedPdf;
use countersign_container::{ArchiveInput, Level, Need, SignedSignature, TrustAnchors};
use countersign_pki::ocsp::{self, CertId, CertIdHash, Nonce, OcspRequest};
use countersign_pki::tsp::{self, MAX_TOKEN_LEN, MessageImprint, TimeStampReq, TimeStampToken};
use countersign_pki::{Certificate, Digest};
use jiff::SignedDuration;
use rand_core::Rng as _;
use url::Url;

use crate::error::Error;
use crate::http::Http;
use crate::level::LevelName;
use crate::{clock, progress};

/// Where time-stamps and OCSP answers come from, as given.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct SourceArguments {
    /// The time-stamping authority [default: /tsa of a service on this machine]
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_TSA", hide_env_values = true)]
    tsa: Option<Url>,
    /// The OCSP responder [default: /ocsp of a service on this machine, elsewhere what the certificate names]
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_OCSP", hide_env_values = true)]
    ocsp: Option<Url>,
}

/// The same, found.
pub(crate) struct Sources {
    tsa: Option<Url>,
    ocsp: Option<Url>,
}

impl Sources {
    /// Says now what would be missing after the person has signed. `local` is the origin of a service on this machine.
    pub(crate) fn find(
        arguments: &SourceArguments,
        local: Option<&Url>,
        level: LevelName,
    ) -> Result<Self, Error> {
        let own = |path: &str| {
            let mut place = local.cloned()?;
            place.set_path(path);
            Some(place)
        };
        let tsa = arguments.tsa.clone().or_else(|| own("/tsa"));
        let ocsp = arguments.ocsp.clone().or_else(|| own("/ocsp"));
        match level {
            LevelName::B => {}
            LevelName::T | LevelName::Lt | LevelName::Lta if tsa.is_none() => {
                return Err(Error::NoTimeStamping);
            }
            LevelName::T | LevelName::Lt | LevelName::Lta => {}
        }
        Ok(Self { tsa, ocsp })
    }
}

/// Everything that is needed to bring signatures to a level.
pub(crate) struct LongTerm<'a> {
    pub(crate) http: &'a Http,
    pub(crate) anchors: &'a TrustAnchors,
    pub(crate) sources: &'a Sources,
}

/// What is brought to a level: a signature of a container, or a document with all its signatures.
pub(crate) trait Extendable {
    /// What is missing for a level.
    fn needs(&self, level: Level, authorities: &[Certificate]) -> Result<Vec<Need>, Error>;
    /// What is missing for one more archive time-stamp, which is the last thing asked for.
    fn renewal_needs(&self, authorities: &[Certificate]) -> Result<Vec<Need>, Error>;
    /// Adds the time-stamp of a [`Need::TimeStamp`].
    fn add_time_stamp(&mut self, token: &TimeStampToken) -> Result<(), Error>;
    /// The imprint for a [`Need::ArchiveTimeStamp`].
    fn archive_imprint(&self, input: &ArchiveInput, digest: Digest) -> Result<Vec<u8>, Error>;
    /// Adds the time-stamp over it.
    fn add_archive_time_stamp(
        &mut self,
        token: &TimeStampToken,
        input: &ArchiveInput,
        imprint: &[u8],
    ) -> Result<(), Error>;
    /// Nobody says what became of this certificate, and it is not required.
    fn pass_over(&mut self, certificate: &Certificate);
    /// Adds OCSP answers, with the certificates that they lead to.
    fn add_validation_data(
        &mut self,
        authorities: &[Certificate],
        responses: &[Vec<u8>],
    ) -> Result<(), Error>;
}

/// Makes the imprint of an archive time-stamp, which covers data files.
type Imprint<'a> = &'a dyn Fn(&ArchiveInput, Digest) -> Result<Vec<u8>, Error>;

/// A signature of a container.
pub(crate) struct InContainer<'a> {
    pub(crate) signature: &'a mut SignedSignature,
    pub(crate) imprint: Imprint<'a>,
}

impl Extendable for InContainer<'_> {
    fn needs(&self, level: Level, authorities: &[Certificate]) -> Result<Vec<Need>, Error> {
        Ok(self.signature.needs(level, authorities))
    }

    fn renewal_needs(&self, authorities: &[Certificate]) -> Result<Vec<Need>, Error> {
        Ok(self.signature.renewal_needs(authorities))
    }

    fn add_time_stamp(&mut self, token: &TimeStampToken) -> Result<(), Error> {
        Ok(self.signature.add_timestamp(token)?)
    }

    fn archive_imprint(&self, input: &ArchiveInput, digest: Digest) -> Result<Vec<u8>, Error> {
        (self.imprint)(input, digest)
    }

    fn add_archive_time_stamp(
        &mut self,
        token: &TimeStampToken,
        input: &ArchiveInput,
        imprint: &[u8],
    ) -> Result<(), Error> {
        Ok(self.signature.add_archive_timestamp(token, input, imprint)?)
    }

    fn pass_over(&mut self, certificate: &Certificate) {
        self.signature.pass_over(certificate);
    }

    fn add_validation_data(
        &mut self,
        authorities: &[Certificate],
        responses: &[Vec<u8>],
    ) -> Result<(), Error> {
        Ok(self.signature.add_validation_data(authorities, responses, clock::now())?)
    }
}

impl Extendable for SignedPdf {
    fn needs(&self, level: Level, authorities: &[Certificate]) -> Result<Vec<Need>, Error> {
        Ok(Self::needs(self, level, authorities)?)
    }

    fn renewal_needs(&self, authorities: &[Certificate]) -> Result<Vec<Need>, Error> {
        Ok(Self::renewal_needs(self, authorities)?)
    }

    fn add_time_stamp(&mut self, token: &TimeStampToken) -> Result<(), Error> {
        Ok(self.add_timestamp(token)?)
    }

    // Documents are time-stamped as a whole, so these are never asked for.
    fn archive_imprint(&self, _: &ArchiveInput, _: Digest) -> Result<Vec<u8>, Error> {
        Err(Error::NoTimeStamping)
    }

    fn add_archive_time_stamp(
        &mut self,
        _: &TimeStampToken,
        _: &ArchiveInput,
        _: &[u8],
    ) -> Result<(), Error> {
        Err(Error::NoTimeStamping)
    }

    fn pass_over(&mut self, certificate: &Certificate) {
        Self::pass_over(self, certificate);
    }

    fn add_validation_data(
        &mut self,
        authorities: &[Certificate],
        responses: &[Vec<u8>],
    ) -> Result<(), Error> {
        Ok(Self::add_validation_data(self, authorities, responses, &[], clock::now())?)
    }
}

impl LongTerm<'_> {
    /// Brings it to a level.
    pub(crate) async fn complete(
        &self,
        target: &mut impl Extendable,
        level: Level,
        say: &impl Fn(std::fmt::Arguments<'_>),
    ) -> Result<(), Error> {
        let authorities = self.authorities();
        loop {
            let needs = target.needs(level, &authorities)?;
            if needs.is_empty() {
                return Ok(());
            }
            self.answer(target, needs, &authorities, say).await?;
        }
    }

    /// Adds one more archive time-stamp, after what a validator will want to know about the last one.
    pub(crate) async fn renew(
        &self,
        target: &mut impl Extendable,
        say: &impl Fn(std::fmt::Arguments<'_>),
    ) -> Result<(), Error> {
        let authorities = self.authorities();
        loop {
            let needs = target.renewal_needs(&authorities)?;
            let is_last = needs
                .iter()
                .any(|need| matches!(need, Need::TimeStamp { .. } | Need::ArchiveTimeStamp { .. }));
            self.answer(target, needs, &authorities, say).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    fn authorities(&self) -> Vec<Certificate> {
        let anchors = self.anchors;
        anchors.intermediates.iter().chain(&anchors.ca).chain(&anchors.tsa).cloned().collect()
    }

    /// One round: each answer is in its place, or given up, when this returns.
    async fn answer(
        &self,
        target: &mut impl Extendable,
        needs: Vec<Need>,
        authorities: &[Certificate],
        say: &impl Fn(std::fmt::Arguments<'_>),
    ) -> Result<(), Error> {
        let mut responses = Vec::new();
        for need in needs {
            match need {
                Need::TimeStamp { digest, imprint } => {
                    let (url, token) = self.time_stamp(digest, &imprint).await?;
                    target.add_time_stamp(&token)?;
                    say(format_args!("Time-stamp of {url}: {}", token.gen_time()));
                }
                Need::ArchiveTimeStamp { digest, input } => {
                    let imprint = target.archive_imprint(&input, digest)?;
                    let (url, token) = self.time_stamp(digest, &imprint).await?;
                    target.add_archive_time_stamp(&token, &input, &imprint)?;
                    say(format_args!("Archive time-stamp of {url}: {}", token.gen_time()));
                }
                Need::Ocsp { certificate, issuer, produced_from, required } => {
                    match self.status(&certificate, &issuer, produced_from).await {
                        Ok((url, response, produced)) => {
                            if required {
                                say(format_args!("OCSP answer of {url}: good at {produced}"));
                            }
                            responses.push(response);
                        }
                        Err(error) if required => return Err(error),
                        Err(error) => {
                            let whose = certificate.subject().readable();
                            say(format_args!("Left out, the status of {whose}: {error}"));
                            target.pass_over(&certificate);
                        }
                    }
                }
                Need::Issuer { certificate } => {
                    return Err(Error::NoIssuer { issuer: certificate.issuer().readable() });
                }
            }
        }
        if !responses.is_empty() {
            target.add_validation_data(authorities, &responses)?;
        }
        Ok(())
    }

    pub(crate) async fn time_stamp(
        &self,
        digest: Digest,
        imprint: &[u8],
    ) -> Result<(Url, TimeStampToken), Error> {
        let url = self.sources.tsa.as_ref().ok_or(Error::NoTimeStamping)?;
        let request = TimeStampReq::new(MessageImprint::new(digest, imprint)?, &nonce::<8>())?;
        let kinds = ["application/timestamp-query", "application/timestamp-reply"];
        let call = self.http.post("a time-stamp", url, kinds, request.to_der(), MAX_TOKEN_LEN + 1024);
        let response = progress::during("waiting for the time-stamp", call).await?;
        let (now, anchors) = (clock::now(), self.anchors);
        let pool = &anchors.intermediates;
        let (token, _) = tsp::check_response(&response, &request, pool, &anchors.tsa, now, CLOCK_SKEW)?;
        Ok((url.clone(), token))
    }

    async fn status(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        produced_from: jiff::Timestamp,
    ) -> Result<(Url, Vec<u8>, jiff::Timestamp), Error> {
        let named = certificate.ocsp_urls().iter().find_map(|url| Url::parse(url).ok());
        let url = self.sources.ocsp.clone().or(named).ok_or(Error::NoResponder)?;
        let nonce = Nonce::new(&nonce::<32>())?;
        let id = CertId::of(CertIdHash::Sha256, certificate, issuer)?;
        let request = OcspRequest::new(vec![id], Some(nonce.clone()))?.to_der()?;
        let kinds = ["application/ocsp-request", "application/ocsp-response"];
        let call = self.http.post("an OCSP answer", &url, kinds, request, ocsp::MAX_RESPONSE_LEN);
        let response = progress::during("waiting for the OCSP answer", call).await?;
        let policy = ocsp::Policy { produced_from: Some(produced_from), ..ocsp::Policy::fetched() };
        let checked =
            ocsp::check(&response, certificate, issuer, Some(nonce.value()), clock::now(), &policy)?;
        Ok((url, response, checked.produced_at))
    }
}

/// Bytes in nonces: 8 for time-stamps, 32 for OCSP (RFC 9654 section 2.1).
fn nonce<const N: usize>() -> [u8; N] {
    let mut nonce = [0; N];
    SystemRandom.fill_bytes(&mut nonce);
    nonce
}

/// How far clocks may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

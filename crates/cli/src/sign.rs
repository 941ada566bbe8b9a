//! `countersign sign`: real files, signed through the relying party API and put into a container that proves itself.
//!
//! In this order (EN 319 132-1): the signer's certificate, because its digest is part of what is signed; the digest to
//! the phone and the signature back; the time-stamp over the signature; the OCSP answer after the time-stamp. The
//! container is checked before it is written: what `verify` would refuse is not left on the disk.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use countersign_client::wire::endpoint::Recipient;
use countersign_client::wire::words::HashAlgorithm;
use countersign_client::{
    CertificateChoiceVerifier, ChosenCertificate, SignatureVerifier, Signing, SystemRandom,
};
use countersign_container::{
    Container, FileName, Limits, Method, Need, Policy, SignatureId, SignatureRequest, SignatureTemplate,
    SignedSignature, validate,
};
use countersign_pki::ocsp::{self, CertId, CertIdHash, Nonce, OcspRequest};
use countersign_pki::tsp::{self, MAX_TOKEN_LEN, MessageImprint, TimeStampReq, TimeStampToken};
use countersign_pki::{Certificate, Digest, SignatureAlgorithm};
use jiff::SignedDuration;
use rand_core::Rng as _;
use serde::Serialize;
use url::Url;

use crate::error::Error;
use crate::level::LevelName;
use crate::login::{PATIENCE, named};
use crate::screen::{self, Tone};
use crate::service::{PersonArguments, Service, ServiceArguments};
use crate::{clock, file, media_type, progress, runtime};

/// Sign files through the relying party API, into one container
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// The files to sign; all of them go into the container
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where to write the container
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
    /// Replace OUT if it is there
    #[arg(long)]
    force: bool,
    /// The form of the container
    #[arg(long, value_name = "FORMAT", default_value = "asice")]
    format: Format,
    /// The level of the signature
    #[arg(long, value_name = "LEVEL", default_value = "LT")]
    level: LevelName,
    /// The hash of files and signature: SHA-256, SHA-384, SHA-512, SHA3-256, SHA3-384 or SHA3-512
    #[arg(long, value_name = "HASH", default_value = "SHA-512")]
    hash: HashAlgorithm,
    /// What the person reads on the phone, at most 60 characters [default: the name of the file]
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    person: PersonArguments,
    #[command(flatten)]
    service: ServiceArguments,
    /// The time-stamping authority [default: /tsa of a service on this machine]
    #[arg(
        long,
        value_name = "URL",
        env = "COUNTERSIGN_TSA",
        hide_env_values = true,
        help_heading = "Service"
    )]
    tsa: Option<Url>,
    /// The OCSP responder [default: /ocsp of a service on this machine, elsewhere what the certificate names]
    #[arg(
        long,
        value_name = "URL",
        env = "COUNTERSIGN_OCSP",
        hide_env_values = true,
        help_heading = "Service"
    )]
    ocsp: Option<Url>,
}

const AFTER: &str = "\
Examples:
  countersign sign contract.pdf --person PNOEE-40504040001 -o contract.asice
  countersign sign a.txt b.txt --document PNOEE-40504040001-DEM0-Q --level T -o both.asice

With --person the phone asks twice: for the account to sign with, and for the signature. With --document once.

Exit codes:
  0  signed, checked and written
  1  the finished container did not pass its own check; nothing was written
  2  wrong usage
  3  a file cannot be read or written, or OUT is there already
  4  the service, the time-stamping authority or the responder cannot be reached, or refuses
  5  the person did not confirm: refused, no time left, wrong code, ...
  6  an answer cannot be trusted";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// ASiC-E with XAdES
    Asice,
}

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    file: String,
    bytes: usize,
    level: &'static str,
    signed_by: Option<String>,
    document_number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_stamp: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    if arguments.person.recipient() == Recipient::Anonymous {
        return Err(Error::NoPerson);
    }
    file::check_free(&arguments.output, arguments.force)?;
    let container = match arguments.format {
        Format::Asice => progress::during_busy("packing the files", || fill(&arguments.files))?,
    };
    runtime::small()?.block_on(sign(arguments, container))
}

/// Takes the files into a container.
fn fill(paths: &[PathBuf]) -> Result<Container, Error> {
    let limits = Limits::default();
    let mut container = Container::new();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| Error::NoFileName { path: path.clone() })?;
        let content = file::read(path, limits.data_file_bytes)?;
        container.add_data_file(
            FileName::parse(name)?,
            media_type::of(name),
            &content,
            Method::Deflated,
            clock::now(),
        )?;
    }
    Ok(container)
}

async fn sign(arguments: &Arguments, mut container: Container) -> Result<ExitCode, Error> {
    let service = Service::open(&arguments.service).await?;
    let sources = Sources::find(arguments, &service)?;
    let say = |text: std::fmt::Arguments<'_>| {
        if !arguments.json {
            screen::line(text);
        }
    };

    let chosen = choose_certificate(arguments, &service, &say).await?;
    let digest = digest_of(arguments.hash)?;
    let template = SignatureTemplate::new(&SignatureRequest {
        id: SignatureId::default(),
        data_files: container.data_file_digests(digest)?,
        certificate: chosen.certificate().clone(),
        digest,
        algorithm: SignatureAlgorithm::RsaPss(digest),
        signing_time: clock::now(),
        production_place: None,
        claimed_roles: Vec::new(),
    })?;
    let value = ask_for_signature(arguments, &service, &chosen, &template, &say).await?;
    let mut signature = template.finish(&value)?;

    complete(&mut signature, arguments.level, &container, &service, &sources, &say).await?;
    container.add_signature(&signature, clock::now())?;

    let policy = Policy { required_level: arguments.level.level(), ..Policy::default() };
    let report = validate(&container, &service.anchors, clock::now(), &policy);
    if !report.is_valid() {
        screen::line(screen::toned(Tone::Bad, &report));
        return Err(Error::OwnContainer);
    }
    let bytes = container.to_bytes()?;
    file::write(&arguments.output, &bytes, arguments.force)?;
    let level = signature.level().as_str();
    if arguments.json {
        screen::json(&Report {
            file: arguments.output.display().to_string(),
            bytes: bytes.len(),
            level,
            signed_by: chosen.certificate().subject().common_name(),
            document_number: chosen.document.as_str().to_owned(),
            time_stamp: signature.time_stamp_time().map(|time| time.to_string()),
        });
    } else {
        let text =
            format!("Signed and checked: {} ({level}, {} bytes)", arguments.output.display(), bytes.len());
        screen::line(screen::toned(Tone::Good, text));
    }
    Ok(ExitCode::SUCCESS)
}

/// The certificate of the account, or of the account that the person picks.
async fn choose_certificate(
    arguments: &Arguments,
    service: &Service,
    say: &impl Fn(std::fmt::Arguments<'_>),
) -> Result<ChosenCertificate, Error> {
    let (client, level) = (&service.client, arguments.person.certificate_level);
    let verifier = CertificateChoiceVerifier::new(service.rules());
    let chosen = match (&arguments.person.person, &arguments.person.document) {
        (_, Some(document)) => {
            let answer = client.signing_certificate(document, level).await?;
            let now = clock::now();
            client.verify_certificate(&verifier, &answer, document, level, now, &mut SystemRandom).await
        }
        (Some(person), None) => {
            let session = client.choose_certificate_by_notification(person, level, clock::now()).await?;
            say(format_args!(
                "Asked {} which account to sign with, at {}",
                person.as_str(),
                service.origin()
            ));
            let wait = client.wait(session.session_id, PATIENCE);
            let status = progress::during("waiting for the person to choose an account", wait).await?;
            let now = clock::now();
            client.verify_certificate_choice(&verifier, &session, &status, now, &mut SystemRandom).await
        }
        (None, None) => return Err(Error::NoPerson),
    };
    let chosen = chosen.map_err(Error::Checked)?;
    say(format_args!("Signing certificate of {}: {}, in force", chosen.document.as_str(), chosen.level));
    Ok(chosen)
}

async fn ask_for_signature(
    arguments: &Arguments,
    service: &Service,
    chosen: &ChosenCertificate,
    template: &SignatureTemplate,
    say: &impl Fn(std::fmt::Arguments<'_>),
) -> Result<Vec<u8>, Error> {
    let client = &service.client;
    let text = arguments.text.clone().unwrap_or_else(|| text_for(&arguments.files));
    let wanted = Signing {
        level: arguments.person.certificate_level,
        ..Signing::of_digest(&template.digest_to_sign(), arguments.hash, text)?
    };
    let recipient = Recipient::Document(chosen.document.clone());
    let session = client.sign_by_notification(&recipient, &wanted, clock::now()).await?;
    say(format_args!("Asked {} to sign", named(&recipient)));
    if let Some(code) = session.verification_code() {
        say(format_args!("Verification code: {code}  (the phone must show the same)"));
    }
    let wait = client.wait(session.session_id, PATIENCE);
    let status = progress::during("waiting for the person to sign", wait).await?;
    let verifier = SignatureVerifier::new(service.rules()).expecting(chosen.certificate());
    let signed = client.verify_signature(&verifier, &session, &status, clock::now(), &mut SystemRandom).await;
    Ok(signed.map_err(Error::Checked)?.signature)
}

/// Where time-stamps and OCSP answers come from.
struct Sources {
    tsa: Option<Url>,
    ocsp: Option<Url>,
}

impl Sources {
    /// Says now what would be missing after the person has signed.
    fn find(arguments: &Arguments, service: &Service) -> Result<Self, Error> {
        let tsa = arguments.tsa.clone().or_else(|| service.own_place("/tsa"));
        let ocsp = arguments.ocsp.clone().or_else(|| service.own_place("/ocsp"));
        match arguments.level {
            LevelName::B => {}
            LevelName::T | LevelName::Lt | LevelName::Lta if tsa.is_none() => {
                return Err(Error::NoTimeStamping);
            }
            LevelName::T | LevelName::Lt | LevelName::Lta => {}
        }
        Ok(Self { tsa, ocsp })
    }
}

/// Brings a signature to its level.
async fn complete(
    signature: &mut SignedSignature,
    level: LevelName,
    container: &Container,
    service: &Service,
    sources: &Sources,
    say: &impl Fn(std::fmt::Arguments<'_>),
) -> Result<(), Error> {
    let anchors = &service.anchors;
    let authorities: Vec<Certificate> = anchors.intermediates.iter().chain(&anchors.ca).cloned().collect();
    loop {
        let needs = signature.needs(level.level(), &authorities);
        if needs.is_empty() {
            return Ok(());
        }
        let mut responses = Vec::new();
        for need in needs {
            match need {
                Need::TimeStamp { digest, imprint } => {
                    let url = sources.tsa.as_ref().ok_or(Error::NoTimeStamping)?;
                    let token = time_stamp(service, url, digest, &imprint).await?;
                    signature.add_timestamp(&token)?;
                    say(format_args!("Time-stamp of {}: {}", url, token.gen_time()));
                }
                Need::Ocsp { certificate, issuer, produced_from, required } => {
                    let named = certificate.ocsp_urls().iter().find_map(|url| Url::parse(url).ok());
                    let answer = match sources.ocsp.clone().or(named) {
                        Some(url) => ask_ocsp(service, &url, &certificate, &issuer, produced_from)
                            .await
                            .map(|(response, produced)| (url, response, produced)),
                        None => Err(Error::NoResponder),
                    };
                    match answer {
                        Ok((url, response, produced)) => {
                            if required {
                                say(format_args!("OCSP answer of {url}: good at {produced}"));
                            }
                            responses.push(response);
                        }
                        Err(error) if required => return Err(error),
                        Err(error) => {
                            let whose = certificate.subject().readable();
                            say(format_args!("No status of {whose}, which is left out: {error}"));
                            signature.pass_over(&certificate);
                        }
                    }
                }
                Need::ArchiveTimeStamp { digest, input } => {
                    let url = sources.tsa.as_ref().ok_or(Error::NoTimeStamping)?;
                    let imprint = container.archive_imprint(&input, digest)?;
                    let token = time_stamp(service, url, digest, &imprint).await?;
                    signature.add_archive_timestamp(&token, &input, &imprint)?;
                    say(format_args!("Archive time-stamp of {}: {}", url, token.gen_time()));
                }
                Need::Issuer { certificate } => {
                    return Err(Error::NoIssuer { issuer: certificate.issuer().readable() });
                }
            }
        }
        if !responses.is_empty() {
            signature.add_validation_data(&authorities, &responses, clock::now())?;
        }
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

async fn time_stamp(
    service: &Service,
    url: &Url,
    digest: Digest,
    imprint: &[u8],
) -> Result<TimeStampToken, Error> {
    let request = TimeStampReq::new(MessageImprint::new(digest, imprint)?, &nonce::<8>())?;
    let kinds = ["application/timestamp-query", "application/timestamp-reply"];
    let call = service.http.post("a time-stamp", url, kinds, request.to_der(), MAX_TOKEN_LEN + 1024);
    let response = progress::during("waiting for the time-stamp", call).await?;
    let anchors = &service.anchors;
    let now = clock::now();
    let (token, _) =
        tsp::check_response(&response, &request, &anchors.intermediates, &anchors.tsa, now, CLOCK_SKEW)?;
    Ok(token)
}

async fn ask_ocsp(
    service: &Service,
    url: &Url,
    certificate: &Certificate,
    issuer: &Certificate,
    produced_from: jiff::Timestamp,
) -> Result<(Vec<u8>, jiff::Timestamp), Error> {
    let nonce = Nonce::new(&nonce::<32>())?;
    let id = CertId::of(CertIdHash::Sha256, certificate, issuer)?;
    let request = OcspRequest::new(vec![id], Some(nonce.clone()))?.to_der()?;
    let kinds = ["application/ocsp-request", "application/ocsp-response"];
    let call = service.http.post("an OCSP answer", url, kinds, request, ocsp::MAX_RESPONSE_LEN);
    let response = progress::during("waiting for the OCSP answer", call).await?;
    let policy = ocsp::Policy { produced_from: Some(produced_from), ..ocsp::Policy::fetched() };
    let checked = ocsp::check(&response, certificate, issuer, Some(nonce.value()), clock::now(), &policy)?;
    Ok((response, checked.produced_at))
}

fn digest_of(hash: HashAlgorithm) -> Result<Digest, Error> {
    Digest::by_name(hash.as_str()).ok_or_else(|| Error::UnknownHash { name: hash.as_str().to_owned() })
}

/// The most characters on the PIN screen.
const TEXT: usize = 60;

/// What the person reads: names the file, cut at the end of the screen.
fn text_for(files: &[PathBuf]) -> String {
    let text = match files {
        [one] => format!("Sign {}", one.file_name().map_or(Path::new(""), Path::new).display()),
        many => format!("Sign {} files", many.len()),
    };
    if text.chars().count() <= TEXT { text } else { text.chars().take(TEXT - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_at_the_end_of_the_screen() {
        let text = text_for(&["õ".repeat(80).into()]);
        assert_eq!(text.chars().count(), 60);
        assert!(text.starts_with("Sign õõ") && text.ends_with('…'));
        assert_eq!(text_for(&["a/b/leping.txt".into()]), "Sign leping.txt");
        assert_eq!(text_for(&["a".into(), "b".into()]), "Sign 2 files");
    }
}

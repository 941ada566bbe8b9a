//! `countersign sign`: real files, signed through the relying party API and put into a container that proves itself.
//!
//! In this order (EN 319 132-1): the signer's certificate, because its digest is part of what is signed; the digest to
//! the phone and the signature back; the time-stamp over the signature; the OCSP answer after the time-stamp. The
//! container is checked before it is put in its place: what `verify` would refuse is not left on the disk. Files are
//! read once, hashed and written through, whatever their size.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use countersign_client::wire::endpoint::Recipient;
use countersign_client::wire::words::HashAlgorithm;
use countersign_client::{
    CertificateChoiceVerifier, ChosenCertificate, SignatureVerifier, Signing, SystemRandom, request,
};
use countersign_container::media_type;
use countersign_container::xades::ARCHIVE_DIGEST;
use countersign_container::{
    ArchiveInput, Container, ContainerWriter, DataFileDigest, FileName, Level, Limits, Method, Policy,
    Report as ValidationReport, SignatureId, SignatureReport, SignatureRequest, SignatureTemplate,
    SignedSignature, TrustAnchors, validate,
};
use countersign_pki::{Digest, SignatureAlgorithm};
use serde::Serialize;

use crate::error::Error;
use crate::file::Pending;
use crate::level::LevelName;
use crate::login::{PATIENCE, named};
use crate::long_term::{LongTerm, SourceArguments, Sources};
use crate::pdf::{self, PdfArguments};
use crate::progress::Watched;
use crate::screen::{self, Tone};
use crate::service::{PersonArguments, Service, ServiceArguments};
use crate::{clock, file, progress, runtime};

/// Sign files through the relying party API: into one container, or a PDF document in itself
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// The files to sign; all of them go into the container
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// FILE is a container already, made here or elsewhere: add a signature to it
    #[arg(long)]
    add: bool,
    /// Where to write the container
    #[arg(long, short, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Replace OUT if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// The form of what is made
    #[arg(long, value_name = "FORMAT", default_value = "asice")]
    format: Format,
    /// The level of the signature
    #[arg(long, value_name = "LEVEL", default_value = "LT")]
    pub(crate) level: LevelName,
    /// The hash of files and signature: SHA-256, SHA-384, SHA-512, SHA3-256, SHA3-384 or SHA3-512
    #[arg(long, value_name = "HASH", default_value = "SHA-512")]
    pub(crate) hash: HashAlgorithm,
    /// What the person reads on the phone, at most 60 characters [default: the name of the file]
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    person: PersonArguments,
    #[command(flatten)]
    pub(crate) service: ServiceArguments,
    #[command(flatten)]
    pub(crate) sources: SourceArguments,
    #[command(flatten)]
    pub(crate) pdf: PdfArguments,
}

const AFTER: &str = "\
Examples:
  countersign sign contract.pdf --person PNOEE-40504040001 -o contract.asice
  countersign sign a.txt b.txt --document PNOEE-40504040001-DEM0-Q --level LTA -o both.asice
  countersign sign --add both.asice --person PNOEE-50701019992 -o both-signed-twice.asice
  countersign sign contract.pdf --format pdf --person PNOEE-40504040001 -o signed.pdf
  countersign sign contract.pdf --format pdf --visible 1:72,72,200,50 --reason Agreed --person PNOEE-40504040001 -o signed.pdf

With --person the phone asks twice: for the account to sign with, and for the signature. With --document once.

Exit codes:
  0  signed, checked and written
  1  what was made did not pass its own check; nothing was written
  2  wrong usage
  3  a file cannot be read or written, or OUT is there already
  4  the service, the time-stamping authority or the responder cannot be reached, or refuses
  5  the person did not confirm: refused, no time left, wrong code, ...
  6  an answer cannot be trusted";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// ASiC-E with XAdES
    Asice,
    /// The PDF document itself, with PAdES: FILE is one document
    Pdf,
}

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    file: String,
    bytes: u64,
    level: &'static str,
    signed_by: Option<String>,
    document_number: String,
    signature: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_stamp: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    if arguments.person.recipient() == Recipient::Anonymous {
        return Err(Error::NoPerson);
    }
    if arguments.add && arguments.files.len() != 1 {
        return Err(Error::OneContainer);
    }
    file::check_free(&arguments.output, arguments.force)?;
    // What cannot be read is found out before anybody is asked for anything.
    for path in &arguments.files {
        file::open(path)?;
    }
    match arguments.format {
        Format::Asice => match arguments.pdf.given() {
            Some(option) => Err(Error::OptionOfDocuments { option }),
            None => runtime::small()?.block_on(sign(arguments)),
        },
        Format::Pdf => match &arguments.files[..] {
            _ if arguments.add => Err(Error::OptionOfContainers { option: "--add" }),
            [document] => runtime::small()?.block_on(pdf::sign_document(arguments, document)),
            _ => Err(Error::OneDocument),
        },
    }
}

/// A container on its way to the disk: its data files have been read and hashed, its signature is to come.
enum Making {
    /// A new one, of which the data files are written already.
    New(Box<ContainerWriter<BufWriter<File>>>),
    /// One that was there, which is copied in the end.
    Grown(Box<Container>),
}

impl Making {
    fn begin(arguments: &Arguments, pending: &Pending, digest: Digest) -> Result<Self, Error> {
        if let ([path], true) = (&arguments.files[..], arguments.add) {
            let container = file::open_container(path, "reading")?;
            return Ok(Self::Grown(Box::new(container)));
        }
        let sink = BufWriter::new(pending.handle()?);
        let mut writer = ContainerWriter::new(sink, &[digest], clock::now())?;
        if arguments.level == LevelName::Lta {
            writer = writer.with_archive_digest(ARCHIVE_DIGEST);
        }
        for path in &arguments.files {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| Error::NoFileName { path: path.clone() })?;
            let (file, size) = file::open(path)?;
            let content = Watched::new(file, format!("reading {name}"), size);
            writer.add_data_file(
                FileName::parse(name)?,
                media_type::of(name),
                size,
                content,
                Method::Deflated,
                clock::now(),
            )?;
        }
        Ok(Self::New(Box::new(writer)))
    }

    fn data_file_digests(&self, digest: Digest) -> Result<Vec<DataFileDigest>, Error> {
        Ok(match self {
            Self::New(writer) => writer.data_file_digests(digest)?,
            Self::Grown(container) => container.data_file_digests(digest)?,
        })
    }

    fn free_signature_id(&self) -> Result<SignatureId, Error> {
        Ok(match self {
            Self::New(_) => SignatureId::default(),
            Self::Grown(container) => container.free_signature_id()?,
        })
    }

    fn archive_imprint(
        &self,
        input: &ArchiveInput,
        digest: Digest,
    ) -> countersign_container::Result<Vec<u8>> {
        match self {
            Self::New(writer) => writer.archive_imprint(input, digest),
            Self::Grown(container) => container.archive_imprint(input, digest),
        }
    }

    /// Writes what is missing, and returns the name of the signature's file.
    fn finish(self, signature: &SignedSignature, pending: &Pending) -> Result<String, Error> {
        let flushed = |source| Error::Container(countersign_container::Error::Io(source));
        match self {
            Self::New(mut writer) => {
                let name = writer.add_signature(signature, clock::now())?;
                writer.finish(clock::now())?.into_inner().map_err(|error| flushed(error.into_error()))?;
                Ok(name)
            }
            Self::Grown(mut container) => {
                let name = container.add_signature(signature, clock::now())?;
                file::write_container(&container, pending)?;
                Ok(name)
            }
        }
    }
}

async fn sign(arguments: &Arguments) -> Result<ExitCode, Error> {
    let service = Service::open(&arguments.service).await?;
    let sources = Sources::find(&arguments.sources, service.place.origin_if_local(), arguments.level)?;
    let anchors = &service.place.anchors;
    let long_term = LongTerm::new(&service.place, &sources)?;
    let say = screen::narrator(arguments.json);

    let digest = digest_of(arguments.hash)?;
    let pending = Pending::create(&arguments.output)?;
    let making = Making::begin(arguments, &pending, digest)?;
    let chosen = choose_certificate(arguments, &service, &say).await?;
    let template = SignatureTemplate::new(&SignatureRequest {
        id: making.free_signature_id()?,
        data_files: making.data_file_digests(digest)?,
        certificate: chosen.certificate().clone(),
        digest,
        algorithm: SignatureAlgorithm::RsaPss(digest),
        signing_time: clock::now(),
        production_place: None,
        claimed_roles: Vec::new(),
    })?;
    let value = ask_for_signature(arguments, &service, &chosen, &template.digest_to_sign(), &say).await?;
    let mut signature = template.finish(&value)?;
    let imprint = |input: &ArchiveInput, digest| making.archive_imprint(input, digest);
    long_term.complete(&mut signature, arguments.level.level(), &imprint, &say).await?;
    let name = making.finish(&signature, &pending)?;

    let bytes = check_own(&pending, &name, arguments.level.level(), anchors)?;
    pending.place(arguments.force)?;
    let level = signature.level().as_str();
    if arguments.json {
        screen::json(&Report {
            file: arguments.output.display().to_string(),
            bytes,
            level,
            signed_by: chosen.certificate().subject().common_name(),
            document_number: chosen.document.as_str().to_owned(),
            signature: signature.id().to_owned(),
            time_stamp: signature.time_stamp_time().map(|time| time.to_string()),
        });
    } else {
        let text = format!("Signed and checked: {} ({level}, {bytes} bytes)", arguments.output.display());
        screen::line(screen::toned(Tone::Good, text));
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks the signature in this file of a finished container, read from the disk as anybody would; returns the size.
/// What other signatures there are is for `verify` to judge.
pub(crate) fn check_own(
    pending: &Pending,
    name: &str,
    level: Level,
    anchors: &TrustAnchors,
) -> Result<u64, Error> {
    let file = pending.handle()?;
    let bytes = file.metadata().map(|metadata| metadata.len()).unwrap_or_default();
    let source = Watched::new(file, "checking what was written", bytes);
    let container = Container::open_with(source, &Limits::streaming())?;
    let policy = Policy { required_level: level, ..Policy::default() };
    let report = validate(&container, anchors, clock::now(), &policy);
    insist(&report, |signature| signature.file == name)?;
    Ok(bytes)
}

/// What was made here has to be valid before it is put in its place: the file, and the signatures that are ours.
pub(crate) fn insist(
    report: &ValidationReport,
    is_own: impl Fn(&SignatureReport) -> bool,
) -> Result<(), Error> {
    let mut own = report.signatures.iter().filter(|signature| is_own(signature)).peekable();
    if report.errors.is_empty() && own.peek().is_some() && own.all(|signature| signature.is_valid()) {
        return Ok(());
    }
    screen::line(screen::toned(Tone::Bad, report));
    Err(Error::OwnContainer)
}

/// The certificate of the account, or of the account that the person picks.
pub(crate) async fn choose_certificate(
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

pub(crate) async fn ask_for_signature(
    arguments: &Arguments,
    service: &Service,
    chosen: &ChosenCertificate,
    digest: &[u8],
    say: &impl Fn(std::fmt::Arguments<'_>),
) -> Result<Vec<u8>, Error> {
    let client = &service.client;
    let text = arguments.text.clone().unwrap_or_else(|| text_for(&arguments.files));
    let wanted = Signing {
        level: arguments.person.certificate_level,
        ..Signing::of_digest(digest, arguments.hash, text)?
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

pub(crate) fn digest_of(hash: HashAlgorithm) -> Result<Digest, Error> {
    Digest::by_name(hash.as_str()).ok_or_else(|| Error::UnknownHash { name: hash.as_str().to_owned() })
}

/// What the person reads when nobody says more.
fn text_for(files: &[PathBuf]) -> String {
    let names: Vec<_> =
        files.iter().map(|file| file.file_name().unwrap_or_default().to_string_lossy()).collect();
    request::text_for_files(names.iter().map(|name| &**name))
}

//! PDF documents on the command line: `sign --format pdf`, and `extend` of a document.
//!
//! A document is appended to, and what was there stays byte for byte. The result is checked as `verify` does it before it
//! is put in its place.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use countersign_container::pades::{
    Appearance, Font, PdfLimits, PdfSignatureRequest, Permission, Picture, SignedPdf, check_signable, prepare,
};
use countersign_container::{Level, Limits, Policy, TrustAnchors, path_above, validate_bytes};
use countersign_pki::{Certificate, SignatureAlgorithm};
use jiff::Timestamp;
use serde::Serialize;

use crate::error::Error;
use crate::long_term::{LongTerm, Sources, of_document};
use crate::screen::{self, Tone};
use crate::service::{Place, Service};
use crate::{clock, extend, file, runtime, sign};

/// What is said and shown with a signature in a PDF document.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "PDF")]
pub(crate) struct PdfArguments {
    /// Show the signature on a page: PAGE:LEFT,BOTTOM,WIDTH,HEIGHT in points (1/72 inch) from the bottom left corner;
    /// the last page is -1
    #[arg(long, value_name = "PLACE", allow_hyphen_values = true)]
    visible: Option<VisiblePlace>,
    /// A line of text to show; give it again for more lines [default: name, time, reason]
    #[arg(long, value_name = "LINE", requires = "visible")]
    visible_text: Vec<String>,
    /// A TrueType font for the text, for letters that are not Latin
    #[arg(long, value_name = "FILE", requires = "visible")]
    font: Option<PathBuf>,
    /// A picture to show beside the text, PNG or JPEG
    #[arg(long, value_name = "FILE", requires = "visible")]
    picture: Option<PathBuf>,
    /// Make it a certification, and say what may be changed afterwards
    #[arg(long, value_name = "WHAT")]
    certify: Option<Certify>,
    /// The signature field: an empty one of the document, or the name of a new one [default: a new one]
    #[arg(long, value_name = "NAME")]
    field: Option<String>,
    /// Why the person signs
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Where the person signs
    #[arg(long, value_name = "TEXT")]
    location: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Certify {
    /// Nothing
    NoChanges,
    /// Forms may be filled in, and others may sign
    FormFilling,
    /// That, and annotations may be made
    Annotations,
}

/// `--visible`
#[derive(Debug, Clone, Copy, PartialEq)]
struct VisiblePlace {
    page: i32,
    rectangle: [f64; 4],
}

impl FromStr for VisiblePlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (page, rectangle) = text.split_once(':')?;
            let numbers: Vec<f64> =
                rectangle.split(',').map(|number| number.trim().parse()).collect::<Result<_, _>>().ok()?;
            let rectangle: [f64; 4] = numbers.try_into().ok()?;
            let page = page.trim().parse().ok().filter(|page| *page != 0)?;
            rectangle.iter().all(|number| number.is_finite()).then_some(Self { page, rectangle })
        };
        read().ok_or_else(|| "expected PAGE:LEFT,BOTTOM,WIDTH,HEIGHT, such as 1:72,72,200,50".to_owned())
    }
}

impl PdfArguments {
    /// The option that only a PDF document can have, if one is given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        [
            (self.visible.is_some(), "--visible"),
            (self.certify.is_some(), "--certify"),
            (self.field.is_some(), "--field"),
            (self.reason.is_some(), "--reason"),
            (self.location.is_some(), "--location"),
        ]
        .into_iter()
        .find_map(|(given, option)| given.then_some(option))
    }

    fn appearance(&self, certificate: &Certificate, now: Timestamp) -> Result<Option<Appearance>, Error> {
        const LARGEST: u64 = 32 << 20;
        let Some(VisiblePlace { page, rectangle }) = self.visible else { return Ok(None) };
        let mut lines = self.visible_text.clone();
        if lines.is_empty() {
            lines = Appearance::usual_lines(certificate, self.reason.as_deref(), now);
        }
        let font = match &self.font {
            Some(path) => Some(Font::from_bytes(file::read(path, LARGEST)?)?),
            None => None,
        };
        let picture = match &self.picture {
            Some(path) => Some(Picture::from_bytes(&file::read(path, LARGEST)?)?),
            None => None,
        };
        Ok(Some(Appearance { page, rectangle, lines, font, picture }))
    }

    fn request(
        &self,
        certificate: &Certificate,
        authorities: Vec<Certificate>,
        algorithm: SignatureAlgorithm,
    ) -> Result<PdfSignatureRequest, Error> {
        let now = clock::now();
        Ok(PdfSignatureRequest {
            authorities,
            field: self.field.clone(),
            name: certificate.subject().common_name(),
            reason: self.reason.clone(),
            location: self.location.clone(),
            certification: self.certify.map(|certify| match certify {
                Certify::NoChanges => Permission::NoChanges,
                Certify::FormFilling => Permission::FormFilling,
                Certify::Annotations => Permission::Annotations,
            }),
            appearance: self.appearance(certificate, now)?,
            ..PdfSignatureRequest::new(certificate.clone(), algorithm, now)
        })
    }
}

/// Reads a document of any size that is taken.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    file::read_watched(path, PdfLimits::default().file_bytes as u64, "reading")
}

/// Signs one document.
pub(crate) async fn sign_document(arguments: &sign::Arguments, path: &Path) -> Result<ExitCode, Error> {
    let limits = PdfLimits::default();
    let document = read(path)?;
    let service = Service::open(&arguments.service).await?;
    let sources = Sources::find(&arguments.sources, service.place.origin_if_local(), arguments.level)?;
    let anchors = &service.place.anchors;
    let long_term = LongTerm::new(&service.place, &sources)?;
    let say = screen::narrator(arguments.json);
    // What cannot be signed is found out before anybody is asked for anything.
    let opened = check_signable(&document, &limits)?;
    for remark in &opened.remarks {
        screen::warning(format_args!("{}: {remark}", path.display()));
    }
    let digest = sign::digest_of(arguments.hash)?;
    let chosen = sign::choose_certificate(arguments, &service, &say).await?;
    let certificate = chosen.certificate();
    let authorities = path_above(certificate, &anchors.intermediates);
    let request = arguments.pdf.request(certificate, authorities, SignatureAlgorithm::RsaPss(digest))?;
    let prepared = prepare(&document, &request, &limits)?;
    let value =
        sign::ask_for_signature(arguments, &service, &chosen, &prepared.digest_to_sign(), &say).await?;
    let mut signed = prepared.finish(&value)?;
    let field = signed.document().signatures.last().map(|signature| signature.field.clone());
    let field = field.unwrap_or_default();
    let level = arguments.level.level();
    long_term.complete(&mut signed, level, &of_document, &say).await?;

    check_own(signed.as_bytes(), Some(&field), level, anchors)?;
    file::write(&arguments.output, signed.as_bytes(), arguments.force)?;
    let (bytes, reached) = (signed.as_bytes().len(), signed.level());
    if arguments.json {
        screen::json(&Signed {
            file: arguments.output.display().to_string(),
            bytes,
            level: name_of(reached),
            signed_by: certificate.subject().common_name(),
            document_number: chosen.document.as_str().to_owned(),
            signature: field,
            time_stamp: signed.last_time_stamp().map(|time| time.to_string()),
        });
    } else {
        let (output, level) = (arguments.output.display(), name_of(reached));
        screen::line(screen::toned(
            Tone::Good,
            format_args!("Signed and checked: {output} ({level}, {bytes} bytes)"),
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// What `sign --json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signed {
    file: String,
    bytes: usize,
    level: String,
    signed_by: Option<String>,
    document_number: String,
    signature: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_stamp: Option<String>,
}

fn name_of(level: Level) -> String {
    countersign_container::SignatureFormat::Pades.at(level)
}

/// Whether a file begins as a PDF document.
pub(crate) fn is_document(path: &Path) -> Result<bool, Error> {
    use std::io::Read as _;
    let mut head = [0; 5];
    let unreadable = |source| Error::File { action: "read", path: path.to_owned(), source };
    let (file, _) = file::open(path)?;
    let length = file.take(5).read(&mut head).map_err(unreadable)?;
    Ok(head[..length] == *b"%PDF-")
}

/// Brings all signatures of a document to a level, or gives it one more document time-stamp.
pub(crate) fn extend_document(arguments: &extend::Arguments) -> Result<ExitCode, Error> {
    let document = SignedPdf::open(read(&arguments.file)?, &PdfLimits::default())?;
    runtime::small()?.block_on(extend_to(arguments, document))
}

async fn extend_to(arguments: &extend::Arguments, mut document: SignedPdf) -> Result<ExitCode, Error> {
    if arguments.signature.is_some() {
        return Err(Error::OptionOfContainers { option: "--signature" });
    }
    let place = Place::open(&arguments.url, arguments.trust.as_deref()).await?;
    let sources = Sources::find(&arguments.sources, place.origin_if_local(), arguments.level)?;
    let long_term = LongTerm::new(&place, &sources)?;
    let say = screen::narrator(arguments.json);
    let (from, before) = (document.level(), document.as_bytes().len());
    let level = arguments.level.level();
    if arguments.renew && from == Level::Lta {
        long_term.renew(&mut document, &of_document, &say).await?;
    } else {
        long_term.complete(&mut document, level, &of_document, &say).await?;
    }
    let output = arguments.output.as_ref().unwrap_or(&arguments.file);
    let changed = document.as_bytes().len() != before || document.level() != from;
    if changed || arguments.output.is_some() {
        check_own(document.as_bytes(), None, level, &place.anchors)?;
        file::write(output, document.as_bytes(), arguments.force || arguments.output.is_none())?;
    }
    if arguments.json {
        screen::json(&Extended {
            file: output.display().to_string(),
            from: name_of(from),
            to: name_of(document.level()),
            time_stamp: document.last_time_stamp().map(|time| time.to_string()),
        });
    } else if changed {
        let (to, output) = (name_of(document.level()), output.display());
        screen::line(screen::toned(Tone::Good, format_args!("Extended and checked: {output} ({to})")));
    } else {
        screen::line("Nothing to do");
    }
    Ok(ExitCode::SUCCESS)
}

/// What `extend --json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extended {
    file: String,
    from: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_stamp: Option<String>,
}

/// Checks a finished document as anybody would: the signature in this field, or all of them.
fn check_own(bytes: &[u8], field: Option<&str>, level: Level, anchors: &TrustAnchors) -> Result<(), Error> {
    let policy = Policy { required_level: level, ..Policy::default() };
    let report = validate_bytes(bytes, None, &Limits::default(), anchors, clock::now(), &policy);
    sign::insist(&report, |signature| field.is_none_or(|field| signature.id == field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_on_pages_are_read() {
        let place: VisiblePlace = "1:72, 72.5,200,50".parse().expect("a place");
        assert_eq!((place.page, place.rectangle), (1, [72.0, 72.5, 200.0, 50.0]));
        assert_eq!("-1:0,0,1,1".parse::<VisiblePlace>().expect("a place").page, -1);
        for text in ["", "1", "1:2,3,4", "0:1,1,1,1", "a:1,1,1,1", "1:1,1,1,x", "1:1,1,inf,1", "1:1,1,1,1,1"]
        {
            assert!(text.parse::<VisiblePlace>().is_err(), "{text}");
        }
    }
}

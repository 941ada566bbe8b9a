//! A PDF document: its revisions, and the signatures in it.

use std::process::ExitCode;

use countersign_container::pades::{self, Document, PdfLimits, PdfSignature, SignedPdf};
use countersign_container::report::shown;
use countersign_container::{Error as Fault, SignatureFormat};
use countersign_pki::Certificate;
use countersign_pki::cms::{self, SignedData};
use serde::Serialize;

use super::{Arguments, Named, TimeStamp, named, show_end, show_time_stamp, time_stamp};
use crate::error::Error;
use crate::{pdf, screen};

/// What `--json` prints.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inspection {
    file: String,
    form: &'static str,
    size: usize,
    /// The size of the document at the end of each revision.
    revisions: Vec<usize>,
    /// The level that all signatures reach; none without signatures, or when one is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    signatures: Vec<Signature>,
    document_time_stamps: Vec<DocumentTimeStamp>,
    empty_fields: Vec<String>,
    remarks: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signature {
    /// The name of its field.
    id: String,
    sub_filter: &'static str,
    /// The revision that it covers, counted from 1.
    revision: usize,
    covers_whole_file: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_signing_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    /// `P` of a certification: 1 nothing may change, 2 forms may be filled in, 3 and annotations made.
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_stamp: Option<TimeStamp>,
    /// What later revisions changed, in words.
    changes: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentTimeStamp {
    id: String,
    revision: usize,
    #[serde(flatten)]
    time_stamp: Option<TimeStamp>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let bytes = pdf::read(&arguments.file)?;
    let document = pades::open(&bytes, &PdfLimits::default()).map_err(Fault::from)?;
    let size = bytes.len();
    let level = SignedPdf::open(bytes, &PdfLimits::default())
        .ok()
        .filter(|_| document.broken.is_empty())
        .map(|signed| SignatureFormat::Pades.at(signed.level()));
    let inspection = inspect(arguments, &document, size, level);
    if arguments.json {
        screen::json(&inspection);
    } else {
        show(&inspection);
    }
    Ok(ExitCode::SUCCESS)
}

fn inspect(arguments: &Arguments, document: &Document, size: usize, level: Option<String>) -> Inspection {
    let (stamps, signatures): (Vec<_>, Vec<_>) =
        document.signatures.iter().partition(|signature| signature.is_time_stamp());
    let broken = document.broken.iter().map(|broken| {
        format!("field {:?}: {} expected, {} found", broken.field, broken.expected, broken.found)
    });
    let trailing = document.trailing.iter().map(|range| format!("{} bytes behind the end", range.len()));
    Inspection {
        file: arguments.file.display().to_string(),
        form: "PDF",
        size,
        revisions: document.revisions.clone(),
        level: level.filter(|_| !signatures.is_empty()),
        signatures: signatures.into_iter().map(of).collect(),
        document_time_stamps: stamps
            .into_iter()
            .map(|stamp| DocumentTimeStamp {
                id: stamp.field.clone(),
                revision: stamp.revision + 1,
                time_stamp: time_stamp(&stamp.contents),
            })
            .collect(),
        empty_fields: document.empty_fields.clone(),
        remarks: document.remarks.iter().cloned().chain(broken).chain(trailing).collect(),
    }
}

fn of(signature: &PdfSignature) -> Signature {
    let signed = SignedData::from_der(&signature.contents).ok();
    let signer = signed.as_ref().and_then(|signed| {
        let certificates = signed.certificates().iter().filter_map(|der| Certificate::from_der(der).ok());
        certificates.into_iter().find(|certificate| signed.names_signer(certificate))
    });
    Signature {
        id: signature.field.clone(),
        sub_filter: signature.sub_filter.as_str(),
        revision: signature.revision + 1,
        covers_whole_file: signature.covers_whole_file,
        method: signed.as_ref().map(|signed| signed.signature_algorithm().to_string()),
        signer: signer.as_ref().map(named),
        claimed_signing_time: signature.signing_time.map(|time| time.to_string()),
        reason: signature.reason.clone(),
        location: signature.location.clone(),
        permission: signature.permission.map(pades::Permission::code),
        time_stamp: signed.as_ref().and_then(stamped),
        changes: signature.modifications.iter().map(ToString::to_string).collect(),
    }
}

/// The time-stamp beside the signature value.
fn stamped(signed: &SignedData) -> Option<TimeStamp> {
    let mut attributes = signed.unsigned_attributes().iter();
    let found = attributes.find(|attribute| attribute.attr_type == cms::ID_SIGNATURE_TIME_STAMP)?;
    time_stamp(found.values.first()?)
}

fn show(inspection: &Inspection) {
    let line = |text: std::fmt::Arguments<'_>| screen::line(text);
    let revisions = match inspection.revisions.len() {
        1 => "1 revision".to_owned(),
        count => format!("{count} revisions"),
    };
    let level = inspection.level.as_ref().map(|level| format!(", {level}")).unwrap_or_default();
    line(format_args!("{}: PDF, {} bytes, {revisions}{level}", inspection.file, inspection.size));
    for field in &inspection.empty_fields {
        line(format_args!("  field    {field:?}, to be signed"));
    }
    for remark in &inspection.remarks {
        line(format_args!("  remark   {}", shown(remark)));
    }
    if inspection.signatures.is_empty() {
        line(format_args!("  no signatures"));
    }
    for signature in &inspection.signatures {
        let covers = if signature.covers_whole_file { ", the whole file" } else { "" };
        line(format_args!("\nSignature {:?} over revision {}{covers}", signature.id, signature.revision));
        match &signature.signer {
            Some(signer) => {
                line(format_args!("  signer   {} ({})", signer.subject, signer.key));
                line(format_args!("  issuer   {}", signer.issuer));
                line(format_args!("  expires  {}", signer.not_after));
            }
            None => line(format_args!("  signer   not named")),
        }
        let method = signature.method.as_deref().unwrap_or("unknown");
        line(format_args!("  method   {method}, {}", signature.sub_filter));
        let said = [
            ("claimed", &signature.claimed_signing_time),
            ("reason", &signature.reason),
            ("place", &signature.location),
        ];
        for (what, text) in said {
            if let Some(text) = text {
                line(format_args!("  {what:<8} {}", shown(text)));
            }
        }
        if let Some(permission) = signature.permission {
            line(format_args!("  permits  P {permission}"));
        }
        if let Some(stamp) = &signature.time_stamp {
            show_time_stamp("stamped", stamp);
        }
        for change in &signature.changes {
            line(format_args!("  later    {}", shown(change)));
        }
    }
    for stamp in &inspection.document_time_stamps {
        line(format_args!("\nDocument time-stamp {:?} over revision {}", stamp.id, stamp.revision));
        if let Some(stamp) = &stamp.time_stamp {
            show_time_stamp("stamped", stamp);
        }
    }
    show_end();
}

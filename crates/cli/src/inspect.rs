//! `countersign inspect`: what is in a container or document, without judging it. No anchors, no network, no verdict.

mod document;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use countersign_container::asice::zip_reader::Method;
use countersign_container::{Container, SignedSignature};
use countersign_pki::Certificate;
use countersign_pki::ocsp::BasicOcspResponse;
use countersign_pki::tsp::TimeStampToken;
use serde::Serialize;

use crate::error::Error;
use crate::{file, pdf, screen};

/// Show what is in a container or PDF document: files, signatures, levels, algorithms, dates
///
/// Nothing is verified beyond the soundness of the file: that is what `countersign verify` is for.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// The container or document
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

const AFTER: &str = "\
Examples:
  countersign inspect contract.asice
  countersign inspect contract.pdf
  countersign inspect contract.asice --json | jq '.signatures[].level'

Exit codes:
  0  shown
  2  wrong usage
  3  the file cannot be read, or is no sound container or document";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inspection {
    file: String,
    form: &'static str,
    entries: Vec<Entry>,
    data_files: Vec<DataFile>,
    signatures: Vec<Signature>,
    /// Those of an ASiC-S container, the first one first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    time_stamps: Vec<TimeStamp>,
    remarks: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    name: String,
    size: u64,
    packed_size: u64,
    method: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DataFile {
    name: String,
    media_type: String,
    size: u64,
    /// Whether the bytes are here, and not only a digest.
    here: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signature {
    file: String,
    id: String,
    level: &'static str,
    method: String,
    digests: Vec<String>,
    signer: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_signing_time: Option<String>,
    covers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_stamp: Option<TimeStamp>,
    ocsp_responses: Vec<String>,
    certificates: usize,
    crls: usize,
    archive_time_stamps: Vec<TimeStamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    subject: String,
    issuer: String,
    key: String,
    not_after: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TimeStamp {
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Named>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    if pdf::is_document(&arguments.file)? {
        return document::run(arguments);
    }
    let container = file::open_container(&arguments.file, "reading")?;
    let inspection = inspect(arguments, &container)?;
    if arguments.json {
        screen::json(&inspection);
    } else {
        show(&inspection);
    }
    Ok(ExitCode::SUCCESS)
}

fn inspect(arguments: &Arguments, container: &Container) -> Result<Inspection, Error> {
    let entries = container.entries().map(|entry| Entry {
        name: entry.name.to_owned(),
        size: entry.size,
        packed_size: entry.packed_size,
        method: match entry.method {
            Method::Stored => "stored",
            Method::Deflated => "deflated",
        },
    });
    let data_files = container.data_files().iter().map(|file| DataFile {
        name: file.name().to_string(),
        media_type: file.media_type().to_owned(),
        size: file.size(),
        here: file.is_here(),
    });
    Ok(Inspection {
        file: arguments.file.display().to_string(),
        form: container.form().as_str(),
        entries: entries.collect(),
        data_files: data_files.collect(),
        signatures: container.signatures()?.iter().map(|(file, signature)| of(file, signature)).collect(),
        time_stamps: container
            .evidence()?
            .iter()
            .filter_map(|evidence| time_stamp(&evidence.token))
            .collect(),
        remarks: container.remarks().iter().map(ToString::to_string).collect(),
    })
}

fn of(file: &str, signature: &SignedSignature) -> Signature {
    let read = signature.signature();
    let mut digests: Vec<String> = read
        .files
        .iter()
        .map(|file| match file.digest.known() {
            Some(digest) => digest.name().to_owned(),
            None => file.digest.uri().to_owned(),
        })
        .collect();
    digests.dedup();
    let produced = read.unsigned.ocsp_responses.iter().map(|der| match BasicOcspResponse::from_der(der) {
        Ok(Ok(response)) => response.data().produced_at().to_string(),
        Ok(Err(status)) => format!("{status:?}"),
        Err(error) => error.to_string(),
    });
    Signature {
        file: file.to_owned(),
        id: read.id.clone(),
        level: signature.level().as_str(),
        method: match read.method.known() {
            Some(algorithm) => algorithm.to_string(),
            None => read.method.uri().to_owned(),
        },
        digests,
        signer: named(signature.certificate()),
        claimed_signing_time: read.signed.signing_time.map(|time| time.to_string()),
        covers: read.files.iter().map(|file| file.name.clone()).collect(),
        time_stamp: read.unsigned.time_stamp.as_ref().and_then(|found| time_stamp(&found.token)),
        ocsp_responses: produced.collect(),
        certificates: read.unsigned.certificates.len() + read.key_info.len(),
        crls: read.unsigned.crls.len(),
        archive_time_stamps: read
            .unsigned
            .archive_time_stamps
            .iter()
            .filter_map(|found| time_stamp(&found.token))
            .collect(),
    }
}

fn named(certificate: &Certificate) -> Named {
    Named {
        subject: certificate.subject().readable(),
        issuer: certificate.issuer().readable(),
        key: certificate.public_key().kind().to_string(),
        not_after: certificate.not_after().to_string(),
    }
}

fn time_stamp(der: &[u8]) -> Option<TimeStamp> {
    let token = TimeStampToken::from_der(der).ok()?;
    Some(TimeStamp {
        time: token.gen_time().to_string(),
        digest: token.imprint().digest().map(|digest| digest.name().to_owned()),
        unit: token.tsu_certificate().as_ref().map(named),
    })
}

fn show(inspection: &Inspection) {
    let line = |text: std::fmt::Arguments<'_>| screen::line(text);
    line(format_args!("{}: {}", inspection.file, inspection.form));
    for file in &inspection.data_files {
        let here = if file.here { "" } else { ", only its digest" };
        line(format_args!("  file     {:?} ({}, {} bytes{here})", file.name, file.media_type, file.size));
    }
    for remark in &inspection.remarks {
        line(format_args!("  remark   {remark}"));
    }
    for stamp in &inspection.time_stamps {
        show_time_stamp("stamped", stamp);
    }
    if inspection.signatures.is_empty() {
        line(format_args!("  no signatures"));
    }
    for signature in &inspection.signatures {
        line(format_args!("\nSignature {} in {}: {}", signature.id, signature.file, signature.level));
        line(format_args!("  signer   {} ({})", signature.signer.subject, signature.signer.key));
        line(format_args!("  issuer   {}", signature.signer.issuer));
        line(format_args!("  expires  {}", signature.signer.not_after));
        line(format_args!("  method   {}, files by {}", signature.method, signature.digests.join(", ")));
        if let Some(time) = &signature.claimed_signing_time {
            line(format_args!("  claimed  {time}"));
        }
        for name in &signature.covers {
            line(format_args!("  covers   {name:?}"));
        }
        if let Some(stamp) = &signature.time_stamp {
            show_time_stamp("stamped", stamp);
        }
        for produced in &signature.ocsp_responses {
            line(format_args!("  ocsp     {produced}"));
        }
        for stamp in &signature.archive_time_stamps {
            show_time_stamp("archived", stamp);
        }
    }
    show_end();
}

fn show_end() {
    screen::line("\nNothing of this was verified; `countersign verify` does that.");
}

fn show_time_stamp(what: &str, stamp: &TimeStamp) {
    let unit = stamp.unit.as_ref().map(|unit| format!(" by {}, until {}", unit.subject, unit.not_after));
    let digest = stamp.digest.as_deref().unwrap_or("an unknown digest");
    screen::line(format_args!("  {what:<8} {} over {digest}{}", stamp.time, unit.unwrap_or_default()));
}

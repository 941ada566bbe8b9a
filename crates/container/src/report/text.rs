//! The report for a terminal.

use std::fmt;

use super::{EvidenceReport, Finding, Report, SignatureReport};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline())?;
        if self.policy.policy_name != "strict" {
            writeln!(f, "  policy   {}: {}", self.policy.policy_name, self.policy.policy_description)?;
        }
        for error in &self.errors {
            writeln!(f, "  error    {error}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "  warning  {warning}")?;
        }
        for file in &self.data_files {
            let state = if file.signed { "" } else { ", no valid signature covers it" };
            writeln!(f, "  file     {:?} ({}, {} bytes{state})", file.name, file.media_type, file.size)?;
        }
        for signature in &self.signatures {
            write!(f, "\n{signature}")?;
        }
        for EvidenceReport { file, time_stamp, timestamp_scopes } in &self.time_stamp_tokens {
            write!(f, "\nTime-stamp in {file}: {}", time_stamp.indication)?;
            match time_stamp.sub_indication {
                Some(sub) => writeln!(f, ", {sub}\n  because  {}", sub.explanation())?,
                None => writeln!(f)?,
            }
            if let Some(time) = time_stamp.signed_time {
                let unit = time_stamp.signed_by.as_deref().unwrap_or("nobody who is known");
                writeln!(f, "  existed  before {time}, says {unit}")?;
            }
            for name in timestamp_scopes {
                writeln!(f, "  covers   {name:?}")?;
            }
            for error in &time_stamp.errors {
                writeln!(f, "  error    {error}")?;
            }
        }
        Ok(())
    }
}

impl Report {
    /// The outcome in one line, such as `NOT VALID: one signature, and it is not valid`.
    pub fn headline(&self) -> String {
        if self.signatures.is_empty() && self.is_time_stamped() {
            return "NOT SIGNED: time-stamps that are sound prove since when the file exists".to_owned();
        }
        let verdict = if self.is_valid() { "VALID" } else { "NOT VALID" };
        let what = match (self.signatures_count, self.valid_signatures_count) {
            _ if !self.errors.is_empty() => "this is not a sound container".to_owned(),
            (0, _) => "there are no signatures".to_owned(),
            (1, 1) => "one signature".to_owned(),
            (1, _) => "one signature, and it is not valid".to_owned(),
            (all, valid) => format!("{valid} of {all} signatures are valid"),
        };
        format!("{verdict}: {what}")
    }
}

impl fmt::Display for SignatureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = if self.id.is_empty() { "without Id" } else { &self.id };
        write!(f, "Signature {id} in {}: {}", self.file, self.indication)?;
        match self.sub_indication {
            Some(sub) => writeln!(f, ", {sub}\n  because  {}", sub.explanation())?,
            None => writeln!(f)?,
        }
        if let Some(signed_by) = &self.signed_by {
            let number =
                self.subject_distinguished_name.as_ref().and_then(|name| name.serial_number.as_ref());
            let number = number.map(|number| format!(", {number}")).unwrap_or_default();
            writeln!(f, "  signer   {signed_by}{number}")?;
        }
        match (self.info.timestamp_creation_time, self.claimed_signing_time) {
            (Some(time), _) => writeln!(f, "  signed   before {time}, by time-stamp")?,
            (None, Some(time)) => writeln!(f, "  signed   {time}, as the signer says; nothing proves it")?,
            (None, None) => {}
        }
        for time in &self.info.archive_time_stamps {
            writeln!(f, "  archived {time}, by time-stamp")?;
        }
        if let Some(format) = &self.signature_format {
            writeln!(f, "  level    {format}")?;
        }
        if let Some(qualification) = &self.qualification {
            writeln!(f, "  worth    {}", qualification.signature_level)?;
        }
        for scope in &self.signature_scopes {
            writeln!(f, "  covers   {:?}", scope.name)?;
        }
        for error in &self.errors {
            writeln!(f, "  error    {error}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "  warning  {warning}")?;
        }
        Ok(())
    }
}

/// Several lines, to stand after a heading of nine characters and two of indent.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, rule, clause, expected, found } = self;
        writeln!(f, "{part}")?;
        writeln!(f, "             expected  {expected}")?;
        writeln!(f, "             found     {found}")?;
        match clause {
            Some(clause) => write!(f, "             rule      {rule} ({clause})"),
            None => write!(f, "             rule      {rule}"),
        }
    }
}

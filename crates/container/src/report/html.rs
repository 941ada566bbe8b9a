//! The report as a page for people: one file, no script, nothing fetched, readable in light and dark and on
//! paper. Everything that comes from the validated file goes through [`escape`].

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::{
    CertificateRole, Event, EventKind, Finding, Indication, Report, SignatureReport, TimeStampReport, rules,
    shown,
};

const STYLE: &str = include_str!("report.css");

/// How a verdict looks: its class and its mark.
struct Look {
    class: &'static str,
    mark: &'static str,
    word: &'static str,
}

fn look(indication: Indication) -> Look {
    match indication {
        Indication::TotalPassed => Look { class: "good", mark: "✓", word: "Valid" },
        Indication::Indeterminate => Look { class: "open", mark: "?", word: "Not proven" },
        Indication::TotalFailed => Look { class: "bad", mark: "✕", word: "Not valid" },
    }
}

impl Report {
    /// The report as an HTML page that stands by itself.
    pub fn to_html(&self) -> String {
        let mut page = Page::default();
        let name = self.validated_document.as_ref().and_then(|document| document.filename.as_deref());
        let title = name.unwrap_or("the file");
        page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
        page.raw(
            "<meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
        );
        page.element("title", "", &format!("Validation report: {title}"));
        page.raw("<style>").raw(STYLE).raw("</style>\n</head>\n<body>\n<main>\n");
        self.write_head(&mut page, title);
        self.write_own_findings(&mut page);
        for (index, signature) in self.signatures.iter().enumerate() {
            signature.write(&mut page, index + 1, self.signatures.len());
        }
        self.write_evidence(&mut page);
        self.write_files(&mut page);
        self.write_foot(&mut page);
        page.raw("</main>\n</body>\n</html>\n");
        page.text
    }

    fn overall(&self) -> Indication {
        let failed = |signature: &SignatureReport| signature.indication == Indication::TotalFailed;
        if self.is_valid() {
            Indication::TotalPassed
        } else if self.errors.is_empty() && !self.signatures.is_empty() && !self.signatures.iter().any(failed)
        {
            Indication::Indeterminate
        } else {
            Indication::TotalFailed
        }
    }

    fn write_head(&self, page: &mut Page, title: &str) {
        let Look { class, mark, .. } = look(self.overall());
        page.raw(&format!("<header class=\"verdict {class}\">\n<span class=\"mark\" aria-hidden=\"true\">{mark}</span>\n<div>\n"));
        page.element("p", "kind", "Validation report");
        page.raw("<h1><bdi>").text(title).raw("</bdi></h1>\n");
        page.element("p", "sentence", &self.sentence());
        page.raw("</div>\n</header>\n");
    }

    fn sentence(&self) -> String {
        let (all, valid) = (self.signatures_count, self.valid_signatures_count);
        match (all, valid) {
            _ if !self.errors.is_empty() => {
                "This is not a sound signed file. Nothing in it may be relied on.".to_owned()
            }
            (0, _) if self.is_time_stamped() => {
                "Nobody has signed this file. Time-stamps prove since when it exists.".to_owned()
            }
            (0, _) => "Nobody has signed this file.".to_owned(),
            (1, 1) => "The signature is valid.".to_owned(),
            (1, _) => match self.overall() {
                Indication::TotalFailed => "The signature is not valid.".to_owned(),
                _ => "It cannot be proven that the signature is valid.".to_owned(),
            },
            (all, valid) if all == valid => format!("All {all} signatures are valid."),
            (all, valid) => format!("{valid} of {all} signatures are valid."),
        }
    }

    fn write_own_findings(&self, page: &mut Page) {
        if self.errors.is_empty() && self.warnings.is_empty() {
            return;
        }
        page.raw("<section class=\"card\">\n<h2>The file itself</h2>\n");
        page.findings(&self.errors, "bad");
        page.findings(&self.warnings, "odd");
        page.raw("</section>\n");
    }

    fn write_evidence(&self, page: &mut Page) {
        if self.time_stamp_tokens.is_empty() {
            return;
        }
        page.raw("<section class=\"card\">\n<h2>Time-stamps of the file</h2>\n");
        page.raw(TIME_STAMPS);
        for token in &self.time_stamp_tokens {
            write_time_stamp(page, &token.time_stamp);
        }
        page.raw("</tbody></table></div>\n");
        for token in &self.time_stamp_tokens {
            page.findings(&token.time_stamp.errors, "bad");
        }
        page.raw("</section>\n");
    }

    fn write_files(&self, page: &mut Page) {
        if self.data_files.is_empty() {
            return;
        }
        page.raw("<section class=\"card\">\n<h2>Files</h2>\n<div class=\"wide\"><table>\n<thead><tr><th>Name</th><th>Type</th><th class=\"number\">Size</th><th>Covered by a valid signature</th></tr></thead>\n<tbody>\n");
        for file in &self.data_files {
            page.raw("<tr><td><bdi>").text(&file.name).raw("</bdi></td><td>").text(&file.media_type);
            page.raw("</td><td class=\"number\">").text(&size(file.size)).raw("</td><td>");
            page.raw(if file.signed {
                "<span class=\"pill good\">yes</span>"
            } else {
                "<span class=\"pill bad\">no</span>"
            });
            page.raw("</td></tr>\n");
        }
        page.raw("</tbody></table></div>\n</section>\n");
    }

    fn write_foot(&self, page: &mut Page) {
        page.raw("<footer class=\"card\">\n<h2>About this report</h2>\n<dl class=\"facts\">\n");
        page.fact("Checked as of", &moment(self.validation_time));
        page.fact("Policy", &format!("{}: {}", self.policy.policy_name, self.policy.policy_description));
        let level = self.policy.required_level.rsplit('_').next().unwrap_or_default();
        page.fact("Asked for", &format!("level {level}"));
        if let Some(form) = &self.signature_form {
            page.fact("Kind of file", form);
        }
        if let Some(document) = &self.validated_document {
            page.fact(&format!("{} of the file", document.hash_algo), &document.file_hash);
        }
        page.raw("</dl>\n");
        page.element(
            "p",
            "note",
            "The rules are those of ETSI EN 319 102-1. Nothing was asked over the network: what proves a signature \
             has to be in the file, and whom to trust was given by whoever made this report. The report itself is \
             not signed.",
        );
        page.raw("</footer>\n");
    }
}

impl SignatureReport {
    fn write(&self, page: &mut Page, number: usize, of: usize) {
        let Look { class, mark, word } = look(self.indication);
        page.raw(&format!("<section class=\"card signature {class}\">\n<div class=\"top\">\n<div>\n"));
        let heading = if of > 1 { format!("Signature {number} of {of}") } else { "Signature".to_owned() };
        page.element("p", "kind", &heading);
        page.raw("<h2><bdi>").text(self.signed_by.as_deref().unwrap_or("Nobody who could be identified"));
        page.raw("</bdi></h2>\n");
        if let Some(number) =
            self.subject_distinguished_name.as_ref().and_then(|name| name.serial_number.as_ref())
        {
            page.element("p", "note", number);
        }
        page.raw(&format!("</div>\n<p class=\"pill {class} big\"><span aria-hidden=\"true\">{mark}</span> {word}</p>\n</div>\n"));
        self.write_reason(page);
        page.findings(&self.errors, "bad");
        page.findings(&self.warnings, "odd");
        self.write_timeline(page);
        self.write_facts(page);
        self.write_details(page);
        page.raw("</section>\n");
    }

    fn write_reason(&self, page: &mut Page) {
        page.raw("<p class=\"reason\">");
        match self.sub_indication {
            None => {
                page.text("Who signed is known, nothing was changed, and the certificate was in force.");
            }
            Some(sub) => {
                page.text(&format!("{}.", sentence_case(sub.explanation())));
            }
        }
        page.raw(" <span class=\"code\">").text(self.indication.as_str());
        if let Some(sub) = self.sub_indication {
            page.raw("</span> <span class=\"code\">").text(sub.as_str());
        }
        page.raw("</span></p>\n");
    }

    fn write_timeline(&self, page: &mut Page) {
        if self.timeline.len() < 2 {
            return;
        }
        page.raw("<h3>What happened when</h3>\n<ol class=\"timeline\">\n");
        let mut earlier: Option<Timestamp> = None;
        for event in &self.timeline {
            if let Some(gap) = earlier.and_then(|earlier| gap(event.time.duration_since(earlier))) {
                page.raw("<li class=\"gap\">").text(&gap).raw("</li>\n");
            }
            earlier = Some(event.time);
            self.write_event(page, event);
        }
        page.raw("</ol>\n");
        if self.timeline.iter().any(|event| !event.kind.is_proven()) {
            page.element("p", "note", "A dashed mark is what the signer says; nobody else vouches for it.");
        }
    }

    fn write_event(&self, page: &mut Page, event: &Event) {
        let class = match event.kind {
            EventKind::TimeStamp | EventKind::ArchiveTimeStamp | EventKind::Ocsp | EventKind::Crl => "proof",
            EventKind::Claimed => "claim",
            EventKind::SignerExpiry | EventKind::UnitExpiry => "end",
            EventKind::Revoked => "stop",
            EventKind::SignerIssued => "begin",
            EventKind::Validation => "now",
        };
        page.raw(&format!("<li class=\"{class}\"><time>"));
        page.text(&moment(event.time)).raw("</time><span>").text(event.kind.text());
        if let Some(by) = &event.by {
            page.raw(" <em>by <bdi>").text(by).raw("</bdi></em>");
        }
        page.raw("</span></li>\n");
    }

    fn write_facts(&self, page: &mut Page) {
        page.raw("<h3>Facts</h3>\n<dl class=\"facts\">\n");
        if let Some(time) = self.info.best_signature_time {
            let text =
                match self.info.timestamp_creation_time.or(self.info.archive_time_stamps.first().copied()) {
                    Some(_) => format!("{}, proven by time-stamp", moment(time)),
                    None => "not proven by any time-stamp".to_owned(),
                };
            page.fact("Existed before", &text);
        }
        if let Some(qualification) = &self.qualification {
            let level = &qualification.signature_level;
            page.fact("Worth", &format!("{} ({level})", worth(level)));
        }
        for (name, value) in [
            ("Level", &self.signature_format),
            ("Method", &self.signature_method),
            ("Reason stated", &self.info.signing_reason),
        ] {
            if let Some(value) = value {
                page.fact(name, value);
            }
        }
        if !self.info.signer_role.is_empty() {
            page.fact("Role claimed", &self.info.signer_role.join(", "));
        }
        if !self.info.signature_production_place.is_empty() {
            page.fact("Place claimed", &self.info.signature_production_place.join(", "));
        }
        page.fact("Found in", &self.file);
        if !self.signature_scopes.is_empty() {
            page.raw("<div><dt>Covers</dt><dd>");
            for scope in &self.signature_scopes {
                page.raw("<bdi>").text(&scope.name).raw("</bdi> <span class=\"note\">").text(&scope.content);
                page.raw("</span><br>");
            }
            page.raw("</dd></div>\n");
        }
        page.raw("</dl>\n");
    }

    fn write_details(&self, page: &mut Page) {
        if let Some(qualification) = &self.qualification
            && !qualification.qualification_details.is_empty()
        {
            page.raw("<details><summary>How the lists were read</summary><ul>\n");
            for step in &qualification.qualification_details {
                page.element("li", "", step);
            }
            page.raw("</ul></details>\n");
        }
        if !self.time_stamps.is_empty() {
            page.raw("<details><summary>Time-stamps</summary>\n").raw(TIME_STAMPS);
            for time_stamp in &self.time_stamps {
                write_time_stamp(page, time_stamp);
            }
            page.raw("</tbody></table></div></details>\n");
        }
        if !self.certificates.is_empty() {
            page.raw("<details><summary>Certificates used</summary>\n<div class=\"wide\"><table><thead><tr><th>For</th><th>Name</th></tr></thead><tbody>\n");
            for certificate in &self.certificates {
                let role = match certificate.role {
                    CertificateRole::Signing => "Signature",
                    CertificateRole::Revocation => "Status",
                    CertificateRole::SignatureTimestamp => "Time-stamp",
                    CertificateRole::ArchiveTimestamp => "Archive time-stamp",
                };
                let name = certificate.common_name.as_deref().unwrap_or("without a common name");
                page.raw("<tr><td>").text(role).raw("</td><td><bdi>").text(name).raw("</bdi></td></tr>\n");
            }
            page.raw("</tbody></table></div></details>\n");
        }
    }
}

/// The head of a table of time-stamps.
const TIME_STAMPS: &str = "<div class=\"wide\"><table><thead><tr><th>Kind</th><th>Time</th><th>Made by</th><th>Verdict</th></tr></thead><tbody>\n";

fn write_time_stamp(page: &mut Page, time_stamp: &TimeStampReport) {
    let Look { class, word, .. } = look(time_stamp.indication);
    let kind = match &*time_stamp.kind {
        "ARCHIVE_TIMESTAMP" => "Archive",
        "CONTENT_TIMESTAMP" => "File",
        _ => "Signature",
    };
    let time = time_stamp.signed_time.map(moment).unwrap_or_else(|| "unknown".to_owned());
    page.raw("<tr><td>").text(kind).raw("</td><td>").text(&time).raw("</td><td><bdi>");
    page.text(time_stamp.signed_by.as_deref().unwrap_or("unknown"));
    page.raw(&format!("</bdi></td><td><span class=\"pill {class}\">{word}</span> "));
    page.text(time_stamp.sub_indication.map(|sub| sub.as_str()).unwrap_or_default()).raw("</td></tr>\n");
}

/// HTML text in the making.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// Markup of our own.
    fn raw(&mut self, markup: &str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// Text from anywhere.
    fn text(&mut self, text: &str) -> &mut Self {
        escape(text, &mut self.text);
        self
    }

    fn element(&mut self, name: &str, class: &str, text: &str) {
        match class {
            "" => self.raw(&format!("<{name}>")),
            class => self.raw(&format!("<{name} class=\"{class}\">")),
        };
        self.text(text).raw(&format!("</{name}>\n"));
    }

    fn fact(&mut self, name: &str, value: &str) {
        self.raw("<div><dt>").text(name).raw("</dt><dd><bdi>").text(value).raw("</bdi></dd></div>\n");
    }

    fn findings(&mut self, findings: &[Finding], class: &str) {
        if findings.is_empty() {
            return;
        }
        self.raw(&format!("<ul class=\"findings {class}\">\n"));
        for finding in findings {
            let asked = rules::find(&finding.rule).map(|rule| rule.text).unwrap_or(finding.rule.as_str());
            let label = if class == "bad" { "Rule not met" } else { "Worth knowing" };
            self.raw("<li>\n<p class=\"rule\"><span class=\"label\">").text(label).raw("</span> ");
            self.text(&sentence_case(asked))
                .raw(" <span class=\"where\">")
                .text(&finding.part.to_string())
                .raw("</span></p>\n");
            self.raw("<dl>\n<dt>Expected</dt><dd><bdi>").text(&finding.expected).raw("</bdi></dd>\n");
            self.raw("<dt>Found</dt><dd><bdi>").text(&finding.found).raw("</bdi></dd>\n");
            if let Some(clause) = &finding.clause {
                self.raw("<dt>Rule</dt><dd class=\"note\">").text(clause).raw(" · ").text(&finding.rule);
                self.raw("</dd>\n");
            }
            self.raw("</dl>\n</li>\n");
        }
        self.raw("</ul>\n");
    }
}

/// Text as it may stand in an element or an attribute: no markup, no controls, no turned direction.
fn escape(text: &str, out: &mut String) {
    for c in shown(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

/// What a word of the qualification means.
fn worth(level: &str) -> &'static str {
    match level.strip_prefix("INDETERMINATE_").unwrap_or(level) {
        "QESIG" => "a qualified electronic signature",
        "QESEAL" => "a qualified electronic seal",
        "QES" => "qualified, as a signature or a seal",
        "ADESIG_QC" => "an advanced signature by a qualified certificate",
        "ADESEAL_QC" => "an advanced seal by a qualified certificate",
        "ADES_QC" => "advanced, by a qualified certificate",
        "ADESIG" => "an advanced signature",
        "ADESEAL" => "an advanced seal",
        "ADES" => "advanced, without a qualified certificate",
        _ => "nothing: the signature does not hold",
    }
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// `22 November 2026, 12:00:01 UTC`
fn moment(time: Timestamp) -> String {
    time.strftime("%-d %B %Y, %H:%M:%S UTC").to_string()
}

/// How much later, in the largest unit; none for the same moment.
fn gap(duration: SignedDuration) -> Option<String> {
    const UNITS: [(i64, &str); 5] =
        [(365 * 86_400, "year"), (30 * 86_400, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute")];
    let seconds = duration.as_secs();
    if seconds <= 0 {
        return None;
    }
    let (count, unit) = UNITS
        .iter()
        .find(|(length, _)| seconds >= *length)
        .map_or((seconds, "second"), |(length, unit)| (seconds / length, *unit));
    Some(format!("{count} {unit}{} later", if count == 1 { "" } else { "s" }))
}

fn size(bytes: u64) -> String {
    let mut text = String::new();
    match bytes {
        0..1_000 => write!(text, "{bytes} B"),
        1_000..1_000_000 => write!(text, "{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => write!(text, "{:.1} MB", bytes as f64 / 1e6),
        _ => write!(text, "{:.1} GB", bytes as f64 / 1e9),
    }
    .unwrap_or_default();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_file_becomes_markup() {
        let mut out = String::new();
        escape("<b onclick='x'>\"&\u{202e}\u{7}", &mut out);
        assert_eq!(out, "&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;\u{fffd}\u{fffd}");
    }

    #[test]
    fn gaps_are_told_in_the_largest_unit() {
        for (seconds, text) in [
            (1, "1 second later"),
            (59, "59 seconds later"),
            (3_600, "1 hour later"),
            (86_400 * 3, "3 days later"),
            (86_400 * 800, "2 years later"),
        ] {
            assert_eq!(gap(SignedDuration::from_secs(seconds)).as_deref(), Some(text));
        }
        assert_eq!(gap(SignedDuration::from_millis(300)), None);
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!([size(18), size(1_500), size(2_500_000)], ["18 B", "1.5 kB", "2.5 MB"]);
    }
}

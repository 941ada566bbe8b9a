//! Whom to trust: a directory of certificates, as `countersign trust export` writes it, or the embedded TEST anchors.
//!
//! The role of a certificate comes from the certificate, and in two cases from the file's name:
//!
//! | Certificate | Role |
//! |---|---|
//! | a CA whose issuer is not in the directory | anchor for signers and time-stamps; for time-stamps alone in `tsa*` |
//! | a CA whose issuer is there too | may link others to the anchor |
//! | a time-stamping unit | anchor for time-stamps |
//! | any other | none: signers and OCSP responders bring their own |
//! | anything in `tls-*` | none here: it vouches for web servers |

use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_container::TrustAnchors;
use countersign_container::trusted_list::{ListSet, TrustService};
use countersign_container::validate::Trusted;
use countersign_pki::Certificate;
use countersign_server::authority;
use jiff::Timestamp;

use crate::error::Error;
use crate::file;

/// More than any trust directory holds; a mistaken path such as `/` ends here.
const MOST_FILES: usize = 10_000;

/// No certificate file is larger.
const LARGEST_FILE: u64 = 1 << 20;

/// Reads `*.pem`, `*.crt`, `*.cer` and `*.der` of a directory (not below it).
///
/// # Errors
/// [`Error::File`], [`Error::NoCertificate`] for a file that holds something else, [`Error::NoAnchor`].
pub(crate) fn load(directory: &Path) -> Result<TrustAnchors, Error> {
    let unreadable = |source| Error::File { action: "read", path: directory.to_owned(), source };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)?.take(MOST_FILES) {
        let path = entry.map_err(unreadable)?.path();
        if is_certificate_file(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let certificates = read(&path)?;
        let of_time_stamping = starts_with(&path, "tsa");
        found.extend(certificates.into_iter().map(|certificate| Trusted { certificate, of_time_stamping }));
    }
    let anchors = TrustAnchors::sorted(&found);
    if anchors.ca.is_empty() && anchors.tsa.is_empty() {
        return Err(Error::NoAnchor { directory: directory.to_owned() });
    }
    Ok(anchors)
}

/// The public TEST anchors that are inside this program.
pub(crate) fn embedded() -> Result<TrustAnchors, Error> {
    let authorities = authority::dev::authorities()?;
    let cas = authorities.cas();
    let certificates = cas.iter().map(|ca| ca.certificate().clone());
    let unit = authorities.time_stamping().certificate().clone();
    Ok(of(certificates.chain([unit]).collect()))
}

/// The services of trusted lists that `signers` vouch for: the first file is the list itself or a list of
/// lists, and the others are lists that it points to.
///
/// # Errors
/// [`Error::File`], [`Error::NoCertificate`], [`Error::TrustedList`].
pub(crate) fn services(
    lists: &[PathBuf],
    signers: &[PathBuf],
    now: Timestamp,
) -> Result<Vec<Arc<TrustService>>, Error> {
    const LARGEST_LIST: u64 = 32 << 20;
    let mut pinned = Vec::new();
    for path in signers {
        pinned.extend(read(path)?);
    }
    let mut set = ListSet::new(pinned);
    for (index, path) in lists.iter().enumerate() {
        let bytes = file::read(path, LARGEST_LIST)?;
        let taken = if index == 0 { set.update_top(&bytes, &[], now) } else { set.update_any(&bytes, now) };
        taken.map_err(|source| Error::TrustedList { path: path.clone(), source })?;
    }
    Ok(set.services())
}

/// Certificates that came without file names.
pub(crate) fn of(certificates: Vec<Certificate>) -> TrustAnchors {
    let trusted =
        certificates.into_iter().map(|certificate| Trusted { certificate, of_time_stamping: false });
    TrustAnchors::sorted(&trusted.collect::<Vec<_>>())
}

fn is_certificate_file(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["pem", "crt", "cer", "der"].iter().any(|known| ending.eq_ignore_ascii_case(known))
        && !starts_with(path, "tls-")
}

fn starts_with(path: &Path, prefix: &str) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(prefix))
}

fn read(path: &Path) -> Result<Vec<Certificate>, Error> {
    let bytes = file::read(path, LARGEST_FILE)?;
    let no_certificate = |source| Error::NoCertificate { path: path.to_owned(), source };
    match std::str::from_utf8(&bytes) {
        Ok(text) if text.contains("-----BEGIN") => Certificate::pem_bundle(text).map_err(no_certificate),
        _ => Ok(vec![Certificate::from_der(&bytes).map_err(no_certificate)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_root_is_the_only_anchor_for_signers() {
        let anchors = embedded().expect("embedded");
        assert_eq!(anchors.ca.len(), 1);
        assert!(anchors.ca[0].is_self_issued());
        assert_eq!(anchors.intermediates.len(), 2);
        assert_eq!(anchors.tsa.len(), 2, "the root and the unit");
    }

    #[test]
    fn the_root_of_web_servers_signs_no_documents() {
        let directory = tempfile::tempdir().expect("a directory");
        let tls_root = authority::dev::tls_root().expect("embedded").to_pem();
        std::fs::write(directory.path().join("tls-root.pem"), &tls_root).expect("written");
        assert!(matches!(load(directory.path()), Err(Error::NoAnchor { .. })));
    }

    #[test]
    fn an_issuing_authority_alone_is_an_anchor() {
        let directory = tempfile::tempdir().expect("a directory");
        let authorities = authority::dev::authorities().expect("embedded");
        let cas = authorities.cas();
        let issuing = cas[1].certificate();
        std::fs::write(directory.path().join("eid-q.der"), issuing.as_der()).expect("written");
        assert_eq!(load(directory.path()).expect("an anchor").ca, std::slice::from_ref(issuing));
    }

    #[test]
    fn a_file_that_is_no_certificate_is_named() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("root.pem"), "nothing").expect("written");
        let error = load(directory.path()).expect_err("no certificate").to_string();
        assert!(error.contains("root.pem"), "{error}");
    }
}

//! Files of those who vouch for the certificates of others.

use std::path::Path;

use countersign_pki::Certificate;

/// The CA certificates of a PEM file.
pub(crate) fn anchors_in(path: &Path) -> Result<Vec<Certificate>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let found = Certificate::pem_bundle(&text)
        .map_err(|error| format!("{} is not usable: {error}", path.display()))?;
    match found.iter().find(|certificate| !certificate.is_ca()) {
        Some(_) => Err(format!("{} holds a certificate that is no CA's", path.display())),
        None if found.is_empty() => Err(format!("{} holds no certificate", path.display())),
        None => Ok(found),
    }
}

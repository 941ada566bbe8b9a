//! Validation.
use countersign_pki::certificate::{Certificate, KeyUsage};

pub(crate) fn may_sign_documents(certificate: &Certificate) -> bool {
    certificate.key_usage().is_some_and(|usage| usage.contains(KeyUsage::NON_REPUDIATION))
}

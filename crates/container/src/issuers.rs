//! Who stands above a certificate, among those that are known. Whether a path holds is for [`crate::validate`].

use countersign_pki::Certificate;

/// Longer paths than that lead nowhere.
pub(crate) const MAX_PATH: usize = 8;

pub(crate) fn find_issuer<'a>(
    certificate: &Certificate,
    among: &'a [Certificate],
) -> Option<&'a Certificate> {
    among.iter().find(|candidate| candidate.is_ca() && certificate.is_signed_by(candidate).is_ok())
}

/// The authorities above a certificate that are in `pool`, the nearest first.
pub fn path_above(certificate: &Certificate, pool: &[Certificate]) -> Vec<Certificate> {
    let mut path: Vec<Certificate> = Vec::new();
    let mut below = certificate;
    while let Some(issuer) =
        find_issuer(below, pool).filter(|issuer| !path.contains(issuer) && *issuer != below)
    {
        path.push(issuer.clone());
        below = issuer;
        if path.len() == MAX_PATH {
            break;
        }
    }
    path
}

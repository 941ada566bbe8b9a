//! Making a new authority: keys, root, issuing CAs, responders, time-stamping unit.

use countersign_pki::certificate::build::Validity;
use countersign_pki::profile::{CaProfile, Issuer, Organization, issue_root};
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, Error, Signer, SoftwareKey};
use jiff::Timestamp;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{NON_QUALIFIED, Places, QUALIFIED, ROOT, TIME_STAMP_POLICY, TIME_STAMPING};

/// What the new authority is called.
pub struct Names {
    /// Who runs it.
    pub organization: Organization,
    /// Begins every common name, such as `TEST of Countersign`.
    pub prefix: String,
    /// Ends every common name, such as `2026`.
    pub year: i16,
}

/// A member or responder of a new authority, as its files hold it.
pub struct Member {
    /// Its place in [`super::MEMBERS`] or [`super::RESPONDERS`].
    pub name: &'static str,
    /// The certificate; none for a responder.
    pub certificate: Option<Certificate>,
    /// The private key, PKCS#8 in PEM.
    pub key: Zeroizing<String>,
}

/// Makes all members, valid from `not_before`: root 20 years, CAs 15, the time-stamping unit 12.
///
/// Root on P-521, CAs on P-384, the rest on P-256. The keys come from AWS-LC's own generator.
///
/// # Errors
/// Names that do not fit their types.
pub fn set_up(
    names: &Names,
    places: &Places,
    not_before: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<Vec<Member>, Error> {
    let named = |what: &str| names.organization.named(&format!("{} {what} {}", names.prefix, names.year));
    let mut members = Vec::new();

    let root_key = SoftwareKey::generate_ec(Curve::P521)?;
    let root =
        issue_root(&CaProfile::root(named("ROOT")?), &root_key, Validity::years(not_before, 20)?, rng)?;
    members.push(member(ROOT, &root, &root_key)?);
    let above = Issuer::new(&root, &root_key)?;
    members.push(responder_key("root-ocsp")?);

    for (name, responder_name, what) in
        [(QUALIFIED, "eid-q-ocsp", "EID-Q"), (NON_QUALIFIED, "eid-nq-ocsp", "EID-NQ")]
    {
        let key = SoftwareKey::generate_ec(Curve::P384)?;
        let profile = CaProfile::issuing(named(what)?, &places.cps, places.addresses(ROOT));
        let certificate =
            above.issue_ca(&profile, key.public_key(), Validity::years(not_before, 15)?, rng)?;
        members.push(member(name, &certificate, &key)?);
        members.push(responder_key(responder_name)?);
    }

    let key = SoftwareKey::generate_ec(Curve::P256)?;
    let policy =
        countersign_pki::certificate::Policy { oid: TIME_STAMP_POLICY, cps: Some(places.cps.clone()) };
    let validity = Validity::years(not_before, 12)?;
    let certificate = above.issue_time_stamping_unit(
        named("TSA")?,
        &policy,
        &places.addresses(ROOT),
        key.public_key(),
        validity,
        Validity::years(not_before, 11)?.not_after,
        rng,
    )?;
    members.push(member(TIME_STAMPING, &certificate, &key)?);
    Ok(members)
}

fn responder_key(name: &'static str) -> Result<Member, Error> {
    Ok(Member { name, certificate: None, key: SoftwareKey::generate_ec(Curve::P256)?.to_pem()? })
}

fn member(name: &'static str, certificate: &Certificate, key: &SoftwareKey) -> Result<Member, Error> {
    Ok(Member { name, certificate: Some(certificate.clone()), key: key.to_pem()? })
}

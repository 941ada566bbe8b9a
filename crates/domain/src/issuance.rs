//! Both keys of an account get their certificates, and the account comes alive.

use countersign_pki::certificate::build::Validity;
use countersign_pki::profile::{Issuer, Person, Profile, Use};
use countersign_wire::words::CertificateLevel;
use jiff::Timestamp;
use rand_core::CryptoRng;

use crate::KeyUse;
use crate::account::{Account, AccountState};
use crate::enrolment::public_key;
use crate::error::Failure;
use crate::event::Event;
use crate::key::{Key, KeyCertificate};
use crate::refusal::Refusal;
use crate::revocation::{CertificateStatus, IssuedCertificate};

/// An issuer of people's certificates.
#[derive(Clone, Copy)]
pub struct Authority<'a> {
    /// The name that its certificates are remembered under: unique, never given to another key.
    pub id: &'a str,
    /// Its certificate and key.
    pub issuer: Issuer<'a>,
    /// How its certificates look.
    pub profile: &'a Profile,
}

/// One issuer per level.
#[derive(Clone, Copy)]
pub struct Authorities<'a> {
    /// For accounts of level QUALIFIED.
    pub qualified: Authority<'a>,
    /// For accounts of level ADVANCED.
    pub non_qualified: Authority<'a>,
}

/// Both certificates of an account.
pub struct Certificates {
    /// For the authentication key.
    pub auth: IssuedCertificate,
    /// For the signing key.
    pub sign: IssuedCertificate,
}

/// An account that relying parties may address. Save all of it.
pub struct Completed {
    /// Active.
    pub account: Account,
    /// With its certificate.
    pub auth: Key,
    /// With its certificate.
    pub sign: Key,
    /// What happened.
    pub events: Vec<Event>,
}

/// Signs both certificates, outside any transaction: the issuer's key may be in a device. Nothing is promised yet; a
/// certificate exists for others when [`complete`] is saved together with it.
///
/// `until` is the last moment of what the certificates stand on, where that ends: none of them is valid longer.
///
/// Refused: [`Refusal::KeyNotActive`] unless both keys were proven.
pub fn issue(
    account: &Account,
    auth: &Key,
    sign: &Key,
    authorities: Authorities<'_>,
    until: Option<Timestamp>,
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<Certificates, Failure> {
    if auth.certification_request().is_none() || sign.certification_request().is_none() {
        return Err(Refusal::KeyNotActive.into());
    }
    let authority = match account.level {
        CertificateLevel::Qualified => authorities.qualified,
        CertificateLevel::Advanced => authorities.non_qualified,
    };
    let person = Person {
        country: account.person.country().to_owned(),
        surname: account.holder.surname.clone(),
        given_name: account.holder.given_name.clone(),
        identifier: account.person.as_str().to_owned(),
        document_number: account.document.as_str().to_owned(),
        date_of_birth: account.holder.date_of_birth,
    };
    let validity = Validity::days(now, authority.profile.days)?;
    let validity = until.map_or(validity, |last| validity.until(last));
    Ok(Certificates {
        auth: one(account, &person, auth, authority, validity, rng)?,
        sign: one(account, &person, sign, authority, validity, rng)?,
    })
}

/// Makes the account active. Save it together with the certificates; the answer to a repeated request is read from
/// the keys.
///
/// Refused: [`Refusal::AlreadyDone`] for an active account, [`Refusal::KeyNotActive`] when a key was changed meanwhile.
pub fn complete(
    account: Account,
    auth: Key,
    sign: Key,
    certificates: &Certificates,
) -> Result<Completed, Refusal> {
    match account.state {
        AccountState::Registering => {}
        AccountState::Active => return Err(Refusal::AlreadyDone),
        AccountState::Revoked { .. } => return Err(Refusal::DeviceRevoked),
    }
    let in_place = account.keys.auth.as_ref() == Some(auth.id())
        && account.keys.sign.as_ref() == Some(sign.id())
        && (auth.usage(), sign.usage()) == (KeyUse::Auth, KeyUse::Sign)
        && auth.certification_request().is_some()
        && sign.certification_request().is_some();
    if !in_place {
        return Err(Refusal::KeyNotActive);
    }
    let mut events: Vec<_> = [&certificates.auth, &certificates.sign]
        .into_iter()
        .map(|certificate| Event::CertificateIssued {
            issuer: certificate.issuer.clone(),
            serial: certificate.serial_hex(),
            document: certificate.account.clone(),
        })
        .collect();
    events.push(Event::AccountActivated { document: account.document.clone() });
    Ok(Completed {
        account: Account { state: AccountState::Active, ..account },
        auth: auth.certify(certificates.auth.for_key()),
        sign: sign.certify(certificates.sign.for_key()),
        events,
    })
}

fn one(
    account: &Account,
    person: &Person,
    key: &Key,
    authority: Authority<'_>,
    validity: Validity,
    rng: &mut impl CryptoRng,
) -> Result<IssuedCertificate, Failure> {
    let usage = match key.usage() {
        KeyUse::Auth => Use::Authentication,
        KeyUse::Sign => Use::Signature,
    };
    let public_key = public_key(key.modulus())?;
    let certificate =
        authority.issuer.issue_person_for(authority.profile, person, usage, &public_key, validity, rng)?;
    Ok(IssuedCertificate {
        issuer: authority.id.to_owned(),
        serial: certificate.serial().magnitude().to_vec(),
        account: Some(account.document.clone()),
        not_after: certificate.not_after(),
        der: certificate.as_der().to_vec(),
        status: CertificateStatus::Good,
    })
}

impl IssuedCertificate {
    /// What its key keeps of it.
    pub fn for_key(&self) -> KeyCertificate {
        KeyCertificate { der: self.der.clone(), not_after: self.not_after }
    }
}

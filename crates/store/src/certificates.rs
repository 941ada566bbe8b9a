//! Certificates as their issuers remember them.

use std::cell::Cell;

use countersign_domain::revocation::{CertificateStatus, IssuedCertificate};
use countersign_wire::id::DocumentNumber;
use jiff::Timestamp;
use rusqlite::params;

use crate::body;
use crate::database::Database;
use crate::error::Error;

const TABLE: &str = "certificates";

/// The table of issued certificates.
pub struct Certificates<'a> {
    pub(crate) connection: &'a Database,
    /// Told when the status of a certificate changes.
    pub(crate) changed: &'a Cell<bool>,
}

/// Which certificates a page holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Of this issuer alone.
    pub issuer: Option<String>,
    /// Of this status alone: `GOOD`, `ON_HOLD`, `REVOKED`.
    pub status: Option<&'static str>,
    /// What comes after this issuer and serial number.
    pub after: Option<(String, Vec<u8>)>,
}

impl Certificates<'_> {
    /// A new certificate. [`Error::Duplicate`] when the issuer has used the serial number.
    pub fn insert(&self, certificate: &IssuedCertificate) -> Result<(), Error> {
        self.save(
            "INSERT INTO certificates (issuer, serial, account, status, not_after, body)
             VALUES ($1, $2, $3, $4, $5, $6)",
            certificate,
        )
    }

    /// The certificate as it is now. [`Error::Missing`] when it is not there.
    pub fn update(&self, certificate: &IssuedCertificate) -> Result<(), Error> {
        self.changed.set(true);
        self.save(
            "UPDATE certificates SET account = $3, status = $4, not_after = $5, body = $6
             WHERE issuer = $1 AND serial = $2",
            certificate,
        )
    }

    /// The certificate with this serial number (big-endian, without leading zeros).
    pub fn find(&self, issuer: &str, serial: &[u8]) -> Result<Option<IssuedCertificate>, Error> {
        let query = "SELECT body FROM certificates WHERE issuer = $1 AND serial = $2";
        body::find(self.connection, TABLE, query, params![issuer, written(serial)])
    }

    /// Every certificate of an account.
    pub fn of_account(&self, account: &DocumentNumber) -> Result<Vec<IssuedCertificate>, Error> {
        let query = "SELECT body FROM certificates WHERE account = $1 ORDER BY not_after, serial";
        body::list(self.connection, TABLE, query, [account.as_str()])
    }

    /// A page of certificates, ordered by issuer and serial number.
    pub fn page(&self, listing: &Listing, limit: usize) -> Result<Vec<IssuedCertificate>, Error> {
        let query = "SELECT body FROM certificates
                     WHERE ($1 IS NULL OR issuer = $1) AND ($2 IS NULL OR status = $2)
                       AND ($3 IS NULL OR (issuer, serial) > ($3, $4))
                     ORDER BY issuer, serial LIMIT $5";
        let after = listing.after.as_ref();
        let row = params![
            listing.issuer,
            listing.status,
            after.map(|(issuer, _)| issuer),
            after.map(|(_, serial)| written(serial)),
            body::limit(limit),
        ];
        body::list(self.connection, TABLE, query, row)
    }

    /// What an issuer's revocation list names at `now`: revoked or on hold, and not expired.
    pub fn revoked(&self, issuer: &str, now: Timestamp) -> Result<Vec<IssuedCertificate>, Error> {
        let query = "SELECT body FROM certificates WHERE issuer = $1 AND status IN ('REVOKED', 'ON_HOLD')
                       AND not_after >= $2 ORDER BY serial";
        body::list(self.connection, TABLE, query, params![issuer, body::millis(now)])
    }

    fn save(&self, statement: &'static str, certificate: &IssuedCertificate) -> Result<(), Error> {
        let status = match certificate.status {
            CertificateStatus::Good => "GOOD",
            CertificateStatus::OnHold { .. } => "ON_HOLD",
            CertificateStatus::Revoked { .. } => "REVOKED",
        };
        let row = params![
            certificate.issuer,
            written(&certificate.serial),
            certificate.account.as_ref().map(DocumentNumber::as_str),
            status,
            body::millis(certificate.not_after),
            body::write(TABLE, certificate)?,
        ];
        body::change(self.connection, TABLE, statement, row)
    }
}

/// Serial numbers are compared as text: lower case, without leading zero octets.
fn written(serial: &[u8]) -> String {
    let first = serial.iter().position(|octet| *octet != 0).unwrap_or(serial.len());
    hex::encode(&serial[first..])
}

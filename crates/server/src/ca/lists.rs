//! Revocation lists: a new one when something was revoked, put on hold or taken off it, and on schedule.
//!
//! [`publish`] makes them without being asked and writes them into a directory if the configuration names one; a request
//! that comes first makes the list itself, so that nobody gets one that misses what was revoked before.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_domain::revocation::{CertificateStatus, IssuedCertificate};
use countersign_pki::crl::{NewCrl, Reason, RevokedCertificate};
use countersign_pki::{Error as PkiError, SerialNumber};
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::Published;
use crate::App;
use crate::authority::Ca;
use crate::clock::Doubt;
use crate::compute::Busy;

/// How long others may keep a list before asking again, in seconds.
pub(super) const MAX_AGE_SECONDS: u32 = 300;

/// Between two looks at the schedule, when nothing is revoked meanwhile.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(60);

/// Why there is no list.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Store(#[from] countersign_store::Error),
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error(transparent)]
    Clock(#[from] Doubt),
    #[error(transparent)]
    Busy(#[from] Busy),
}

/// The newest list of each CA.
#[derive(Default)]
pub(crate) struct RevocationLists {
    newest: Mutex<HashMap<String, Kept>>,
    /// One list at a time: two with different numbers for one state would be one too many.
    making: tokio::sync::Mutex<()>,
    /// Rung when a status has changed.
    changed: tokio::sync::Notify,
}

#[derive(Clone)]
struct Kept {
    made: Timestamp,
    /// The store's status version before the list was made: under the same one nothing has changed.
    version: u64,
    /// What it names: serial numbers, since when, why.
    names: Vec<Named>,
    list: Published,
}

type Named = (Vec<u8>, Timestamp, Reason);

impl RevocationLists {
    /// The list as of now. Making one takes the next CRLNumber, on disk before the list is seen.
    pub(super) async fn current(&self, app: &App, ca: &Arc<Ca>) -> Result<Published, Error> {
        if let Some(kept) = self.fresh(app, ca.name()) {
            return Ok(kept);
        }
        let _only_one = self.making.lock().await;
        if let Some(kept) = self.fresh(app, ca.name()) {
            return Ok(kept);
        }
        // Asked now, since it is about this moment; a list that is there needs no clock.
        let (now, believed) = (app.now(), app.believed_now());
        let (issuer, config) = (ca.name().to_owned(), &app.config().crl);
        let version = app.store().status_version();
        let of = issuer.clone();
        let revoked: Vec<IssuedCertificate> =
            app.store().read("crl", move |tx| tx.certificates().revoked(&of, now)).await?;
        let names: Vec<_> = revoked.iter().filter_map(named).collect();
        let known = self.newest.lock().unwrap_or_else(PoisonError::into_inner).get(&issuer).cloned();
        if let Some(kept) = known
            && kept.names == names
            && is_young(&kept, now, config.renewed_after())
        {
            // Another CA's certificate has changed.
            let list = kept.list.clone();
            self.keep(issuer, Kept { version, ..kept });
            return Ok(list);
        }
        believed?;
        let of = issuer.clone();
        let number =
            app.store().write("crl number", move |tx| tx.counters().next(&format!("crl/{of}"))).await?;
        let list = NewCrl {
            number,
            this_update: now,
            next_update: now.saturating_add(config.life()).unwrap_or(now),
            expired_certs_on_crl: None,
            revoked: names.iter().map(entry).collect::<Result<_, PkiError>>()?,
        };
        let (signing, directory) = (Arc::clone(ca), config.directory.clone());
        // A long list, a key in a device or a disk would hold up others.
        let make = move || -> Result<Vec<u8>, PkiError> {
            let der = list.sign(signing.certificate(), signing.signer())?;
            if let Some(directory) = directory
                && let Err(error) = write(&directory, signing.name(), &der)
            {
                tracing::error!(ca = signing.name(), error = %error, "a revocation list could not be written");
            }
            Ok(der)
        };
        let list = Published::new(app.device_work().run(make).await??);
        app.metrics().revocation_list();
        tracing::info!(
            ca = issuer,
            crl.number = number,
            crl.entries = names.len(),
            "a revocation list was made"
        );
        self.keep(issuer, Kept { made: now, version, names, list: list.clone() });
        Ok(list)
    }

    /// Says that a status has changed, so that lists are made at once.
    pub(crate) fn ring(&self) {
        self.changed.notify_one();
    }

    fn fresh(&self, app: &App, issuer: &str) -> Option<Published> {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = newest.get(issuer)?;
        let fresh = kept.version == app.store().status_version()
            && is_young(kept, app.now(), app.config().crl.renewed_after());
        fresh.then(|| kept.list.clone())
    }

    fn keep(&self, issuer: String, kept: Kept) {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).insert(issuer, kept);
    }
}

fn is_young(kept: &Kept, now: Timestamp, renewed_after: SignedDuration) -> bool {
    (SignedDuration::ZERO..renewed_after).contains(&now.duration_since(kept.made))
}

/// Makes every list on schedule and as soon as something was revoked, until the application stops. Lists are made here
/// only where they are wanted in a directory, or were asked for before.
pub(crate) async fn publish(app: App) {
    let mut wanted = app.config().crl.directory.is_some();
    while !app.is_stopping() {
        // From before the lists are made: what comes due meanwhile is not missed.
        let next = app.clock().sleep(LOOKED_AT_EVERY);
        let lists = app.revocation_lists();
        wanted |= !lists.newest.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if let Some(authorities) = app.authorities().filter(|_| wanted) {
            for ca in authorities.cas().iter() {
                if let Err(error) = lists.current(&app, ca).await {
                    tracing::error!(ca = ca.name(), error = %error, "no revocation list; it will be tried again");
                }
            }
        }
        tokio::select! {
            () = app.stopping() => {}
            () = lists.changed.notified() => {}
            () = next => {}
        }
    }
}

/// Whole or not at all: whoever reads the file meanwhile gets the one before.
fn write(directory: &Path, name: &str, der: &[u8]) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(der)?;
    file.as_file().sync_all()?;
    // Others serve it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.persist(directory.join(format!("{name}.crl")))?;
    Ok(())
}

fn named(certificate: &IssuedCertificate) -> Option<Named> {
    let (at, reason) = match certificate.status {
        CertificateStatus::Good => return None,
        CertificateStatus::OnHold { since } => (since, Reason::CertificateHold),
        CertificateStatus::Revoked { at, reason } => {
            (at, Reason::from_code(reason.code()).unwrap_or(Reason::Unspecified))
        }
    };
    Some((certificate.serial.clone(), at, reason))
}

fn entry((serial, revoked_at, reason): &Named) -> Result<RevokedCertificate, PkiError> {
    Ok(RevokedCertificate {
        serial: SerialNumber::from_unsigned(serial)?,
        revoked_at: *revoked_at,
        reason: *reason,
        invalidity_date: None,
    })
}

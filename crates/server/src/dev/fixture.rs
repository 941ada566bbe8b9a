//! The shipped state of every test person: account, device, keys, certificates, and the phone's own storage. Made once
//! by `cargo run --release -p countersign-server --example make_persons`, so that a start is instant and every
//! certificate is the same on every machine.

use std::io::Read;

use countersign_domain::account::Account;
use countersign_domain::device::Device;
use countersign_domain::key::Key;
use countersign_domain::revocation::IssuedCertificate;
use countersign_phone::Storage;
use serde::{Deserialize, Serialize};

use super::Error;
use crate::App;

/// PIN1 of every test person.
pub const PIN1: &str = "1234";
/// PIN2 of every test person.
pub const PIN2: &str = "12345";

/// JSON, compressed.
static SHIPPED: &[u8] = include_bytes!("../../../../fixtures/dev/persons.json.gz");

/// A person's phone, and what the service knows of it.
#[derive(Serialize, Deserialize)]
pub struct Enrolled {
    /// The account.
    pub account: Account,
    /// Its device.
    pub device: Device,
    /// Both keys.
    pub keys: Vec<Key>,
    /// Both certificates, as their issuer remembers them.
    pub certificates: Vec<IssuedCertificate>,
    /// What the phone stores.
    pub phone: Storage,
}

/// Every shipped person.
pub fn enrolled() -> Result<Vec<Enrolled>, Error> {
    if SHIPPED.is_empty() {
        return Ok(Vec::new());
    }
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(SHIPPED)
        .read_to_end(&mut json)
        .map_err(|error| Error::Fixture(error.to_string()))?;
    serde_json::from_slice(&json).map_err(|error| Error::Fixture(error.to_string()))
}

/// Puts them into the store, all or none, unless one is there already.
pub async fn fill(app: &App, persons: &[Enrolled]) -> Result<(), Error> {
    let rows: Vec<_> = persons
        .iter()
        .map(|person| {
            (person.account.clone(), person.device.clone(), person.keys.clone(), person.certificates.clone())
        })
        .collect();
    app.store()
        .write("fill in the test persons", move |tx| -> Result<(), countersign_store::Error> {
            for (account, device, keys, certificates) in &rows {
                if tx.accounts().find(&account.document)?.is_some() {
                    return Ok(());
                }
                tx.accounts().insert(account)?;
                tx.devices().insert(device)?;
                keys.iter().try_for_each(|key| tx.keys().insert(key))?;
                certificates.iter().try_for_each(|certificate| tx.certificates().insert(certificate))?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}

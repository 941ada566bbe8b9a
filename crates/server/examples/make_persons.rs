//! Makes the test persons of `countersign dev` into `fixtures/dev/persons.json.gz`: each enrols through the device API
//! with a phone, as anybody would, under a clock that shows the day their certificates begin. Run once; the result is
//! committed, so that every certificate is the same on every machine. About two minutes:
//! `cargo run --release -p countersign-server --example make_persons`

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::account::Holder;
use countersign_domain::enrolment::{Delivery, Draft, issue_activation};
use countersign_phone::{Enrolment, MemoryVault, Phone, Pin, Pins};
use countersign_server::authority::dev as authority;
use countersign_server::clock::Wait;
use countersign_server::dev::fixture::{Enrolled, PIN1, PIN2};
use countersign_server::dev::persons::PERSONS;
use countersign_server::device::InProcess;
use countersign_server::{App, Clock, Randomness, dev};
use countersign_split_key::Parameters;
use countersign_wire::id::DocumentNumber;
use countersign_wire::words::CertificateLevel;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;

/// The certificates are valid from here, for three years.
const DAY: &str = "2026-11-01T00:00:00Z";
/// The PINs are public, so there is nothing to slow down.
const KDF_ITERATIONS: u32 = 1000;

/// A clock that stands still.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn reached(&self, _: Timestamp) -> Wait<'_> {
        Box::pin(std::future::pending())
    }

    fn sleep(&self, duration: Duration) -> Wait<'_> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let now: Timestamp = DAY.parse()?;
    let mut config = dev::config();
    config.device_api.kdf_iterations = KDF_ITERATIONS;
    let app =
        App::builder(config).clock(Arc::new(Still(now))).authorities(authority::authorities()?).build()?;
    let transport = InProcess::new(&app);
    let mut rng = Randomness::system();
    let mut enrolled = Vec::with_capacity(PERSONS.len());
    for person in &PERSONS {
        let document = DocumentNumber::parse(person.document)?;
        let draft = Draft {
            person: document.semantics().clone(),
            level: if document.is_qualified() {
                CertificateLevel::Qualified
            } else {
                CertificateLevel::Advanced
            },
            holder: Holder {
                given_name: person.given_name.to_owned(),
                surname: person.surname.to_owned(),
                date_of_birth: person.date_of_birth(),
            },
            document: document.clone(),
        };
        let (code, activation, _) = issue_activation(draft, Delivery::Screen, now, &mut rng);
        app.store()
            .write("activation", move |tx| -> Result<(), countersign_store::Error> {
                tx.activations().insert(&activation)
            })
            .await?;
        let text = code.to_text();
        let enrolment =
            Enrolment { activation_code: &text, platform: "headless", parameters: Parameters::default() };
        let pins = Pins { pin1: Pin::parse(PIN1)?, pin2: Pin::parse(PIN2)? };
        let vault = Box::new(MemoryVault::default());
        let (phone, _) = Phone::activate(transport.clone(), vault, &enrolment, pins, now, &mut rng).await?;
        let storage = phone.storage().clone();
        let row = app
            .store()
            .read("enrolled", move |tx| -> Result<_, countersign_store::Error> {
                let account = tx.accounts().get(&document)?;
                Ok(Enrolled {
                    device: tx.devices().get(&account.device)?,
                    keys: tx.keys().of_account(&document)?,
                    certificates: tx.certificates().of_account(&document)?,
                    phone: storage,
                    account,
                })
            })
            .await?;
        enrolled.push(row);
        let mut progress = std::io::stderr();
        write!(progress, "\r{} of {}", enrolled.len(), PERSONS.len())?;
        progress.flush()?;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dev/persons.json.gz");
    let mut file = GzEncoder::new(std::fs::File::create(path)?, Compression::best());
    serde_json::to_writer(&mut file, &enrolled)?;
    file.finish()?.sync_all()?;
    Ok(())
}

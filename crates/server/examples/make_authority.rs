//! Makes the public TEST authority of `countersign dev` into `fixtures/dev/authority`. Run once; the result is
//! committed, so that every certificate is the same on every machine:
//! `cargo run -p countersign-server --example make_authority`; with the argument `trusted-list` it makes only the
//! signer of the test trusted list.

use std::error::Error;
use std::path::Path;

use countersign_pki::certificate::build::Validity;
use countersign_pki::profile::{CaProfile, Organization, issue_root, issue_trusted_list_signer};
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, SoftwareKey};
use countersign_server::Randomness;
use countersign_server::authority::{Names, dev, set_up};
use jiff::Timestamp;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dev/authority");
    std::fs::create_dir_all(&directory)?;
    let mut rng = Randomness::system();
    let not_before: Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let organization = Organization {
        country: "EE".to_owned(),
        name: "TEST of Countersign".to_owned(),
        identifier: "NTREE-00000000".to_owned(),
    };
    let names = Names { organization, prefix: "TEST of Countersign".to_owned(), year: 2026 };
    let write = |name: &str, certificate: Option<&Certificate>, key: &str| -> std::io::Result<()> {
        if let Some(certificate) = certificate {
            std::fs::write(directory.join(format!("{name}.pem")), certificate.to_pem())?;
        }
        std::fs::write(directory.join(format!("{name}.key.pem")), key)
    };
    let key = SoftwareKey::generate_ec(Curve::P256)?;
    let subject = names.organization.named("TEST of Countersign TRUSTED LIST 2026")?;
    let signer = issue_trusted_list_signer(subject, &key, Validity::years(not_before, 20)?, &mut rng)?;
    write("trusted-list", Some(&signer), &key.to_pem()?)?;
    if std::env::args().nth(1).as_deref() == Some("trusted-list") {
        return Ok(());
    }

    for member in set_up(&names, &dev::places(), not_before, &mut rng)? {
        write(member.name, member.certificate.as_ref(), &member.key)?;
    }

    let root_key = SoftwareKey::generate_ec(Curve::P384)?;
    let subject = names.organization.named("TEST of Countersign TLS ROOT 2026")?;
    let root = issue_root(&CaProfile::root(subject), &root_key, Validity::years(not_before, 20)?, &mut rng)?;
    write("tls-root", Some(&root), &root_key.to_pem()?)?;
    Ok(())
}

//! Logs a test person of `countersign dev` in by notification, and says who it is.
//!
//! ```sh
//! countersign dev &
//! curl http://127.0.0.1:8080/trust/bundle.pem > bundle.pem
//! cargo run -p countersign-client --example login -- bundle.pem PNOEE-40504040001-DEM0-Q
//! ```

use std::time::Duration;

use countersign_client::verify::certificate::TrustStore;
use countersign_client::wire::acsp::SchemeName;
use countersign_client::wire::endpoint::Recipient;
use countersign_client::wire::id::{DocumentNumber, RelyingPartyUuid};
use countersign_client::{Authentication, AuthenticationVerifier, Client, Rules, SystemRandom};
use jiff::Timestamp;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "an example")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(bundle), Some(document)) = (arguments.next(), arguments.next()) else {
        return Err("usage: login BUNDLE.PEM DOCUMENT-NUMBER".into());
    };
    let trust = TrustStore::from_pem(&std::fs::read_to_string(bundle)?)?;
    let relying_party = RelyingPartyUuid::parse("00000000-0000-4000-8000-000000000000")?;
    let client = Client::builder("http://127.0.0.1:8080/smart-id-rp/v3", relying_party, "DEMO")
        .scheme(SchemeName::DEMO)
        .build()?;

    let recipient = Recipient::Document(DocumentNumber::parse(&document)?);
    let wanted = Authentication::with_text("Log in to the example?");
    let session = client.authenticate_by_notification(&recipient, &wanted, now(), &mut SystemRandom).await?;
    if let Some(code) = session.verification_code() {
        println!("Compare this code with the one on the phone: {code}");
    }
    let status = client.wait(session.session_id, Duration::from_secs(120)).await?;
    let verifier = AuthenticationVerifier::new(Rules::new(trust));
    let who =
        client.verify_authentication(&verifier, &session, &status, None, now(), &mut SystemRandom).await?;
    println!("{} {} of {}", who.identity.given_name, who.identity.surname, who.identity.country);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "`main` reads the clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

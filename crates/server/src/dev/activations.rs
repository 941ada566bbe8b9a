//! `POST /control/v1/activations`: a code for whoever wants to try a phone of their own, without a registration desk.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_domain::account::Holder;
use countersign_domain::enrolment::Delivery;
use countersign_wire::id::{DocumentNumber, SemanticsIdentifier};
use countersign_wire::problem::InvalidMember;
use countersign_wire::words::CertificateLevel;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::control::read;
use super::{personal_code, persons};
use crate::admin::issue::{Issued, Order, issue};
use crate::problem::{Problem, Surface};
use crate::{App, Origin};

/// Names of somebody who gave none.
const GIVEN_NAME: &str = "NEW";
/// The surname of all documented test persons.
const SURNAME: &str = "TESTNUMBER";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    given_name: Option<String>,
    surname: Option<String>,
    country: Option<String>,
    personal_code: Option<String>,
    level: Option<CertificateLevel>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    activation_code: String,
    link: String,
    person: SemanticsIdentifier,
    document_number: DocumentNumber,
    expires: Timestamp,
}

pub(super) async fn activation(
    State(app): State<App>,
    origin: Origin,
    body: Bytes,
) -> Result<Response, Problem> {
    let Wanted { given_name, surname, country, personal_code, level } = read(&body)?;
    let person = match personal_code {
        Some(number) => named(country.as_deref().unwrap_or(personal_code::HOME), &number)?,
        None => somebody(&app, country.as_deref())?,
    };
    let (whose, failed) = (person.clone(), |failure| app.problem(Surface::Own, failure));
    let accounts = app.read("a test person's accounts", move |tx| Ok(tx.accounts().of_person(&whose)?)).await;
    let known = accounts.map_err(failed)?.pop().map(|account| account.holder);
    let or_known = |given: Option<String>, known: Option<&String>, new: &str| {
        given.unwrap_or_else(|| known.map_or(new, String::as_str).to_owned())
    };
    let given_name = or_known(given_name, known.as_ref().map(|holder| &holder.given_name), GIVEN_NAME);
    let surname = or_known(surname, known.as_ref().map(|holder| &holder.surname), SURNAME);
    let level = level.unwrap_or(CertificateLevel::Qualified);
    // As in the list: only qualified certificates hold a date of birth.
    let date_of_birth = match (level, &known) {
        (CertificateLevel::Advanced, _) => None,
        (CertificateLevel::Qualified, Some(Holder { date_of_birth: Some(date), .. })) => Some(*date),
        (CertificateLevel::Qualified, _) => persons::by_number(person.country(), person.identifier()),
    };
    let holder = Holder::new(&given_name, &surname, date_of_birth).map_err(|unfit| {
        Problem::invalid(Surface::Own, [InvalidMember::at(unfit.member, unfit.to_string())])
    })?;
    let order = Order {
        person: person.clone(),
        level,
        holder,
        delivery: Delivery::Screen,
        on_behalf: None,
        stands_on: None,
    };
    let Issued { code, document, expires } = issue(&app, order).await.map_err(failed)?;
    let activation_code = code.to_text().to_string();
    let link = crate::web::activation_link(&app, &origin, &activation_code);
    Ok(Json(Given { activation_code, link, person, document_number: document, expires }).into_response())
}

/// The person that the request names.
fn named(country: &str, number: &str) -> Result<SemanticsIdentifier, Problem> {
    let wrong =
        |pointer, expected: &str| Problem::invalid(Surface::Own, [InvalidMember::at(pointer, expected)]);
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(wrong("/country", "expected two capital letters, such as EE"));
    }
    if let Some(expected) = personal_code::fault(country, number) {
        return Err(wrong("/personalCode", expected));
    }
    SemanticsIdentifier::parse(&format!("PNO{country}-{number}"))
        .map_err(|_| wrong("/personalCode", "expected 1 to 30 letters, digits and hyphens"))
}

/// A new person.
fn somebody(app: &App, country: Option<&str>) -> Result<SemanticsIdentifier, Problem> {
    if country.is_some_and(|country| country != personal_code::HOME) {
        let expected = "expected a number: numbers are made for EE only";
        return Err(Problem::invalid(Surface::Own, [InvalidMember::at("/personalCode", expected)]));
    }
    let number = personal_code::draw(&mut app.randomness());
    named(personal_code::HOME, &number)
}

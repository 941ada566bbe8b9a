//! `GET /api/public/evidence/status`: the combined status of a number.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use countersign_domain::registration::{Evidence, Lookup, OfNumber, Standing, current, day, standing};
use countersign_wire::problem::InvalidMember;
use countersign_wire::registration::status::{LevelEntry, StatusAnswer, TermsEntry};
use countersign_wire::registration::{Jurisdiction, PhoneNumber};
use jiff::civil::Date;

use super::caller::Admitted;
use super::lookup::{Asked, FoundEvidence};
use super::{failure, invalid, logged, lookup, parameter, verification};
use crate::App;
use crate::command::Failure;

/// `GET /api/public/evidence/status?msisdn=`
pub(super) async fn status(
    State(app): State<App>,
    admitted: Admitted,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let number = parameter(query.as_deref(), "msisdn")?;
    let number = PhoneNumber::parse(&number)
        .map_err(|error| invalid(vec![InvalidMember::in_path("msisdn", error.to_string())]))?;
    let now = app.now();
    let admitted =
        verification::admitted(&app, admitted, &number, now).await.map_err(|error| failure(&app, error))?;
    let asked = Asked { tenant: admitted.client.tenant.clone(), number, now };
    let known = lookup::known(&app, &asked).await.map_err(|error| failure(&app, error))?;
    let today = day(now);
    let counts = match &known.evidence {
        Lookup::Found(found) => Lookup::from(found.counts.as_ref()),
        Lookup::Absent => Lookup::Absent,
        Lookup::Failed => Lookup::Failed,
    };
    let standing = standing(counts, &known.means, today);
    let terms = match known.evidence {
        Lookup::Found(FoundEvidence { own: OfNumber { in_force: Some(evidence), .. }, .. })
            if admitted.client.sees_terms =>
        {
            Some(terms_of(&app, evidence, today).await.map_err(|error| failure(&app, error))?)
        }
        Lookup::Found(_) | Lookup::Absent | Lookup::Failed => None,
    };
    let answer = answer(standing, terms);
    let outcome = answer.signing_status.as_str();
    Ok(logged(Json(answer), "registration-status", Some(outcome)))
}

/// Which terms are in force, and whether they are accepted.
async fn terms_of(app: &App, evidence: Evidence, today: Date) -> Result<Vec<TermsEntry>, Failure> {
    let id = evidence.id().clone();
    let accepted = app.read("look up acceptances", move |tx| Ok(tx.terms().accepted(&id)?)).await?;
    let all = app.registration().terms();
    let entries = Jurisdiction::ALL.iter().filter_map(|jurisdiction| {
        let version = all.in_force(*jurisdiction, today)?.to_owned();
        let current = current(&accepted, all, *jurisdiction, today);
        Some(TermsEntry { jurisdiction: *jurisdiction, current, version })
    });
    Ok(entries.collect())
}

fn answer(standing: Standing, tc: Option<Vec<TermsEntry>>) -> StatusAnswer {
    let levels = standing.levels.iter();
    StatusAnswer {
        status: levels
            .filter_map(|(jurisdiction, level)| Some(LevelEntry { assurance_level: (*level)?, jurisdiction }))
            .collect(),
        loa4_expiry_date: standing.qualified_until,
        signing_status: standing.status,
        not_found: standing.not_found,
        tc,
    }
}

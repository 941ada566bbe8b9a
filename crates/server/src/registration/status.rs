//! `GET /api/public/evidence/status`: the combined status of a number.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use countersign_domain::registration::{Lookup, Standing, current, day, standing};
use countersign_wire::problem::InvalidMember;
use countersign_wire::registration::status::{LevelEntry, StatusAnswer, TermsEntry};
use countersign_wire::registration::{Jurisdiction, PhoneNumber};

use super::caller::Admitted;
use super::{failure, invalid, logged, lookup, parameter};
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
    let (of, now) = (app.clone(), app.now());
    let answer = app.read("look up a number", move |tx| {
        let verified = super::verification::is_verified(tx, &admitted, &number, now)?;
        admitted.admit(&number, true, verified).map_err(countersign_domain::Refusal::from)?;
        let known = lookup::known(&of, tx, &admitted.client.tenant, &number, now)?;
        let in_force = match &known.evidence {
            Lookup::Found(of_number) => Lookup::from(of_number.in_force.as_ref()),
            Lookup::Absent => Lookup::Absent,
            Lookup::Failed => Lookup::Failed,
        };
        let today = day(now);
        let terms = match in_force {
            Lookup::Found(evidence) if admitted.client.sees_terms => {
                let accepted = tx.terms().accepted(evidence.id())?;
                let all = of.registration().terms();
                let entries = Jurisdiction::ALL.iter().filter_map(|jurisdiction| {
                    let version = all.in_force(*jurisdiction, today)?.to_owned();
                    let current = current(&accepted, all, *jurisdiction, today);
                    Some(TermsEntry { jurisdiction: *jurisdiction, current, version })
                });
                Some(entries.collect())
            }
            _ => None,
        };
        Ok::<_, Failure>(answer(standing(in_force, &known.means, today), terms))
    });
    let answer = answer.await.map_err(|error| failure(&app, error))?;
    let outcome = answer.signing_status.as_str();
    Ok(logged(Json(answer), "registration-status", Some(outcome)))
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

//! Terms: the link, the decision, and how it goes on.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::registration::{
    AskedBy, Asking, Decision, Lookup, OfNumber, Progress, Refusal, Terms, TermsTransaction, day, outstanding,
};
use countersign_store::Tx;
use countersign_wire::problem::InvalidMember;
use countersign_wire::registration::confirm::Decide;
use countersign_wire::registration::terms::{PollAnswer, TermsEdition, TermsLink, TermsText};
use countersign_wire::registration::{PerJurisdiction, PhoneNumber, TermsError, TermsToken};
use jiff::Timestamp;
use serde_json::json;

use super::caller::Admitted;
use super::lookup::Asked;
use super::step_up::Wanted;
use super::{consent, failed, failure, invalid, logged, lookup, page, parameter, verification};
use crate::App;
use crate::command::Failure;

/// `GET /api/public/evidence/{msisdn}/tc`
pub(super) async fn link(
    State(app): State<App>,
    admitted: Admitted,
    segment: Result<Path<String>, PathRejection>,
) -> Result<Response, Response> {
    let text = segment.map(|Path(text)| text).unwrap_or_default();
    let number = PhoneNumber::parse(&text)
        .map_err(|error| invalid(vec![InvalidMember::in_path("msisdn", error.to_string())]))?;
    if !admitted.client.asks_for_terms {
        return Err(failed(&app, Refusal::ScopeMissing));
    }
    let (base, now) = (admitted.origin.base.clone(), app.now());
    let admitted =
        verification::admitted(&app, admitted, &number, now).await.map_err(|error| failure(&app, error))?;
    let asked = Asked { tenant: admitted.client.tenant.clone(), number, now };
    let known = lookup::known(&app, &asked).await.map_err(|error| failure(&app, error))?;
    let OfNumber { in_force, waiting, .. } = match known.evidence {
        // People whose evidence is kept elsewhere accept terms there: here it is none.
        Lookup::Found(found) => found.own,
        Lookup::Absent => OfNumber::default(),
        Lookup::Failed => return Err(failed(&app, Refusal::LookupFailed)),
    };
    let of = app.clone();
    let token = app.execute("give out a link to terms", move |tx, context| {
        let mut refusal = Refusal::NoEvidence;
        // What waits goes first: accepting its terms completes the identification.
        for evidence in waiting.into_iter().chain(in_force) {
            let accepted = tx.terms().accepted(evidence.id())?;
            let asked = outstanding(&evidence, &accepted, of.registration().terms(), day(context.now));
            let client = admitted.client.id.clone();
            let editions = editions(of.registration().terms(), &asked, &admitted.origin.base);
            match TermsTransaction::offer(client, &evidence, asked, context.now, &mut context.rng) {
                Ok((token, transaction, events)) => {
                    tx.terms().insert(&transaction)?;
                    context.record(events.into_iter().map(Into::into));
                    return Ok((token, editions));
                }
                Err(nothing) => refusal = nothing,
            }
        }
        Err(AnyRefusal::from(refusal).into())
    });
    let (token, terms) = token.await.map_err(|error| failure(&app, error))?;
    let link = format!("{base}{}{}", page::BASE, token.as_str());
    Ok(logged(Json(TermsLink { link, token, terms }), "offer-terms", None))
}

/// What is on the page that the link opens.
fn editions(terms: &Terms, asked: &PerJurisdiction<Option<String>>, base: &str) -> Vec<TermsEdition> {
    let asked = asked.iter().filter_map(|(jurisdiction, version)| Some((jurisdiction, version.as_deref()?)));
    asked
        .map(|(jurisdiction, version)| TermsEdition {
            jurisdiction,
            version: version.to_owned(),
            texts: terms
                .texts(jurisdiction, version)
                .map(|text| TermsText {
                    language: text.language.clone(),
                    url: if text.url.starts_with('/') {
                        format!("{base}{}", text.url)
                    } else {
                        text.url.clone()
                    },
                })
                .collect(),
        })
        .collect()
}

/// `POST /api/public/confirm` with `token`.
pub(super) async fn decide(app: &App, admitted: Admitted, decide: Decide) -> Result<Response, Response> {
    let Decide { token, accepts, knows_the_risk } = decide;
    let token = token.ok_or_else(|| failed(app, Refusal::UnknownTransaction))?;
    let (of, now) = (app.clone(), app.now());
    let (whose, asks) = (token.clone(), admitted.clone());
    let number = app.read("find an acceptance", move |tx| Ok(own(tx, &asks, &whose, now)?.1)).await;
    let number = number.map_err(|error| failure(app, error))?;
    if let Some(world) = app.test_world() {
        world.sandbox().before_decision(&number);
    }
    let asked = Asked { tenant: admitted.client.tenant.clone(), number, now };
    let known = lookup::known(app, &asked).await.map_err(|error| failure(app, error))?;
    let decided = app.execute("decide on terms", move |tx, context| {
        let (transaction, number) = own(tx, &admitted, &token, context.now)?;
        let evidence = tx.evidence().get(transaction.evidence())?;
        let decision = Decision { accepts, knows_the_risk };
        let asking = transaction.clone().decide(decision, evidence.bound_to(), &known.means, context.now);
        let (transaction, events) = match asking.map_err(AnyRefusal::from)? {
            Asking::Over(transaction, events) => (transaction, events),
            // The operator has said what this client takes; the person has something else.
            Asking::Ask(decided) if !admitted.client.methods.contains(&decided.means.kind) => {
                transaction.fail(TermsError::MeansUnavailable, context.now)
            }
            Asking::Ask(decided) => {
                let played = of.test_world().is_some_and(|world| world.sandbox().knows(&number));
                let service = of.registration();
                let statement = transaction.statement(&decided, &service.terms);
                let (means, person) = (&decided.means, evidence.person());
                let wanted = Wanted { means, person, statement: &statement };
                let by = match service.step_ups.of(means.kind) {
                    _ if played => Some(AskedBy::Sandbox),
                    Some(who) => who.ask(tx, context, &wanted)?,
                    None => None,
                };
                match by {
                    Some(by) => transaction.ask(decided, by),
                    None => transaction.fail(TermsError::MeansUnavailable, context.now),
                }
            }
        };
        tx.terms().update(&transaction)?;
        context.record(events.into_iter().map(Into::into));
        Ok::<_, Failure>(())
    });
    decided.await.map_err(|error| failure(app, error))?;
    app.registration().step_ups.ring();
    Ok(logged(Json(json!({})), "decide-terms", None))
}

/// `GET /api/public/mobileid/status?token=`
pub(super) async fn poll(
    State(app): State<App>,
    admitted: Admitted,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let text = parameter(query.as_deref(), "token")?;
    let token = TermsToken::parse(&text).map_err(|_| failed(&app, Refusal::UnknownTransaction))?;
    let (asked, base) = (token.clone(), admitted.origin.base.clone());
    let of = app.clone();
    let progress = if app.test_world().is_some() {
        app.execute("poll an acceptance", move |tx, context| {
            let (transaction, number) = own(tx, &admitted, &asked, context.now)?;
            let transaction = match of.test_world() {
                Some(world) => world.sandbox().act(tx, context, transaction, &number)?,
                None => transaction,
            };
            Ok((progress(tx, &transaction, context.now)?, elsewhere(&transaction)))
        })
        .await
    } else {
        let now = app.now();
        app.read("poll an acceptance", move |tx| {
            let (transaction, _) = own(tx, &admitted, &asked, now)?;
            Ok((progress(tx, &transaction, now)?, elsewhere(&transaction)))
        })
        .await
    };
    let (progress, elsewhere) = progress.map_err(|error| failure(&app, error))?;
    let waiting = PollAnswer::waiting(token.clone());
    let (answer, outcome) = match progress {
        Progress::Open => (waiting, "open"),
        Progress::Waiting { consent: false } => (PollAnswer { consent_url: elsewhere, ..waiting }, "waiting"),
        Progress::Waiting { consent: true } => {
            let url = format!("{base}{}{}", consent::BASE, token.as_str());
            (PollAnswer { consent_url: Some(url), ..waiting }, "waiting")
        }
        Progress::Confirmed { downgrade } => {
            (PollAnswer { confirmed: true, downgrade, ..waiting }, "confirmed")
        }
        Progress::Failed(error) => (PollAnswer { error: Some(error), ..waiting }, error.as_str()),
    };
    Ok(logged(Json(answer), "poll-terms", Some(outcome)))
}

/// The acceptance that a token stands for, if it is the client's and the number may be asked about.
fn own(
    tx: &Tx<'_>,
    admitted: &Admitted,
    token: &TermsToken,
    now: Timestamp,
) -> Result<(TermsTransaction, PhoneNumber), Failure> {
    let unknown = || Failure::from(AnyRefusal::from(Refusal::UnknownTransaction));
    let transaction = tx.terms().find(token)?.ok_or_else(unknown)?;
    if *transaction.client() != admitted.client.id {
        return Err(unknown());
    }
    let number = tx.evidence().get(transaction.evidence())?.number().clone();
    let verified = verification::is_verified(tx, admitted, &number, now)?;
    admitted.admit(&number, true, verified).map_err(AnyRefusal::from)?;
    Ok((transaction, number))
}

/// The page of another service on which the person confirms.
fn elsewhere(transaction: &TermsTransaction) -> Option<String> {
    Some(transaction.question()?.consent_url.as_ref()?.as_str().to_owned())
}

/// Where it stands. A session whose time is over reads so before anybody has written it.
fn progress(tx: &Tx<'_>, transaction: &TermsTransaction, now: Timestamp) -> Result<Progress, Failure> {
    let progress = transaction.progress(now).map_err(AnyRefusal::from)?;
    if let (Progress::Waiting { .. }, Some(session)) = (progress, transaction.session()) {
        let running = tx.sessions().find(session)?.is_some_and(|session| session.is_running(now));
        if !running {
            return Ok(Progress::Failed(TermsError::Timeout));
        }
    }
    Ok(progress)
}

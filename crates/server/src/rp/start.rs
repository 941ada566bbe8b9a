//! Starting a session: one handler for every row of the table.

use axum::extract::{RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use axum::{Json, RequestExt};
use countersign_domain::relying_party::{Caller, RelyingParty, Wanted};
use countersign_domain::session::{Repeated, Session, StartSession, key_use, start};
use countersign_store::Tx;
use countersign_wire::device_link::DeviceLinkBase;
use countersign_wire::endpoint::{Recipient, Start};
use countersign_wire::id::SessionId;
use countersign_wire::problem::InvalidMember;
use countersign_wire::session::Started;
use countersign_wire::start::StartRequest;
use std::net::IpAddr;

use super::{addressee, body};
use crate::App;
use crate::command::{Command, Failure, flow_word, operation_word};
use crate::operations::record::Logged;
use crate::peer::Origin;
use crate::problem::{Problem, Surface};
use crate::web::phone_base;

const SURFACE: Surface = Surface::RelyingParty;

/// `POST /v3/…`
pub(super) async fn start_session(
    row: &'static Start,
    app: App,
    mut request: Request,
) -> Result<Response, Problem> {
    let origin: Origin = request.extract_parts_with_state(&app).await.unwrap_or_else(|never| match never {});
    let segment = path_segments(&mut request).await;
    let bytes = body::json_bytes(&app, SURFACE, request).await?;
    let (request, recipient) = read(row, addressee(row, &segment), &bytes, app.config().rp_api.pkcs1)?;
    let party = authorise(&app, &request, origin.address)?.clone();
    let mut logged = Logged {
        relying_party: party.names.first().cloned(),
        operation: Some(operation_word(row.operation)),
        flow: Some(flow_word(row.flow)),
        ..Logged::default()
    };
    let base = device_link_base(&app, &origin)?;
    let command = move |tx: &Tx<'_>, context: &mut Command| {
        let path = row.path_for(&recipient).map_err(|error| Failure::Fault(error.to_string()))?;
        if let Some(answer) = repeated(tx, &request, &path, context)? {
            return Ok(answer);
        }
        begin(tx, context, row, recipient, request, &path, &party, base)
    };
    let started =
        app.execute("start a session", command).await.map_err(|failure| app.problem(SURFACE, failure))?;
    logged.session = Some(started.session_id().to_string());
    let mut response = Json(started).into_response();
    response.extensions_mut().insert(logged);
    Ok(response)
}

/// The path's parameters, percent-decoded.
pub(super) async fn path_segments(request: &mut Request) -> Vec<(String, String)> {
    match request.extract_parts::<RawPathParams>().await {
        Ok(parameters) => {
            parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        }
        // Not UTF-8 after decoding: as good as empty, which no identifier is.
        Err(_) => Vec::new(),
    }
}

/// Everything that can be wrong with a request in itself, in one answer.
fn read(
    row: &Start,
    segment: Option<&str>,
    bytes: &[u8],
    pkcs1: bool,
) -> Result<(StartRequest, Recipient), Problem> {
    let mut wrong = Vec::new();
    let recipient = row.recipient(segment).map_err(|invalid| wrong.push(invalid)).ok();
    let request = StartRequest::from_body(row, bytes).map_err(|invalid| wrong.extend(invalid)).ok();
    if let Some(request) = &request
        && !pkcs1
        && request.signature().is_some_and(|scheme| !scheme.is_pss())
    {
        wrong.push(InvalidMember::at(
            "/signatureProtocolParameters/signatureAlgorithm",
            "expected rsassa-pss",
        ));
    }
    match (request, recipient) {
        (Some(request), Some(recipient)) if wrong.is_empty() => Ok((request, recipient)),
        _ => Err(Problem::invalid(SURFACE, wrong)),
    }
}

fn authorise<'a>(app: &'a App, request: &StartRequest, address: IpAddr) -> Result<&'a RelyingParty, Problem> {
    let caller = Caller {
        uuid: request.relying_party,
        name: &request.relying_party_name,
        address,
        wanted: Wanted {
            level: request.certificate_level,
            share_ip: request.request_properties.share_md_client_ip_address,
            capabilities: request.capabilities.as_deref().unwrap_or_default(),
        },
    };
    app.relying_parties().authorise(caller).map_err(|refusal| app.problem(SURFACE, refusal.into()))
}

/// Where device links lead: as configured, or to this server under the name that the relying party uses for it.
fn device_link_base(app: &App, origin: &Origin) -> Result<DeviceLinkBase, Problem> {
    let text = match &app.config().rp_api.device_link_base {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("{}{}", phone_base(app, origin), super::link_page::PATH),
    };
    DeviceLinkBase::parse(&text).map_err(|error| Problem::internal(SURFACE, error))
}

/// The answer that an equal request got a moment ago.
fn repeated(
    tx: &Tx<'_>,
    request: &StartRequest,
    path: &str,
    context: &Command,
) -> Result<Option<Started>, Failure> {
    let Some(key) = request.idempotency_key(path) else { return Ok(None) };
    let Some(repeated) = tx.idempotency().find(&key)? else { return Ok(None) };
    let Some(session) = tx.sessions().find(repeated.session)? else { return Ok(None) };
    Ok(if repeated.applies(&session, context.now) { session.answer() } else { None })
}

fn begin(
    tx: &Tx<'_>,
    context: &mut Command,
    row: &'static Start,
    recipient: Recipient,
    request: StartRequest,
    path: &str,
    party: &RelyingParty,
    base: DeviceLinkBase,
) -> Result<Started, Failure> {
    let app = context.app.clone();
    let candidates = tx.accounts().candidates(&recipient, key_use(row.operation))?;
    let choice = linked_choice(tx, request.linked_session())?;
    let command = StartSession {
        endpoint: row,
        recipient,
        request,
        relying_party: party,
        candidates,
        choice,
        device_link_base: base,
    };
    let started = start(command, app.settings(), context.now, &mut context.rng)?;
    context.record(started.events);
    context.insert_session(tx, &started.session)?;
    if let Some(account) = &started.account {
        tx.accounts().update(account)?;
    }
    if let Some(choice) = &started.choice {
        context.update_session(tx, choice)?;
    }
    let session = started.session;
    if let Some(repeated) =
        Repeated::remember(session.request(), path, session.id(), app.settings(), context.now)
    {
        tx.idempotency().remember(&repeated)?;
    }
    Ok(answer(&session))
}

/// A session that has ended at once has forgotten its links; such sessions have none, so the id is the answer.
fn answer(session: &Session) -> Started {
    session
        .answer()
        .unwrap_or(Started::Session(countersign_wire::session::SessionStarted { session_id: session.id() }))
}

fn linked_choice(tx: &Tx<'_>, session: Option<SessionId>) -> Result<Option<Session>, Failure> {
    match session {
        Some(id) => Ok(tx.sessions().find(id)?),
        None => Ok(None),
    }
}

//! The signing certificate of an account, answered at once.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, RequestExt};
use countersign_domain::relying_party::{Caller, Wanted};
use countersign_domain::session::{certificate, key_use};
use countersign_wire::endpoint::{Addressee, CERTIFICATE_PATH, Flow, Operation, Start};
use countersign_wire::start::CertificateRequest;

use super::start::path_segments;
use super::{addressee, body};
use crate::App;
use crate::operations::record::Logged;
use crate::peer::Origin;
use crate::problem::{Problem, Surface};

const SURFACE: Surface = Surface::RelyingParty;

/// The path and the signing key, in the words of the table. No session is started here.
static ROW: Start = Start {
    path: CERTIFICATE_PATH,
    operation: Operation::ChooseCertificate,
    flow: Flow::Notification,
    addressee: Addressee::Document,
};

/// `POST /v3/signature/certificate/{doc}`
pub(super) async fn signing_certificate(
    State(app): State<App>,
    mut request: Request,
) -> Result<Response, Problem> {
    let origin: Origin = request.extract_parts_with_state(&app).await.unwrap_or_else(|never| match never {});
    let segments = path_segments(&mut request).await;
    let bytes = body::json_bytes(&app, SURFACE, request).await?;
    let (recipient, request) =
        match (ROW.recipient(addressee(&ROW, &segments)), CertificateRequest::from_body(&bytes)) {
            (Ok(recipient), Ok(request)) => (recipient, request),
            (recipient, request) => {
                let wrong = recipient.err().into_iter().chain(request.err().into_iter().flatten());
                return Err(Problem::invalid(SURFACE, wrong));
            }
        };
    let caller = Caller {
        uuid: request.relying_party,
        name: &request.relying_party_name,
        address: origin.address,
        wanted: Wanted { level: request.certificate_level, ..Wanted::default() },
    };
    let party =
        app.relying_parties().authorise(caller).map_err(|refusal| app.problem(SURFACE, refusal.into()))?;
    let logged = Logged {
        relying_party: party.names.first().cloned(),
        operation: Some("certificate"),
        ..Logged::default()
    };
    let now = app.now();
    let level = request.certificate_level;
    let inner = app.clone();
    let answer = app
        .read("find a signing certificate", move |tx| {
            let candidates = tx.accounts().candidates(&recipient, key_use(ROW.operation))?;
            Ok(certificate(level, candidates, inner.settings(), now)?)
        })
        .await
        .map_err(|failure| app.problem(SURFACE, failure))?;
    let mut response = Json(answer).into_response();
    response.extensions_mut().insert(logged);
    Ok(response)
}

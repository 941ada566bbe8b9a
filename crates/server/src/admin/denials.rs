//! Registrant tokens, withdrawn before their end.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use countersign_domain::desk::Act;
use countersign_domain::registrant::Denial;
use countersign_token::TokenId;
use countersign_wire::admin::{DeniedTokens, DenyTokens};
use countersign_wire::problem::InvalidMember;

use super::operator::Ordered;
use super::{failed, invalid, logged};
use crate::App;
use crate::registrant::withdraw;

/// `POST /token-denials`
pub(super) async fn deny(
    State(app): State<App>,
    Ordered(operator, wanted): Ordered<DenyTokens>,
) -> Result<Response, Response> {
    let (rules, now) = (app.registrant().rules(), app.now());
    let denial = match (wanted.token_id, wanted.person) {
        (Some(id), None) => {
            let id = TokenId::parse(&id).ok_or_else(|| {
                invalid(InvalidMember::at("/tokenId", "expected 22 characters of base64url"))
            })?;
            Denial::of_name(id, rules, now)
        }
        (None, Some(person)) => {
            Denial::of_holder(format!("{}-{}", person.country(), person.identifier()), rules, now)
        }
        (None, None) | (Some(_), Some(_)) => {
            return Err(invalid(InvalidMember::body("expected tokenId or person")));
        }
    };
    let until = denial.until;
    let (kept, by) = (denial.clone(), operator.name.clone());
    operator
        .execute(&app, Act::DenyTokens, "withdraw tokens", move |tx, context| {
            withdraw(tx, context, &kept, by)
        })
        .await?;
    app.follow_denial(&denial).await.map_err(|failure| failed(&app, failure))?;
    Ok(logged(Json(DeniedTokens { until }), "deny-tokens"))
}

//! A small registry to try tokens on, in `countersign dev` alone: the domains and contacts of the documented sample person
//! and of the test persons. It shows pages, errors, and one action that needs proof: the registry lock. Nothing of it is
//! kept.
//!
//! Registrant reference 5, 6 and 9.2.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Extension, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use countersign_token::{Assurance, Claims};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::at;
use super::cors::reached;
use super::guard::Bearer;
use super::refused::Refused;
use crate::App;

/// Entries on a page when nobody says how many, and at most.
pub(crate) const PAGE_MAX: usize = 200;
/// How lately somebody has to have proven who they are before they lock or unlock.
const STEP_UP_AGE: SignedDuration = SignedDuration::from_mins(10);
/// The statuses of a lock, and the one more that can be asked for.
const LOCK: [&str; 3] = ["serverObjUpdateProhibited", "serverDeleteProhibited", "serverTransferProhibited"];
const LOCK_EXTENSIONS: &str = "serverExtensionUpdateProhibited";

/// The locks that people have set since the start: when, and whether extensions are locked, too.
#[derive(Default)]
struct Locks(Mutex<HashMap<Uuid, (Timestamp, bool)>>);

/// The routes: where there is no test world, nothing is here.
pub(crate) fn routes(app: &App) -> Router<App> {
    if app.test_world().is_none() {
        return Router::new();
    }
    Router::new()
        .route(&at("/contacts"), reached(get(contacts)))
        .route(&at("/contacts/{uuid}"), reached(get(contact)))
        .route(&at("/domains"), reached(get(domains)))
        .route(&at("/domains/{uuid}"), reached(get(domain)))
        .route(&at("/domains/{uuid}/registry_lock"), reached(post(lock).delete(unlock)))
        .layer(Extension(Arc::new(Locks::default())))
}

/// `GET /contacts`: a bare array.
async fn contacts(State(app): State<App>, Bearer(claims): Bearer, RawQuery(query): RawQuery) -> Response {
    match Page::of(query.as_deref().unwrap_or_default()) {
        Ok(page) => Json(page.cut(all_contacts(&claims))).into_response(),
        Err(refused) => refused.respond(&app),
    }
}

/// `GET /contacts/{uuid}`
async fn contact(State(app): State<App>, Bearer(claims): Bearer, Path(uuid): Path<String>) -> Response {
    match all_contacts(&claims).into_iter().find(|contact| contact["id"] == uuid.as_str()) {
        Some(contact) => Json(contact).into_response(),
        None => Refused::not_found("Contact not found").respond(&app),
    }
}

/// `GET /domains`: `{total, count, domains}`.
async fn domains(
    State(app): State<App>,
    Bearer(claims): Bearer,
    Extension(locks): Extension<Arc<Locks>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let page = match Page::of(&query) {
        Ok(page) => page,
        Err(refused) => return refused.respond(&app),
    };
    let simple = url::form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| name == "simple" && value == "true");
    let all: Vec<Value> = all_domains(&claims, &locks)
        .into_iter()
        .map(|domain| if simple { shortened(domain) } else { domain })
        .collect();
    let count = all.len();
    Json(json!({ "total": count, "count": count, "domains": page.cut(all) })).into_response()
}

/// `GET /domains/{uuid}`
async fn domain(
    State(app): State<App>,
    Bearer(claims): Bearer,
    Extension(locks): Extension<Arc<Locks>>,
    Path(uuid): Path<String>,
) -> Response {
    match find_domain(&claims, &locks, &uuid) {
        Some(domain) => Json(domain).into_response(),
        None => Refused::not_found("Domain not found").respond(&app),
    }
}

/// `POST /domains/{uuid}/registry_lock`
async fn lock(
    State(app): State<App>,
    Bearer(claims): Bearer,
    Extension(locks): Extension<Arc<Locks>>,
    Path(uuid): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let extensions = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .any(|(name, value)| name == "extensionsProhibited" && value == "true");
    turn(&app, &claims, &locks, &uuid, Some(extensions))
}

/// `DELETE /domains/{uuid}/registry_lock`
async fn unlock(
    State(app): State<App>,
    Bearer(claims): Bearer,
    Extension(locks): Extension<Arc<Locks>>,
    Path(uuid): Path<String>,
) -> Response {
    turn(&app, &claims, &locks, &uuid, None)
}

/// Locks, with or without extensions, or unlocks. Needs a person who proved lately, and well, who they are: a partner's word
/// is not enough, nor a password.
fn turn(app: &App, claims: &Claims, locks: &Locks, uuid: &str, wanted: Option<bool>) -> Response {
    let Some(found) = find_domain(claims, locks, uuid) else {
        return Refused::not_found("Domain not found").respond(app);
    };
    if !claims.is_fresh(Assurance::High, STEP_UP_AGE, app.now()) {
        return Refused::step_up().respond(app);
    }
    // What was found has such an id.
    let id = Uuid::parse_str(found["id"].as_str().unwrap_or_default()).unwrap_or_default();
    {
        let mut locks = locks.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (wanted, locks.contains_key(&id)) {
            (Some(_), true) => return Refused::unprocessable("Domain cannot be locked").respond(app),
            (None, false) => return Refused::unprocessable("Domain is not locked").respond(app),
            (Some(extensions), false) => drop(locks.insert(id, (app.now(), extensions))),
            (None, true) => drop(locks.remove(&id)),
        }
    }
    Json(find_domain(claims, locks, uuid)).into_response()
}

fn find_domain(claims: &Claims, locks: &Locks, uuid: &str) -> Option<Value> {
    all_domains(claims, locks).into_iter().find(|domain| domain["id"] == uuid)
}

/// A part of a list: `limit` 1 to 200, `offset` from 0. What is no number is 0, as in the system whose document this is.
struct Page {
    limit: usize,
    offset: usize,
}

impl Page {
    fn of(query: &str) -> Result<Self, Refused> {
        let given = |wanted: &str| {
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.trim().parse::<i64>().unwrap_or(0))
        };
        let limit = given("limit").map_or(Some(PAGE_MAX), |limit| {
            usize::try_from(limit).ok().filter(|limit| (1..=PAGE_MAX).contains(limit))
        });
        let offset = given("offset").map_or(Some(0), |offset| usize::try_from(offset).ok());
        Ok(Self {
            limit: limit.ok_or_else(|| Refused::out_of_range("limit"))?,
            offset: offset.ok_or_else(|| Refused::out_of_range("offset"))?,
        })
    }

    fn cut(&self, all: Vec<Value>) -> Vec<Value> {
        all.into_iter().skip(self.offset).take(self.limit).collect()
    }
}

/// The names that everybody's domains here are made of.
const NAMES: [&str; 7] = ["aed", "kevad", "mets", "meri", "pilv", "raamat", "teater"];

/// An id that is the same at every look.
fn id(claims: &Claims, kind: &str, number: usize) -> Uuid {
    let seed = super::sha256(format!("{kind} {number} {}", claims.holder.subject()).as_bytes());
    let mut octets = [0; 16];
    octets.copy_from_slice(&seed[..16]);
    uuid::Builder::from_random_bytes(octets).into_uuid()
}

/// The contacts of a person: with one address for private matters, and one for each of three domains.
fn all_contacts(claims: &Claims) -> Vec<Value> {
    let holder = &claims.holder;
    (0..4)
        .map(|number| {
            json!({
                "id": id(claims, "contact", number).to_string(),
                "name": format!("{} {}", holder.given_name(), holder.family_name()),
                "code": format!("TEST:{number:04}"),
                "ident": { "code": holder.code(), "type": "priv", "country_code": holder.country() },
                "email": format!("contact{number}@example.test"),
                "phone": "+372.5550000",
                "fax": null,
                "address": { "street": "Test 1", "zip": "10000", "city": "Tallinn", "state": null, "country_code": "EE" },
                "auth_info": null,
                "statuses": ["ok"],
                "disclosed_attributes": [],
                "system_disclosed_attributes": [],
                "registrant_publishable": false,
            })
        })
        .collect()
}

/// The domains of a person. Secrets of the real interface (`transfer_code`) are left empty: whoever holds a token for reading
/// has no need of them.
fn all_domains(claims: &Claims, locks: &Locks) -> Vec<Value> {
    let locks = locks.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let holder = &claims.holder;
    let registered: Timestamp = Timestamp::constant(1_704_103_200, 0);
    let day = SignedDuration::from_hours(24);
    NAMES
        .iter()
        .enumerate()
        .map(|(number, name)| {
            let uuid = id(claims, "domain", number);
            let contact = json!({
                "name": format!("{} {}", holder.given_name(), holder.family_name()),
                "id": id(claims, "contact", 0).to_string(), "email": "contact0@example.test",
            });
            let lock = locks.get(&uuid);
            let mut statuses: Vec<&str> = if lock.is_some() { LOCK.to_vec() } else { vec!["ok"] };
            if lock.is_some_and(|(_, extensions)| *extensions) {
                statuses.push(LOCK_EXTENSIONS);
            }
            json!({
                "id": uuid.to_string(),
                "name": format!("{name}.test"),
                "registrar": { "name": "TEST Registrar", "website": "https://registrar.test" },
                "registered_at": registered,
                "valid_to": registered + day * 3650,
                "created_at": registered,
                "updated_at": registered,
                "registrant": {
                    "name": contact["name"], "id": contact["id"], "email": contact["email"],
                    "ident": holder.code(), "ident_type": "priv", "ident_country_code": holder.country(),
                    "phone": "+372.5550000", "org": false,
                },
                "tech_contacts": [contact.clone()],
                "admin_contacts": [contact],
                "transfer_code": null,
                "name_dirty": format!("{name}.test"),
                "name_puny": format!("{name}.test"),
                "period": 1, "period_unit": "y",
                "creator_str": "TEST", "updator_str": "TEST",
                "outzone_at": null, "delete_date": null, "force_delete_date": null,
                "registrant_verification_asked_at": null, "registrant_verification_token": null,
                "pending_json": {},
                "statuses": statuses,
                "locked_by_registrant_at": lock.map(|(at, _)| at),
                "status_notes": {},
                "nameservers": [{ "hostname": format!("ns1.{name}.test"), "ipv4": ["192.0.2.1"], "ipv6": [] }],
                "dnssec_keys": [], "dnssec_changed_at": null,
            })
        })
        .collect()
}

/// The short form of a domain, for `simple=true`.
fn shortened(domain: Value) -> Value {
    const KEPT: [&str; 9] = [
        "id",
        "name",
        "registered_at",
        "valid_to",
        "outzone_at",
        "statuses",
        "registrant_verification_asked_at",
        "registrar",
        "registrant",
    ];
    let mut short = serde_json::Map::new();
    for name in KEPT {
        short.insert(name.into(), domain[name].clone());
    }
    Value::Object(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_within_their_bounds() {
        for (query, page) in [
            ("", Some((200, 0))),
            ("limit=1&offset=7", Some((1, 7))),
            ("limit=200", Some((200, 0))),
            ("offset=x", Some((200, 0))),
            ("offset=99999999999999999999", Some((200, 0))),
            ("limit=0", None),
            ("limit=201", None),
            ("limit=-1", None),
            ("limit=x", None),
            ("offset=-1", None),
        ] {
            let found = Page::of(query).ok().map(|page| (page.limit, page.offset));
            assert_eq!(found, page, "{query}");
        }
    }
}

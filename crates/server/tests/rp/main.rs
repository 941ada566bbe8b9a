//! The relying party API through the router, without sockets. One file for each area, as the routes are.

mod certificate;
mod malformed;
mod order;
mod poll;
mod start;
mod surface;

use countersign_testkit::{AccountDraft, Answer, World};
use countersign_wire::endpoint::{Addressee, Start};
use serde_json::Value;

/// A qualified account of the demo environment.
pub const DOCUMENT: &str = "PNOEE-40504040001-DEM0-Q";
/// Its person.
pub const PERSON: &str = "PNOEE-40504040001";

/// A world with one qualified account.
pub async fn world() -> World {
    let world = World::new();
    AccountDraft::new(DOCUMENT).create(&world).await;
    world
}

/// The path of a row for the account of [`world`].
pub fn path(row: &Start) -> String {
    row.path.replace(
        "{addressee}",
        match row.addressee {
            Addressee::Anonymous => "",
            Addressee::Person => PERSON,
            Addressee::Document | Addressee::Linked => DOCUMENT,
        },
    )
}

/// The example of the API document.
pub fn example(row: &Start) -> Value {
    countersign_server::openapi::example(row)
}

/// Checks the form that every error of this surface has (rp-api 1.6), and gives it back.
#[track_caller]
pub fn problem(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{:?}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.json();
    assert_eq!(body["type"], "about:blank");
    assert_eq!(body["status"], status);
    assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()));
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    let instance = body["instance"].as_str().expect("an instance");
    assert!(instance.starts_with("/task-id/") && instance.len() > 20, "{instance}");
    body
}

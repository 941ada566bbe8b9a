//! User name and password.

use countersign_server::registrant::config::{DEV_PASSWORD, DEV_USER};
use countersign_server::{Config, dev};
use countersign_testkit::World;
use serde_json::json;

use super::{Call, TOKEN, config, count, errors, me, not_authorized, refused, token};

/// The test world's user, with these bounds on tries.
fn world(per_account: u32, per_address: u32) -> World {
    let mut config = Config::dev();
    config.registrant.users = dev::config().registrant.users;
    config.registrant.tries_per_account = per_account;
    config.registrant.tries_per_address = per_address;
    World::with(config)
}

fn right() -> serde_json::Value {
    json!({ "username": DEV_USER, "password": DEV_PASSWORD })
}

#[tokio::test]
async fn a_right_password_is_worth_a_low_token() {
    let world = world(0, 0);
    for (path, status) in [(TOKEN, 201), ("/auth/username", 201)] {
        let answer = Call::default().post(&world, path, &right()).await;
        assert_eq!(answer.status, status);
        let held = me(&world, &token(&answer)).await;
        assert_eq!(held["ident"], "30110100103");
        let authentication = &held["authentication"];
        assert_eq!((&authentication["method"], &authentication["assurance"]), (&json!("pwd"), &json!("low")));
    }
}

#[tokio::test]
async fn nobody_learns_which_users_there_are() {
    let world = world(0, 0);
    for (name, password) in
        [(DEV_USER, "wrong"), ("nobody", DEV_PASSWORD), ("nobody", "wrong"), ("JAN", DEV_PASSWORD)]
    {
        let body = json!({ "username": name, "password": password });
        refused(&Call::default().post(&world, TOKEN, &body).await, 401, &not_authorized());
    }
    assert_eq!(count(&world, "token", "wrong-password").await, 4);
    for (body, member) in
        [(json!({ "username": "jan" }), "password"), (json!({ "password": "x" }), "username")]
    {
        let wanted = errors(member, "parameter is required");
        refused(&Call::default().post(&world, TOKEN, &body).await, 422, &wanted);
    }
}

#[tokio::test]
async fn tries_are_bounded_for_names_that_exist_and_for_those_that_do_not() {
    let world = world(2, 0);
    for name in [DEV_USER, "nobody"] {
        let body = json!({ "username": name, "password": "wrong" });
        for _ in 0..2 {
            refused(&Call::default().post(&world, TOKEN, &body).await, 401, &not_authorized());
        }
        // From anywhere, and with the right password, too.
        let body = json!({ "username": name, "password": DEV_PASSWORD });
        let answer = Call::from("198.51.100.1").post(&world, TOKEN, &body).await;
        refused(&answer, 429, &errors("base", "Too many requests"));
        assert_eq!(answer.header("retry-after"), "31");
    }
    world.advance(31);
    token(&Call::default().post(&world, TOKEN, &right()).await);
}

#[tokio::test]
async fn tries_are_bounded_for_an_address() {
    let world = world(0, 2);
    for name in ["a", "b"] {
        let body = json!({ "username": name, "password": "wrong" });
        refused(&Call::from("198.51.100.1").post(&world, TOKEN, &body).await, 401, &not_authorized());
    }
    let answer = Call::from("198.51.100.1").post(&world, TOKEN, &right()).await;
    assert_eq!(answer.status, 429);
    token(&Call::from("198.51.100.2").post(&world, TOKEN, &right()).await);
}

#[tokio::test]
async fn without_users_there_are_no_passwords() {
    let world = World::with(config(""));
    refused(&Call::default().post(&world, TOKEN, &right()).await, 401, &not_authorized());
    assert_eq!(count(&world, "token", "switched-off").await, 1);
}

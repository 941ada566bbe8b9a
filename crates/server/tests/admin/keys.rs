//! Who may ask.

use http::Method;

use crate::{KEY, call, events, problem, wanted, world};

#[tokio::test]
async fn nobody_comes_in_without_a_key() {
    let world = world();
    let (right, long) = (format!("Bearer {KEY}"), format!("Bearer {}", "a".repeat(600)));
    for lines in [
        &[][..],
        &["Bearer"],
        &["Bearer "],
        &["Bearer wrong"],
        &[&long],
        &[KEY],
        &["Basic YTpi"],
        &[&right, &right],
        &["Bearer 0123456789ABCDEF0123456789ABCDEF"],
    ] {
        for (method, path) in [
            (Method::POST, "/activations"),
            (Method::GET, "/activations/00000000"),
            (Method::DELETE, "/activations/00000000"),
            (Method::POST, "/evidence"),
            (Method::GET, "/evidence/RAS0123456789abcdef01234567"),
            (Method::POST, "/evidence/RAS0123456789abcdef01234567/bind"),
            (Method::POST, "/evidence/RAS0123456789abcdef01234567/end"),
            (Method::GET, "/persons/PNOEE-40504040001"),
            (Method::GET, "/accounts/PNOEE-40504040001-DEM0-Q"),
            (Method::POST, "/accounts/PNOEE-40504040001-DEM0-Q/revoke"),
            (Method::POST, "/accounts/PNOEE-40504040001-DEM0-Q/unlock"),
        ] {
            let answer = call(&world, method, path, &wanted().to_string(), lines, None).await;
            problem(&answer, 401, "unauthorized");
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"countersign admin\"");
            assert!(!answer.text().contains(KEY));
        }
    }
    assert!(events(&world).await.is_empty());
}

#[tokio::test]
async fn a_key_is_right_from_its_own_addresses_alone() {
    let world = world();
    let line = format!("bearer {KEY}");
    let from =
        async |address| call(&world, Method::GET, "/activations/00000000", "", &[&line], Some(address)).await;
    assert_eq!(from("::1").await.status, 404);
    assert_eq!(from("127.0.0.1").await.status, 404);
    problem(&from("192.0.2.1").await, 401, "unauthorized");
}

#[tokio::test]
async fn wrong_bodies_are_refused_without_quoting_them() {
    let world = world();
    let line = format!("Bearer {KEY}");
    let post = async |body: &str| call(&world, Method::POST, "/activations", body, &[&line], None).await;
    for body in ["", "[]", "{\"surname\":\"SECRET\"}", "{\"SECRET\":1}", "{\"level\":\"SECRET\"}", "SECRET"] {
        let answer = post(body).await;
        problem(&answer, 400, "invalid-request");
        assert!(!answer.text().contains("SECRET"), "{}", answer.text());
    }
    problem(&post(&" ".repeat(20_000)).await, 413, "too-large");
    assert!(events(&world).await.is_empty());
}

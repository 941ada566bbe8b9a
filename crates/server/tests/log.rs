//! What is logged. A program of its own: which log lines are of interest is remembered for the whole process, and
//! tests beside this one that listen to nothing would decide it.

use countersign_testkit::{AccountDraft, World};
use countersign_wire::endpoint::STARTS;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_names_routes_and_sessions_but_never_people() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new();
    AccountDraft::new("PNOEE-40504040001-DEM0-Q").create(&world).await;
    let mut ids = Vec::new();
    for row in STARTS.iter().chain(&countersign_wire::endpoint::ALIASES) {
        for (person, document) in [
            ("PNOEE-40504040001", "PNOEE-40504040001-DEM0-Q"),
            ("PNOEE-40504049999", "PNOEE-40504049999-DEM0-Q"),
            ("x-40504040001", "x-40504040001"),
        ] {
            let addressee = if row.path.contains("/etsi/") { person } else { document };
            let path = row.path.replace("{addressee}", addressee);
            let answer = world.post(&path, &countersign_server::openapi::example(row)).await;
            ids.extend(answer.json()["sessionID"].as_str().map(str::to_owned));
            world.post_text(&path, "{}").await;
        }
    }
    world.advance(120);
    for id in &ids {
        world.get(&format!("/v3/session/{id}")).await;
    }
    world.get("/nowhere/PNOEE-40504040001").await;
    let registrant = "/api/v1/registrant";
    let sample = serde_json::json!({ "ident": "30110100103", "first_name": "Jan", "last_name": "Tamm" });
    let made = world.post(&format!("{registrant}/auth/token"), &sample).await.json();
    let token = made["access_token"].as_str().unwrap().to_owned();
    for authorization in
        [format!("Bearer {token}"), format!("Bearer {}A", &token[1..]), "Bearer 30110100103".into()]
    {
        let request = http::Request::get(format!("{registrant}/me")).header("authorization", authorization);
        world.send(request.body(axum::body::Body::empty()).unwrap()).await;
    }
    for wrong in [
        serde_json::json!({ "ident": "30110100103", "first_name": "Jan" }),
        serde_json::json!({ "ident": "30110100104", "first_name": "Jan", "last_name": "Tamm" }),
        serde_json::json!({ "username": "Jan Tamm", "password": "a password" }),
    ] {
        world.post(&format!("{registrant}/auth/token"), &wrong).await;
    }
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("4050404"), "{text}");
    let told = ["3011010010", "Tamm", "a password", &token[..40], &token[40..80]];
    for secret in ["W3sidHlwZSI6", "AAECAwQF", "sessionSecret"].into_iter().chain(told) {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    for outcome in ["malformed", "parameter", "switched-off"] {
        assert!(text.contains(&format!("a registrant call was refused: {outcome}")), "{outcome}: {text}");
    }
    let line = |words: &[&str]| text.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(
        line(&[
            "http.route=\"/v3/authentication/notification/etsi/{addressee}\"",
            "rp.name=\"DEMO\"",
            "operation=\"authenticate\"",
            "http.status=200"
        ]),
        "{text}"
    );
    assert!(
        line(&["http.route=\"/v3/session/{session_id}\"", &ids[0], "outcome=\"TIMEOUT\"", "duration_ms="]),
        "{text}"
    );
}

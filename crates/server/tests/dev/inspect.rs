//! The page that shows what happens.

use axum::body::Body;
use http::Request;
use serde_json::json;

use crate::world;

const CERTIFICATE: &str = "/v3/signature/certificate-choice/notification/etsi/PNOEE-40504040001";

#[tokio::test]
async fn sessions_and_messages_are_shown_and_nothing_in_them_is_markup() {
    let world = world().await;
    let empty = world.get("/inspect").await;
    assert_eq!(empty.status, 200, "{}", empty.text());
    assert!(empty.text().contains("None yet.") && empty.text().contains("No message yet."));
    assert_eq!(empty.header("refresh"), "3");
    assert_eq!(empty.header("cache-control"), "no-store");
    assert!(empty.header("content-security-policy").starts_with("default-src 'none'"));

    let begun =
        json!({ "relyingPartyUUID": "00000000-0000-4000-8000-000000000000", "relyingPartyName": "DEMO" });
    let begun = world.post(CERTIFICATE, &begun).await;
    assert_eq!(begun.status, 200, "{}", begun.text());
    // As the guide's sample application asks.
    let message = Request::post("/api/public/phone/verification")
        .header("content-type", "application/json")
        .header("x-api-key", "3StDe481zPEI7nYMGR1FEQkTTtIKFasH")
        .header("referer", "http://localhost:3000/")
        .body(Body::from(r#"{"msisdn":"41791234567"}"#))
        .expect("a request");
    let sent = world.send(message).await;
    assert_eq!(sent.status, 200, "{}", sent.text());

    let shown = world.get("/inspect?still").await;
    for part in [
        "certificate choice",
        "DEMO",
        "PNOEE-40504040001-DEM0-Q",
        "+41791234567",
        "is your confirmation code",
    ] {
        assert!(shown.text().contains(part), "{part}: {}", shown.text());
    }
    assert_eq!(shown.header("refresh"), "", "it stays as it is");
}

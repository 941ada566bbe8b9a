//! The audit trail for auditors: searched by who, what, on which word and when; sealed; and changes are seen.

use countersign_testkit::World;
use serde_json::{Value, json};

use crate::evidence::identification;
use crate::{get, post, world};

async fn trail(world: &World, query: &str) -> Value {
    let answer = get(world, &format!("/trail{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn column(page: &Value, name: &str) -> Vec<String> {
    let entries = page["entries"].as_array().expect("entries").iter();
    entries.map(|entry| entry[name].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn acts_are_found_by_who_what_and_on_which_word() {
    let world = world();
    for reference in ["case/1", "case/2"] {
        let mut wanted = identification();
        wanted["reference"] = json!(reference);
        assert_eq!(post(&world, "/evidence", &wanted).await.status, 200);
        world.advance(60);
    }
    let all = trail(&world, "").await;
    assert_eq!(
        column(&all, "kind"),
        ["EvidenceRecorded", "DeskActed", "EvidenceRecorded", "DeskActed"],
        "newest first"
    );
    let one = trail(&world, "?reference=case/1").await;
    assert_eq!(
        (column(&one, "act"), column(&one, "operator")),
        (vec!["record-evidence".to_owned()], vec!["desk-1".to_owned()])
    );
    assert_eq!(
        trail(&world, "?operator=desk-1&act=record-evidence").await["entries"]
            .as_array()
            .expect("a list")
            .len(),
        2
    );
    for none in [
        "?operator=desk-2",
        "?act=end-evidence",
        "?reference=case/3",
        "?subject=none",
        "?until=2026-06-01T12:00:00Z",
    ] {
        assert_eq!(trail(&world, none).await["entries"], json!([]), "{none}");
    }
    let late = trail(&world, "?from=2026-06-01T12:00:30Z&operator=desk-1").await;
    assert_eq!(column(&late, "reference"), ["case/2"]);
    let subject = column(&one, "subject")[0].clone();
    assert_eq!(
        trail(&world, &format!("?subject={subject}")).await["entries"].as_array().expect("a list").len(),
        2
    );
    let (first, mut seen) = (trail(&world, "?limit=3").await, Vec::new());
    seen.extend(column(&first, "kind"));
    let second = trail(&world, &format!("?limit=3&before={}", first["next"])).await;
    seen.extend(column(&second, "kind"));
    assert_eq!((seen.len(), &second["next"]), (4, &Value::Null));
    assert_eq!(get(&world, "/trail?from=yesterday").await.status, 400);
}

#[tokio::test]
async fn the_trail_is_sealed_and_compared() {
    let world = world();
    let sweep = async || {
        let now = world.app().now();
        let swept = world.app().store().write("sweep", move |tx| tx.sweep(now, 100)).await;
        swept.map_err(|error: countersign_store::Error| error).expect("swept");
    };
    let check = async || get(&world, "/trail/check").await.json();
    assert_eq!((&check().await["whole"], &check().await["last"]), (&json!(true), &json!(0)));
    post(&world, "/evidence", &identification()).await;
    sweep().await;
    assert_eq!(
        (&check().await["sealed"], &check().await["last"]),
        (&json!(0), &json!(2)),
        "a minute has not passed"
    );
    world.advance(60);
    sweep().await;
    let first = check().await;
    assert_eq!(
        (&first["whole"], &first["sealed"], &first["seal"]["first"]),
        (&json!(true), &json!(2), &json!(1))
    );
    post(&world, "/evidence", &identification()).await;
    world.advance(60);
    sweep().await;
    let second = check().await;
    assert_eq!((&second["sealed"], &second["seal"]["previous"]), (&json!(4), &first["seal"]["hash"]));
    assert_eq!(get(&world, "/trail/check?after=2").await.json()["seal"], second["seal"]);
    assert_eq!(get(&world, "/trail/check?after=3").await.json()["whole"], json!(false), "no seal ends there");
}

//! What is kept over a restart.

use serde_json::json;

use crate::world::{OK, World};

#[tokio::test]
async fn a_signature_goes_on_where_it_was() {
    let data = tempfile::tempdir().unwrap();
    let world = World::with(World::kept_in(data.path())).await;
    let done = world.container().await;
    let file = world.signed(&done, json!({ "flow": "notification", "documentNumber": OK })).await;
    let open = world.container().await;
    let (signature, begun) = world.begin(&open, json!({ "documentNumber": OK })).await;
    assert_eq!(begun["state"], "asking");
    world.end().await;
    // What a crash may leave beside the containers.
    std::fs::write(data.path().join("signing/.draft-of-a-crash"), b"half").unwrap();

    let world = World::with(World::kept_in(data.path())).await;
    assert_eq!(world.get(&format!("{done}/file")).await.body, file);
    let link = world.get(&format!("{signature}/link")).await.good();
    let link = link["link"].as_str().unwrap();
    world.opens(OK, link, "QR").await;
    let ended = world.end_of(&signature).await;
    assert_eq!(ended["state"], "complete", "{ended}");
    assert!(world.check(&world.get(&format!("{open}/file")).await.body).is_valid());
    let left = std::fs::read_dir(data.path().join("signing")).unwrap().count();
    assert_eq!(left, 2, "one file for each container, and nothing else");
    world.delete(&open).await;
    world.delete(&done).await;
    let left = std::fs::read_dir(data.path().join("signing")).unwrap().count();
    assert_eq!(left, 0);
    world.end().await;
}

//! What `docs/signing-api.md` shows, done as it stands there.

use std::process::Command;

use crate::world::World;

#[tokio::test]
async fn the_walkthrough_works_as_it_is_written() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("SKIP signing walkthrough: curl is not installed");
        return;
    }
    let page = include_str!("../../../../docs/signing-api.md");
    let script = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let world = World::start().await;
    let place = tempfile::tempdir().unwrap();
    let mut command = Command::new("bash");
    command
        .args(["-eu", "-o", "pipefail", "-c", script])
        .current_dir(place.path())
        .env("SERVICE", &world.origin)
        .env("no_proxy", "127.0.0.1");
    let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}\n{wrong}");
    assert!(said.contains("VALID: one signature"), "{said}");
    let file = std::fs::read(place.path().join("contract.asice")).unwrap();
    assert!(world.check(&file).is_valid());
    world.end().await;
}

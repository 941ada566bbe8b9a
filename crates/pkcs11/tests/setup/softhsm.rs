//! SoftHSM, which stands in for a device: a token of a test's own. Shared by the tests of this crate and of the server.

use std::path::{Path, PathBuf};
use std::process::Command;

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];

/// Of the tokens' user.
pub(crate) const PIN: &str = "4711";

/// The driver.
pub(crate) fn module() -> Option<PathBuf> {
    MODULES.iter().map(PathBuf::from).find(|module| module.exists())
}

/// Gives the directory that holds the token, in `tokens`, where there is one. SoftHSM reads where that is from the
/// environment, which a test must not change: the test `name` makes a token with the label `token`, lets `fill` put something
/// into it, and starts itself again. Where SoftHSM is not installed, it is skipped by name.
pub(crate) fn start(name: &str, token: &str, fill: impl FnOnce(&dyn Fn(&[&str]))) -> Option<PathBuf> {
    if let Some(configuration) = std::env::var_os("SOFTHSM2_CONF") {
        return Path::new(&configuration).parent().map(Path::to_owned);
    }
    if module().is_none() {
        println!("SKIP {name}: softhsm2 is not installed");
        return None;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let tokens = directory.path().join("tokens");
    std::fs::create_dir(&tokens).expect("created");
    let configuration = directory.path().join("softhsm2.conf");
    let text = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
    std::fs::write(&configuration, text).expect("written");
    let softhsm = |arguments: &[&str]| {
        let output =
            Command::new("softhsm2-util").args(arguments).env("SOFTHSM2_CONF", &configuration).output();
        let output = output.expect("softhsm2-util runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    softhsm(&["--init-token", "--free", "--label", token, "--so-pin", "0000", "--pin", PIN]);
    fill(&softhsm);
    let again = Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", name, "--nocapture"])
        .env("SOFTHSM2_CONF", &configuration)
        .status()
        .expect("the test runs");
    assert!(again.success());
    None
}

/// Puts a key from a PEM file into the token.
pub(crate) fn import(softhsm: &dyn Fn(&[&str]), token: &str, file: &Path, label: &str, id: u8) {
    let (file, id) = (file.to_string_lossy().into_owned(), format!("{id:02x}"));
    softhsm(&["--import", &file, "--token", token, "--label", label, "--id", &id, "--pin", PIN]);
}

/// A token that is not there while `work` runs.
pub(crate) async fn away<T>(directory: &Path, work: impl AsyncFnOnce() -> T) -> T {
    let (tokens, elsewhere) = (directory.join("tokens"), directory.join("elsewhere"));
    std::fs::rename(&tokens, &elsewhere).expect("moved away");
    std::fs::create_dir(&tokens).expect("an empty one");
    let done = work().await;
    std::fs::remove_dir(&tokens).expect("removed");
    std::fs::rename(&elsewhere, &tokens).expect("moved back");
    done
}

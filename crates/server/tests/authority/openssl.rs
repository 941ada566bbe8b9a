//! What OpenSSL says.

use std::path::Path;
use std::process::Command;

/// Runs `openssl` on files of these contents, named `0`, `1`, … in its directory. Gives what it says, or nothing where it is
/// not installed.
pub(crate) fn judge(name: &str, files: &[&[u8]], arguments: &[&str]) -> Option<String> {
    let directory = tempfile::tempdir().expect("a directory");
    for (number, content) in files.iter().enumerate() {
        std::fs::write(directory.path().join(number.to_string()), content).expect("written");
    }
    run(name, directory.path(), arguments)
}

fn run(name: &str, directory: &Path, arguments: &[&str]) -> Option<String> {
    match Command::new("openssl").args(arguments).current_dir(directory).output() {
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            Some(String::from_utf8_lossy(&said).into_owned())
        }
        Err(_) => {
            println!("SKIP {name}: openssl is not installed");
            None
        }
    }
}

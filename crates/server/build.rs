//! Puts the built web apps (`web/dist`) into the program: a table of files with their types, tags and packed forms.
//!
//! Where there are none the table is empty, and the program says so on the pages in question: `cargo test` needs no
//! Node.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

#[path = "src/web/file_form.rs"]
mod file_form;

/// The apps that are served, each a folder of `web/dist`.
const APPS: [&str; 6] = ["phone", "bank", "desk", "signing", "status", "elements"];

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let dist = manifest.join("../../web/dist");
    // Cargo takes a path that is missing for one that has changed, and would build this crate every time. Where
    // nothing can be written, that is all that happens.
    let _ = fs::create_dir_all(&dist);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/web/file_form.rs");
    println!("cargo::rerun-if-changed={}", dist.display());

    let mut files = Vec::new();
    for app in APPS {
        collect(&dist.join(app), app, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (number, (path, file)) in files.iter().enumerate() {
        let plain = fs::read(file)?;
        let Some(media_type) = file_form::media_type(path) else {
            println!("cargo::error=web/dist/{path}: how to serve it is not known; see src/web/file_form.rs");
            continue;
        };
        let copy = out.join(format!("{number}"));
        fs::write(&copy, &plain)?;
        let packed = match file_form::gzip(media_type, &plain) {
            Some(packed) => {
                let copy = out.join(format!("{number}.gz"));
                fs::write(&copy, packed)?;
                format!("Some(include_bytes!({copy:?}))")
            }
            None => "None".to_owned(),
        };
        writeln!(
            table,
            "    Embedded {{ path: {path:?}, media_type: {media_type:?}, etag: {etag:?}, is_hashed: {hashed}, \
             plain: include_bytes!({copy:?}), gzip: {packed} }},",
            etag = file_form::etag(&Sha256::digest(&plain)),
            hashed = file_form::is_hashed(path),
        )
        .expect("writing to a string does not fail");
    }
    table.push_str("]\n");
    fs::write(out.join("web_apps.rs"), table)
}

/// Every file below `folder`, with its path from `web/dist` on. Maps of the sources are not served.
fn collect(folder: &Path, path: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.') && !name.ends_with(".map"))
        else {
            continue;
        };
        let path = format!("{path}/{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else {
            files.push((path, entry.path()));
        }
    }
    Ok(())
}

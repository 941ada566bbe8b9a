//! Files in bounded size, and results that appear whole or not at all.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Reads a file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let unreadable = |source| Error::File { action: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(Error::FileTooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// Whether [`write`] would refuse this path, asked before the work that leads to it.
pub(crate) fn check_free(path: &Path, force: bool) -> Result<(), Error> {
    if !force && path.symlink_metadata().is_ok() {
        return Err(Error::Exists { path: path.to_owned() });
    }
    Ok(())
}

/// Writes a file that either is there with all its bytes or not at all: under another name beside it first, then
/// put in its place. Without `force` nothing is replaced; where the file system knows links, also not by a race.
pub(crate) fn write(path: &Path, bytes: &[u8], force: bool) -> Result<(), Error> {
    let failed = |source| Error::File { action: "write", path: path.to_owned(), source };
    let beside = beside(path);
    let written = File::options().write(true).create_new(true).open(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed =
        written.and_then(|()| if force { std::fs::rename(&beside, path) } else { place(&beside, path) });
    placed.map_err(|source| {
        // Whatever is left is ours. If it cannot be removed, the error below is still the one to show.
        let _ = std::fs::remove_file(&beside);
        if source.kind() == ErrorKind::AlreadyExists && path.symlink_metadata().is_ok() {
            return Error::Exists { path: path.to_owned() };
        }
        failed(source)
    })
}

/// A rename would replace what is there; a link does not.
fn place(beside: &Path, path: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(beside, path) {
        Ok(()) => std::fs::remove_file(beside),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // Some file systems know no links.
        Err(_) if path.symlink_metadata().is_ok() => Err(ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(beside, path),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_when_asked() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("out");
        write(&path, b"one", false).expect("written");
        assert!(matches!(write(&path, b"two", false), Err(Error::Exists { .. })));
        assert!(check_free(&path, false).is_err());
        assert_eq!(std::fs::read(&path).expect("read"), b"one");
        write(&path, b"two", true).expect("replaced");
        assert_eq!(std::fs::read(&path).expect("read"), b"two");
        assert_eq!(
            std::fs::read_dir(directory.path()).expect("listed").count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn a_file_above_the_limit_is_not_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("large");
        std::fs::write(&path, [0; 11]).expect("written");
        assert!(matches!(read(&path, 10), Err(Error::FileTooLarge { limit: 10, .. })));
        assert_eq!(read(&path, 11).expect("read").len(), 11);
    }
}

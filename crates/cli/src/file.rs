//! Files in bounded size, and results that appear whole or not at all.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use countersign_container::{Container, Limits};

use crate::error::Error;
use crate::interrupt;
use crate::progress::Watched;

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

/// The same for a file that may be large: a person who waits sees how far it is.
pub(crate) fn read_watched(path: &Path, limit: u64, what: &str) -> Result<Vec<u8>, Error> {
    let (file, size) = open(path)?;
    if size > limit {
        return Err(Error::FileTooLarge { path: path.to_owned(), limit });
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // The capacity is a guess: a pipe says that it has no bytes.
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    let source = Watched::new(file, format!("{what} {name}"), size);
    let read = source.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|source| Error::File { action: "read", path: path.to_owned(), source })?;
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

/// Writes a file that either is there with all its bytes or not at all. Without `force` nothing is replaced.
pub(crate) fn write(path: &Path, bytes: &[u8], force: bool) -> Result<(), Error> {
    let pending = Pending::create(path)?;
    let written = pending.file().write_all(bytes);
    written.map_err(|source| Error::File { action: "write", path: path.to_owned(), source })?;
    pending.place(force)
}

/// A file that is being written under another name beside its place, and put there when it is whole. One
/// that is dropped before is removed.
pub(crate) struct Pending {
    path: PathBuf,
    beside: PathBuf,
    file: Option<File>,
}

impl Pending {
    /// Begins a file whose place will be `path`.
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        let beside = beside(path);
        interrupt::remove_when_interrupted(&beside);
        let file = File::options().read(true).write(true).create_new(true).open(&beside);
        let failed = |source| Error::File { action: "write", path: path.to_owned(), source };
        let file = file.map_err(failed).inspect_err(|_| interrupt::forget(&beside))?;
        Ok(Self { path: path.to_owned(), file: Some(file), beside })
    }

    /// What is written so far; with what others wrote through copies of the handle.
    pub(crate) fn file(&self) -> &File {
        // It is taken by `place` alone, which takes the whole.
        self.file.as_ref().expect("the file is open until it is placed")
    }

    /// Another handle on the file.
    pub(crate) fn handle(&self) -> Result<File, Error> {
        self.file().try_clone().map_err(|source| self.failed(source))
    }

    /// Puts the file in its place. Without `force` nothing is replaced; where the file system knows links, also not
    /// by a race.
    pub(crate) fn place(mut self, force: bool) -> Result<(), Error> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let synced = file.sync_all();
        drop(file);
        let placed = synced.and_then(|()| {
            if force { std::fs::rename(&self.beside, &self.path) } else { place(&self.beside, &self.path) }
        });
        if placed.is_ok() {
            interrupt::forget(&self.beside);
        }
        placed.map_err(|source| {
            self.remove();
            if source.kind() == ErrorKind::AlreadyExists && self.path.symlink_metadata().is_ok() {
                return Error::Exists { path: self.path.clone() };
            }
            self.failed(source)
        })
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::File { action: "write", path: self.path.clone(), source }
    }

    fn remove(&self) {
        // Whatever is left is ours. If it cannot be removed, the error that led here is still the one to show.
        let _ = std::fs::remove_file(&self.beside);
        interrupt::forget(&self.beside);
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            self.remove();
        }
    }
}

/// Opens a container where it lies, whatever its size.
pub(crate) fn open_container(path: &Path, what: &str) -> Result<Container, Error> {
    let (file, size) = open(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Container::open_with(Watched::new(file, format!("{what} {name}"), size), &Limits::streaming())?)
}

/// Writes a container into a file that is on its way.
pub(crate) fn write_container(container: &Container, pending: &Pending) -> Result<(), Error> {
    let bytes = container.entries().map(|entry| entry.packed_size).sum();
    let mut sink = BufWriter::new(Watched::new(pending.handle()?, "writing", bytes));
    container.write(&mut sink)?;
    sink.flush().map_err(|source| pending.failed(source))
}

/// Opens a file for reading in pieces; with its size in bytes.
pub(crate) fn open(path: &Path) -> Result<(File, u64), Error> {
    let unreadable = |source| Error::File { action: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(unreadable(ErrorKind::IsADirectory.into()));
    }
    Ok((file, metadata.len()))
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
    fn a_file_that_is_given_up_leaves_nothing_behind() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("out");
        let pending = Pending::create(&path).expect("begun");
        pending.file().write_all(b"half").expect("written");
        assert_eq!(std::fs::read_dir(directory.path()).expect("listed").count(), 1);
        drop(pending);
        assert_eq!(std::fs::read_dir(directory.path()).expect("listed").count(), 0);
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

//! Where containers lie: files below `signing/` in the data directory, or in a temporary directory that ends with the
//! program. A container has one file for each state that it had last; a new one takes its place when it is whole.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::{NamedTempFile, TempDir};

/// The directory below the data directory.
const DIRECTORY: &str = "signing";

/// The files of all containers.
#[derive(Debug)]
pub(crate) struct Files {
    data: Option<PathBuf>,
    /// What was there when the program started. Whatever comes later belongs to somebody.
    found: Vec<String>,
    /// Made when something is first kept.
    place: Mutex<Option<Place>>,
}

#[derive(Debug)]
enum Place {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(directory) => directory.path(),
        }
    }
}

impl Files {
    /// In the data directory, if there is one.
    pub(crate) fn new(data: Option<&Path>) -> Self {
        let found = data.map_or_else(Vec::new, |data| names(&data.join(DIRECTORY)));
        Self { data: data.map(Path::to_owned), found, place: Mutex::new(None) }
    }

    fn place(&self) -> io::Result<PathBuf> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = &*place {
            return Ok(place.path().to_owned());
        }
        let made = match &self.data {
            Some(data) => {
                let path = data.join(DIRECTORY);
                std::fs::create_dir_all(&path)?;
                Place::Kept(path)
            }
            None => Place::Temporary(tempfile::Builder::new().prefix("countersign-signing-").tempdir()?),
        };
        Ok(place.insert(made).path().to_owned())
    }

    /// An empty file to write to, gone when it is dropped. Only this user can read it.
    pub(crate) fn draft(&self) -> io::Result<NamedTempFile> {
        tempfile::Builder::new().prefix(".draft-").tempfile_in(self.place()?)
    }

    /// Keeps a draft under a name; when this returns it is on the disk.
    pub(crate) fn keep(&self, draft: NamedTempFile, name: &str) -> io::Result<()> {
        let place = self.place()?;
        draft.as_file().sync_all()?;
        draft.persist(place.join(name)).map_err(|failed| failed.error)?;
        // The name is on the disk when the directory is.
        #[cfg(unix)]
        File::open(&place)?.sync_all()?;
        Ok(())
    }

    /// Opens what is kept under a name.
    pub(crate) fn open(&self, name: &str) -> io::Result<File> {
        File::open(self.place()?.join(name))
    }

    /// Everything that is kept under a name.
    pub(crate) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(name)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Forgets what is kept under a name. That there is nothing is no error.
    pub(crate) fn remove(&self, name: &str) {
        let removed = self.place().and_then(|place| std::fs::remove_file(place.join(name)));
        if let Err(error) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(error = %error, "a file of the signing service cannot be deleted");
        }
    }

    /// Removes what was there at the start and `is_known` does not know: what a crash left behind.
    pub(crate) fn clean(&self, is_known: impl Fn(&str) -> bool) -> usize {
        let left: Vec<_> = self.found.iter().filter(|name| !is_known(name)).collect();
        left.iter().for_each(|name| self.remove(name));
        left.len()
    }
}

/// The names of the files in a directory; none where there is no such directory.
fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_is_kept_is_there_and_the_rest_is_cleaned_away() {
        let data = tempfile::tempdir().unwrap();
        let files = Files::new(Some(data.path()));
        let mut draft = files.draft().unwrap();
        draft.write_all(b"content").unwrap();
        files.keep(draft, "a.1").unwrap();
        drop(files);
        // A crash left these behind.
        std::fs::write(data.path().join("signing/.draft-x"), b"half").unwrap();
        std::fs::write(data.path().join("signing/b.1"), b"whole").unwrap();
        let files = Files::new(Some(data.path()));
        let mut draft = files.draft().unwrap();
        draft.write_all(b"new").unwrap();
        files.keep(draft, "c.1").unwrap();
        assert_eq!(files.clean(|name| name == "a.1"), 2);
        assert_eq!(files.read("c.1").unwrap(), b"new", "what came since is somebody's");
        assert_eq!(files.read("a.1").unwrap(), b"content");
        files.remove("a.1");
        files.remove("a.1");
        assert!(files.open("a.1").is_err());
    }
}

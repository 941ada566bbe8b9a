//! Ctrl-C and the like: a file that was being written does not stay behind.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use crate::screen;

/// Files that are being written, and are worth nothing until they are whole.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static WATCHING: Once = Once::new();

/// Removes this file if the program is interrupted before [`forget`] is called for it.
pub(crate) fn remove_when_interrupted(path: &Path) {
    WATCHING.call_once(watch);
    unfinished().push(path.to_owned());
}

/// The file is in its place, or removed.
pub(crate) fn forget(path: &Path) {
    unfinished().retain(|unfinished| unfinished != path);
}

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove_all() {
    for path in unfinished().drain(..) {
        // If it cannot be removed, there is nobody left to do it.
        let _ = std::fs::remove_file(path);
    }
}

/// A thread of its own waits for signals, whatever the others do. Without it a signal ends the program as ever, and leaves
/// the file: then too the command works, so a failure to watch is none of the command.
#[cfg(unix)]
fn watch() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(runtime) = crate::runtime::small() else { return };
    let begun = {
        let _context = runtime.enter();
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
            .map(|kind| signal(kind).map(|waiting| (kind, waiting)))
    };
    let [Ok((interrupt, mut first)), Ok((terminate, mut second)), Ok((hangup, mut third))] = begun else {
        return;
    };
    std::thread::spawn(move || {
        let kind = runtime.block_on(async {
            tokio::select! {
                _ = first.recv() => interrupt,
                _ = second.recv() => terminate,
                _ = third.recv() => hangup,
            }
        });
        end(128 + kind.as_raw_value());
    });
}

#[cfg(not(unix))]
fn watch() {
    let Ok(runtime) = crate::runtime::small() else { return };
    std::thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            end(130);
        }
    });
}

/// Ends the program with the code that shells give for the signal.
fn end(code: i32) -> ! {
    remove_all();
    screen::interrupted();
    std::process::exit(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unfinished_is_removed_and_what_is_finished_stays() {
        let directory = tempfile::tempdir().expect("a directory");
        let [whole, half] = ["whole", "half"].map(|name| directory.path().join(name));
        for path in [&whole, &half] {
            std::fs::write(path, b"1").expect("written");
            unfinished().push(path.clone());
        }
        forget(&whole);
        // Other tests of this process write files, too, so only ours is taken.
        let ours: Vec<PathBuf> =
            unfinished().iter().filter(|path| path.starts_with(directory.path())).cloned().collect();
        assert_eq!(ours, std::slice::from_ref(&half));
        std::fs::remove_file(&half).expect("removed");
        forget(&half);
        assert!(whole.exists());
    }
}

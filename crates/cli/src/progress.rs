//! A sign of life on work that takes over a second, when a person watches.

use std::io::IsTerminal as _;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter waits show nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// Awaits `work`, and shows what for when it takes over a second and standard error is a terminal.
pub(crate) async fn during<T>(what: &str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(PATIENCE, work.as_mut()).await {
        return done;
    }
    let bar = bar(what);
    let done = work.await;
    bar.finish_and_clear();
    done
}

/// The same for work that keeps its thread busy.
pub(crate) fn during_busy<T: Send>(what: &str, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let (finished, waiting) = channel::<()>();
        let worker = scope.spawn(move || {
            // Dropped at the end, also of a panic: that is the message.
            let _finished = finished;
            work()
        });
        let bar = match waiting.recv_timeout(PATIENCE) {
            Err(RecvTimeoutError::Timeout) => Some(bar(what)),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => None,
        };
        let done = worker.join();
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn bar(what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

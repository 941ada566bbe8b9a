//! A sign of life on work that takes over a second, when a person watches.

use std::io::{IsTerminal as _, Read, Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

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

/// A source or a sink that shows how far reading or writing has come, when it takes over a second and a person watches. What is
/// read a second time, from the start, is shown a second time.
pub(crate) struct Watched<R> {
    source: R,
    what: String,
    total: u64,
    done: u64,
    begun: Instant,
    bar: Option<ProgressBar>,
}

impl<R> Watched<R> {
    /// Watches a source or sink through which about `total` bytes will go.
    pub(crate) fn new(source: R, what: impl Into<String>, total: u64) -> Self {
        Self { source, what: what.into(), total, done: 0, begun: Instant::now(), bar: None }
    }

    fn advance(&mut self, bytes: u64) {
        self.done += bytes;
        match &self.bar {
            None if self.begun.elapsed() > PATIENCE && self.done < self.total => {
                let bar = byte_bar(&self.what, self.total);
                bar.set_position(self.done);
                self.bar = Some(bar);
            }
            Some(bar) => bar.set_position(self.done),
            None => {}
        }
        if self.done >= self.total {
            if let Some(bar) = self.bar.take() {
                bar.finish_and_clear();
            }
            (self.done, self.begun) = (0, Instant::now());
        }
    }
}

impl<R> Drop for Watched<R> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.advance(read as u64);
        Ok(read)
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.source.write(buffer)?;
        self.advance(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.source.flush()
    }
}

impl<R: Seek> Seek for Watched<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.source.seek(to)
    }
}

fn byte_bar(what: &str, total: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}, {eta}")
    {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
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

//! `/signing/v1`: containers that people sign. An e-service sends files or their digests, names a person or shows a QR
//! code, and fetches the signed container; this service asks the person through a relying party API, its own or any
//! other of version 3, and gets the time-stamp and the responder's answer.
//!
//! | Module | What |
//! |---|---|
//! | `config` | `[signing]` |
//! | `upload` | what comes in: forms with files, digests as JSON |
//! | `containers`, `signatures` | the resources, as JSON |
//! | `kept`, `files` | what is kept: rows in the database, containers in files beside it |
//! | `make` | a signature on its way, step by step, each on the disk before the next |
//! | `service` | whom to ask, whom to trust |
//! | `fault` | why something did not work |
//!
//! The service is a relying party like any other: it holds a `countersign_client::Client` and reaches even its own
//! server's relying party API over HTTP. A signature that a restart interrupts goes on at the step where it was.

pub(crate) mod config;
mod containers;
pub(crate) mod fault;
mod files;
pub(crate) mod kept;
mod make;
pub(crate) mod service;
mod signatures;
pub(crate) mod upload;

use std::collections::HashSet;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};
use tokio::task::JoinSet;

use self::fault::Fault;
use self::kept::Container;
use self::service::Work;
use crate::App;

/// Where containers are made.
pub(crate) const CONTAINERS: &str = "/signing/v1/containers";
/// One container.
pub(crate) const CONTAINER: &str = "/signing/v1/containers/{container}";
/// Its bytes.
pub(crate) const FILE: &str = "/signing/v1/containers/{container}/file";
/// Whether what is in it holds.
pub(crate) const REPORT: &str = "/signing/v1/containers/{container}/report";
/// Where signatures are begun.
pub(crate) const SIGNATURES: &str = "/signing/v1/containers/{container}/signatures";
/// One signature.
pub(crate) const SIGNATURE: &str = "/signing/v1/containers/{container}/signatures/{signature}";
/// Its device link, of this second.
pub(crate) const LINK: &str = "/signing/v1/containers/{container}/signatures/{signature}/link";
/// The same as a QR code.
pub(crate) const QR: &str = "/signing/v1/containers/{container}/signatures/{signature}/qr.svg";
/// Where the browser that came back is reported.
pub(crate) const CALLBACK: &str = "/signing/v1/containers/{container}/signatures/{signature}/callback";
/// Where a signature value that was made elsewhere is put.
pub(crate) const VALUE: &str = "/signing/v1/containers/{container}/signatures/{signature}/value";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(CONTAINERS, post(containers::create))
        .route(CONTAINER, get(containers::show).delete(containers::delete))
        .route(FILE, get(containers::file))
        .route(REPORT, get(containers::report))
        .route(SIGNATURES, post(signatures::begin))
        .route(SIGNATURE, get(signatures::show).delete(signatures::cancel))
        .route(LINK, get(signatures::link))
        .route(QR, get(signatures::qr))
        .route(CALLBACK, post(signatures::callback))
        .route(VALUE, put(signatures::value))
        // Uploads have a limit of their own, which can be configured.
        .layer(DefaultBodyLimit::disable())
}

/// Works on signatures until the application stops. What is open then is taken up at the next start.
pub(crate) async fn work(app: App) {
    let Some(mut queue) = app.signing().take_work() else { return };
    if let Err(error) = resume(&app).await {
        tracing::error!(error = %error, "signatures that were open cannot be taken up");
    }
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            () = app.stopping() => break,
            work = queue.recv() => match work {
                Some(work) => {
                    let app = app.clone();
                    open.spawn(async move { app.work_on_signature(work).await });
                }
                None => break,
            },
            Some(ended) = open.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(error = %error, "the work on a signature ended badly");
                }
            }
        }
    }
    open.shutdown().await;
}

/// Takes up what was open when the program ended, and cleans away what belongs to nothing.
async fn resume(app: &App) -> Result<(), Fault> {
    let all = app
        .store()
        .read("all containers", |tx| tx.signing_containers().all::<Container>())
        .await
        .map_err(Fault::Store)?;
    let known: HashSet<String> = all.iter().flat_map(Container::all_files).collect();
    let cleaning = app.clone();
    let clean = move || Ok(cleaning.signing().files.clean(|name| known.contains(name)));
    let removed = app.signing().compute(clean).await?;
    let mut open = Vec::new();
    for container in &all {
        open.extend(
            container
                .work()
                .map(|signature| Work { container: container.id.clone(), signature: signature.id.clone() }),
        );
    }
    if removed > 0 || !open.is_empty() {
        tracing::info!(removed, resumed = open.len(), "the signing service goes on where it was");
    }
    open.into_iter().for_each(|work| app.signing().begin(work));
    Ok(())
}

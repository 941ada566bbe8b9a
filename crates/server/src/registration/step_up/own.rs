//! This service asks people itself: their app, or on its page for password and code.

use countersign_domain::registration::{AskedBy, MeansKind};
use countersign_store::Tx;

use super::{StepUp, Wanted};
use crate::command::{Command, Failure};
use crate::registration::app_session;

/// The means of this service.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnMeans;

impl StepUp for OwnMeans {
    fn ask(
        &self,
        tx: &Tx<'_>,
        context: &mut Command,
        wanted: &Wanted<'_>,
    ) -> Result<Option<AskedBy>, Failure> {
        match wanted.means.kind {
            MeansKind::App => Ok(app_session::start(tx, context, wanted)?.map(AskedBy::Session)),
            MeansKind::Sas => Ok(Some(AskedBy::Page)),
        }
    }
}

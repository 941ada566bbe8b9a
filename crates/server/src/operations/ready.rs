//! What has to be in order before requests make sense.

use serde::Serialize;

use crate::App;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// What.
    pub(super) name: &'static str,
    /// Whether it is in order.
    pub(super) ok: bool,
}

pub(super) async fn checks(app: &App) -> Vec<Check> {
    vec![Check { name: "running", ok: !app.is_stopping() }]
}

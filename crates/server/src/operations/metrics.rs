//! What is counted, in the OpenMetrics text form. Labels never hold anything about a person.

use std::sync::Mutex;

use prometheus_client::registry::Registry;

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    #[allow(dead_code)]
    registry: Mutex<Registry>,
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        Self { registry: Mutex::new(Registry::with_prefix("countersign")) }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

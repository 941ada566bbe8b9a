//! What operators look at: whether the server lives and is ready, what it counts, what it is.

pub mod metrics;

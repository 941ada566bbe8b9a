//! Everything that is kept: one SQLite writer, many readers, events beside the state.

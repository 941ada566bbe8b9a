//! The rules: commands in, state and events out; no I/O.

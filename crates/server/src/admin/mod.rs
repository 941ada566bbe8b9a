//! The registration desk: what an operator does for people.

pub(crate) mod issue;

//! What can be wrong with a configuration.

use std::fmt;

use thiserror::Error;

/// A configuration that cannot be read at all.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Not TOML, or a key that does not exist, or a value of the wrong kind.
    #[error("the configuration cannot be read:\n{message}")]
    Malformed {
        /// Where, and what was expected.
        message: String,
    },
    /// An environment variable that means nothing.
    #[error("the environment variable {name} means nothing here{}", near(.nearest))]
    UnknownVariable {
        /// Its name.
        name: String,
        /// A name that exists and looks like it.
        nearest: Option<String>,
    },
    /// An environment variable with a value of the wrong kind.
    #[error("the environment variable {name} is to hold {expected}")]
    WrongVariable {
        /// Its name. The value is not repeated: it may be a secret.
        name: String,
        /// What was expected.
        expected: &'static str,
    },
}

fn near(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

/// Something wrong, and the way to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// The key, dotted as in the file.
    pub key: String,
    /// What is wrong.
    pub fault: String,
    /// What to do.
    pub remedy: String,
}

impl Mend {
    pub(crate) fn new(key: impl Into<String>, fault: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { key: key.into(), fault: fault.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Mend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. To mend it: {}.", self.key, self.fault, self.remedy)
    }
}

//! Activation codes that wait for their phone.

use countersign_domain::enrolment::{Activation, Locator};
use jiff::SignedDuration;
use rusqlite::params;

use crate::body;
use crate::database::Database;
use crate::error::Error;

const TABLE: &str = "activations";

/// How long a code that is over can be looked at: the registration desk compares words with the phone that used it.
const SHOWN: SignedDuration = SignedDuration::from_hours(24);

/// The table of activation codes, hashed.
pub struct Activations<'a> {
    pub(crate) connection: &'a Database,
}

impl Activations<'_> {
    /// A new code. [`Error::Duplicate`] when its locator is taken.
    pub fn insert(&self, activation: &Activation) -> Result<(), Error> {
        self.save("INSERT INTO activations (locator, purge_at, body) VALUES ($1, $2, $3)", activation)
    }

    /// The code as it is now. [`Error::Missing`] when it is not there.
    pub fn update(&self, activation: &Activation) -> Result<(), Error> {
        self.save("UPDATE activations SET purge_at = $2, body = $3 WHERE locator = $1", activation)
    }

    /// The code that this part of it points to.
    pub fn find(&self, locator: &Locator) -> Result<Option<Activation>, Error> {
        let query = "SELECT body FROM activations WHERE locator = $1";
        body::find(self.connection, TABLE, query, [locator.as_str()])
    }

    fn save(&self, statement: &'static str, activation: &Activation) -> Result<(), Error> {
        let row = params![
            activation.locator().as_str(),
            body::millis(activation.expires_at() + SHOWN),
            body::write(TABLE, activation)?,
        ];
        body::change(self.connection, TABLE, statement, row)
    }
}

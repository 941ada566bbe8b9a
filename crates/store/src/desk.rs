//! The registration desk: proposals, identifications, partners' results, and what may not be erased yet.

use countersign_domain::desk::{Erasure, IdentificationCase, Proposal};
use countersign_wire::id::{IdentificationId, ProposalId, SemanticsIdentifier};
use countersign_wire::registration::{PhoneNumber, TenantId, TermsToken};
use jiff::Timestamp;
use rusqlite::params;

use crate::body;
use crate::database::Database;
use crate::error::Error;

/// The table of what waits for a second person.
pub struct Proposals<'a> {
    pub(crate) connection: &'a Database,
}

impl Proposals<'_> {
    const TABLE: &'static str = "proposals";

    /// A new one.
    pub fn insert(&self, proposal: &Proposal) -> Result<(), Error> {
        self.save(
            "INSERT INTO proposals (id, state, expires_at, purge_at, body) VALUES ($1, $2, $3, $4, $5)",
            proposal,
        )
    }

    /// The proposal as it is now. [`Error::Missing`] when it is not there.
    pub fn update(&self, proposal: &Proposal) -> Result<(), Error> {
        self.save(
            "UPDATE proposals SET state = $2, expires_at = $3, purge_at = $4, body = $5 WHERE id = $1",
            proposal,
        )
    }

    /// The proposal with this id.
    pub fn find(&self, id: &ProposalId) -> Result<Option<Proposal>, Error> {
        let query = "SELECT body FROM proposals WHERE id = $1";
        body::find(self.connection, Self::TABLE, query, [id.as_str()])
    }

    /// All that are kept, newest first; of those that wait only the ones whose time is not over, when `open`.
    pub fn newest(&self, open: Option<Timestamp>, limit: usize) -> Result<Vec<Proposal>, Error> {
        let query = "SELECT body FROM proposals WHERE $1 IS NULL OR (state = 'OPEN' AND expires_at > $1)
                     ORDER BY expires_at DESC, id LIMIT $2";
        let row = params![open.map(body::millis), body::limit(limit)];
        body::list(self.connection, Self::TABLE, query, row)
    }

    /// Those that nobody has decided in time.
    pub(crate) fn overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<Proposal>, Error> {
        let query = "SELECT body FROM proposals WHERE state = 'OPEN' AND expires_at <= $1 ORDER BY expires_at LIMIT $2";
        body::list(self.connection, Self::TABLE, query, params![body::millis(now), body::limit(limit)])
    }

    /// Deletes one.
    pub fn delete(&self, id: &ProposalId) -> Result<(), Error> {
        body::change(self.connection, Self::TABLE, "DELETE FROM proposals WHERE id = $1", [id.as_str()])
    }

    fn save(&self, statement: &'static str, proposal: &Proposal) -> Result<(), Error> {
        let row = params![
            proposal.id().as_str(),
            if proposal.is_open() { "OPEN" } else { "DECIDED" },
            body::millis(proposal.expires_at()),
            body::millis(proposal.purge_at()),
            body::write(Self::TABLE, proposal)?,
        ];
        body::change(self.connection, Self::TABLE, statement, row)
    }
}

/// The table of identifications that were begun.
pub struct Identifications<'a> {
    pub(crate) connection: &'a Database,
}

impl Identifications<'_> {
    const TABLE: &'static str = "identifications";

    /// A new one.
    pub fn insert(&self, case: &IdentificationCase) -> Result<(), Error> {
        self.save(
            "INSERT INTO identifications (id, token, tenant, number, begun_at, purge_at, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            case,
        )
    }

    /// The identification as it is now. [`Error::Missing`] when it is not there.
    pub fn update(&self, case: &IdentificationCase) -> Result<(), Error> {
        self.save(
            "UPDATE identifications SET token = $2, tenant = $3, number = $4, begun_at = $5, purge_at = $6, body = $7
             WHERE id = $1",
            case,
        )
    }

    /// The identification with this id.
    pub fn find(&self, id: &IdentificationId) -> Result<Option<IdentificationCase>, Error> {
        let query = "SELECT body FROM identifications WHERE id = $1";
        body::find(self.connection, Self::TABLE, query, [id.as_str()])
    }

    /// The identification that a link stands for.
    pub fn of_token(&self, token: &TermsToken) -> Result<Option<IdentificationCase>, Error> {
        let query = "SELECT body FROM identifications WHERE token = $1";
        body::find(self.connection, Self::TABLE, query, [token.digest()])
    }

    /// Every one that is kept for a number, newest first.
    pub fn of_number(
        &self,
        tenant: &TenantId,
        number: &PhoneNumber,
    ) -> Result<Vec<IdentificationCase>, Error> {
        let query =
            "SELECT body FROM identifications WHERE tenant = $1 AND number = $2 ORDER BY begun_at DESC, id";
        body::list(self.connection, Self::TABLE, query, params![tenant.as_str(), number.as_str()])
    }

    /// Deletes one.
    pub fn delete(&self, id: &IdentificationId) -> Result<(), Error> {
        body::change(self.connection, Self::TABLE, "DELETE FROM identifications WHERE id = $1", [id.as_str()])
    }

    fn save(&self, statement: &'static str, case: &IdentificationCase) -> Result<(), Error> {
        let row = params![
            case.id().as_str(),
            case.token_digest(),
            case.tenant().as_str(),
            case.number().as_str(),
            body::millis(case.begun_at()),
            body::millis(case.purge_at()),
            body::write(Self::TABLE, case)?,
        ];
        body::change(self.connection, Self::TABLE, statement, row)
    }
}

/// The table of partners' results that were taken.
pub struct PartnerResults<'a> {
    pub(crate) connection: &'a Database,
}

impl PartnerResults<'_> {
    /// Takes a result, by the hash of its name. [`Error::Duplicate`] when it was taken before.
    pub fn take(&self, partner: &str, result: &str, until: Timestamp) -> Result<(), Error> {
        let statement = "INSERT INTO partner_results (partner, result, purge_at) VALUES ($1, $2, $3)";
        let row = params![partner, result, body::millis(until)];
        body::change(self.connection, "partner_results", statement, row)
    }
}

/// The table of what may not be erased yet.
pub struct Erasures<'a> {
    pub(crate) connection: &'a Database,
}

impl Erasures<'_> {
    const TABLE: &'static str = "erasures";

    /// Notes when what is left of somebody has to go; an earlier note is replaced.
    pub fn save(&self, erasure: &Erasure) -> Result<(), Error> {
        let statement = "INSERT INTO erasures (person, due_at, body) VALUES ($1, $2, $3)
                         ON CONFLICT (person) DO UPDATE SET due_at = excluded.due_at, body = excluded.body";
        let row =
            params![erasure.person.as_str(), body::millis(erasure.due), body::write(Self::TABLE, erasure)?];
        body::change(self.connection, Self::TABLE, statement, row)
    }

    /// The note about somebody.
    pub fn find(&self, person: &SemanticsIdentifier) -> Result<Option<Erasure>, Error> {
        let query = "SELECT body FROM erasures WHERE person = $1";
        body::find(self.connection, Self::TABLE, query, [person.as_str()])
    }

    /// What has to go now.
    pub fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Erasure>, Error> {
        let query = "SELECT body FROM erasures WHERE due_at <= $1 ORDER BY due_at LIMIT $2";
        body::list(self.connection, Self::TABLE, query, params![body::millis(now), body::limit(limit)])
    }

    /// It is gone.
    pub fn delete(&self, person: &SemanticsIdentifier) -> Result<(), Error> {
        body::change(
            self.connection,
            Self::TABLE,
            "DELETE FROM erasures WHERE person = $1",
            [person.as_str()],
        )
    }
}

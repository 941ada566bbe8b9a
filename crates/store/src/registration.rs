//! Evidence, one-time codes, and the acceptance of terms.

use countersign_domain::registration::{Acceptance, CodeChallenge, Evidence, TermsTransaction};
use countersign_wire::id::{SemanticsIdentifier, SessionId};
use countersign_wire::registration::{ClientId, EvidenceId, PhoneNumber, TenantId, TermsToken};
use rusqlite::params;

use crate::body;
use crate::database::Database;
use crate::error::Error;

/// The table of evidence.
pub struct EvidenceTable<'a> {
    pub(crate) connection: &'a Database,
}

/// The table of one-time codes: one for each client and number.
pub struct Codes<'a> {
    pub(crate) connection: &'a Database,
}

/// The tables of terms: what is being accepted, and what was.
pub struct TermsTables<'a> {
    pub(crate) connection: &'a Database,
}

impl EvidenceTable<'_> {
    const TABLE: &'static str = "evidence";

    /// New evidence. [`Error::Duplicate`] when its id is taken.
    pub fn insert(&self, evidence: &Evidence) -> Result<(), Error> {
        self.save(
            "INSERT INTO evidence (id, tenant, number, person, recorded_at, body) VALUES ($1, $2, $3, $4, $5, $6)",
            evidence,
        )
    }

    /// The evidence as it is now. [`Error::Missing`] when it is not there.
    pub fn update(&self, evidence: &Evidence) -> Result<(), Error> {
        self.save(
            "UPDATE evidence SET tenant = $2, number = $3, person = $4, recorded_at = $5, body = $6 WHERE id = $1",
            evidence,
        )
    }

    /// The evidence with this id.
    pub fn find(&self, id: &EvidenceId) -> Result<Option<Evidence>, Error> {
        let query = "SELECT body FROM evidence WHERE id = $1";
        body::find(self.connection, Self::TABLE, query, [id.as_str()])
    }

    /// The evidence with this id; [`Error::Missing`] when it is not there.
    pub fn get(&self, id: &EvidenceId) -> Result<Evidence, Error> {
        self.find(id)?.ok_or(Error::Missing { table: Self::TABLE })
    }

    /// Every evidence for a number, newest first, in whatever state.
    pub fn of_number(&self, tenant: &TenantId, number: &PhoneNumber) -> Result<Vec<Evidence>, Error> {
        let query =
            "SELECT body FROM evidence WHERE tenant = $1 AND number = $2 ORDER BY recorded_at DESC, id";
        body::list(self.connection, Self::TABLE, query, params![tenant.as_str(), number.as_str()])
    }

    /// Every evidence of a person, in all tenants, oldest first.
    pub fn of_person(&self, person: &SemanticsIdentifier) -> Result<Vec<Evidence>, Error> {
        let query = "SELECT body FROM evidence WHERE person = $1 ORDER BY recorded_at, id";
        body::list(self.connection, Self::TABLE, query, [person.as_str()])
    }

    /// Erases evidence, with what was accepted on it, the links to terms that were given out for it, and what stands on it.
    pub fn erase(&self, id: &EvidenceId) -> Result<(), Error> {
        for statement in [
            "DELETE FROM terms_transactions WHERE evidence = $1",
            "DELETE FROM acceptances WHERE evidence = $1",
            "DELETE FROM stands_on WHERE evidence = $1",
        ] {
            body::prepare(self.connection, statement)?.execute([id.as_str()])?;
        }
        body::change(self.connection, Self::TABLE, "DELETE FROM evidence WHERE id = $1", [id.as_str()])
    }

    fn save(&self, statement: &'static str, evidence: &Evidence) -> Result<(), Error> {
        let row = params![
            evidence.id().as_str(),
            evidence.tenant().as_str(),
            evidence.number().as_str(),
            evidence.person().as_str(),
            body::millis(evidence.recorded_at()),
            body::write(Self::TABLE, evidence)?,
        ];
        body::change(self.connection, Self::TABLE, statement, row)
    }
}

impl Codes<'_> {
    const TABLE: &'static str = "codes";

    /// Keeps a code; an earlier one of the same client and number is replaced.
    pub fn save(&self, challenge: &CodeChallenge) -> Result<(), Error> {
        let statement = "INSERT INTO codes (client, number, purge_at, body) VALUES ($1, $2, $3, $4)
                         ON CONFLICT (client, number) DO UPDATE SET purge_at = excluded.purge_at, body = excluded.body";
        let row = params![
            challenge.client().as_str(),
            challenge.number().as_str(),
            body::millis(challenge.purge_at()),
            body::write(Self::TABLE, challenge)?,
        ];
        body::change(self.connection, Self::TABLE, statement, row)
    }

    /// Forgets the codes of a number, whoever asked for them.
    pub fn forget(&self, number: &PhoneNumber) -> Result<usize, Error> {
        Ok(body::prepare(self.connection, "DELETE FROM codes WHERE number = $1")?
            .execute([number.as_str()])?)
    }

    /// The code of this client and number.
    pub fn find(&self, client: &ClientId, number: &PhoneNumber) -> Result<Option<CodeChallenge>, Error> {
        let query = "SELECT body FROM codes WHERE client = $1 AND number = $2";
        body::find(self.connection, Self::TABLE, query, params![client.as_str(), number.as_str()])
    }
}

impl TermsTables<'_> {
    const TABLE: &'static str = "terms_transactions";

    /// A link that was given out.
    pub fn insert(&self, transaction: &TermsTransaction) -> Result<(), Error> {
        self.save(
            "INSERT INTO terms_transactions (token, evidence, session, purge_at, body, asked_until)
             VALUES ($1, $2, $3, $4, $5, $6)",
            transaction,
        )
    }

    /// The acceptance as it is now. [`Error::Missing`] when it is not there.
    pub fn update(&self, transaction: &TermsTransaction) -> Result<(), Error> {
        self.save(
            "UPDATE terms_transactions SET evidence = $2, session = $3, purge_at = $4, body = $5, asked_until = $6
             WHERE token = $1",
            transaction,
        )
    }

    /// The acceptance that a token stands for.
    pub fn find(&self, token: &TermsToken) -> Result<Option<TermsTransaction>, Error> {
        let query = "SELECT body FROM terms_transactions WHERE token = $1";
        body::find(self.connection, Self::TABLE, query, [token.digest()])
    }

    /// An acceptance as it is by now.
    pub fn again(&self, transaction: &TermsTransaction) -> Result<Option<TermsTransaction>, Error> {
        let query = "SELECT body FROM terms_transactions WHERE token = $1";
        body::find(self.connection, Self::TABLE, query, [transaction.token_digest()])
    }

    /// Those that another service asks people about, the most urgent first, at most `limit`.
    pub fn asked_elsewhere(&self, limit: usize) -> Result<Vec<TermsTransaction>, Error> {
        let query = "SELECT body FROM terms_transactions WHERE asked_until IS NOT NULL
                     ORDER BY asked_until, token LIMIT $1";
        body::list(self.connection, Self::TABLE, query, [body::limit(limit)])
    }

    /// The acceptance that this session asks the person about.
    pub fn of_session(&self, session: SessionId) -> Result<Option<TermsTransaction>, Error> {
        let query = "SELECT body FROM terms_transactions WHERE session = $1";
        body::find(self.connection, Self::TABLE, query, [session.to_string()])
    }

    /// Keeps what was accepted, for good. [`Error::Duplicate`] when it was kept before.
    pub fn accept(&self, acceptance: &Acceptance) -> Result<(), Error> {
        let statement = "INSERT INTO acceptances (acceptance, jurisdiction, evidence, accepted_at, body)
                         VALUES ($1, $2, $3, $4, $5)";
        let row = params![
            acceptance.acceptance.as_str(),
            acceptance.jurisdiction.as_str(),
            acceptance.evidence.as_str(),
            body::millis(acceptance.accepted_at),
            body::write("acceptances", acceptance)?,
        ];
        body::change(self.connection, "acceptances", statement, row)
    }

    /// What was accepted with this evidence, oldest first.
    pub fn accepted(&self, evidence: &EvidenceId) -> Result<Vec<Acceptance>, Error> {
        let query = "SELECT body FROM acceptances WHERE evidence = $1 ORDER BY accepted_at, jurisdiction";
        body::list(self.connection, "acceptances", query, [evidence.as_str()])
    }

    fn save(&self, statement: &'static str, transaction: &TermsTransaction) -> Result<(), Error> {
        let row = params![
            transaction.token_digest(),
            transaction.evidence().as_str(),
            transaction.session().map(|session| session.to_string()),
            body::millis(transaction.purge_at()),
            body::write(Self::TABLE, transaction)?,
            transaction.question().map(|question| body::millis(question.until)),
        ];
        body::change(self.connection, Self::TABLE, statement, row)
    }
}

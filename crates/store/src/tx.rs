//! What a closure may do with the database: one accessor per table, never SQL.

use std::cell::Cell;

use countersign_domain::desk::Erasure;
use countersign_domain::registration::EvidenceState;
use countersign_domain::session;
use countersign_wire::id::{SemanticsIdentifier, SessionId};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, params};

use crate::accounts::{Accounts, Devices, Keys};
use crate::activations::Activations;
use crate::authority::{Ceremony, IssuingCas};
use crate::body;
use crate::certificates::Certificates;
use crate::counters::Counters;
use crate::database::Database;
use crate::desk::{Erasures, Identifications, PartnerResults, Proposals};
use crate::error::Error;
use crate::events::Events;
use crate::means::{Grounds, Passwords};
use crate::registrant::{SessionExchanges, TokenDenials};
use crate::registration::{Codes, EvidenceTable, TermsTables};
use crate::repeated::Idempotency;
use crate::sessions::Sessions;
use crate::signing_containers::SigningContainers;
use crate::trail::Trail;

/// How long an event waits for its seal, unless there are many.
const SEALED_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// One transaction. Given to the closures of [`crate::Store::write`] and [`crate::Store::read`].
pub struct Tx<'a> {
    connection: &'a Database,
    /// Whether the status of a certificate was changed.
    statuses: Cell<bool>,
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions that were told that their time is over. Whoever waits for them may be woken.
    pub expired: Vec<SessionId>,
    /// Rows that nobody may ask for any more, deleted.
    pub purged: usize,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(connection: &'a Database) -> Self {
        Self { connection, statuses: Cell::new(false) }
    }

    /// Rows that this connection has changed since it was opened. In memory there is one connection, on which reading
    /// closures run too: this tells whether one of them wrote. (`PRAGMA query_only` would refuse it, and make SQLite
    /// parse every prepared statement anew.)
    pub(crate) fn rows_changed(&self) -> u64 {
        self.connection.total_changes()
    }

    /// Sessions.
    pub fn sessions(&self) -> Sessions<'a> {
        Sessions { connection: self.connection }
    }

    /// Accounts.
    pub fn accounts(&self) -> Accounts<'a> {
        Accounts { connection: self.connection }
    }

    /// Devices.
    pub fn devices(&self) -> Devices<'a> {
        Devices { connection: self.connection }
    }

    /// Two-party keys.
    pub fn keys(&self) -> Keys<'a> {
        Keys { connection: self.connection }
    }

    /// Issued certificates.
    pub fn certificates(&self) -> Certificates<'_> {
        Certificates { connection: self.connection, changed: &self.statuses }
    }

    /// Whether the status of a certificate was changed in this transaction.
    pub(crate) fn changed_statuses(&self) -> bool {
        self.statuses.get()
    }

    /// Issuing CAs that were made by rollovers.
    pub fn issuing_cas(&self) -> IssuingCas<'a> {
        IssuingCas { connection: self.connection }
    }

    /// What operators did to the authority.
    pub fn ceremony(&self) -> Ceremony<'a> {
        Ceremony { connection: self.connection }
    }

    /// The audit trail.
    pub fn events(&self) -> Events<'a> {
        Events { connection: self.connection }
    }

    /// The same for auditors: searched, sealed, compared.
    pub fn trail(&self) -> Trail<'a> {
        Trail { connection: self.connection }
    }

    /// What waits for a second person.
    pub fn proposals(&self) -> Proposals<'a> {
        Proposals { connection: self.connection }
    }

    /// Identifications that were begun.
    pub fn identifications(&self) -> Identifications<'a> {
        Identifications { connection: self.connection }
    }

    /// Results of partners that were taken.
    pub fn partner_results(&self) -> PartnerResults<'a> {
        PartnerResults { connection: self.connection }
    }

    /// What may not be erased yet.
    pub fn erasures(&self) -> Erasures<'a> {
        Erasures { connection: self.connection }
    }

    /// Activation codes.
    pub fn activations(&self) -> Activations<'a> {
        Activations { connection: self.connection }
    }

    /// Who was identified.
    pub fn evidence(&self) -> EvidenceTable<'a> {
        EvidenceTable { connection: self.connection }
    }

    /// One-time codes.
    pub fn codes(&self) -> Codes<'a> {
        Codes { connection: self.connection }
    }

    /// Terms: what is being accepted, and what was.
    pub fn terms(&self) -> TermsTables<'a> {
        TermsTables { connection: self.connection }
    }

    /// Passwords of people, and invitations to set one.
    pub fn passwords(&self) -> Passwords<'a> {
        Passwords { connection: self.connection }
    }

    /// Which accounts stand on which evidence.
    pub fn grounds(&self) -> Grounds<'a> {
        Grounds { connection: self.connection }
    }

    /// Start requests that may come a second time.
    pub fn idempotency(&self) -> Idempotency<'a> {
        Idempotency { connection: self.connection }
    }

    /// Registrant tokens that are denied.
    pub fn token_denials(&self) -> TokenDenials<'a> {
        TokenDenials { connection: self.connection }
    }

    /// Sessions that were turned into a registrant token.
    pub fn session_exchanges(&self) -> SessionExchanges<'a> {
        SessionExchanges { connection: self.connection }
    }

    /// Containers of the signing service.
    pub fn signing_containers(&self) -> SigningContainers<'a> {
        SigningContainers { connection: self.connection }
    }

    /// Numbers that only go up.
    pub fn counters(&self) -> Counters<'a> {
        Counters { connection: self.connection }
    }

    /// A small text kept under a name, such as which keys belong to this database.
    pub fn meta(&self, name: &str) -> Result<Option<String>, Error> {
        let query = "SELECT value FROM meta WHERE name = $1";
        Ok(body::prepare(self.connection, query)?.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Keeps a small text under a name; an earlier one is replaced.
    pub fn set_meta(&self, name: &str, value: &str) -> Result<(), Error> {
        let statement = "INSERT INTO meta (name, value) VALUES ($1, $2)
                         ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        body::change(self.connection, "meta", statement, params![name, value])
    }

    /// Takes a person's names out of their accounts, and the certificates that hold them. What certificates were called and
    /// whether they counted stays: OCSP and revocation lists answer from it.
    pub fn forget_names(&self, person: &SemanticsIdentifier) -> Result<(), Error> {
        for account in self.accounts().of_person(person)? {
            for mut certificate in self.certificates().of_account(&account.document)? {
                certificate.der.clear();
                self.certificates().update(&certificate)?;
            }
            self.accounts().update(&account.without_names())?;
        }
        Ok(())
    }

    /// Erases what is left of people whose records had to be kept until now.
    fn erase_due(&self, now: Timestamp, limit: usize) -> Result<usize, Error> {
        let due = self.erasures().due(now, limit)?;
        for Erasure { person, .. } in &due {
            for evidence in self.evidence().of_person(person)? {
                // Somebody who came back after they were erased has evidence that counts.
                if matches!(evidence.state(), EvidenceState::Ended { .. }) {
                    self.evidence().erase(evidence.id())?;
                }
            }
            if self.accounts().of_person(person)?.iter().all(|account| !account.is_active()) {
                self.forget_names(person)?;
            }
            self.erasures().delete(person)?;
        }
        Ok(due.len())
    }

    /// Cleans up, at most `limit` rows of a kind: tells overdue sessions that they are over, deletes what is no longer
    /// kept. Nothing correct depends on when, or whether, this runs.
    pub fn sweep(&self, now: Timestamp, limit: usize) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        for session in self.sessions().overdue(now, limit)? {
            let (session, events) = session::expire(session, now);
            // No events: a signature is just being computed and may still finish.
            if !events.is_empty() {
                self.sessions().update(&session)?;
                self.events().append_all(&events, now)?;
                swept.expired.push(session.id());
            }
        }
        for proposal in self.proposals().overdue(now, limit)? {
            let (proposal, events) = proposal.expire(now);
            self.proposals().update(&proposal)?;
            for event in events {
                self.events().append(&event.into(), now)?;
            }
        }
        self.seal_trail(now, limit)?;
        swept.purged += self.erase_due(now, limit)?;
        swept.purged += self.sessions().purge(now, limit)?;
        for statement in [
            "DELETE FROM idempotency WHERE key IN
             (SELECT key FROM idempotency WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM activations WHERE locator IN
             (SELECT locator FROM activations WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM token_denials WHERE subject IN
             (SELECT subject FROM token_denials WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM session_exchanges WHERE session IN
             (SELECT session FROM session_exchanges WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM codes WHERE (client, number) IN
             (SELECT client, number FROM codes WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM terms_transactions WHERE token IN
             (SELECT token FROM terms_transactions WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM proposals WHERE id IN
             (SELECT id FROM proposals WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM identifications WHERE id IN
             (SELECT id FROM identifications WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM partner_results WHERE (partner, result) IN
             (SELECT partner, result FROM partner_results WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM password_invitations WHERE token IN
             (SELECT token FROM password_invitations WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
        ] {
            let row = params![body::millis(now), body::limit(limit)];
            swept.purged += body::prepare(self.connection, statement)?.execute(row)?;
        }
        Ok(swept)
    }

    /// Seals the trail, when a minute has passed since the first event that is not sealed, or when there are many.
    fn seal_trail(&self, now: Timestamp, limit: usize) -> Result<(), Error> {
        let Some((oldest, count)) = self.trail().unsealed()? else { return Ok(()) };
        let waited = now.duration_since(oldest) >= SEALED_AFTER;
        if waited || count >= body::limit(limit).unsigned_abs() {
            self.trail().seal(now, limit.saturating_mul(50))?;
        }
        Ok(())
    }
}

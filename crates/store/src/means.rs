//! Passwords as a means, and which certificates stand on which evidence.

use countersign_domain::registration::{Invitation, PasswordMeans, StandsOn};
use countersign_wire::id::DocumentNumber;
use countersign_wire::registration::{EvidenceId, InvitationToken, PhoneNumber, TenantId};
use jiff::Timestamp;
use rusqlite::params;

use crate::body;
use crate::database::Database;
use crate::error::Error;

/// The tables of passwords, and of invitations to set one.
pub struct Passwords<'a> {
    pub(crate) connection: &'a Database,
}

/// The table of accounts that stand on evidence.
pub struct Grounds<'a> {
    pub(crate) connection: &'a Database,
}

impl Passwords<'_> {
    const TABLE: &'static str = "passwords";
    const INVITATIONS: &'static str = "password_invitations";

    /// Keeps a password; an earlier one of the same number is replaced.
    pub fn save(&self, means: &PasswordMeans) -> Result<(), Error> {
        let statement = "INSERT INTO passwords (tenant, number, body) VALUES ($1, $2, $3)
                         ON CONFLICT (number, tenant) DO UPDATE SET body = excluded.body";
        let row = params![means.tenant().as_str(), means.number().as_str(), body::write(Self::TABLE, means)?];
        body::change(self.connection, Self::TABLE, statement, row)
    }

    /// The password of a number, in whatever state.
    pub fn find(&self, tenant: &TenantId, number: &PhoneNumber) -> Result<Option<PasswordMeans>, Error> {
        let query = "SELECT body FROM passwords WHERE tenant = $1 AND number = $2";
        body::find(self.connection, Self::TABLE, query, params![tenant.as_str(), number.as_str()])
    }

    /// The passwords of whoever holds a number: one for each organisation that has invited them.
    pub fn of_number(&self, number: &PhoneNumber) -> Result<Vec<PasswordMeans>, Error> {
        let query = "SELECT body FROM passwords WHERE number = $1 ORDER BY tenant";
        body::list(self.connection, Self::TABLE, query, [number.as_str()])
    }

    /// Forgets the password of a number, and the invitations to set one. Whether there was a password.
    pub fn forget(&self, tenant: &TenantId, number: &PhoneNumber) -> Result<bool, Error> {
        // A number is digits alone: in quotes it is found as itself, and nowhere inside another.
        let invited = "DELETE FROM password_invitations WHERE instr(body, $1) > 0";
        body::prepare(self.connection, invited)?.execute([format!("\"{}\"", number.as_str())])?;
        let statement = "DELETE FROM passwords WHERE tenant = $1 AND number = $2";
        let row = params![tenant.as_str(), number.as_str()];
        Ok(body::prepare(self.connection, statement)?.execute(row)? > 0)
    }

    /// Keeps an invitation until it is used or its time is over.
    pub fn invite(&self, invitation: &Invitation) -> Result<(), Error> {
        let statement = "INSERT INTO password_invitations (token, purge_at, body) VALUES ($1, $2, $3)";
        let row = params![
            invitation.token_digest(),
            body::millis(invitation.expires_at()),
            body::write(Self::INVITATIONS, invitation)?,
        ];
        body::change(self.connection, Self::INVITATIONS, statement, row)
    }

    /// The invitation that a token stands for.
    pub fn invitation(&self, token: &InvitationToken) -> Result<Option<Invitation>, Error> {
        let query = "SELECT body FROM password_invitations WHERE token = $1";
        body::find(self.connection, Self::INVITATIONS, query, [token.digest()])
    }

    /// Forgets an invitation: it was used, or never sent. [`Error::Missing`] when it is not there.
    pub fn use_up(&self, invitation: &Invitation) -> Result<(), Error> {
        let statement = "DELETE FROM password_invitations WHERE token = $1";
        body::change(self.connection, Self::INVITATIONS, statement, [invitation.token_digest()])
    }
}

impl Grounds<'_> {
    const TABLE: &'static str = "stands_on";

    /// What an account stands on; what was known of it before is replaced.
    pub fn save(&self, ground: &StandsOn) -> Result<(), Error> {
        let statement = "INSERT INTO stands_on (account, evidence, look_at, body) VALUES ($1, $2, $3, $4)
                         ON CONFLICT (account) DO UPDATE SET evidence = excluded.evidence,
                         look_at = excluded.look_at, body = excluded.body";
        let row = params![
            ground.account.as_str(),
            ground.evidence.as_str(),
            body::millis(ground.look_at),
            body::write(Self::TABLE, ground)?,
        ];
        body::change(self.connection, Self::TABLE, statement, row)
    }

    /// What an account stands on; nothing where it was issued on something else than recorded evidence.
    pub fn of_account(&self, account: &DocumentNumber) -> Result<Option<StandsOn>, Error> {
        let query = "SELECT body FROM stands_on WHERE account = $1";
        body::find(self.connection, Self::TABLE, query, [account.as_str()])
    }

    /// The accounts that stand on this evidence.
    pub fn on(&self, evidence: &EvidenceId) -> Result<Vec<StandsOn>, Error> {
        let query = "SELECT body FROM stands_on WHERE evidence = $1 ORDER BY account";
        body::list(self.connection, Self::TABLE, query, [evidence.as_str()])
    }

    /// Those that have to be looked at, the longest overdue first, at most `limit`.
    pub fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<StandsOn>, Error> {
        let query = "SELECT body FROM stands_on WHERE look_at <= $1 ORDER BY look_at, account LIMIT $2";
        body::list(self.connection, Self::TABLE, query, params![body::millis(now), body::limit(limit)])
    }

    /// An account stands on nothing any more: it has ended, or never came to be.
    pub fn forget(&self, ground: &StandsOn) -> Result<(), Error> {
        let statement = "DELETE FROM stands_on WHERE account = $1";
        body::change(self.connection, Self::TABLE, statement, [ground.account.as_str()])
    }
}

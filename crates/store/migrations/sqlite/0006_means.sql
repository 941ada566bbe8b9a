-- Passwords as a means, and what certificates stand on. docs/data-model.md says what each table is for.

CREATE TABLE passwords (
    tenant TEXT NOT NULL,
    number TEXT NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (number, tenant)
);

CREATE TABLE password_invitations (
    token    TEXT   NOT NULL PRIMARY KEY,
    purge_at BIGINT NOT NULL,
    body     TEXT   NOT NULL
);
CREATE INDEX password_invitations_by_purge ON password_invitations (purge_at);

-- No reference to accounts: the row is made with the code for the phone, before there is an account.
CREATE TABLE stands_on (
    account  TEXT   NOT NULL PRIMARY KEY,
    evidence TEXT   NOT NULL REFERENCES evidence (id),
    look_at  BIGINT NOT NULL,
    body     TEXT   NOT NULL
);
CREATE INDEX stands_on_evidence ON stands_on (evidence);
CREATE INDEX stands_on_by_look ON stands_on (look_at);

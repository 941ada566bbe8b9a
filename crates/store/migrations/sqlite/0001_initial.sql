-- The first schema. Columns are for look-ups; what is true of a row is in its body, the JSON of the domain's type.
-- Times are milliseconds since 1970-01-01T00:00:00Z. docs/data-model.md says what each table is for.

CREATE TABLE accounts (
    document   TEXT   NOT NULL PRIMARY KEY,
    person     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX accounts_of_person ON accounts (person, created_at, document);

CREATE TABLE devices (
    id         TEXT   NOT NULL PRIMARY KEY,
    account    TEXT   NOT NULL REFERENCES accounts (document),
    thumbprint TEXT   NOT NULL UNIQUE,
    body       TEXT   NOT NULL
);
CREATE INDEX devices_of_account ON devices (account);

CREATE TABLE keys (
    id            TEXT   NOT NULL PRIMARY KEY,
    account       TEXT   NOT NULL REFERENCES accounts (document),
    phone_modulus TEXT   NOT NULL UNIQUE,
    body          TEXT   NOT NULL
);
CREATE INDEX keys_of_account ON keys (account);

CREATE TABLE sessions (
    id         TEXT   NOT NULL PRIMARY KEY,
    token      TEXT   UNIQUE,
    tx         TEXT   UNIQUE,
    account    TEXT,
    state      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    purge_at   BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX sessions_of_account ON sessions (account, state, created_at) WHERE account IS NOT NULL;
CREATE INDEX sessions_by_end ON sessions (state, expires_at);
CREATE INDEX sessions_by_purge ON sessions (purge_at);

CREATE TABLE idempotency (
    key        TEXT   NOT NULL PRIMARY KEY,
    purge_at   BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX idempotency_by_purge ON idempotency (purge_at);

CREATE TABLE activations (
    locator    TEXT   NOT NULL PRIMARY KEY,
    purge_at   BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX activations_by_purge ON activations (purge_at);

CREATE TABLE certificates (
    issuer     TEXT   NOT NULL,
    serial     TEXT   NOT NULL,
    account    TEXT,
    status     TEXT   NOT NULL,
    not_after  BIGINT NOT NULL,
    body       TEXT   NOT NULL,
    PRIMARY KEY (issuer, serial)
);
CREATE INDEX certificates_of_account ON certificates (account) WHERE account IS NOT NULL;
CREATE INDEX certificates_by_status ON certificates (issuer, status, not_after);

-- Never deleted from: the audit trail and the outbox.
CREATE TABLE events (
    seq        BIGINT NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX events_of_subject ON events (subject, seq);

CREATE TABLE counters (
    name       TEXT   NOT NULL PRIMARY KEY,
    value      BIGINT NOT NULL
);

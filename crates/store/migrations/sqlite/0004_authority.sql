-- Issuing CAs that took over, and what operators did to the authority.

CREATE TABLE issuing_cas (
    seq        BIGINT NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    body       TEXT   NOT NULL
);

CREATE TABLE ceremony (
    seq        BIGINT NOT NULL PRIMARY KEY,
    body       TEXT   NOT NULL
);
-- Append-only: the chain of hashes shows changes from outside, these refuse those from inside.
CREATE TRIGGER ceremony_is_not_changed BEFORE UPDATE ON ceremony
BEGIN SELECT RAISE(ABORT, 'the ceremony log is append-only'); END;
CREATE TRIGGER ceremony_is_not_deleted BEFORE DELETE ON ceremony
BEGIN SELECT RAISE(ABORT, 'the ceremony log is append-only'); END;

-- Registrant tokens: what is withdrawn before its end, and which sessions were turned into one. Rows go when they are over.

CREATE TABLE token_denials (
    subject    TEXT   NOT NULL PRIMARY KEY,
    purge_at   BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX token_denials_by_purge ON token_denials (purge_at);

CREATE TABLE session_exchanges (
    session    TEXT   NOT NULL PRIMARY KEY,
    purge_at   BIGINT NOT NULL
);
CREATE INDEX session_exchanges_by_purge ON session_exchanges (purge_at);

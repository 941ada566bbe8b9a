-- Registration: who was identified, for which number, under which terms. docs/data-model.md says what each table is for.

CREATE TABLE evidence (
    id          TEXT   NOT NULL PRIMARY KEY,
    tenant      TEXT   NOT NULL,
    number      TEXT   NOT NULL,
    person      TEXT   NOT NULL,
    recorded_at BIGINT NOT NULL,
    body        TEXT   NOT NULL
);
CREATE INDEX evidence_of_number ON evidence (tenant, number, recorded_at);
CREATE INDEX evidence_of_person ON evidence (tenant, person, recorded_at);

CREATE TABLE codes (
    client     TEXT   NOT NULL,
    number     TEXT   NOT NULL,
    purge_at   BIGINT NOT NULL,
    body       TEXT   NOT NULL,
    PRIMARY KEY (client, number)
);
CREATE INDEX codes_by_purge ON codes (purge_at);

CREATE TABLE terms_transactions (
    token      TEXT   NOT NULL PRIMARY KEY,
    evidence   TEXT   NOT NULL REFERENCES evidence (id),
    session    TEXT   UNIQUE,
    purge_at   BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX terms_transactions_by_purge ON terms_transactions (purge_at);

-- Never changed or deleted from while the evidence is kept: the proof that somebody has accepted.
CREATE TABLE acceptances (
    acceptance   TEXT   NOT NULL,
    jurisdiction TEXT   NOT NULL,
    evidence     TEXT   NOT NULL REFERENCES evidence (id),
    accepted_at  BIGINT NOT NULL,
    body         TEXT   NOT NULL,
    PRIMARY KEY (acceptance, jurisdiction)
);
CREATE INDEX acceptances_of_evidence ON acceptances (evidence, accepted_at);

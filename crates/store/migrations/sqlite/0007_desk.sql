-- The registration desk: what waits for a second person, identifications, partners' results, and a trail that can be searched
-- and shows changes. docs/data-model.md says what each table is for.

CREATE TABLE proposals (
    id         TEXT   NOT NULL PRIMARY KEY,
    state      TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    purge_at   BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX proposals_by_end ON proposals (state, expires_at);
CREATE INDEX proposals_by_purge ON proposals (purge_at);

CREATE TABLE identifications (
    id         TEXT   NOT NULL PRIMARY KEY,
    token      TEXT   NOT NULL UNIQUE,
    tenant     TEXT   NOT NULL,
    number     TEXT   NOT NULL,
    begun_at   BIGINT NOT NULL,
    purge_at   BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX identifications_of_number ON identifications (tenant, number);
CREATE INDEX identifications_by_purge ON identifications (purge_at);

-- Which results of partners were taken: none counts twice.
CREATE TABLE partner_results (
    partner    TEXT   NOT NULL,
    result     TEXT   NOT NULL,
    purge_at   BIGINT NOT NULL,
    PRIMARY KEY (partner, result)
);
CREATE INDEX partner_results_by_purge ON partner_results (purge_at);

-- People across tenants: for whoever asks what is held of them.
CREATE INDEX evidence_of_anybody ON evidence (person);

-- What may not go yet of people who were erased, and until when.
CREATE TABLE erasures (
    person     TEXT   NOT NULL PRIMARY KEY,
    due_at     BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX erasures_by_due ON erasures (due_at);

-- The events that say what operators did, for searching: the event itself is in the trail.
CREATE TABLE operator_acts (
    seq        BIGINT NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    operator   TEXT   NOT NULL,
    act        TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    reference  TEXT
);
CREATE INDEX operator_acts_of_operator ON operator_acts (operator, seq);
CREATE INDEX operator_acts_of_reference ON operator_acts (reference, seq) WHERE reference IS NOT NULL;

INSERT INTO operator_acts (seq, at, operator, act, subject, reference)
SELECT seq, at, json_extract(body, '$.operator'), json_extract(body, '$.act'), subject,
       COALESCE(json_extract(body, '$.evidence'), json_extract(body, '$.reference'))
FROM events WHERE kind = 'OperatorActed';
INSERT INTO operator_acts (seq, at, operator, act, subject, reference)
SELECT seq, at, json_extract(body, '$.operator'), json_extract(body, '$.act'), subject, json_extract(body, '$.reference')
FROM events WHERE kind = 'DeskActed';

-- Every so many events one hash over them and the hash before.
CREATE TABLE event_seals (
    seq        BIGINT NOT NULL PRIMARY KEY,
    body       TEXT   NOT NULL
);

-- Append-only: the seals show changes from outside, these refuse those from inside.
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;
CREATE TRIGGER event_seals_are_not_changed BEFORE UPDATE ON event_seals
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;
CREATE TRIGGER event_seals_are_not_deleted BEFORE DELETE ON event_seals
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END;

-- What every use of a key changes, apart from the kilobytes that it does not.

CREATE TABLE key_counters (
    key  TEXT NOT NULL PRIMARY KEY REFERENCES keys (id),
    body TEXT NOT NULL
);
INSERT INTO key_counters (key, body) SELECT id, json_extract(body, '$.counter') FROM keys;
UPDATE keys SET body = json_remove(body, '$.counter');

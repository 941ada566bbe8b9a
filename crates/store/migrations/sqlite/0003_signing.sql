-- Containers of the signing service, with the signatures that are made in them. What is in a container lies in a file
-- beside the database; docs/data-model.md says where.

CREATE TABLE signing_containers (
    id         TEXT   NOT NULL PRIMARY KEY,
    owner      TEXT   NOT NULL,
    bytes      BIGINT NOT NULL,
    purge_at   BIGINT NOT NULL,
    body       TEXT   NOT NULL
);
CREATE INDEX signing_containers_of_owner ON signing_containers (owner);
CREATE INDEX signing_containers_by_purge ON signing_containers (purge_at);

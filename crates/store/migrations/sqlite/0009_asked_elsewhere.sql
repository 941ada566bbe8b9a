-- Acceptances of terms that another service asks people about: until when an answer counts, while they wait for it.

ALTER TABLE terms_transactions ADD COLUMN asked_until BIGINT;
CREATE INDEX terms_transactions_asked ON terms_transactions (asked_until, token) WHERE asked_until IS NOT NULL;

-- What requests that write no entry were answered, under their idempotency keys: publications, endpoints, revocations.

CREATE TABLE IF NOT EXISTS receipt (
  programme_no INTEGER NOT NULL REFERENCES programme (no),
  idem TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (programme_no, idem)
) STRICT, WITHOUT ROWID

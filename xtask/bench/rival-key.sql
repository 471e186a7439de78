-- The keys of the rival's callers, for its service over HTTP: digests only. psql sets :key.
CREATE TABLE api_key (
    digest bytea PRIMARY KEY,
    name text NOT NULL,
    revoked_at timestamptz
);
INSERT INTO api_key (digest, name) VALUES (sha256(:'key'::bytea), 'bench');
VACUUM ANALYZE api_key;

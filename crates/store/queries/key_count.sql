-- Keys of the programme with id ?1: those in use, and all of them. Sessions are no keys.
SELECT count(*) FILTER (WHERE k.revoked_at IS NULL), count(*)
FROM programme AS p JOIN api_key AS k ON k.programme_no = p.no WHERE p.id = ?1 AND k.session_until IS NULL

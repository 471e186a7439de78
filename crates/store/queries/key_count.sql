-- Keys of the programme with id ?1: those in use, and all of them.
SELECT count(*) FILTER (WHERE k.revoked_at IS NULL), count(*)
FROM programme AS p JOIN api_key AS k ON k.programme_no = p.no WHERE p.id = ?1

-- The rulebook of publication ?2 of programme ?1, as rulebooks are stored.
SELECT rulebook, base_version FROM publication_request WHERE programme_no = ?1 AND id = ?2

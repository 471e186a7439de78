-- How many drafts of document ?2 programme ?1 has beside the one named ?3.
SELECT count(*) FROM draft WHERE programme_no = ?1 AND kind = ?2 AND name <> ?3

-- How many drafts programme ?1 has beside the one named ?2.
SELECT count(*) FROM draft WHERE programme_no = ?1 AND name <> ?2

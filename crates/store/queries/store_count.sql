-- How many stores programme ?1 has beside ?2.
SELECT count(*) FROM store WHERE programme_no = ?1 AND id <> ?2

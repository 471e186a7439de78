-- How many rewards programme ?1 has beside the one with id ?2.
SELECT count(*) FROM reward WHERE programme_no = ?1 AND id <> ?2

-- How many endpoints programme ?1 has beside the one with id ?2.
SELECT count(*) FROM endpoint WHERE programme_no = ?1 AND id <> ?2

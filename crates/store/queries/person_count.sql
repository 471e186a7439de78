-- How many persons programme ?1 has, up to 5,001.
SELECT count(*) FROM (SELECT 1 FROM person WHERE programme_no = ?1 AND folded > '' LIMIT 5001)

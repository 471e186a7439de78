-- Forgets up to ?2 reports of ids that are not known, from before ?1.
DELETE FROM early_report WHERE (account_no, provider_id, what) IN (
  SELECT account_no, provider_id, what FROM early_report WHERE at < ?1 ORDER BY at LIMIT (SELECT ?2)) RETURNING 1

-- Deletes proofs whose time is over at ?1, at most ?2.
DELETE FROM consent_proof WHERE no IN (SELECT no FROM consent_proof WHERE until <= ?1 ORDER BY until LIMIT (SELECT ?2)) RETURNING 1

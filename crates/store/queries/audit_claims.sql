-- Keys, references and proofs of programme ?1 that no entry bears, or that claim one beside another, at most
-- 20. A key that has no entry has a kept answer.
SELECT c.kind, c.name
FROM claim AS c
LEFT JOIN entry AS e ON e.no = c.entry_no AND e.programme_no = c.programme_no
LEFT JOIN answer AS a ON c.kind = 'key' AND a.programme_no = c.programme_no AND a.name = c.name
WHERE c.programme_no = ?1 AND (e.no IS NULL) = (a.name IS NULL)
UNION ALL
SELECT kind, max(name) FROM claim
WHERE programme_no = ?1 AND entry_no IS NOT NULL
GROUP BY kind, entry_no HAVING count(*) > 1
LIMIT 20

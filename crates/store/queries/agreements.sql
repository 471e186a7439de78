-- What the programme with number ?1 and those of group ?2, or of its own group where that is null,
-- let members exchange: a part of each rulebook, or null.
SELECT p.id, json_extract(r.document, '$.document.exchanges')
FROM programme AS p
JOIN rulebook AS r ON r.programme_no = p.no AND r.version = p.rulebook_version
WHERE p.no IN (
  SELECT ?1
  UNION
  SELECT g.programme_no FROM programme_group AS g
  WHERE g.group_id = coalesce(?2, (SELECT own.group_id FROM programme_group AS own WHERE own.programme_no = ?1))
)
ORDER BY p.no

-- The country code of programme ?1, as its published rulebook tells it; rulebooks of the first
-- versions were stored without their zone.
SELECT coalesce(r.document ->> '$.document.members.country_code', r.document ->> '$.members.country_code')
FROM programme AS p JOIN rulebook AS r ON r.programme_no = p.no AND r.version = p.rulebook_version
WHERE p.no = ?1

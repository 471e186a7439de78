-- What messages of programme ?1 are made by: the version of each template of ?2, a JSON list of ids, and
-- with an empty id when the settings of links were told.
SELECT t.value, (SELECT max(v.version) FROM template_version AS v WHERE v.programme_no = ?1 AND v.id = t.value) FROM json_each(?2) AS t
UNION ALL
SELECT '', (SELECT s.updated_at FROM link_settings AS s WHERE s.programme_no = ?1)

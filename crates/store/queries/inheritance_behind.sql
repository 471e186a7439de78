-- Programmes whose parent has published document ?2 since they followed it, but for those that could
-- not; at most ?1.
SELECT p.id, q.id, i.parent_version
FROM inheritance AS i JOIN programme AS p ON p.no = i.programme_no JOIN programme AS q ON q.no = i.parent_no
JOIN in_force AS own ON own.programme_no = i.programme_no JOIN in_force AS above ON above.programme_no = i.parent_no
WHERE i.kind = ?2 AND i.parent_version <> CASE ?2 WHEN 'rulebook' THEN above.rulebook ELSE above.playbook END
  AND NOT (i.failed_own IS CASE ?2 WHEN 'rulebook' THEN own.rulebook ELSE own.playbook END
    AND i.failed_parent IS CASE ?2 WHEN 'rulebook' THEN above.rulebook ELSE above.playbook END)
ORDER BY p.no LIMIT (SELECT ?1)

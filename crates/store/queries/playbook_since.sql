-- Since when strategies of programme ?1 are in force without a gap: ?2 their ids, a JSON list.
SELECT s.strategy, s.since
FROM json_each(?2) AS w CROSS JOIN playbook_strategy AS s ON s.programme_no = ?1 AND s.strategy = w.value

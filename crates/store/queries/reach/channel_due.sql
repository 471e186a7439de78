-- Up to ?4 accounts after the turn ?3 and number ?5 that may send at ?1, those first whose turn was longest
-- ago, of programme ?2 or, with null, of all: number and turn. Of
-- each channel the first that is not paused, where a message is due or was left on its way. A lease (of a minute) that ends in more than two minutes, and
-- a rest of more than a day, are of a clock that was ahead: over.
SELECT a.no, a.turn FROM channel_account AS a
WHERE (a.turn, a.no) > (?3, ?5) AND a.programme_no = coalesce(?2, a.programme_no) AND a.paused_because IS NULL
AND a.rests_until NOT BETWEEN ?1 + 1 AND ?1 + 86400000 AND a.leased_until NOT BETWEEN ?1 + 1 AND ?1 + 120000
AND NOT EXISTS (
  SELECT 1 FROM channel_account AS b WHERE b.programme_no = a.programme_no AND b.channel = a.channel AND b.paused_because IS NULL
  AND (b.rank, b.no) < (a.rank, a.no))
AND (EXISTS (
  WITH RECURSIVE turns (turn) AS (
    SELECT min(f.turn) FROM outbox AS f WHERE f.programme_no = a.programme_no AND f.channel = a.channel
    UNION ALL
    SELECT (SELECT min(n.turn) FROM outbox AS n WHERE n.programme_no = a.programme_no AND n.channel = a.channel AND n.turn > turns.turn)
    FROM turns WHERE turns.turn IS NOT NULL)
  SELECT 1 FROM turns CROSS JOIN outbox AS o
    ON o.programme_no = a.programme_no AND o.channel = a.channel AND o.turn = turns.turn AND o.due_at <= +?1)
  OR EXISTS (SELECT 1 FROM touch_delivery AS d WHERE d.account_no = a.no AND d.state = 'sending'))
ORDER BY a.turn, a.no LIMIT (SELECT ?4)

-- How members of programme ?1 can be reached: ?2 their numbers, a JSON list. A row for each: number, its
-- addresses ("channel state", with commas between), what it said last ("purpose channel decision"), its
-- quiet hours (from, until). One row a member, as jobs that ask for many pay for each row. Of several
-- words the last counts, and of two of one instant the no, as in consent_standing.
SELECT w.value,
  (SELECT group_concat(c.channel || ' ' || c.state) FROM contact AS c WHERE c.programme_no = ?1 AND c.member_no = w.value),
  (SELECT group_concat(s.purpose || ' ' || s.channel || ' ' || s.decision) FROM (
    SELECT c.purpose, c.channel, c.decision, max(c.at * 2 + (c.decision = 'withdrawn')) FROM consent_of_address AS c
    WHERE c.programme_no = ?1 AND c.member_no = w.value GROUP BY c.purpose, c.channel) AS s),
  p.quiet_from, p.quiet_until
FROM json_each(?2) AS w LEFT JOIN preference AS p ON p.programme_no = ?1 AND p.member_no = w.value

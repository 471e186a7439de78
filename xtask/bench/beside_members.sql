-- The template of the bench's playbook, and an address and a consent for each channel of so many members.
BEGIN;
INSERT INTO template VALUES (1, 'notice', '{"purpose": "service"}', '{"push": [], "sms": []}', 1, 0, 'bench', 0);
INSERT INTO contact
WITH RECURSIVE n (no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM n WHERE no < MEMBERS)
SELECT 1, no, value, 'x', 'd' || no, 'open', NULL, 0, 'bench' FROM json_each('["push", "sms"]') CROSS JOIN n;
INSERT INTO consent (programme_no, member_no, purpose, channel, decision, digest, at, source, recorded_at, recorded_by)
WITH RECURSIVE n (no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM n WHERE no < MEMBERS)
SELECT 1, no, 'marketing', value, 'given', '', 0, 'form', 0, 'bench' FROM json_each('["push", "sms"]') CROSS JOIN n;
COMMIT

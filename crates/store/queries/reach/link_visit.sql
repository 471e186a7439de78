-- The link ?1, with what is known of its message and of the network ?2 (digest) at ?3: other links of
-- the message within 10 seconds, at most 3; visits of the network within a minute, at most 21, and
-- whether one of them was for another member.
SELECT l.programme_no, l.member_no, l.touch_no, l.channel, l.purpose, l.target, l.is_trap, l.made_at, l.delivered_at,
  (SELECT hosts FROM link_settings WHERE programme_no = l.programme_no),
  (SELECT count(*) FROM (
    SELECT other.no FROM link AS other
    WHERE other.programme_no = l.programme_no AND other.touch_no = l.touch_no AND other.no <> l.no
      AND EXISTS (SELECT 1 FROM click WHERE link_no = other.no AND at BETWEEN ?3 - 10000 AND ?3) LIMIT 3)),
  (SELECT count(*) FROM (SELECT 1 FROM click WHERE network = ?2 AND at BETWEEN ?3 - 60000 AND ?3 LIMIT 21)),
  EXISTS (
    SELECT 1 FROM (SELECT link_no FROM click WHERE network = ?2 AND at BETWEEN ?3 - 60000 AND ?3 LIMIT 21) AS c
    CROSS JOIN link AS other ON other.no = c.link_no WHERE other.member_no <> l.member_no)
FROM link AS l WHERE l.no = ?1 AND l.member_no <> 0

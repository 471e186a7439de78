-- A visit of link ?1 at ?2: doubt ?3, pressed ?4, network ?5. A link keeps 50 of persons, and 50 doubtful
-- ones.
INSERT INTO click (link_no, no, at, doubt, is_pressed, network)
SELECT ?1, coalesce(max(no), 0) + 1, ?2, ?3, ?4, ?5 FROM click WHERE link_no = ?1
HAVING count(*) FILTER (WHERE (doubt IS NULL) = (?3 IS NULL)) < 50 AND EXISTS (SELECT 1 FROM link WHERE no = ?1 AND member_no <> 0)
RETURNING no

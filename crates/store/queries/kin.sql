-- The programme with id ?2, where it is of the same group as programme ?1.
SELECT p.no, p.id, p.rulebook_version, p.rulebook_digest, p.spread
FROM programme AS p JOIN kin ON kin.programme_no = ?1 AND kin.kin_no = p.no WHERE p.id = ?2

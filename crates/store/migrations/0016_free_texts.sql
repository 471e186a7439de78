-- The free texts of accounts that were closed for good go, and nothing else of an entry ever changes.

DROP TRIGGER IF EXISTS entry_is_never_updated
-- then
CREATE TRIGGER IF NOT EXISTS entry_is_never_updated BEFORE UPDATE ON entry
BEGIN
  SELECT RAISE(ABORT, 'entries are append-only') WHERE NOT (
    OLD.no = NEW.no AND OLD.programme_no = NEW.programme_no AND OLD.member_no = NEW.member_no AND OLD.sequence = NEW.sequence AND OLD.id = NEW.id
    AND OLD.kind = NEW.kind AND OLD.points = NEW.points AND OLD.balance_after = NEW.balance_after AND OLD.occurred_at = NEW.occurred_at
    AND OLD.recorded_at = NEW.recorded_at AND OLD.hash = NEW.hash AND OLD.idem IS NEW.idem AND OLD.fingerprint IS NEW.fingerprint
    AND OLD.source IS NEW.source AND OLD.first_sequence IS NEW.first_sequence AND OLD.last_sequence IS NEW.last_sequence
    AND NEW.body = json_set(CASE WHEN OLD.body ->> '$.adjustment[0][2]' IS NULL THEN json_remove(OLD.body, '$.reason')
      ELSE json_replace(json_remove(OLD.body, '$.reason'), '$.adjustment[0][2]', NULL) END, '$.redacted', json('true'))
    AND (SELECT state ->> '$.closed' FROM member WHERE no = OLD.member_no) IS NOT NULL);
END

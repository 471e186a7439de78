-- Programmes whose day is decided, until when, and by which version of the rulebook.
SELECT programme_no, until, rulebook_version FROM touch_rest

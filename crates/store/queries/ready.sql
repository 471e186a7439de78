-- Answers when the database does.
SELECT count(*) FROM programme

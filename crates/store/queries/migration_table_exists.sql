-- 1 when this database has been migrated before.
SELECT count(*) FROM sqlite_schema WHERE name = 'migration'

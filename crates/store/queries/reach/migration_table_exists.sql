-- 1 when the second schema has been migrated here before.
SELECT count(*) FROM sqlite_schema WHERE name = 'reach_migration'

-- How many milliseconds this connection waits for a lock before it says so: few, because SQLite
-- asks ever more rarely, and the connection that waited longest would come last.
PRAGMA busy_timeout = 10

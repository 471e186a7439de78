-- The service over HTTP has a database of its own, so that pgbench begins with fresh books.
CREATE DATABASE http;

-- Writes what a vendor reported; columns of the view.
INSERT INTO report_write VALUES (?1, ?2, ?3) RETURNING account_no

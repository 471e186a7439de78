-- Id and name of programme ?1.
SELECT id, name FROM programme WHERE no = ?1

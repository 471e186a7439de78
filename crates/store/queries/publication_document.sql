-- The document of publication ?2 of programme ?1, as it is stored once it is published.
SELECT document, base_version FROM publication_request WHERE programme_no = ?1 AND id = ?2

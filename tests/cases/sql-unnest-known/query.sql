SELECT * FROM (SELECT host, tags FROM logs) AS l, UNNEST(l.tags) AS u (tag) LIMIT 2

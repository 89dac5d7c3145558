SELECT l.host, u.tag, u.n
FROM logs AS l CROSS JOIN UNNEST(l.tags) WITH ORDINALITY AS u (tag, n)
WHERE u.n < 3

SELECT path, count(*) hits GROUP BY path HAVING count(*) > 2 AND min(ms) < 5

SELECT *, v * 2 AS twice ORDER BY twice DESC, id LIMIT 3

SELECT * EXCEPT (tags, geo) REPLACE (ms * 1000 AS ms) FROM logs LIMIT 2

SELECT path, count(*) hits GROUP BY path, tumble(5m) HAVING hits > 1

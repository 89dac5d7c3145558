SELECT path, count(*) hits GROUP BY path, hop(5m, 10m)

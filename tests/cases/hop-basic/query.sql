SELECT path, count(*) hits GROUP BY path, hop(10m, 5m)

SELECT count(*) hits GROUP BY path, tumble(5m)

SELECT path, count(*) hits, sum(ms) ms GROUP BY path, tumble(5m)

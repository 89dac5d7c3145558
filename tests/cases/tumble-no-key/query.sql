SELECT count(*) hits, max(ms) slowest GROUP BY tumble(5m)

SELECT path, window_end, count(*) hits GROUP BY path, tumble(5m)

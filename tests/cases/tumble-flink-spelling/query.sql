SELECT window_start, window_end, path, COUNT(*) AS hits
FROM TABLE(TUMBLE(TABLE hits, DESCRIPTOR(ts), INTERVAL '5' MINUTES))
GROUP BY window_start, window_end, path;

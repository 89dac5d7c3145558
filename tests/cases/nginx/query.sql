SELECT path, count(*) hits, percentile(request_time, 0.95) p95 WHERE status >= 500 GROUP BY path, tumble(5m)

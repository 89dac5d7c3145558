SELECT path, sum(ms) ms GROUP BY path ORDER BY ms, path

CREATE VIEW slow AS SELECT ts, host AS h, ms FROM logs WHERE ms > 5;
SELECT h, window_start AS since, count(*) AS n, sum(ms) AS ms
FROM TABLE(TUMBLE(DATA => TABLE slow, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '1' MINUTE))
GROUP BY h, window_start, window_end;

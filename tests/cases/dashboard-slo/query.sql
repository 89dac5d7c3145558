SELECT window_start,
  count(*) AS n,
  round((count_if(to_seconds(parse_duration(took)) <= 0.5)
     + count_if(to_seconds(parse_duration(took)) BETWEEN 0.5 AND 2) / 2.0)
    / count(*), 3) AS apdex,
  round(100.0 * sum(IF(level = 'ERROR', 1, 0)) / count(*), 1) AS error_percent,
  percentile(to_seconds(parse_duration(took)), 0.95) AS p95,
  max_by(msg, parse_duration(took)) AS slowest,
  JSON_OBJECT(KEY 'first' VALUE min(`@timestamp`), KEY 'last' VALUE
    max(`@timestamp`)) AS seen
GROUP BY tumble(1h)

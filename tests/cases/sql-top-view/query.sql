WITH ranked AS (
  SELECT host, ms, row_number() OVER (PARTITION BY host ORDER BY ms DESC NULLS LAST) AS rn FROM logs)
SELECT host, ms FROM ranked WHERE rn <= 2 AND ms > 6

SELECT k, count(*) AS n FROM (
  SELECT host AS k FROM logs UNION ALL SELECT user FROM logs UNION ALL VALUES ('a'), ('kim'))
GROUP BY k

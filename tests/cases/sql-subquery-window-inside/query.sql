SELECT max(n) AS most, min(n) AS least FROM (
  SELECT host, count(*) AS n FROM logs GROUP BY host, tumble(1m))

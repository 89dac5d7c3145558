SELECT since, u, n FROM (
  SELECT ws AS since, we, u, count(*) AS n FROM (
    SELECT window_start AS ws, window_end AS we, user AS u
    FROM CUMULATE(TABLE logs, DESCRIPTOR(ts), 1m, 2m) c
    WHERE c.ms IS NOT NULL)
  GROUP BY ws, we, u)
WHERE u = 'kim'

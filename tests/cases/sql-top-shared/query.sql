-- The view is read twice, so its numbers stay whatever one reader asks for.
CREATE VIEW ranked AS
  SELECT host, ms, row_number() OVER (PARTITION BY host ORDER BY ms DESC NULLS LAST) AS rn FROM logs;
SELECT 'first' AS what, count(*) AS n FROM ranked WHERE rn = 1
UNION ALL SELECT 'all', count(*) FROM ranked;

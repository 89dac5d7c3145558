SELECT regexp_replace(path, '/[0-9]+', '/:id') AS route,
  status / 100 || 'xx' AS class,
  count(*) AS requests,
  round(100.0 * count(*) FILTER (WHERE status >= 500) / count(*), 1) AS errors,
  sum(bytes) / 1024.0 AS kib,
  count(DISTINCT client) AS clients,
  JSON_ARRAYAGG(DISTINCT method) AS methods
GROUP BY ALL

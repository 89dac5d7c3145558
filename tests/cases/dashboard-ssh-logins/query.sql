SELECT regexp_extract(message, 'from (\S+)', 1) AS ip,
  ip_is_private(regexp_extract(message, 'from (\S+)', 1)) AS inside,
  count(*) FILTER (WHERE message LIKE 'Failed%') AS failed,
  array_agg(DISTINCT regexp_extract(message, 'for (?:invalid user )?(\S+)', 1))
    AS users,
  bool_or(message LIKE 'Accepted%') AS got_in,
  max(CAST(regexp_extract(message, 'port (\d+)', 1) AS INT)) AS port
GROUP BY 1, 2
ORDER BY failed DESC

SELECT CASE lower(level) WHEN 'warn', 'warning' THEN 'WARN'
    ELSE upper(level) END AS severity,
  split(logger, '.')[-1] AS class,
  host(regexp_extract(msg, 'https?://\S+')) AS host,
  CAST(regexp_extract(msg, '([0-9]+)ms', 1) AS INT) AS ms,
  coalesce(ctx.user.id, -1) AS uid,
  'retry' = ANY (ctx.tags) AS retried,
  to_seconds(parse_duration(took)) AS took

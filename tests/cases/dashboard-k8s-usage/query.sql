SELECT ns,
  regexp_extract(pod, '^(.*?)(-[a-f0-9]{8,10}-[a-z0-9]{5}|-[0-9]+)$', 1) AS app,
  coalesce(labels['app.kubernetes.io/name'], '(none)') AS name,
  format_bytes(parse_bytes(mem)) AS mem,
  CASE WHEN cpu LIKE '%m' THEN CAST(rtrim(cpu, 'm') AS DOUBLE) / 1000
       ELSE CAST(cpu AS DOUBLE) END AS cores,
  round(100.0 * parse_bytes(mem) / parse_bytes(limits.mem), 1) AS mem_percent,
  restarts > 0 AND parse_bytes(mem) > 0.8 * parse_bytes(limits.mem) AS at_risk

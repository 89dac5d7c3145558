SELECT host, k, v FROM logs CROSS JOIN UNNEST(geo) AS g (k, v) LIMIT 2

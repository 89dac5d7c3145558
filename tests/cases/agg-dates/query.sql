SELECT k, median(CAST(b AS DATE)) AS middle, percentile(CAST(b AS DATE), 1) AS last,
  percentile_cont(CAST(b AS DATE), 0.3) AS at, median(CAST(b AS TIMESTAMP)) AS time,
  mode(CAST(b AS DATE)) AS often, histogram(CAST(b AS DATE)) AS days,
  approx_distinct(CAST(b AS DATE)) AS n, map_agg(CAST(b AS DATE), k) AS m,
  listagg(DISTINCT CAST(b AS DATE)) AS l, topk(CAST(b AS DATE), 2) AS top,
  arg_max(CAST(b AS DATE), a) AS newest, rate(1, CAST(b AS DATE)) AS r
GROUP BY k

SELECT k,
  array_agg(s ORDER BY n DESC, s) a,
  listagg(DISTINCT s, '|') WITHIN GROUP (ORDER BY n NULLS LAST) l,
  last(s ORDER BY n NULLS FIRST) f,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY n) m,
  array_agg(s ORDER BY s) FILTER (WHERE n > 1) big
GROUP BY k

SELECT k, sum(x) AS s, avg(x) AS a, var_pop(x) AS v, corr(x, y) AS c,
  rate(x, t) AS r, sum(x) FILTER (WHERE y > 0.3) AS f, count(*) AS n,
  sum(i) AS i
GROUP BY k, hop(t, 20s, 10s)

SELECT x.h, x.total FROM (
  SELECT h, sum(n) AS total FROM (
    SELECT s.h, s.c AS n FROM (
      SELECT host, user, count(*) FROM logs l WHERE l.geo.cc IS NOT NULL
      GROUP BY host, user
    ) AS s (h, u, c)
  ) GROUP BY h
) x
WHERE total >= 2

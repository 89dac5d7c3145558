SELECT avg(i) i, avg(f) f, sum(i) / count(*) q, sum(i) % 3 r

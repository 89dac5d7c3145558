SELECT count(*) n, count(v) c, sum(v) s, min(v) a, avg(v) b

SELECT count(*) n, count(v) c, sum(v) s, avg(v) a, min(v) lo, max(v) hi, count(DISTINCT v) d

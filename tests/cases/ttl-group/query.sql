SELECT k, count(*) n, sum(v) s GROUP BY k

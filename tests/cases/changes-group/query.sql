SELECT k, sum(v) s, count(*) n GROUP BY k

SELECT k, sum(v) v, count(*) n GROUP BY k

SELECT k, sum(v) v, count(*) n GROUP BY k, session(10m)

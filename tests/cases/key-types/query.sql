SELECT k, count(*) n GROUP BY k

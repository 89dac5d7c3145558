SELECT k op, count(*) n GROUP BY k

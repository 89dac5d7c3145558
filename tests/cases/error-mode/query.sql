SELECT count(*) n GROUP BY k

SELECT count(*) n GROUP BY day()

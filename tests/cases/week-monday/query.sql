SELECT count(*) n GROUP BY week()

SELECT count(*) n GROUP BY month("America/New_York")

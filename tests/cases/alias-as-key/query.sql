SELECT substring(p, 1, 2) AS top, count(*) n GROUP BY top

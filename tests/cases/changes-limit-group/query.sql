SELECT k, count(*) n GROUP BY k HAVING count(*) < 4 LIMIT 1

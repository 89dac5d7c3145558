SELECT k, count(*) n GROUP BY k HAVING n < 3

SELECT k, sum(v) s GROUP BY k HAVING s < 4 OR s = 9

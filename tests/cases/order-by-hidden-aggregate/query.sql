SELECT k, count(*) AS n GROUP BY k ORDER BY max(id) DESC

SELECT k, count(*) n GROUP BY k ORDER BY n DESC, k

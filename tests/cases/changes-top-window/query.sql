SELECT window_end, k, n, row_number() OVER (PARTITION BY window_end ORDER BY n DESC) rn
FROM (SELECT window_end, k, count(*) n GROUP BY TUMBLE(20s), k) QUALIFY rn <= 1

SELECT window_start, `sc-status` status, count(*) n, sum(`sc-bytes`) bytes GROUP BY `sc-status`, tumble(1m)

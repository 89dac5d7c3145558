SELECT count(*) n, sum(v) s

SELECT count(*) n, max(v) m WHERE v > 5

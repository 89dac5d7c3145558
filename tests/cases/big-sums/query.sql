SELECT sum(n) s, max(n) m, count(*) c

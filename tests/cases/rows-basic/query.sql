SELECT k, count(*) n, sum(v) s, array_agg(v) vs, listagg(DISTINCT s) ss GROUP BY k, rows(3)

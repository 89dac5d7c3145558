SELECT k, v, lead(v) OVER (PARTITION BY k) next, row_number() OVER (PARTITION BY k) n

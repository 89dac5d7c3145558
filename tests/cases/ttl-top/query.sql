SELECT k, v, row_number() OVER (PARTITION BY k ORDER BY v DESC) r QUALIFY r <= 2

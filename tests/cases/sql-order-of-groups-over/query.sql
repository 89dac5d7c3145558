SELECT host FROM logs GROUP BY host
ORDER BY row_number() OVER (ORDER BY sum(ms) DESC NULLS LAST)

SELECT *, row_number() OVER () AS n, lag(x) OVER (PARTITION BY h) AS was

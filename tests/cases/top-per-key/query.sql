SELECT *, dense_rank() OVER (PARTITION BY u ORDER BY s DESC) AS place
QUALIFY place <= 2

SELECT host, count(*) AS n, rank() OVER (ORDER BY count(*) DESC) AS place,
       sum(count(*)) OVER () AS total
FROM logs GROUP BY host HAVING count(*) < 3
QUALIFY place <= 2 ORDER BY place, host

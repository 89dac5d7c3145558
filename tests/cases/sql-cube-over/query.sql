SELECT host, GROUPING(host) AS g, rank() OVER (ORDER BY count(*) DESC) AS r FROM logs
GROUP BY CUBE (host) ORDER BY r, host

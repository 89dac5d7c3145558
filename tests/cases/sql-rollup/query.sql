SELECT host, user, count(*) AS n, GROUPING(host) AS g, GROUPING_ID(host, user) AS gid
FROM logs GROUP BY ROLLUP (host, user) HAVING count(*) > 1

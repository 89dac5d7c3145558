SELECT host, user AS who, sum(ms) AS ms FROM logs
GROUP BY geo.cc IS NULL, GROUPING SETS ((host), (user), ())

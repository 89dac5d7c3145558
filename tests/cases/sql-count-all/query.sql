SELECT count(ALL v) AS n, sum(ALL + v) AS s, max(all) AS most, min(DISTINCT v) AS least

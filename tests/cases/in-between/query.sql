SELECT v, v IN (1, 3) AS a, v NOT IN (1, 3) AS b, v BETWEEN 2 AND 3 AS c, v NOT BETWEEN 2 AND 3 AS d, v IN (1, NULL) AS e

SELECT n * 2 AS n, s FROM (VALUES (1, 'one'), (2, NULL), (1 + 2, 'three')) AS v (n, s)
WHERE n > 1 ORDER BY n DESC

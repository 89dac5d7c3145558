WITH x AS (SELECT 1 AS a, 'b' AS b) SELECT a + 1 AS c, b FROM x UNION ALL SELECT 5, upper('x')

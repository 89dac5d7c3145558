SELECT s, s LIKE 'a%' AS a, s LIKE '%pie' AS p, s LIKE 'a\_b' ESCAPE '\' AS u, s LIKE '_____' AS five, s NOT LIKE '%e%' AS no

SELECT k, ROUND(RAND(1), 9) AS r, ROUND(RAND(-2), 9) AS other,
  RAND_INTEGER(1, 100) AS i, ROUND(rand_by(1, k), 9) AS by_key,
  rand_integer_by(7, v, 6) + 1 AS dice
WHERE RAND(3) < 0.9

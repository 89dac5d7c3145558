SELECT a + b AS total, a * 2 dbl WHERE total > 3 AND dbl < 18

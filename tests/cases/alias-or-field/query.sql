SELECT upper(k) AS k, v + 1 AS w WHERE k = 'b' AND w > 3

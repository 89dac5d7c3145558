SELECT v, v + 1 AS w

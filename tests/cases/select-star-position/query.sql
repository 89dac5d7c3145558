SELECT v, *, id AS k

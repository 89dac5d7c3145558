SELECT a, l, a.b

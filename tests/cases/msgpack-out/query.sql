SELECT k, v + 200 v, f, l, o

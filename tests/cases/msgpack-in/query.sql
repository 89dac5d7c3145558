SELECT k, v, n, big, n.l[3] t

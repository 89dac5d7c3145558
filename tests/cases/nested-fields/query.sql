SELECT a.b[1] one, a.b[2].c two, a.b[9] nine, `x.y` xy, `select` sel

SELECT level, n

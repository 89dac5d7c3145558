SELECT s, s = "it's" a, s = 'say "x"' b, "a""b" c, 'd''e' d

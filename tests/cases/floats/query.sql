SELECT f * 1 AS f, f + 0.5e0 > f AS more

SELECT k, v, v * 100 / sum(v) OVER (PARTITION BY k) share, ntile(2) OVER (PARTITION BY k) half

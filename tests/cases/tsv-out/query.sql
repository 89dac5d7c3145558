SELECT k, v

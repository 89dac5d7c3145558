SELECT a, b

SELECT a / b q, a + 1 s

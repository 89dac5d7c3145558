SELECT *, _line

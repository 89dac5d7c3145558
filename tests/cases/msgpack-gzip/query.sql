SELECT *, _offset

SELECT a, _line, _offset

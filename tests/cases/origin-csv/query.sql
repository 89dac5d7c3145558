SELECT k, v, _line, _offset

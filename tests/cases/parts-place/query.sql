SELECT stream, message, _line, _offset

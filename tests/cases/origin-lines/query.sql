SELECT a, _line, _offset, _file WHERE _line > 2

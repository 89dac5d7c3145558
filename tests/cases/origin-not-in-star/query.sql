SELECT * WHERE _line <> 2 AND _offset >= 0

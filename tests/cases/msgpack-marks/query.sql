SELECT time, _tag, log, _line

SELECT time, stream, log, attrs.tag tag

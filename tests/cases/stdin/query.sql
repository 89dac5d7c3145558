SELECT sum(v) v

SELECT v,
  uper(v)
WHERE v > 1

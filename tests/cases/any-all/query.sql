SELECT x, x = ANY (l) AS eq, x <> ALL (l) AS ne, x > ALL (l) AS gt,
  x <= SOME (l) AS le
WHERE tag = ANY (ARRAY['prod', 'dev']) OR x IS NULL

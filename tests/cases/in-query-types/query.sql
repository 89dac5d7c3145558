SELECT n,
  TRY_CAST(d AS DATE) IN (SELECT CAST(d AS TIMESTAMP) FROM t AS b) AS date_in_times,
  CAST(d AS TIMESTAMP) IN (SELECT d FROM t AS b WHERE n < 3) AS time_in_texts,
  d IN (SELECT CAST(d AS DATE) FROM t AS b WHERE n < 4) AS text_in_dates,
  CAST(n AS INT) IN (SELECT s FROM t AS b WHERE s <> 'x') AS int_in_texts,
  s NOT IN (SELECT CAST(n AS INT) FROM t AS b) AS text_not_in_ints,
  EXISTS (SELECT 1 FROM t AS b WHERE CAST(b.d AS DATE) = t.d) AS some_day,
  (SELECT count(*) FROM t AS b WHERE CAST(b.n AS INT) = t.s) AS by_text
FROM t

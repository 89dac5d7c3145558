-- Flink, window-tvf.md and window-topn.md: sessions without an aggregation.
SELECT item, supplier_id, window_start, window_end, window_time, rownum
FROM (SELECT *, ROW_NUMBER() OVER (
          PARTITION BY window_start, window_end, supplier_id
          ORDER BY price DESC) AS rownum
      FROM TABLE(SESSION(DATA => TABLE t PARTITION BY supplier_id,
          TIMECOL => DESCRIPTOR(bidtime), GAP => INTERVAL '2' MINUTES)))
WHERE rownum <= 2

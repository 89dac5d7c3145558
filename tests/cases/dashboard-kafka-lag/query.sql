SELECT window_start, `group`, topic,
  sum(CAST(log_end_offset AS BIGINT)
      - coalesce(TRY_CAST(current_offset AS BIGINT), 0)) AS lag,
  max(log_end_offset::BIGINT - try(current_offset::BIGINT)) AS worst,
  count(*) FILTER (WHERE current_offset = '-') AS unread,
  count(DISTINCT `partition`) AS partitions
GROUP BY tumble(1m), `group`, topic

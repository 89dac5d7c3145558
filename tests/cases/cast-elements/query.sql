SELECT TRY_CAST(ids AS ARRAY<BIGINT>) AS ids,
  TRY_CAST(tags AS MAP<STRING, DECIMAL(4, 2)>) AS tags,
  CAST(user AS ROW<id BIGINT, name STRING>) AS who,
  CAST(user AS ROW<id BIGINT, name STRING>).id + 1 AS next

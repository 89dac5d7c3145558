CREATE TABLE raw (
  id BIGINT NOT NULL,
  at_ms BIGINT,
  price DECIMAL(10, 2) COMMENT 'in euro',
  ts AS TO_TIMESTAMP_LTZ(at_ms, 3),
  doubled AS price * 2,
  PRIMARY KEY (id) NOT ENFORCED,
  WATERMARK FOR ts AS ts
) COMMENT 'orders' WITH ('connector' = 'stdin', 'format' = 'csv', 'csv.field-delimiter' = ';');
CREATE VIEW cheap (k, twice, at_time) AS SELECT id, doubled, ts FROM raw WHERE price < 10;
SELECT TUMBLE_START(at_time, INTERVAL '1' MINUTE) AS since, count(*) AS n, sum(twice) AS total
FROM cheap GROUP BY TUMBLE(at_time, INTERVAL '1' MINUTE);

CREATE TABLE app (ts TIMESTAMP(3), d DATE, req ROW<id STRING, ms DOUBLE>, slow AS req.ms > 100, l BIGINT METADATA FROM 'line', id INT, PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector'='filesystem','path'='x');
CREATE VIEW v AS SELECT 1 AS a;
DESCRIBE app

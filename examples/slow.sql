-- Slow requests of each service in ten minutes.
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE app (
    ts TIMESTAMP(3), service STRING, request ROW<id STRING, ms DOUBLE>,
    slow AS request.ms > ${LIMIT},
    WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'app.jsonl', 'format' = 'json');
CREATE TABLE counts (since TIMESTAMP(3), service STRING, n BIGINT, slow BIGINT)
    WITH ('connector' = 'print', 'format' = 'csv');
CREATE VIEW requests AS SELECT * FROM app WHERE request.ms IS NOT NULL;
INSERT INTO counts
    SELECT window_start, service, count(*), count(*) FILTER (WHERE slow)
    FROM TABLE(TUMBLE(TABLE requests, DESCRIPTOR(ts), INTERVAL '10' MINUTES))
    GROUP BY window_start, window_end, service;

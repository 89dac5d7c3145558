CREATE TABLE t (host STRING, f STRING METADATA FROM 'file.path', line BIGINT METADATA VIRTUAL)
WITH ('connector' = 'filesystem', 'path' = 'logs.jsonl', 'format' = 'json');
SELECT * FROM t WHERE line BETWEEN 2 AND 3;

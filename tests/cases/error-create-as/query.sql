CREATE TABLE t (a INT) WITH ('connector' = 'print') AS SELECT 1

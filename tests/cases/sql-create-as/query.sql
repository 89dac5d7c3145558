CREATE TABLE big WITH ('connector' = 'filesystem', 'path' = 'big.csv', 'format' = 'csv')
  AS SELECT k, sum(v) AS v FROM t GROUP BY k HAVING sum(v) > 3;
CREATE TABLE t2 (PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'stdout')
  AS SELECT k, v FROM t WHERE v > 1;

CREATE TABLE sums AS SELECT k, sum(v) AS v FROM t GROUP BY k;
CREATE TABLE IF NOT EXISTS sums AS SELECT 1 AS one;
SELECT k, v, v * 100 / (SELECT sum(v) FROM sums) AS percent FROM sums

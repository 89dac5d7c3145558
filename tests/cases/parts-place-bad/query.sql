SELECT time, CAST(log AS INT) x

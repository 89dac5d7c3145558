SELECT CASE WHEN b = 0 THEN NULL ELSE a / b END q, b <> 0 AND a / b > 1 AS more

SELECT CASE WHEN v < 10 THEN 'low' WHEN v < 100 THEN 'mid' ELSE 'high' END a, CASE v WHEN 5 THEN 'five' WHEN 50 THEN 'fifty' END b, coalesce(v, -1) c

SELECT sum(CAST(price AS DECIMAL(10, 2))) total, sum(CAST(price AS DECIMAL(10, 2))) * 3 AS thrice, 0.1 + 0.2 = 0.3 AS exact

SELECT account, currency, date_format(ts, 'yyyy-MM') AS month,
  sum(CAST(quantity AS DECIMAL(18, 6)) * CAST(unit_price AS DECIMAL(18, 9)))
    AS exact,
  CAST(sum(CAST(quantity AS DECIMAL(18, 6))
           * CAST(unit_price AS DECIMAL(18, 9))) AS DECIMAL(18, 2)) AS due,
  listagg(DISTINCT product, ', ') WITHIN GROUP (ORDER BY product) AS products,
  JSON_OBJECTAGG(KEY product VALUE quantity) AS quantities
GROUP BY account, currency, date_format(ts, 'yyyy-MM')
ORDER BY due DESC

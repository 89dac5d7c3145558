SELECT k, v, row_number() OVER (PARTITION BY k ORDER BY v DESC) rn QUALIFY rn <= 2

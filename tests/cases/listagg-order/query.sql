SELECT k, listagg(s ORDER BY s) a, string_agg(s ORDER BY s DESC) b,
  listagg(s, ';' ORDER BY s) c, listagg(s) WITHIN GROUP (ORDER BY s) d
GROUP BY k

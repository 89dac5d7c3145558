SELECT v, (SELECT v FROM a AS q WHERE q.d = t.d) AS x FROM a AS t

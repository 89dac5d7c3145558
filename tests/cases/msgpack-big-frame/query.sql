SELECT _tag, count(*) n, sum(n) s, min(_time) since, max(_time) until GROUP BY _tag

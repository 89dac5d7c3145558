SELECT regexp_extract(_file, 'in\.([a-z]+)\.json', 1) AS host, count(*) n, max(_line) AS last, sum(_offset) AS o GROUP BY host

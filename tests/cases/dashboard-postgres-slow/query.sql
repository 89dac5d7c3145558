SELECT user || '@' || dbname AS who,
  CAST(regexp_extract(message, 'duration: ([0-9.]+) ms', 1) AS DOUBLE) AS ms,
  substring(regexp_replace(regexp_replace(regexp_replace(message,
    '^duration: .*?(statement|execute [^:]*): ', ''),
    '\s+', ' '),
    '(\$?\b[0-9]+\b|''[^'']*'')', '?') FROM 1 FOR 40) AS statement
WHERE message LIKE 'duration:%'
  AND CAST(regexp_extract(message, '([0-9.]+) ms', 1) AS DOUBLE) > 10

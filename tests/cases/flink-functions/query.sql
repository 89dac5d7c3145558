-- Calls as Flink's documentation writes them.
SELECT (TIME '2:55:00', INTERVAL '1' HOUR) OVERLAPS
           (TIME '3:30:00', INTERVAL '2' HOUR) AS overlap,
       (TIME '9:00:00', TIME '10:00:00') OVERLAPS
           (TIME '10:15:00', INTERVAL '3' HOUR) AS apart,
       UNIX_TIMESTAMP() > 0 AS clock,
       TO_TIMESTAMP_LTZ(ms, 3) AS ltz,
       TO_TIMESTAMP_LTZ(text) AS ltz_text,
       TO_TIMESTAMP_LTZ(text, 'yyyy-MM-dd HH:mm:ss', 'Asia/Shanghai')
           AS ltz_zone,
       TO_TIMESTAMP_LTZ('nonsense') AS ltz_none,
       TIMESTAMPADD(SQL_TSI_DAY, 1, DATE '2003-01-02') AS added,
       STR_TO_MAP(pairs, '\|\|', ':') AS pairs,
       STR_TO_MAP('a=1,,a=2,b', ',') AS twice,
       SPLIT('aä', '') AS letters,
       ARRAY_SORT(ARRAY[3, NULL, 1]) AS up,
       ARRAY_SORT(ARRAY[3, NULL, 1], FALSE) AS down,
       ARRAY_SORT(ARRAY[3, NULL, 1], FALSE, TRUE) AS nulls_first,
       ARRAY_JOIN(ARRAY['a', NULL], '-', '?') AS joined,
       JSON_VALUE('{"contains blank": "right"}',
           'strict $.[''contains blank'']'
           NULL ON EMPTY DEFAULT 'wrong' ON ERROR) AS blank,
       JSON_VALUE('{"a":[1]}', 'strict $.a' NULL ON EMPTY
           DEFAULT 'list' ON ERROR) AS strict_list,
       JSON_VALUE('{"a":null}', 'strict $.a' DEFAULT 'empty' ON EMPTY
           DEFAULT 'error' ON ERROR) AS strict_null,
       JSON_EXISTS('{"a": true}', 'strict $.b' TRUE ON ERROR) AS strict_there,
       JSON_QUERY('{}', 'strict $.invalid' EMPTY ARRAY ON ERROR) AS strict_not,
       JSON_OBJECT('k' VALUE JSON('{"a":1}')) AS raw,
       'a_b' SIMILAR TO '[[:ALPHA:]_]+' AS letters_only,
       'a.b' SIMILAR TO '[[:ALPHA:]_]+' AS not_letters,
       .5 AS half, 1.0 / 3 AS third, 10.0 / 4 AS exact,
       CAST(1 AS DECIMAL(10, 2)) / CAST(3 AS BIGINT) AS cents,
       TO_TIMESTAMP_LTZ(ms, 3) + INTERVAL '1 day 2 hours' AS later,
       TO_TIMESTAMP_LTZ(ms, 3) - INTERVAL '1 month' AS earlier

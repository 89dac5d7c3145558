/* what it does */
SELECT x /* the
field */ + 1 AS y -- one more
;

SELECT *, upper(k) AS k WHERE v > 1 ORDER BY id DESC

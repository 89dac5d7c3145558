SELECT *, upper(b) AS big

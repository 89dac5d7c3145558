SELECT count(*) hours GROUP BY day('Europe/Berlin')

SELECT count(*) GROUP BY day("Europe/Berln")

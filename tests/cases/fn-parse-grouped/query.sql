SELECT grok(l, '%{WORD:verb} /').verb AS verb, count(*) AS n GROUP BY verb

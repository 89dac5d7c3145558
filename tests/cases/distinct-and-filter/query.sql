SELECT count(DISTINCT u) users, count(*) FILTER (WHERE s >= 400) bad, count(DISTINCT u) FILTER (WHERE s = 500) unlucky

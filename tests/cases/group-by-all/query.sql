SELECT path, ms > 4 AS slow, count(*) n GROUP BY ALL

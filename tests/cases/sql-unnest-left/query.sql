SELECT host, tag FROM logs l LEFT JOIN UNNEST(l.tags) AS t (tag) ON TRUE

SELECT tag, count(*) AS n, max(ms) AS ms FROM logs, UNNEST(tags) AS t (tag) GROUP BY tag

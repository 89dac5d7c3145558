SELECT DISTINCT ON (host) host, user, ms FROM logs ORDER BY host, ms DESC NULLS LAST

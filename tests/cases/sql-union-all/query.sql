SELECT host AS what, ms FROM logs WHERE ms > 10
UNION ALL SELECT user, ms FROM logs WHERE ms > 10
UNION ALL (SELECT 'least', min(ms) FROM logs)
ORDER BY ms DESC, what LIMIT 4

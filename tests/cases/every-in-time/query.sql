SELECT svc, count(*) n, max(ms) most GROUP BY svc

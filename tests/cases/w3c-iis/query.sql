SELECT ts, `cs-uri-stem` page, `sc-status` status, `cs(User-Agent)` agent

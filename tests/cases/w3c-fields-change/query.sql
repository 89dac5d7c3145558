SELECT ts, `cs-uri-stem` page, `sc-status` status, `time-taken` ms, `cs-host` host, `cs-bytes` bytes

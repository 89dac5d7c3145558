SELECT ts, host, app, pid, message

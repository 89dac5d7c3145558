SELECT ts, host, app, message

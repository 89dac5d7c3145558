SELECT client, user, method, path, query, protocol, status, bytes, referer, agent, request_time

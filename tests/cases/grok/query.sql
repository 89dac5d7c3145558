SELECT clientip, auth, verb, request, rawrequest, response, bytes + 1 AS next, referrer, agent

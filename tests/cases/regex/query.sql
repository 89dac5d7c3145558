SELECT user, ip, pid + 1 AS next

SELECT window_start, eventName, userIdentity.userName, count(*) n GROUP BY tumble(1m), eventName, userIdentity.userName

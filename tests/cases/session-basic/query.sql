SELECT user, count(*) views, first(page) landing, last(page) leaving GROUP BY user, session(30m)

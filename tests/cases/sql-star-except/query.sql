SELECT * EXCEPT (tags, geo) FROM logs WHERE ms > 6

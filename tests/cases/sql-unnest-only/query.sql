SELECT l.* FROM logs AS l, UNNEST(tags) AS u (tag) WHERE u.tag = 'z'

SELECT path, v, count(*) GROUP BY path

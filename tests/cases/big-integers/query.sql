SELECT n, n + 0 AS same, n - 1 < n AS less

SELECT path, hits * 2 AS twice

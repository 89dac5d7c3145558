SELECT path, hits

SELECT user, path, status, bytes

SELECT user.name, n, user.roles

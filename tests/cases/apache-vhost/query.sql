SELECT vhost, client, ident, user, path

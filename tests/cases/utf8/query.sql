SELECT s, upper(s) u, char_length(s) n

SELECT count(*) n, max(length(line)) longest

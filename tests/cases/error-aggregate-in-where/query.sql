SELECT v WHERE count(*) > 1

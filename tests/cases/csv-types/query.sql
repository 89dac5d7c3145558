SELECT a, a IS NULL AS none

SELECT s WHERE s >= $least AND p <> $name

SELECT id, regexp_extract(branch, 'pull/([0-9]+)', 1) AS pr,
  timestampdiff(SECOND, start, end) AS seconds,
  end - start > INTERVAL '10' MINUTE AS slow,
  FLOOR(start TO DAY) <> FLOOR(end TO DAY) AS over_midnight,
  start::DATE AS day, start::TIME AS time, dayname(start) AS weekday,
  array_sum(CAST(json_query(jobs, '$[*].s') AS ARRAY<INT>)) AS job_seconds,
  CAST(jobs AS ARRAY<ROW<n STRING, s INT, ok BOOLEAN>>)[2].n AS second,
  false = ANY (CAST(json_query(jobs, '$[*].ok') AS ARRAY<BOOLEAN>)) AS failed

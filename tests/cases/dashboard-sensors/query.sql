SELECT dev, date_format(time, 'HH:mm', 'Europe/Berlin') AS local,
  round(temp * 9 / 5 + 32, 1) AS fahrenheit,
  CASE WHEN temp IS NULL THEN 'missing'
       WHEN temp NOT BETWEEN -30 AND 80 THEN 'implausible' END AS flag,
  nullif(bat, 0) < 3.0 AS low,
  CAST(state = 'fault' AS INT) AS fault,
  CAST(time AS TIME) BETWEEN TIME '01:00' AND TIME '02:00' AS at_night

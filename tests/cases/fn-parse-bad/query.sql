SELECT k, parse_record(l, 'grok:%{IPV4:ip} %{GREEDYDATA:x}').ip AS ip

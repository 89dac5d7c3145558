/* SPDX-License-Identifier: MIT */
/*
 * The patterns grok knows: a name, what it stands for, and a text that it
 * matches from end to end (which is run as a test).
 *
 * Names and meanings are those of the public grok libraries (Logstash), the
 * fields those of their classic form; the expressions are written for PCRE2
 * and for lines that match: classes instead of ".*?", atomic groups where
 * going back cannot help. "-" for "nothing", which servers write into their
 * logs, is no value: the field is NULL.
 */
#include "io/grok.h"

// clang-format off
#define OCTET "(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
#define V4 OCTET "(?:\\." OCTET "){3}"
#define H16 "[0-9A-Fa-f]{1,4}"
#define LS32 "(?:" H16 ":" H16 "|" V4 ")"

const struct grok_row grok_rows[] = {
	{"BASE10NUM", "(?<![0-9.+-])[+-]?(?>[0-9]+(?:\\.[0-9]+)?|\\.[0-9]+)",
	 "A decimal number, with or without a fraction.", "-12.50"},
	{"BASE16FLOAT",
	 "\\b(?<![0-9A-Fa-f.])[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\\.[0-9A-Fa-f]*)?|"
	 "\\.[0-9A-Fa-f]+)\\b",
	 "A hexadecimal number that may have a fraction.", "0x1f.8"},
	{"BASE16NUM", "(?<![0-9A-Fa-f])[+-]?(?:0x)?[0-9A-Fa-f]+",
	 "A hexadecimal number.", "0xDEADbeef"},
	{"BIND9",
	 "%{BIND9_TIMESTAMP:timestamp} queries: %{LOGLEVEL:loglevel}: client "
	 "(?:@0x[0-9A-Fa-f]+ )?%{IP:clientip}#%{POSINT:clientport:int} "
	 "\\(%{NOTSPACE:query_name}\\): query: %{NOTSPACE:query} "
	 "%{WORD:query_class} %{WORD:querytype} %{NOTSPACE:flags} "
	 "\\(%{IP:dns}\\)",
	 "A query in the log of the name server BIND.",
	 "28-Mar-2026 22:00:01.123 queries: info: client 10.0.0.1#5678 "
	 "(a.example): query: a.example IN A +E(0) (10.9.9.9)"},
	{"BIND9_TIMESTAMP", "%{MONTHDAY}[-]%{MONTH}[-]%{YEAR} %{TIME}",
	 "A date and a time of BIND.", "28-Mar-2026 22:00:01.123"},
	{"BOOLEAN", "\\b(?i:true|false)\\b", "True or false.", "true"},
	{"CATALINALOG",
	 "%{CATALINA_DATESTAMP:timestamp} (?:\\[%{JAVATHREAD:thread}\\] )?"
	 "%{JAVACLASS:class} (?:%{JAVAMETHOD:method} )"
	 "?%{JAVALOGMESSAGE:logmessage}",
	 "A message in the log of Tomcat's Catalina.",
	 "Mar 28, 2026 10:00:01 PM org.apache.catalina.Server await ready"},
	{"CATALINA_DATESTAMP",
	 "(?:%{MONTH} %{MONTHDAY}, 20)?[0-9]{2} %{HOUR}:?%{MINUTE}"
	 "(?::?%{SECOND})(?: (?:AM|PM))",
	 "A date and a time of Catalina.", "Mar 28, 2026 10:00:01 PM"},
	{"CISCOMAC", "(?:[A-Fa-f0-9]{4}\\.){2}[A-Fa-f0-9]{4}",
	 "A hardware address as Cisco writes it.", "0050.56ab.cdef"},
	{"COMBINEDAPACHELOG", "%{HTTPD_COMBINEDLOG}",
	 "A request in the combined log of Apache or nginx.",
	 "10.0.0.1 - ann [28/Mar/2026:22:00:01 +0100] \"GET /a HTTP/1.1\" 200 "
	 "512 \"-\" \"curl/8.0\""},
	{"COMMONAPACHELOG", "%{HTTPD_COMMONLOG}",
	 "A request in the common log of web servers.",
	 "10.0.0.1 - - [28/Mar/2026:22:00:01 +0100] \"GET /a HTTP/1.1\" 304 -"},
	{"COMMONMAC", "(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}",
	 "A hardware address with colons.", "00:50:56:ab:cd:ef"},
	{"CRONLOG",
	 "%{SYSLOGBASE} \\(%{USER:user}\\) %{CRON_ACTION:action} "
	 "\\(%{DATA:message}\\)",
	 "What cron writes to the system's log.",
	 "Mar 28 22:00:01 web1 CRON[123]: (root) CMD (run-parts /etc)"},
	{"CRON_ACTION", "[A-Z ]+", "What cron has done.", "CMD"},
	{"DATA", ".*?", "As little as possible of anything.", "any thing"},
	{"DATE", "(?:%{DATE_US}|%{DATE_EU})", "A date, month or day first.",
	 "03/28/2026"},
	{"DATESTAMP", "%{DATE}[- ]%{TIME}", "A date and a time.",
	 "28.03.2026 22:00:01"},
	{"DATESTAMP_EVENTLOG",
	 "%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}",
	 "A date and a time in digits alone.", "20260328220001"},
	{"DATESTAMP_OTHER", "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}",
	 "A date and a time as date(1) writes them.",
	 "Sat Mar 28 22:00:01 UTC 2026"},
	{"DATESTAMP_RFC2822",
	 "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}",
	 "A date and a time as in mail.", "Sat, 28 Mar 2026 22:00:01 +0100"},
	{"DATESTAMP_RFC822",
	 "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}",
	 "A date and a time with the year in the middle.",
	 "Sat Mar 28 2026 22:00:01 UTC"},
	{"DATE_EU", "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}",
	 "A date, day first.", "28.03.2026"},
	{"DATE_US", "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}",
	 "A date, month first.", "3/28/2026"},
	{"DAY",
	 "(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|"
	 "Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)",
	 "A day of the week.", "Saturday"},
	{"ELB_ACCESS_LOG",
	 "%{TIMESTAMP_ISO8601:timestamp} %{NOTSPACE:elb} %{IP:clientip}:"
	 "%{INT:clientport:int} (?:-|%{IP:backendip}:%{INT:backendport:int}) "
	 "%{NUMBER:request_processing_time:float} "
	 "%{NUMBER:backend_processing_time:float} "
	 "%{NUMBER:response_processing_time:float} (?:-|%{INT:response:int}) "
	 "(?:-|%{INT:backend_response:int}) %{INT:received_bytes:int} "
	 "%{INT:bytes:int} \"(?:%{WORD:verb} %{NOTSPACE:request}"
	 "(?: HTTP/%{NUMBER:httpversion})?|(?<rawrequest>[^\"]*))\""
	 "(?: \"(?:-|(?<agent>[^\"]*))\" (?:-|%{NOTSPACE:ssl_cipher}) "
	 "(?:-|%{NOTSPACE:ssl_protocol}))?",
	 "A request in the log of a classic load balancer of AWS.",
	 "2026-03-28T22:00:01.5Z lb1 10.0.0.1:5678 10.1.1.1:80 0.00004 0.001 "
	 "0.00005 200 200 0 29 \"GET http://a.example:80/ HTTP/1.1\" \"curl\" "
	 "- -"},
	{"EMAILADDRESS", "%{EMAILLOCALPART}@%{HOSTNAME}",
	 "An address of electronic mail.", "ann.b+tag@mail.example.org"},
	{"EMAILLOCALPART",
	 "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,64}"
	 "(?:\\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,62}){0,63}",
	 "What stands before the @ of a mail address.", "ann.b+tag"},
	{"GREEDYDATA", ".*", "As much as possible of anything.",
	 "the rest, all"},
	{"HAPROXYDATE",
	 "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{HAPROXYTIME}\\.%{INT}",
	 "A date and a time of HAProxy.", "28/Mar/2026:22:00:01.123"},
	{"HAPROXYHTTP",
	 "(?:%{SYSLOGTIMESTAMP:syslog_timestamp}|"
	 "%{TIMESTAMP_ISO8601:timestamp8601}) %{IPORHOST:syslog_server} "
	 "%{SYSLOGPROG}: %{HAPROXYHTTPBASE}",
	 "A request in the log of HAProxy, as it comes by syslog.",
	 "Mar 28 22:00:01 lb haproxy[9]: 10.0.0.1:5678 "
	 "[28/Mar/2026:22:00:01.123] web~ app/s1 10/0/30/69/109 200 2750 - - "
	 "---- 1/1/1/1/0 0/0 \"GET /a HTTP/1.1\""},
	{"HAPROXYHTTPBASE",
	 "%{IP:client_ip}:%{INT:client_port:int} "
	 "\\[%{HAPROXYDATE:accept_date}\\] %{NOTSPACE:frontend_name} "
	 "(?<backend_name>[^\\s/]+)/(?:<NOSRV>|%{NOTSPACE:server_name}) "
	 "%{INT:time_request:int}/%{INT:time_queue:int}/"
	 "%{INT:time_backend_connect:int}/%{INT:time_backend_response:int}/"
	 "%{NOTSPACE:time_duration} %{INT:http_status_code:int} "
	 "%{NOTSPACE:bytes_read} (?:-|%{NOTSPACE:captured_request_cookie}) "
	 "(?:-|%{NOTSPACE:captured_response_cookie}) "
	 "%{NOTSPACE:termination_state} %{INT:actconn:int}/%{INT:feconn:int}/"
	 "%{INT:beconn:int}/%{INT:srvconn:int}/%{NOTSPACE:retries} "
	 "%{INT:srv_queue:int}/%{INT:backend_queue:int} "
	 "(?:\\{(?<captured_request_headers>[^}]*)\\} )?"
	 "(?:\\{(?<captured_response_headers>[^}]*)\\} )?"
	 "\"(?:<BADREQ>|%{WORD:http_verb} %{NOTSPACE:http_request}"
	 "(?: HTTP/%{NUMBER:http_version})?)\"?",
	 "A request in the log of HAProxy, without what syslog adds.",
	 "10.0.0.1:5678 [28/Mar/2026:22:00:01.123] web app/<NOSRV> "
	 "-1/-1/-1/-1/5 503 212 - - SC-- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\""},
	{"HAPROXYTCP",
	 "(?:%{SYSLOGTIMESTAMP:syslog_timestamp}|"
	 "%{TIMESTAMP_ISO8601:timestamp8601}) %{IPORHOST:syslog_server} "
	 "%{SYSLOGPROG}: %{IP:client_ip}:%{INT:client_port:int} "
	 "\\[%{HAPROXYDATE:accept_date}\\] %{NOTSPACE:frontend_name} "
	 "(?<backend_name>[^\\s/]+)/(?:<NOSRV>|%{NOTSPACE:server_name}) "
	 "%{INT:time_queue:int}/%{INT:time_backend_connect:int}/"
	 "%{NOTSPACE:time_duration} %{NOTSPACE:bytes_read} "
	 "%{NOTSPACE:termination_state} %{INT:actconn:int}/%{INT:feconn:int}/"
	 "%{INT:beconn:int}/%{INT:srvconn:int}/%{NOTSPACE:retries} "
	 "%{INT:srv_queue:int}/%{INT:backend_queue:int}",
	 "A connection in the log of HAProxy.",
	 "Mar 28 22:00:01 lb haproxy[9]: 10.0.0.1:5678 "
	 "[28/Mar/2026:22:00:01.123] db pg/s1 0/0/5007 212 -- 0/0/0/0/3 0/0"},
	{"HAPROXYTIME", "(?<![0-9])%{HOUR}:%{MINUTE}(?::%{SECOND})?(?![0-9])",
	 "A time of the day of HAProxy.", "22:00:01"},
	{"HOSTNAME",
	 "\\b[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?"
	 "(?:\\.[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?)*"
	 "(?:\\.(?![0-9A-Za-z_])|\\b)",
	 "The name of a host.", "web-1.example.org"},
	{"HOSTPORT", "%{IPORHOST}:%{POSINT}", "A host and a port.",
	 "db.example.org:5432"},
	{"HOUR", "(?:2[0-3]|[01]?[0-9])", "An hour of the day.", "09"},
	{"HTTPD20_ERRORLOG",
	 "\\[%{HTTPDERROR_DATE:timestamp}\\] \\[%{LOGLEVEL:loglevel}\\] "
	 "(?:\\[client %{IPORHOST:clientip}\\] )?%{GREEDYDATA:message}",
	 "An error in the log of Apache 2.0 and 2.2.",
	 "[Sat Mar 28 22:00:01 2026] [error] [client 10.0.0.1] not found: /a"},
	{"HTTPD24_ERRORLOG",
	 "\\[%{HTTPDERROR_DATE:timestamp}\\] \\[(?:%{WORD:module})?:"
	 "%{LOGLEVEL:loglevel}\\] \\[pid %{POSINT:pid}(?::tid %{NUMBER:tid})"
	 "?\\]"
	 "(?: \\(%{POSINT:proxy_errorcode}\\)%{DATA:proxy_message}:)?"
	 "(?: \\[client %{IPORHOST:clientip}:%{POSINT:clientport}\\])?"
	 "(?: %{DATA:errorcode}:)? %{GREEDYDATA:message}",
	 "An error in the log of Apache 2.4.",
	 "[Sat Mar 28 22:00:01.5 2026] [core:error] [pid 12:tid 34] "
	 "[client 10.0.0.1:5678] AH00037: not allowed: /a"},
	{"HTTPDATE", "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}",
	 "A date and a time as web servers write them.",
	 "28/Mar/2026:22:00:01 +0100"},
	{"HTTPDERROR_DATE", "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}",
	 "A date and a time of Apache's error log.",
	 "Sat Mar 28 22:00:01.123456 2026"},
	{"HTTPDUSER", "(?:%{EMAILADDRESS}|%{USER})",
	 "The name of a user in the log of a web server.", "ann@example.org"},
	{"HTTPD_COMBINEDLOG",
	 "%{HTTPD_COMMONLOG} \"(?:-|(?<referrer>(?>(?:[^\"\\\\]|\\\\.)*)))\" "
	 "\"(?:-|(?<agent>(?>(?:[^\"\\\\]|\\\\.)*)))\"",
	 "A request in the combined log of web servers.",
	 "::1 - - [28/Mar/2026:22:00:01 +0100] \"-\" 408 - "
	 "\"http://a.example/\" \"-\""},
	{"HTTPD_COMMONLOG",
	 "%{IPORHOST:clientip} (?:-|%{HTTPDUSER:ident}) (?:-|%{HTTPDUSER:auth})"
	 " "
	 "\\[%{HTTPDATE:timestamp}\\] \"(?:%{WORD:verb} %{NOTSPACE:request}"
	 "(?: HTTP/%{NUMBER:httpversion})?|(?<rawrequest>[^\"]*))\" "
	 "(?:-|%{INT:response:int}) (?:-|%{INT:bytes:int})",
	 "A request in the common log of web servers.",
	 "a.example - - [28/Mar/2026:22:00:01 +0100] \"HEAD / HTTP/2.0\" 200 "
	 "0"},
	{"HTTPD_ERRORLOG", "(?:%{HTTPD20_ERRORLOG}|%{HTTPD24_ERRORLOG})",
	 "An error in the log of Apache.",
	 "[Sat Mar 28 22:00:01 2026] [:notice] [pid 12] ready"},
	{"INT", "[+-]?[0-9]+", "A whole number.", "-42"},
	{"IP", "(?:%{IPV6}|%{IPV4})", "An address of IP, version 4 or 6.",
	 "fe80::1"},
	{"IPORHOST", "(?:%{IP}|%{HOSTNAME})",
	 "An address of IP or the name of a host.", "10.1.2.3"},
	{"IPV4", "(?<![0-9])" V4 "(?![0-9])", "An address of IP version 4.",
	 "192.168.100.255"},
	{"IPV6",
	 "(?<![0-9A-Fa-f:])(?:"
	 "(?:" H16 ":){6}" LS32
	 "|::(?:" H16 ":){5}" LS32
	 "|(?:" H16 ")?::(?:" H16 ":){4}" LS32
	 "|(?:(?:" H16 ":){0,1}" H16 ")?::(?:" H16 ":){3}" LS32
	 "|(?:(?:" H16 ":){0,2}" H16 ")?::(?:" H16 ":){2}" LS32
	 "|(?:(?:" H16 ":){0,3}" H16 ")?::" H16 ":" LS32
	 "|(?:(?:" H16 ":){0,4}" H16 ")?::" LS32
	 "|(?:(?:" H16 ":){0,5}" H16 ")?::" H16
	 "|(?:(?:" H16 ":){0,6}" H16 ")?::"
	 ")(?:%[0-9A-Za-z]+)?(?![0-9A-Fa-f:])",
	 "An address of IP version 6.", "2001:db8::ff00:42:8329"},
	{"ISO8601_SECOND", "%{SECOND}", "A second, perhaps with a fraction.",
	 "59.125"},
	{"ISO8601_TIMEZONE", "(?:Z|[+-]%{HOUR}(?::?%{MINUTE})?)",
	 "An offset from UTC.", "+01:00"},
	{"JAVACLASS",
	 "(?:[a-zA-Z$_][a-zA-Z$_0-9]*\\.)*[a-zA-Z$_][a-zA-Z$_0-9]*",
	 "The name of a class of Java.", "org.example.Main$Inner"},
	{"JAVAFILE", "[a-zA-Z$_0-9. -]+", "The name of a source file of Java.",
	 "Main.java"},
	{"JAVALOGMESSAGE", ".*", "A message in a log of Java.", "it is up"},
	{"JAVAMETHOD", "(?:<(?:cl)?init>|[a-zA-Z$_][a-zA-Z$_0-9]*)",
	 "The name of a method of Java.", "<init>"},
	{"JAVASTACKTRACEPART",
	 "\\s*at %{JAVACLASS:class}\\.%{JAVAMETHOD:method}"
	 "\\((?:%{JAVAFILE:file}(?::%{INT:line:int})?)\\)",
	 "A line of a stack trace of Java.",
	 "\tat org.example.Main.run(Main.java:42)"},
	{"JAVATHREAD", "[A-Za-z0-9#._:/ -]+", "The name of a thread of Java.",
	 "http-nio-8080-exec-1"},
	{"LOGLEVEL",
	 "(?i:alert|trace|debug|notice|info(?:rmation)?|warn(?:ing)?|"
	 "err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?)",
	 "How serious a message is.", "WARNING"},
	{"MAC", "(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})",
	 "A hardware address.", "00-50-56-AB-CD-EF"},
	{"MINUTE", "[0-5][0-9]", "A minute of the hour.", "07"},
	{"MONGO3_COMPONENT", "(?:[A-Z]+|-)", "A part of MongoDB.", "NETWORK"},
	{"MONGO3_LOG",
	 "%{TIMESTAMP_ISO8601:timestamp} +%{MONGO3_SEVERITY:severity} +"
	 "%{MONGO3_COMPONENT:component} +(?:\\[(?<context>[^\\]]*)\\] )?"
	 "%{GREEDYDATA:message}",
	 "A message in the log of MongoDB 3 and 4.0.",
	 "2026-03-28T22:00:01.123+0100 I NETWORK  [conn12] end connection"},
	{"MONGO3_SEVERITY", "\\w", "How serious a message of MongoDB is.", "I"},
	{"MONGO_LOG",
	 "%{SYSLOGTIMESTAMP:timestamp} \\[%{WORD:component}\\] "
	 "%{GREEDYDATA:message}",
	 "A message in the log of early MongoDB.",
	 "Mar 28 22:00:01 [conn12] end connection"},
	{"MONTH",
	 "\\b(?:[Jj]an(?:uary|uar)?|[Ff]eb(?:ruary|ruar)?|[Mm](?:a|\xc3\xa4)?r"
	 "(?:ch|z)?|[Aa]pr(?:il)?|[Mm]a(?:y|i)|[Jj]un(?:e|i)?|[Jj]ul(?:y|i)?|"
	 "[Aa]ug(?:ust)?|[Ss]ep(?:tember)?|[Oo](?:c|k)?t(?:ober)?|"
	 "[Nn]ov(?:ember)?|[Dd]e(?:c|z)(?:ember)?)\\b",
	 "The name of a month.", "March"},
	{"MONTHDAY", "(?:0[1-9]|[12][0-9]|3[01]|[1-9])", "A day of the month.",
	 "28"},
	{"MONTHNUM", "(?:1[0-2]|0?[1-9])", "The number of a month.", "3"},
	{"MONTHNUM2", "(?:0[1-9]|1[0-2])",
	 "The number of a month in two digits.",
	 "03"},
	{"NONNEGINT", "\\b[0-9]+\\b", "A whole number without a sign.", "0"},
	{"NOTSPACE", "\\S+", "A run of characters without blanks.", "a=b;c"},
	{"NUMBER", "%{BASE10NUM}", "A decimal number.", "3.14"},
	{"PATH", "(?:%{UNIXPATH}|%{WINPATH})", "The path of a file.",
	 "/var/log/syslog"},
	{"POSINT", "\\b[1-9][0-9]*\\b", "A whole number above zero.", "17"},
	{"POSTGRESQL",
	 "%{POSTGRES_STAMP:timestamp} (?:%{TZ}|%{ISO8601_TIMEZONE}) "
	 "(?:-|%{NOTSPACE:user_id}) (?:-|%{NOTSPACE:connection_id}) "
	 "%{POSINT:pid:int}(?: %{GREEDYDATA:message})?",
	 "The front of a message of PostgreSQL with the prefix '%t %u %c %p'.",
	 "2026-03-28 22:00:01.123 UTC ann 65f1.2b 4711 LOG:  duration: 1 ms"},
	{"POSTGRES_STAMP", "%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{TIME}",
	 "A date and a time of PostgreSQL.", "2026-03-28 22:00:01.123"},
	{"PROG", "[\\x21-\\x5a\\x5c\\x5e-\\x7e]+", "The name of a program.",
	 "sshd"},
	{"QS", "%{QUOTEDSTRING}", "A text in quotes, with them.",
	 "\"a \\\"b\\\" c\""},
	{"QUOTEDSTRING",
	 "(?<!\\\\)(?>\"(?:[^\\\\\"]|\\\\.)*\"|'(?:[^\\\\']|\\\\.)*'|"
	 "`(?:[^\\\\`]|\\\\.)*`)",
	 "A text in quotes of any kind, with them.", "'it is \\'so\\''"},
	{"REDISLOG",
	 "(?:\\[%{POSINT:pid:int}\\]|%{POSINT:pid:int}:(?<role>[XCSM])) "
	 "%{REDISTIMESTAMP:timestamp} (?<level>[.*#-])(?: "
	 "%{GREEDYDATA:message})?",
	 "A message in the log of Redis.",
	 "4711:M 28 Mar 2026 22:00:01.123 * Ready to accept connections"},
	{"REDISMONLOG",
	 "%{NUMBER:timestamp} \\[%{INT:database:int} %{IP:client}:"
	 "%{NUMBER:port:int}\\] \"%{WORD:command}\"(?: %{GREEDYDATA:params})?",
	 "A command as Redis shows it to a monitor.",
	 "1774731601.123456 [0 10.0.0.1:5678] \"get\" \"key:1\""},
	{"REDISTIMESTAMP", "%{MONTHDAY} %{MONTH}(?: %{YEAR})? %{TIME}",
	 "A date and a time of Redis.", "28 Mar 2026 22:00:01.123"},
	{"RUBY_LOGGER",
	 "[DFEWI], \\[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid:int}\\] *"
	 "%{RUBY_LOGLEVEL:loglevel} -- +(?<progname>[^:]*): "
	 "%{GREEDYDATA:message}",
	 "A message of the logger of Ruby.",
	 "I, [2026-03-28T22:00:01.123456 #4711]  INFO -- main: ready"},
	{"RUBY_LOGLEVEL", "(?:DEBUG|FATAL|ERROR|WARN|INFO)",
	 "How serious a message of Ruby is.", "WARN"},
	{"S3_ACCESS_LOG",
	 "%{WORD:owner} %{NOTSPACE:bucket} \\[%{HTTPDATE:timestamp}\\] "
	 "(?:-|%{IP:clientip}) (?:-|%{NOTSPACE:requester}) "
	 "%{NOTSPACE:request_id} %{NOTSPACE:operation} (?:-|%{NOTSPACE:key}) "
	 "(?:-|\"(?:%{WORD:verb} %{NOTSPACE:request}"
	 "(?: HTTP/%{NUMBER:httpversion})?|(?<rawrequest>[^\"]*))\") "
	 "(?:-|%{INT:response:int}) (?:-|%{NOTSPACE:error_code}) "
	 "(?:-|%{INT:bytes:int}) (?:-|%{INT:object_size:int}) "
	 "(?:-|%{INT:request_time_ms:int}) (?:-|%{INT:turnaround_time_ms:int}) "
	 "\"(?:-|(?<referrer>[^\"]*))\" \"(?:-|(?<agent>[^\"]*))\""
	 "(?: (?:-|%{NOTSPACE:version_id}))?.*",
	 "A request in the log of a bucket of S3.",
	 "79a5 logs [28/Mar/2026:22:00:01 +0000] 10.0.0.1 - 3E57 "
	 "REST.GET.OBJECT "
	 "a.txt \"GET /a.txt HTTP/1.1\" 200 - 113 113 7 6 \"-\" \"S3Console\" "
	 "-"},
	{"SECOND", "(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?",
	 "A second of the minute, perhaps with a fraction.", "60"},
	{"SPACE", "\\s*", "Blanks, or nothing.", " \t "},
	{"SQUID3",
	 "%{NUMBER:timestamp} +%{NUMBER:duration} %{IP:client_address} "
	 "%{WORD:cache_result}/%{NONNEGINT:status_code} %{NUMBER:bytes} "
	 "%{WORD:request_method} %{NOTSPACE:url} (?:-|%{NOTSPACE:user}) "
	 "%{WORD:hierarchy_code}/(?:-|%{IPORHOST:server}) "
	 "(?:-|%{NOTSPACE:content_type})",
	 "A request in the log of the proxy Squid.",
	 "1774731601.123     87 10.0.0.1 TCP_MISS/200 512 GET "
	 "http://a.example/ "
	 "- HIER_DIRECT/10.9.9.9 text/html"},
	{"SYSLOG5424BASE",
	 "%{SYSLOG5424PRI}%{NONNEGINT:syslog5424_ver} +"
	 "(?:-|%{TIMESTAMP_ISO8601:syslog5424_ts}) +"
	 "(?:-|%{IPORHOST:syslog5424_host}) +"
	 "(?:-|%{SYSLOG5424PRINTASCII:syslog5424_app}) +"
	 "(?:-|%{SYSLOG5424PRINTASCII:syslog5424_proc}) +"
	 "(?:-|%{SYSLOG5424PRINTASCII:syslog5424_msgid}) +"
	 "(?:-|%{SYSLOG5424SD:syslog5424_sd})",
	 "The front of a message of RFC 5424.",
	 "<34>1 2026-03-28T22:00:01Z web1 su 77 ID47 [x@1 a=\"b\"]"},
	{"SYSLOG5424LINE",
	 "%{SYSLOG5424BASE}(?: +%{GREEDYDATA:syslog5424_msg})?",
	 "A message of RFC 5424.",
	 "<34>1 2026-03-28T22:00:01Z web1 su - ID47 - it failed"},
	{"SYSLOG5424PRI", "<%{NONNEGINT:syslog5424_pri}>",
	 "Facility and severity in one number.", "<34>"},
	{"SYSLOG5424PRINTASCII", "[!-~]+", "Printable ASCII without blanks.",
	 "ID47"},
	{"SYSLOG5424SD",
	 "(?>\\[(?:[^\\\\\\]\"]|\\\\.|\"(?:[^\\\\\"]|\\\\.)*\")*\\])+",
	 "Structured data of RFC 5424.", "[x@1 a=\"b]\"][y@2]"},
	{"SYSLOGBASE",
	 "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?"
	 "%{SYSLOGHOST:logsource} %{SYSLOGPROG}:",
	 "The front of a message of the system's log.",
	 "Mar 28 22:00:01 web1 sshd[4711]:"},
	{"SYSLOGBASE2",
	 "(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) "
	 "(?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource}+(?: %{SYSLOGPROG}:|)",
	 "The same, with either form of time.",
	 "2026-03-28T22:00:01Z web1 sshd[4711]:"},
	{"SYSLOGFACILITY", "<%{NONNEGINT:facility}.%{NONNEGINT:priority}>",
	 "Facility and priority in angle brackets.", "<4.6>"},
	{"SYSLOGHOST", "%{IPORHOST}", "The host of a message.", "web1"},
	{"SYSLOGLINE", "%{SYSLOGBASE2} %{GREEDYDATA:message}",
	 "A message of the system's log.",
	 "Mar 28 22:00:01 web1 sshd[4711]: Accepted publickey for ann"},
	{"SYSLOGPAMSESSION",
	 "%{SYSLOGBASE} (?=.+session)%{WORD:pam_module}\\(%{DATA:pam_caller}\\)"
	 ": "
	 "session %{WORD:pam_session_state} for user %{USERNAME:username}"
	 "(?: by %{GREEDYDATA:pam_by})?",
	 "A session that PAM has opened or closed.",
	 "Mar 28 22:00:01 w su[9]: pam_unix(su:session): session opened for "
	 "user root by ann(uid=0)"},
	{"SYSLOGPROG", "%{PROG:program}(?:\\[%{POSINT:pid}\\])?",
	 "A program and the number of its process.", "sshd[4711]"},
	{"SYSLOGTIMESTAMP", "%{MONTH} +%{MONTHDAY} %{TIME}",
	 "A time of the system's log, without a year.", "Mar  8 22:00:01"},
	{"TIME", "(?<![0-9])%{HOUR}:%{MINUTE}(?::%{SECOND})(?![0-9])",
	 "A time of the day.", "22:00:01.500"},
	{"TIMESTAMP_ISO8601",
	 "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}"
	 "(?::?%{SECOND})?%{ISO8601_TIMEZONE}?",
	 "A date and a time of ISO 8601.", "2026-03-28T22:00:01.5Z"},
	{"TOMCATLOG",
	 "%{TOMCAT_DATESTAMP:timestamp} \\| %{LOGLEVEL:level} \\| "
	 "%{JAVACLASS:class} - %{JAVALOGMESSAGE:logmessage}",
	 "A message in the log of Tomcat.",
	 "2026-03-28 22:00:01,123 +0100 | ERROR | org.example.Main - it "
	 "failed"},
	{"TOMCAT_DATESTAMP",
	 "20[0-9]{2}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:?%{MINUTE}(?::?%{SECOND}) "
	 "%{ISO8601_TIMEZONE}",
	 "A date and a time of Tomcat.", "2026-03-28 22:00:01,123 +0100"},
	{"TTY", "/dev/(?:pts|tty(?:[pq])?)(?:\\w+)?/?(?:[0-9]+)?",
	 "The device of a terminal.", "/dev/pts/3"},
	{"TZ", "(?:[APMCE][SD]T|UTC|GMT|CES?T|WES?T|EES?T)",
	 "The short name of a time zone.", "UTC"},
	{"UNIXPATH", "(?:/[\\w_%!$@:.,+~-]*)+", "The path of a file in Unix.",
	 "/srv/ann/notes.txt"},
	{"URI",
	 "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?"
	 "(?:%{URIPATH}(?:%{URIPARAM})?)?",
	 "A uniform resource identifier.",
	 "https://ann:pw@example.org:8443/a/b?x=1"},
	{"URIHOST", "%{IPORHOST}(?::%{POSINT})?",
	 "The host of an address, and its port if there is one.",
	 "example.org:8080"},
	{"URIPARAM", "\\?%{URIQUERY}",
	 "The question of an address, with its question mark.", "?q=1&r=2"},
	{"URIPATH", "(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+",
	 "The path of an address.", "/api/v1/items;x=1"},
	{"URIPATHPARAM", "%{URIPATH}(?:%{URIPARAM})?",
	 "The path of an address, and its question.", "/search?q=weir"},
	{"URIPROTO", "[A-Za-z][A-Za-z0-9+.-]+", "The scheme of an address.",
	 "https"},
	{"URIQUERY", "[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\\[\\]<>-]*",
	 "The question of an address.", "q=1&r[]=2"},
	{"URN",
	 "urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:"
	 "(?:%[0-9a-fA-F]{2}|[0-9A-Za-z()+,.:=@;$_!*'/?#-])+",
	 "A uniform resource name.", "urn:isbn:0451450523"},
	{"USER", "%{USERNAME}", "The name of a user.", "www-data"},
	{"USERNAME", "[a-zA-Z0-9._-]+", "The name of a user.", "ann.b_2"},
	{"UUID",
	 "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
	 "A universally unique identifier.",
	 "6fa459ea-ee8a-3ca4-894e-db77e160355e"},
	{"WINDOWSMAC", "(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}",
	 "A hardware address as Windows writes it.", "00-50-56-ab-cd-ef"},
	{"WINPATH", "(?>[A-Za-z]+:|\\\\)(?:\\\\[^\\\\?*]*)+",
	 "The path of a file in Windows.", "C:\\Temp\\a.log"},
	{"WORD", "\\b\\w+\\b", "Letters, digits and underscores.", "user_1"},
	{"YEAR", "(?>[0-9]{4}|[0-9]{2})", "A year.", "2026"},
};
// clang-format on

const unsigned n_grok_rows = sizeof grok_rows / sizeof *grok_rows;

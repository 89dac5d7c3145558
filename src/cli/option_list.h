/* SPDX-License-Identifier: MIT */
/*
 * The options: one row each, sorted by long name. The parser, --help, the
 * manual's OPTIONS and the completions are made from these rows.
 *
 * OPTION(long, short or 0, argument or NULL, kind, member of struct options,
 *	group, commands that take it besides a run, what it does)
 *
 * Of an argument, words in lower case are written as they stand and the others
 * name what belongs there: "drop|update|FILE". In the text, `code` is set
 * apart.
 */
// clang-format off
OPTION("against", 0, "NAME|DIR", TEXT, against, SPECS, CHECK_ONLY,
    "`weir check`: compare with the state that a run of the spec has kept, and "
    "say of each step what another run would keep, add, drop or refuse. "
    "Status 5 if it would refuse.")
OPTION("allow", 0, "DURATION", DURATION, allowed, TIME, EXPLAIN,
    "Keep closed windows this much longer, so that late records can still "
    "correct them: a corrected row comes again, numbered in `rev`.")
OPTION("changelog", 0, "FIELD", TEXT, changelog, INPUT, EXPLAIN,
    "The records read are changes of a table, as `-m changelog` writes them "
    "(FIELD is `op` then): the field says what each does, `+I`, `-U`, `+U` or "
    "`-D`.")
OPTION("check", 0, NULL, FLAG, check, SPECS, FMT_ONLY,
    "`weir fmt`: write nothing but the names of specs that are not in "
    "canonical form; status 1 if there are any.")
OPTION("checkpoint", 0, "DURATION", DURATION, checkpoint, STATE, RUN_ONLY,
    "With `-s`: commit so often, by the clock. The default is 10s; `0s` "
    "commits at the end only. A run that is killed goes on from its last "
    "commit.")
OPTION("color", 0, "auto|always|never", WHEN, color, MISC, EVERY,
    "Colours. `auto`: on a terminal, unless `NO_COLOR` is set or `TERM` is "
    "`dumb`.")
OPTION("commit-output", 0, NULL, FLAG, commit_output, STATE, RUN_ONLY,
    "With `-s`: hold results back until the commit that contains them is "
    "durable. So a pipe gets nothing that a crash takes back: after one at "
    "most the last commit's results come again.")
OPTION("csv-safe", 0, NULL, FLAG, csv_safe, OUTPUT, EXPLAIN,
    "Write CSV and TSV so that a spreadsheet runs nothing of it: a quote "
    "stands before text that begins with one of `=+-@`.")
OPTION("drop-state", 0, NULL, FLAG, drop, STATE, RUN_ONLY,
    "With `-s`: what is kept of steps that are no longer part of the pipeline "
    "is dropped. Without it the run refuses to lose it.")
OPTION("every", 0, "DURATION", TEXT, every, OUTPUT, EXPLAIN,
    "Short for `-m 'every DURATION'`: results that have changed, each time so "
    "much event time has passed.")
OPTION("file", 'f', "SPEC", FILE, spec, INPUT, EXPLAIN,
    "Run the pipeline kept in this file instead of a query. It is a spec, or "
    "SQL statements (a name that ends in `.sql`, or a text that begins like "
    "them). `-` is standard input.")
OPTION("final", 0, NULL, FLAG, final, STATE, RUN_ONLY,
    "With `-s`: this is the last run. At the end of input everything that is "
    "open is closed and written, as without `-s`; no run can follow.")
OPTION("follow", 'F', NULL, FLAG, follow, INPUT, RUN_ONLY,
    "Go on at the end of files. What is added to them is read, and the files "
    "that take their names when they are rotated, also files that a pattern "
    "will match later. Ends by a signal, or when enough has been read.")
OPTION("from", 'i', "FORMAT[:ARG]", FORMAT_IN, from, INPUT, EXPLAIN,
    "Format of the inputs. Without it: by the file's extension, else by the "
    "first bytes. See `weir help formats`.")
OPTION("help", 'h', NULL, FLAG, help, MISC, EVERY,
    "Show help: one screen with `-h`, all of it with `--help`. After a "
    "command: how that is used.")
OPTION("idle", 0, "DURATION", DURATION, idle, TIME, EXPLAIN,
    "While following: an input that has shown nothing for so long (by the "
    "clock) is not waited for until it speaks again. Without it, inputs wait "
    "for each other.")
OPTION("ids", 0, NULL, FLAG, ids, STATE, RUN_ONLY,
    "With `-s`: begin every result with a column `_id`. No other row ever has "
    "the same, and a row that is written again after a crash has it again.")
OPTION("if-locked", 0, "fail|wait|skip", TEXT, locked, STATE, RUN_ONLY,
    "With `-s`: what to do while another run has the state. `fail` with "
    "status 4 (the default), `wait` for its end, or `skip` this run, which is "
    "what a job started every minute wants.")
OPTION("jobs", 'j', "N", JOBS, jobs, RUN, RUN_ONLY,
    "Decode with this many threads. The output is the same for any number; "
    "the default is 1.")
OPTION("journal", 0, NULL, FLAG, journal, STATE, RUN_ONLY,
    "With `-s`: standard input that is no file is copied to the state "
    "directory before it is used, so that a run that is killed loses nothing "
    "it has read. All that is ever read is one stream: the next run's goes on "
    "where this one's has ended.")
OPTION("late", 0, "drop|update|FILE", TEXT, late, TIME, EXPLAIN,
    "What becomes of records that come too late for their window. `drop` "
    "counts them (the default); `update` corrects the window's result, within "
    "`--allow` or, without it, for ever; anything else is a file they are "
    "written to.")
OPTION("lateness", 'l', "DURATION", DURATION, lateness, TIME, EXPLAIN,
    "How far out of order records may come. A window closes when a record "
    "this much later than its end was seen. Without it nothing is late, and "
    "windows close at the end of input.")
OPTION("line-buffered", 0, NULL, FLAG, line_buffered, OUTPUT, RUN_ONLY,
    "Write every result at once. Hardly ever needed: output never waits while "
    "weir waits for input.")
OPTION("max-ahead", 0, "DURATION", DURATION, ahead, TIME, EXPLAIN,
    "A record whose time is further than this beyond all before it does not "
    "move the watermark, so that one wrong clock closes no windows; 100 such "
    "in a row are believed.")
OPTION("max-bad", 0, "N|any", MOST, bad_max, BAD, RUN_ONLY,
    "End with status 3 if more records than this could not be read. The "
    "default is 0, or `any` with `--reject`.")
OPTION("max-inflate", 0, "N|any", MOST, inflate_max, BAD, RUN_ONLY,
    "Stop at a compressed input that inflates to more than N times its size. "
    "Only counts beyond 256 MiB; the default is 500, which no log comes near.")
OPTION("max-record", 0, "SIZE", SIZE, record_max, BAD, RUN_ONLY,
    "Longest record, as in `512K` or `64M`; longer ones are bad. The default "
    "is 16M.")
OPTION("mem", 0, "SIZE", MEMORY, memory, STATE, RUN_ONLY,
    "Keep at most about this much of what steps remember in memory, as in "
    "`512M`; the rest is on disk: in the state directory or, without `-s`, "
    "in a file in `$TMPDIR` that is gone at the end.")
OPTION("mode", 'm', "MODE", TEXT, mode, OUTPUT,
    EXPLAIN,
    "How results that change are written. `final`: once, as they are at the "
    "end (the default). `changelog`: every change, with a column `op` of +I, "
    "-U, +U or -D. `upsert`: the same without -U. `every 10s`: each time so "
    "much event time has passed, those that have changed.")
OPTION("no-config", 0, NULL, FLAG, no_config, MISC, EVERY,
    "Do not read the configuration file.")
OPTION("null-data", 'z', NULL, FLAG, nul_data, INPUT, RUN_ONLY,
    "Records end in NUL instead of a line feed. So `find -print0` writes and "
    "`xargs -0` reads them: in inputs of a format of lines, and in output "
    "that is `lines`, `logfmt` or `ltsv`.")
OPTION("on-gap", 0, "warn|fail", TEXT, on_gap, STATE, RUN_ONLY,
    "With `-s`: what to do when something that was not read yet cannot be "
    "read any more, because a file was cut or rotated away. `warn` says so "
    "and goes on with what is there (the default), `fail` ends with status 5.")
OPTION("out-times", 0, "LAYOUT", TEXT, out_times, OUTPUT, EXPLAIN,
    "Write times in this layout: `rfc3339`, `s`, `ms`, `us`, `ns`, `clf`, "
    "`http`, `ctime`, or a pattern such as `%d.%m.%Y %H:%M`. Without it, as "
    "RFC 3339 in UTC.")
OPTION("out-tz", 0, "ZONE", TEXT, out_zone, OUTPUT, EXPLAIN,
    "Write times as they are in this zone, as in `Europe/Berlin`.")
OPTION("output", 'o', "FILE", FILE, output, OUTPUT, RUN_ONLY,
    "Write the results to this file. Its extension chooses the format unless "
    "`-t` does. `-` is standard output. A column in braces and letters of "
    "time make several files of it: `-o 'logs/%Y-%m-%d/{host}.jsonl'`.")
OPTION("param", 'p', "NAME=VALUE", PAIR, params, INPUT, CHECKS,
    "Value of the parameter `$NAME` of the query or spec. May be repeated.")
OPTION("print-spec", 0, NULL, FLAG, print_spec, OUTPUT, RUN_ONLY,
    "Print the pipeline as a spec for `-f` instead of running it.")
OPTION("quiet", 'q', NULL, FLAG, quiet, MISC, EVERY,
    "Say nothing but errors on standard error.")
OPTION("reject", 0, "FILE", FILE, reject, BAD, RUN_ONLY,
    "Keep records that could not be read in this file, with place and reason.")
OPTION("reset", 0, "STEP", LIST, resets, STATE, RUN_ONLY,
    "With `-s`: forget what is kept of this step, which begins anew. May be "
    "repeated.")
OPTION("roff", 0, "TOPIC", TEXT, roff, HIDDEN, HELP_ONLY,
    "A topic of the help as a part of a manual page.")
OPTION("roll", 0, "SIZE|DURATION", TEXT, roll, OUTPUT, RUN_ONLY,
    "Cut the file of `-o` into numbered parts of at most this size (`100M`), "
    "or of this much event time (`1h`), or both (`100M,1h`): out-1.jsonl, "
    "out-2.jsonl and so on.")
OPTION("sql", 0, NULL, FLAG, sql, OUTPUT, EXPLAIN,
    "Print the pipeline as SQL instead of running it.")
OPTION("standby", 0, NULL, FLAG, standby, STATE, RUN_ONLY,
    "With `-s`: wait until the run that has the state has ended, however it "
    "does, and take over from its last commit.")
OPTION("state", 's', "NAME|DIR", TEXT, state, STATE, RUN_ONLY,
    "Keep state between runs. Windows, groups and how far each input was "
    "read stay there, and a run goes on where the last one ended or was "
    "killed. "
    "What has a slash is a directory; a name is one below "
    "`~/.local/state/weir`.")
OPTION("stats", 0, "FILE", FILE, stats, OUTPUT, RUN_ONLY,
    "Write the counts of the run to this file, as JSON, at the end; bad "
    "records are counted by reason, too.")
OPTION("strict", 0, NULL, FLAG, strict, SPECS, CHECK_ONLY,
    "`weir check`: warnings are mistakes, too.")
OPTION("time", 'T', "FIELD[:LAYOUT]", TEXT, time, TIME, EXPLAIN,
    "Field that says when a record happened. The layout is how that is "
    "written: `rfc3339`, `s`, `ms`, `us`, `ns`, `clf`, `http`, `ctime`, or "
    "a pattern such as `%Y-%m-%d %H:%M:%S`; see weir-formats(7). "
    "Without it: what the format says, else the first "
    "of the usual names (ts, time, timestamp and others) that is a time.")
OPTION("to", 't', "FORMAT[:ARG]", FORMAT_OUT, to, OUTPUT, EXPLAIN_STATE,
    "Format of the output. The default is `json`; on a terminal, `table`. "
    "`weir state ls` and `show` take `json`, too.")
OPTION("trust", 0, NULL, FLAG, trust, BAD, RUN_ONLY,
    "Do not check what stands behind the last field that is needed: faster, "
    "but a broken record may pass.")
OPTION("ttl", 0, "DURATION", DURATION, ttl, TIME, EXPLAIN,
    "Forget keys of which nothing has come for this much event time, where "
    "they would be kept for ever; weir-spec(5) says what that means for which "
    "step. A step that it does not act on is warned of. Needs a lateness.")
OPTION("tz", 0, "ZONE", TEXT, zone, TIME, EXPLAIN,
    "Time zone of times that are written without one, as in `Europe/Berlin`. "
    "The default is UTC; `TZ` is not looked at.")
OPTION("verbose", 'v', NULL, FLAG, verbose, MISC, EVERY,
    "Say more on standard error: formats found, counts even if nothing was "
    "lost.")
OPTION("version", 'V', NULL, FLAG, version, MISC, EVERY,
    "Print the versions of weir and its libraries.")
OPTION("write", 'w', NULL, FLAG, write, SPECS, FMT_ONLY,
    "`weir fmt`: bring the files themselves into canonical form.")
OPTION("yaml", 0, NULL, FLAG, as_yaml, SPECS, EXPLAIN_ONLY,
    "`weir explain`: the pipeline as a spec instead.")
// clang-format on

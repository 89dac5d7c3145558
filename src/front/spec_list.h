/* SPDX-License-Identifier: MIT */
/*
 * The keys of a spec: place, type, meaning, and the function of yaml.c that
 * reads it. Grouped by place, in the order in which a spec is usually written.
 * Keys of a step are the parameters of its operator (op/op.h).
 */
SPEC("weir", "1", "Version of the form; always 1.", version)
SPEC("name", "text", "Name of the pipeline, for messages and its state.", name)
SPEC("input", "map", "What is read: format and files.", only_input)
SPEC("inputs", "map", "Several inputs by name, each as `input`.", inputs)
SPEC("from", "text", "The input or flow that `steps` read.", from)
SPEC("time", "map", "Where event time is, and what is late.", time)
SPEC("params", "map",
    "Parameters, used as $name: a default value, or {type, default}.", params)
SPEC(
    "steps", "list", "What happens to the rows, one step after another.", steps)
SPEC("flows", "map",
    "Further flows by name, each {from, steps}. A flow may be read any number "
    "of times: by `from`, by steps such as union, by outputs.",
    flows)
SPEC("output", "map", "What is written: format and file.", output)
SPEC("outputs", "map", "Several outputs by name, each as `output`.", outputs)
SPEC("tests", "list", "Examples of input and the output expected of them.",
    tests)

SPEC("input.format", "text",
    "NAME or NAME:ARG; without it, told by the first bytes. Other keys of "
    "`input` are settings of the format.",
    input_format)
SPEC("input.file", "text",
    "The file to read; - is standard input. Also a directory (all files in it) "
    "or a pattern such as /var/log/app*.log.",
    input_file)
SPEC("input.files", "list of texts", "The files to read; as `file`.",
    input_files)
SPEC("input.types", "map of types",
    "Types of fields that are not to be guessed: {zip: text}.", input_types)
SPEC("input.changelog", "true | field",
    "The records are changes of a table: the field (op, if true) says what "
    "each does, as +I, -U, +U or -D.",
    input_changelog)
SPEC("input.key", "list of names",
    "Columns that tell rows apart: the last row of a key is the one that "
    "holds.",
    input_key)
SPEC("input.columns", "map of types, or list of names",
    "The columns of an input that has no others; a type left out is told by "
    "content.",
    input_columns)
SPEC("input.values", "list of lists",
    "Constant rows instead of files: lists of expressions.", input_values)
SPEC("input.time", "map", "As `time`, for this input.", time)

SPEC("time.expr", "expression",
    "Event time, where no field holds it: what it is computed from.", time_expr)
SPEC("time.field", "path", "The field that holds event time.", time_field)
SPEC("time.format", "text",
    "How times are written: rfc3339, s, ms, us, ns, clf, http, ctime, auto, "
    "or a pattern such as %d.%m.%Y %H:%M:%S.",
    time_format)
SPEC("time.zone", "time zone", "Zone of times without one; UTC if not said.",
    time_zone)
SPEC("time.lateness", "duration",
    "How much later than others a record may come. Windows close as the "
    "watermark passes; without it, at the end of input.",
    time_lateness)
SPEC("time.allowed", "duration",
    "How long a closed window is still corrected by late records.",
    time_allowed)
SPEC("time.ttl", "duration",
    "How much event time keys are kept of which nothing comes any more, where "
    "state would otherwise grow for ever; see FORGETTING KEYS.",
    time_ttl)
SPEC("time.max_ahead", "duration",
    "A record whose time is further than this beyond all before it does not "
    "move the watermark.",
    time_max_ahead)
SPEC("time.idle", "duration",
    "While following: how long an input that shows nothing is waited for.",
    time_idle)
SPEC("time.late", "drop | update | file",
    "What happens to records that come too late: dropped (and counted), used "
    "to correct results, or written to a file.",
    time_late)

SPEC("flows.*.from", "text",
    "The input or flow that is read. Without it, the only input; a first step "
    "that names flows (union) reads those.",
    flow_from)
SPEC("flows.*.steps", "list",
    "As `steps`. Besides: `tee: NAME` makes the rows at that point a flow of "
    "that name, and `split: {NAME: CONDITION, else: NAME}`, at the end, gives "
    "each row to the flow whose condition is the first that is true.",
    flow_steps)

SPEC("output.from", "text",
    "The flow or input that is written; what `steps` give if not said.",
    output_from)
SPEC("output.format", "text",
    "NAME or NAME:ARG. Other keys of `output` are settings of the format.",
    output_format)
SPEC("output.file", "text",
    "The file to write; standard output if not said. {column} and letters of "
    "time such as %Y-%m-%d make several files of it.",
    output_file)
SPEC("output.roll", "text",
    "Cuts the file into numbered parts of at most a size (100M), of a duration "
    "of event time (1h), or both (100M,1h).",
    output_roll)
SPEC("output.times", "text",
    "How times are written: rfc3339, s, ms, us, ns, clf, http, ctime, or a "
    "pattern such as %d.%m.%Y %H:%M.",
    output_times)
SPEC("output.zone", "time zone",
    "The zone in which times are written; UTC if not said.", output_zone)

SPEC("output.mode", "final | changelog | upsert | every DURATION",
    "How results that change are written: once, as they are at the end (the "
    "default); every change; the same without what is replaced; or, each time "
    "so much event time has passed, those that have changed.",
    output_mode)
SPEC("output.op", "name",
    "The column that says what a row of a changelog does; op if not said.",
    output_op)

SPEC("params.*.type", "type", "Type of the parameter's value.", param_type)
SPEC(
    "params.*.default", "value", "Value if none is given by -p.", param_default)

SPEC("tests.*.name", "text", "What the test shows.", test)
SPEC("tests.*.params", "map of values", "Values of parameters.", test)
SPEC("tests.*.now", "time",
    "What the clock shows; 1970-01-01T00:00:00Z if not said.", test)
SPEC("tests.*.input", "text, list of lines, or map of these",
    "What is read; for several inputs by name. In a list a text is a line, a "
    "map a record of JSON, and {watermark: TIME} moves the watermark there: "
    "nothing before that time is still to come.",
    test)
SPEC("tests.*.expect", "list of rows, or map of these",
    "The rows that come out; for several outputs by name.", test)
SPEC("tests.*.unordered", "true | false", "The rows may come out in any order.",
    test)
SPEC("tests.*.bad", "number",
    "How many records cannot be read, and rows cannot be computed; 0 if not "
    "said.",
    test)
SPEC("tests.*.late", "number",
    "How many records come too late; not looked at if not said.", test)
SPEC("tests.*.crash", "everywhere",
    "The run is killed after every record and resumed: same rows.", test)

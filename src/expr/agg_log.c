/* SPDX-License-Identifier: MIT */
/*
 * Logs in the place of accumulators; see agg_log.h. A row is its arguments
 * that are not constant, each packed. Rows with a NULL that the aggregate
 * passes over are not kept.
 */
#include "expr/agg_log.h"

#include "base/must.h"
#include "data/pack.h"
#include "expr/agg_part.h"

/* First byte of a saved log: no version of an accumulator. */
#define LOG_MARK 'L'
/* Bytes of rows beyond which a log is long: some twenty floats. */
#define LOG_LONG 192
/* Rows that are added at a time. */
#define LOG_ROWS 64

struct log {
	uint32_t len, cap; /* of its bytes; cap 0: they stand here */
	union {
		char here[8]; /* to the end of the accumulator */
		char *p;
	};
};

/* Bytes that there are in the place of the accumulator. */
static size_t
room_here(const struct agg_call *call)
{
	size_t size = call->agg->size(call);

	must(size >= sizeof(struct log));
	return size - offsetof(struct log, here);
}

static struct str
bytes_of(const struct log *l)
{
	return (struct str){l->cap ? l->p : l->here, l->len};
}

static void
log_put(const struct agg_call *call, struct arena *heap, struct log *l,
    struct str bytes)
{
	size_t room = l->cap ? l->cap : room_here(call), need = l->len;
	char *p = l->cap ? l->p : l->here;

	need += bytes.n;
	must(need <= UINT32_MAX / 2);
	if (need > room) {
		room = need < LOG_LONG / 2 ? LOG_LONG / 2 : need + need / 2;
		p = arena_alloc(heap, room);
		memcpy(p, bytes_of(l).p, l->len);
		l->cap = (uint32_t)room;
		l->p = p;
	}
	if (bytes.n)
		memcpy(p + l->len, bytes.p, bytes.n);
	l->len = (uint32_t)need;
}

/* ---- adding ---- */

/* The row's arguments, or nothing if it does not count. */
static void
put_row(const struct agg_call *call, const struct agg_rows *r, unsigned k,
    struct buf *out)
{
	unsigned n = agg_n_inputs(call);

	out->n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct value v = agg_arg(r, i, k);

		if (v.type == T_NULL && call->agg->nulls == AGG_NULLS_SKIP) {
			out->n = 0;
			return;
		}
		pack_put(out, v);
	}
}

void
agg_log_add(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *rows, const struct column *filter)
{
	struct buf row = {0};

	for (unsigned k = 0; k < rows->n; k++) {
		if (filter && !agg_passes(filter, rows->rows[k]))
			continue;
		put_row(call, rows, k, &row);
		log_put(call, heap, agg_acc(call, rows, k), buf_str(&row));
	}
	buf_release(&row);
}

bool
agg_log_is_long(const void *log)
{
	return ((const struct log *)log)->len > LOG_LONG;
}

void
agg_log_join(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	log_put(call, heap, into, bytes_of(from));
}

/* ---- adding the rows of a log ---- */

/* Rows that are read, column by column. */
struct replay {
	unsigned n_inputs, n; /* rows */
	struct value v[AGG_ARGS_MAX][LOG_ROWS];
	struct arena arena;
};

static bool
read_row(struct replay *p, const char **at, const char *end)
{
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (pack_get(at, end, &p->arena, &p->v[i][p->n]) != PACK_OK)
			return false;
	p->n++;
	return true;
}

static void
add_read(const struct agg_call *call, struct arena *heap, void *acc,
    struct replay *p)
{
	struct column cols[AGG_ARGS_MAX];
	struct value params[AGG_ARGS_MAX];
	uint16_t rows[LOG_ROWS];
	char *cells[LOG_ROWS];
	struct agg_rows r = {
	    .n = p->n, .rows = rows, .cells = cells, .args = cols};

	for (unsigned k = 0; k < p->n; k++) {
		rows[k] = (uint16_t)k;
		cells[k] = (char *)acc - call->offset;
	}
	for (unsigned i = 0; i < call->n_args; i++) {
		params[i] = call->params[i];
		cols[i] = (struct column){.type = T_ANY,
		    .constant = i >= p->n_inputs,
		    .v = i < p->n_inputs ? p->v[i] : &params[i]};
	}
	call->agg->add(call, heap, &r);
}

/* False if the bytes are no rows; acc NULL: only looks if they are. */
static bool
add_bytes(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	const char *at = bytes.p, *end = bytes.p + bytes.n;
	struct replay p;
	bool good = true;

	p.n_inputs = agg_n_inputs(call);
	p.n = 0;
	if (!bytes.n || !p.n_inputs)
		return !bytes.n;
	arena_init(&p.arena, 1024);
	while (good && at < end) {
		good = read_row(&p, &at, end);
		if (p.n < LOG_ROWS && good && at < end)
			continue;
		if (acc)
			add_read(call, heap, acc, &p);
		arena_reset(&p.arena);
		p.n = 0;
	}
	arena_release(&p.arena);
	return good;
}

void
agg_log_replay(
    const struct agg_call *call, struct arena *heap, void *acc, const void *log)
{
	must(add_bytes(call, heap, acc, bytes_of(log)));
}

void
agg_log_end(const struct agg_call *call, struct arena *heap, void *log)
{
	size_t size = call->agg->size(call);
	struct log *l = log;
	struct buf rows = {0};

	buf_adds(&rows, bytes_of(l));
	memset(log, 0, size);
	must(add_bytes(call, heap, log, buf_str(&rows)));
	buf_release(&rows);
}

/* ---- saved ---- */

void
agg_log_save(const void *log, struct buf *out)
{
	agg_put_u8(out, LOG_MARK);
	buf_adds(out, bytes_of(log));
}

bool
agg_log_is(struct str bytes)
{
	return bytes.n && bytes.p[0] == LOG_MARK;
}

/* The rows behind the mark. */
static struct str
rows_of(struct str bytes)
{
	return (struct str){bytes.p + 1, bytes.n - 1};
}

bool
agg_log_load(const struct agg_call *call, struct arena *heap, void *log,
    struct str bytes)
{
	if (!agg_log_is(bytes) || bytes.n > UINT32_MAX / 4)
		return false;
	bytes = rows_of(bytes);
	if (!add_bytes(call, heap, NULL, bytes))
		return false;
	log_put(call, heap, log, bytes);
	return true;
}

bool
agg_log_add_saved(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	return agg_log_is(bytes) && add_bytes(call, heap, acc, rows_of(bytes));
}

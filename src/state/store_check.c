/* SPDX-License-Identifier: MIT */
/*
 * Checking a directory: every byte of every file is read and compared with its
 * checksums. What a run that was killed has left behind (a tail that was not
 * committed, a run that no commit names) is no damage.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "state/store_head.h"
#include "state/store_in.h"

struct check {
	const struct store_dir *dir;
	void (*say)(void *arg, const char *line);
	void *arg;
	unsigned n;
};

static void
say_err(struct check *c, struct err *err)
{
	c->say(c->arg, err->message ? err->message : "damaged");
	c->n++;
	err_release(err);
}

__attribute__((format(printf, 3, 4))) static void
say(struct check *c, const char *name, const char *fmt, ...)
{
	struct buf line = {0};
	char words[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	buf_printf(&line, "%s/%s: %s", c->dir->path, name, words);
	c->say(c->arg, buf_z(&line));
	c->n++;
	buf_release(&line);
}

/* ---- files ---- */

static uint64_t
check_format(struct check *c)
{
	struct err err = {0};
	struct format f;

	if (format_read(c->dir, &f, &err))
		say_err(c, &err);
	else if (!f.version)
		say(c, "FORMAT", "is missing");
	return f.id;
}

static void
check_head(struct check *c)
{
	struct buf file = {0};
	struct err err = {0};
	unsigned n;
	bool found;

	if (store_dir_read(c->dir, "HEAD", &file, &found, &err))
		say_err(c, &err);
	n = head_damages(buf_str(&file));
	if (n)
		say(c, "HEAD",
		    "%u of 2 notes of what was synced are damaged; nothing is "
		    "lost",
		    n);
	buf_release(&file);
}

/* A journal that is not the one that counts. */
static void
check_journal(struct check *c, struct recovery *r, uint64_t number)
{
	char name[STORE_NAME_MAX];
	struct err err = {0};

	store_name(name, STORE_JOURNAL, number);
	if (recovery_read(r, number, &err))
		say_err(c, &err);
	else if (r->scan.damaged)
		say(c, name, "is damaged at byte %zu, behind commit %" PRIu64,
		    r->scan.bad_at, r->scan.last);
}

/* ---- runs ---- */

struct told {
	struct check *check;
	const char *name;
};

static void
say_damage(void *arg, const char *line)
{
	const struct told *t = arg;

	t->check->say(t->check->arg, line);
	t->check->n++;
}

bool
check_run(const struct store_dir *d, const struct version_run *r,
    void (*tell)(void *arg, const char *line), void *arg)
{
	struct check c = {.dir = d, .say = tell, .arg = arg};
	struct err err = {0};
	char name[STORE_NAME_MAX];
	struct told told = {&c, name};
	struct run_file *file;

	store_name(name, STORE_RUN, r->number);
	file = run_file_open(
	    d->fd, name, r->number, r->bytes, r->footer_crc, NULL, &err);
	if (!file) {
		store_dir_note(d, &err);
		say_err(&c, &err);
		return false;
	}
	run_file_check(file, say_damage, &told);
	run_file_close(file);
	return !c.n;
}

static void
check_runs(struct check *c, struct recovery *r, uint64_t number)
{
	struct replayed said;
	char name[STORE_NAME_MAX];
	size_t at;

	if (!journal_replay(&r->scan, UINT64_MAX, &said, &at)) {
		store_name(name, STORE_JOURNAL, number);
		say(c, name, "what is at byte %zu is not understood", at);
	}
	for (size_t i = 0; i < said.version.n; i++)
		check_run(c->dir, &said.version.runs[i], say_damage,
		    &(struct told){c, NULL});
	replayed_release(&said);
}

/* ---- all ---- */

static void
check_all(struct check *c)
{
	struct recovery r = {.dir = c->dir, .id = check_format(c)};
	struct err err = {0};
	uint64_t number = 0;

	check_head(c);
	if (recovery_list(&r, &err) || recovery_find(&r, &number, &err))
		say_err(c, &err);
	else if (number)
		check_runs(c, &r, number);
	for (size_t i = 0; i < r.n; i++)
		if (number && r.journals[i] < number)
			check_journal(c, &r, r.journals[i]);
	recovery_release(&r);
}

/*
 * A run that goes on makes files and removes others while they are looked at.
 * So what is damaged is only said if it is again, and nothing has changed.
 */
#define LOOKS 50
#define LOOK_MS 20

struct look {
	struct buf lines; /* each with a NUL behind it */
	unsigned n;
};

static void
keep_line(void *arg, const char *line)
{
	struct look *l = arg;

	buf_add(&l->lines, line, strlen(line) + 1);
	l->n++;
}

/* What the names of the files and HEAD are now. */
static void
fingerprint(const struct store_dir *d, struct buf *out)
{
	struct err err = {0};
	bool found;

	out->n = 0;
	if (store_dir_list(d, out, &err) ||
	    store_dir_read(d, "HEAD", out, &found, &err))
		out->n = 0;
	err_release(&err);
}

static void
look_again(const struct store_dir *d, struct look *last)
{
	struct buf before = {0}, after = {0};
	bool sure = false;

	for (int i = 0; i < LOOKS && !sure && last->n; i++) {
		struct look now = {0};
		struct check c = {.dir = d, .say = keep_line, .arg = &now};

		(void)poll(NULL, 0, LOOK_MS);
		fingerprint(d, &before);
		check_all(&c);
		fingerprint(d, &after);
		sure = str_eq(buf_str(&before), buf_str(&after)) &&
		       str_eq(buf_str(&now.lines), buf_str(&last->lines));
		buf_release(&last->lines);
		*last = now;
	}
	buf_release(&before);
	buf_release(&after);
}

int
store_check(const char *dir, void (*tell)(void *arg, const char *line),
    void *arg, unsigned *n, struct err *err)
{
	struct store_options o = {.read_only = true};
	struct store_dir d;
	struct look look = {0};
	struct check c = {.dir = &d, .say = keep_line, .arg = &look};
	bool begun = false, owned = false;
	int rc = store_dir_open(&d, dir, &o, err);

	if (!rc)
		rc = store_dir_known(&d, &begun, err);
	if (!rc && !begun) {
		/* It may also begin, or end, meanwhile. */
		owned = store_owner(dir) != 0;
		check_all(&c);
		if (look.n && (owned || store_owner(dir)))
			look_again(&d, &look);
	}
	store_dir_close(&d);
	for (size_t at = 0; at < look.lines.n;
	     at += strlen(look.lines.p + at) + 1)
		tell(arg, look.lines.p + at);
	buf_release(&look.lines);
	*n = look.n;
	return rc;
}

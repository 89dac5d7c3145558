/* SPDX-License-Identifier: MIT */
/*
 * weir fmt: specs in their canonical form, on standard output, in place, or
 * only compared with what is there.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/pipeline.h"
#include "cli/terminal.h"
#include "front/front.h"

#define NOWHERE ((struct where){0})

static int
write_all(int fd, struct str text)
{
	while (text.n) {
		ssize_t n = write(fd, text.p, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text = (struct str){text.p + n, text.n - (size_t)n};
	}
	return 0;
}

/* Puts a whole new file in the place of one, with its rights. */
static int
replace(const char *file, struct str text, struct err *err)
{
	char target[PATH_MAX], temporary[PATH_MAX + 8];
	struct stat st;
	int fd;

	if (!realpath(file, target) || stat(target, &st))
		return err_sys(err, ERR_OUTPUT, errno, "%s", file);
	snprintf(temporary, sizeof temporary, "%s.XXXXXX", target);
	fd = mkstemp(temporary);
	if (fd < 0)
		return err_sys(err, ERR_OUTPUT, errno, "%s", temporary);
	if (fchmod(fd, st.st_mode & 07777) || write_all(fd, text) ||
	    fsync(fd) || rename(temporary, target)) {
		err_sys(err, ERR_OUTPUT, errno, "%s", file);
		close(fd);
		unlink(temporary);
		return -1;
	}
	close(fd);
	return 0;
}

/* What is to be done with a spec in its form. */
static int
settle(const struct options *o, const char *file, struct str was,
    const struct buf *now, unsigned *n_differ, struct err *err)
{
	struct buf line = {0};
	bool same = str_eq(was, buf_str(now));
	int failed;

	if (!o->check && !o->write)
		return terminal_write(now, err);
	*n_differ += !same;
	if (same)
		return 0;
	if (o->write)
		return replace(file, buf_str(now), err);
	buf_printf(&line, "%s\n", file);
	failed = terminal_write(&line, err);
	buf_release(&line);
	return failed;
}

static int
format_file(const struct options *o, const char *file, unsigned *n_differ,
    struct err *err)
{
	/* Static: an error points into its text until main has printed it. */
	static struct plan plan;
	struct buf text = {0};
	int failed;

	plan_init(&plan);
	if (pipeline_read(&plan.arena, file, &plan.source, err) ||
	    yaml_parse(&plan, &plan.source, err) ||
	    yaml_format(&plan.source, &text, err)) {
		buf_release(&text);
		return -1;
	}
	failed = settle(o, file, plan.source.text, &text, n_differ, err);
	buf_release(&text);
	if (!failed)
		plan_release(&plan);
	return failed;
}

static int
run_fmt(const struct options *o, struct err *err)
{
	unsigned n = o->n_operands, n_differ = 0;

	if (o->write && o->check)
		return err_set(
		    err, ERR_USAGE, NOWHERE, "either --check or --write");
	if (n > 1 && !o->write && !o->check) {
		err_set(err, ERR_USAGE, NOWHERE,
		    "several specs would be printed as one");
		return err_hint(err, "-w brings each file into form");
	}
	if (o->write && (!n || !strcmp(o->operands[0], "-")))
		return err_set(err, ERR_USAGE, NOWHERE,
		    "standard input cannot be written");
	if (!n)
		return format_file(o, "-", &n_differ, err);
	for (unsigned i = 0; i < n; i++)
		if (format_file(o, o->operands[i], &n_differ, err))
			return -1;
	if (!o->check || !n_differ)
		return 0;
	return err_set(err, ERR_FAILED, NOWHERE,
	    "%u of %u spec%s not in canonical form", n_differ, n,
	    n == 1 ? " is" : "s are");
}

const struct command command_fmt = {
    .name = "fmt",
    .usage = "fmt [SPEC]\nfmt --check|--write SPEC...",
    .doc = "Print a spec in its canonical form, or bring files into it.",
    .use = USE_FMT,
    .run = run_fmt,
};

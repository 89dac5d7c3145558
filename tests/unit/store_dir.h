/* SPDX-License-Identifier: MIT */
/* What tests of the store share: a directory for each, keys, words. */
#ifndef WEIR_TESTS_STORE_DIR_H
#define WEIR_TESTS_STORE_DIR_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/key.h"
#include "state/store.h"
#include "tap.h"

/* A name for a state directory in a directory of the test's own. */
__attribute__((unused)) static const char *
test_dir(const char *name)
{
	static char top[128], path[256];
	const char *tmp = getenv("TMPDIR");

	if (!*top) {
		snprintf(top, sizeof top, "%.80s/weir-unit-XXXXXX",
		    tmp && *tmp ? tmp : "/tmp");
		if (!mkdtemp(top))
			perror(top);
	}
	snprintf(path, sizeof path, "%s%s%.80s", top, *name ? "/" : "", name);
	return path;
}

/* Removes a directory and what is in it. */
__attribute__((unused)) static void
test_remove(const char *path)
{
	char command[320];

	snprintf(command, sizeof command, "rm -rf '%s'", path);
	if (system(command))
		perror(command);
}

/* The key of a number; the bytes are those of a static buffer. */
__attribute__((unused)) static struct str
test_key(int64_t n)
{
	static struct buf keys[4];
	static unsigned at;
	struct buf *b = &keys[at++ % 4];

	b->n = 0;
	key_put(b, value_int(n));
	return buf_str(b);
}

__attribute__((unused)) static struct store *
test_open(const char *dir, const struct store_options *o)
{
	struct err err = {0};
	struct store *s;

	if (store_open(&s, dir, o, &err)) {
		printf("# %s\n", err.message);
		err_release(&err);
		return NULL;
	}
	return s;
}

/* Commits and waits. */
__attribute__((unused)) static int
test_commit(struct store *s, const char *note)
{
	struct store_commit c = {.note = str_of(note)};
	struct err err = {0};

	if (store_commit(s, &c, &err) || store_wait(s, &err)) {
		printf("# %s\n", err.message);
		err_release(&err);
		return -1;
	}
	return 0;
}

__attribute__((unused)) static int
test_close(struct store *s)
{
	struct err err = {0};
	int rc = store_close(s, &err);

	err_release(&err);
	return rc;
}

/* The value of a key as text, "-" if there is none; of a static buffer. */
__attribute__((unused)) static const char *
test_get(struct store *s, unsigned map, int64_t bucket, struct str key)
{
	static struct buf text;

	text.n = 0;
	switch (store_get(s, map, bucket, key, &text)) {
	case STORE_FOUND:
		return buf_z(&text);
	case STORE_ABSENT:
		return "-";
	case STORE_DAMAGED:
		break;
	}
	return "damaged";
}

#endif

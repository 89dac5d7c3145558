/* SPDX-License-Identifier: MIT */
/* A state directory for a moment; see temporary.h. */
#include "cli/temporary.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "state/store.h"

int
temporary_make(struct temporary *t, struct err *err)
{
	const char *above = getenv("TMPDIR");
	struct buf name = {0};

	buf_printf(
	    &name, "%s/weir-test.XXXXXX", above && *above ? above : "/tmp");
	buf_z(&name);
	if (!mkdtemp(name.p)) {
		err_sys(err, ERR_IO, errno, "cannot make %s", buf_z(&name));
		buf_release(&name);
		return -1;
	}
	t->dir = mem_strdup(buf_z(&name));
	buf_lit(&name, "/state");
	t->store = mem_strdup(buf_z(&name));
	buf_release(&name);
	return 0;
}

void
temporary_remove(struct temporary *t)
{
	struct err err = {0};

	(void)store_remove(t->store, &err);
	(void)rmdir(t->dir);
	err_release(&err);
	mem_free(t->store);
	mem_free(t->dir);
}

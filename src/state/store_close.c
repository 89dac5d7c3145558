/* SPDX-License-Identifier: MIT */
/*
 * Closing. A run that is short leaves the directory in order for the next one:
 * what merges have made is installed, those that are behind are waited for
 * (store_pick.c), and if files that nobody needs take much room they go, too.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "state/store_in.h"

/* Of what there is, files that are not needed any more may be a part. */
#define GARBAGE_PART 8
#define GARBAGE_LEAST ((uint64_t)1 << 20)

/* The last commit once more. */
static int
commit_again(struct store *s, struct err *err)
{
	struct buf note = {0};
	int rc;

	buf_adds(&note, buf_str(&s->note));
	rc = store_commit(
		 s, &(struct store_commit){.note = buf_str(&note)}, err) ||
	     store_wait(s, err);
	buf_release(&note);
	return rc ? -1 : 0;
}

/* Is there much that is there for the commit before the last one alone? */
static bool
has_garbage(const struct store *s)
{
	uint64_t garbage = 0, runs = 0;
	char name[STORE_NAME_MAX];
	struct stat st;

	for (size_t i = 0; i < s->version.n; i++)
		runs += s->version.runs[i].bytes;
	for (size_t i = 0; i < s->n_garbage; i++) {
		store_name(name, s->garbage[i].kind, s->garbage[i].number);
		if (!fstatat(s->dir.fd, name, &st, AT_SYMLINK_NOFOLLOW))
			garbage += (uint64_t)st.st_size;
	}
	return garbage > GARBAGE_LEAST && garbage > runs / GARBAGE_PART;
}

static int
tidy_up(struct store *s, struct err *err)
{
	bool owed;

	if (s->o.read_only || s->temporary || s->spilled || !s->epoch ||
	    !memtable_is_empty(s->pending))
		return 0;
	owed = aside_owed(s);
	owed |= merge_owed(s);
	if (owed && commit_again(s, err))
		return -1;
	return has_garbage(s) ? commit_again(s, err) : 0;
}

int
store_close(struct store *s, struct err *err)
{
	int rc = store_wait(s, err);

	if (!rc)
		rc = tidy_up(s, err);
	aside_stop(s);
	merge_stop(s);
	if (s->threaded) {
		pthread_mutex_lock(&s->lock);
		s->quit = true;
		pthread_cond_broadcast(&s->changed);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
	}
	if (!rc && !s->undone)
		log_close(s);
	store_free(s);
	return rc;
}

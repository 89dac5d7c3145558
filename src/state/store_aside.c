/* SPDX-License-Identifier: MIT */
/*
 * What the journal holds, made a run while commits go on. When the journal is
 * full the table of what it holds is taken aside: nobody changes it any more,
 * a thread of its own writes it down, and commits go to the end of the same
 * journal meanwhile. When the run is there the next commit names it and begins
 * a journal of what is newer. So no commit waits for more than it has changed.
 *
 * Until then nothing on the disk relies on the run: whoever opens the
 * directory finds everything in the journal.
 */
#include <signal.h>

#include "base/mem.h"
#include "base/must.h"
#include "state/store_in.h"

struct store_aside {
	struct store *store;
	struct memtable *table;
	struct version below; /* as it was: copies */
	struct version_run run;
	struct section_set dead; /* dropped since */
	pthread_t thread;
	atomic_bool finished;
	int rc; /* of flush_run */
	struct err err;
};

static void *
aside_main(void *arg)
{
	struct store_aside *a = arg;
	struct flush_what what = {.newer = a->table, .below = &a->below};
	unsigned n = 1;

	a->rc = flush_run(a->store, &what, &a->run, &n, &a->err);
	if (!n)
		a->run.number = 0;
	pthread_mutex_lock(&a->store->lock);
	atomic_store(&a->finished, true);
	pthread_cond_broadcast(&a->store->changed);
	pthread_mutex_unlock(&a->store->lock);
	return NULL;
}

static bool
start(struct store_aside *a)
{
	sigset_t all, was;
	bool begun;

	sigfillset(&all);
	must(!pthread_sigmask(SIG_SETMASK, &all, &was));
	begun = !pthread_create(&a->thread, NULL, aside_main, a);
	must(!pthread_sigmask(SIG_SETMASK, &was, NULL));
	return begun;
}

static void
aside_free(struct store_aside *a)
{
	version_release(&a->below);
	mem_free(a->dead.p);
	err_release(&a->err);
	mem_free(a);
}

void
aside_begin(struct store *s)
{
	size_t bytes = s->pending->bytes;
	struct store_aside *a;

	/* What is large becomes a run together with what is held. */
	if (s->aside || s->log.renew || bytes > s->o.inline_max ||
	    s->log.size + bytes <= journal_most(s, bytes) ||
	    s->held->bytes <= journal_run(s))
		return;
	a = mem_zalloc(sizeof *a);
	a->store = s;
	a->run.number = s->next_run++;
	version_copy(&a->below, &s->version);
	memtable_settle(s->held);
	a->table = s->held;
	if (!start(a)) {
		/* The writer will do it. */
		aside_free(a);
		return;
	}
	s->held = memtable_new();
	s->aside = a;
}

struct memtable *
aside_table(const struct store *s)
{
	return s->aside ? s->aside->table : NULL;
}

void
aside_drop(struct store *s, const struct memtable *changes)
{
	struct store_aside *a = s->aside;

	for (size_t i = 0; i < a->table->n; i++) {
		const struct mem_section *p = a->table->sections[i];

		if (memtable_hides(changes, p->map, p->bucket))
			section_set_add(&a->dead, p->map, p->bucket);
	}
}

static void
wait_finished(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	while (!atomic_load(&s->aside->finished))
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

int
aside_settle(struct store *s, struct buf *edits, struct err *err)
{
	struct store_aside *a = s->aside;

	if (!a)
		return 0;
	wait_finished(s);
	if (a->rc) {
		*err = a->err;
		a->err = (struct err){0};
		return -1;
	}
	a->run.dead = a->dead;
	if (a->run.number)
		edit_put_add(edits, &a->run);
	a->run.dead = (struct section_set){0};
	return 0;
}

void
aside_end(struct store *s)
{
	struct store_aside *a = s->aside;

	if (!a)
		return;
	pthread_join(a->thread, NULL);
	memtable_free(s->trash_aside);
	s->trash_aside = a->table;
	s->aside = NULL;
	aside_free(a);
}

void
aside_turn(struct store *s)
{
	struct err err = {0};

	if (!s->aside || !atomic_load(&s->aside->finished))
		return;
	if (aside_settle(s, &s->job.edits, &err) || store_apply(s, &err))
		store_fail(s, &err);
	aside_end(s);
	s->log.renew = true;
}

bool
aside_owed(struct store *s)
{
	if (!s->aside)
		return false;
	wait_finished(s);
	return !s->aside->rc;
}

void
aside_stop(struct store *s)
{
	char name[STORE_NAME_MAX];
	uint64_t number;

	if (!s->aside)
		return;
	wait_finished(s);
	number = s->aside->rc ? 0 : s->aside->run.number;
	aside_end(s);
	/* A commit that failed may have named it. */
	if (!number || atomic_load(&s->failed))
		return;
	store_name(name, STORE_RUN, number);
	store_dir_unlink(&s->dir, name);
}

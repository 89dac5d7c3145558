/* SPDX-License-Identifier: MIT */
/*
 * Reading ahead; see ahead.h. A ring of pieces: the thread fills them in
 * order, the reader empties them. A piece is handed over when it is full or
 * when there is nothing more to be had without waiting.
 */
#include "run/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/mem.h"

#define PIECES 4
#define PIECE_BYTES ((size_t)256 << 10)
#define LOOK_MS 200

struct piece {
	char *bytes;
	size_t at, n;
};

struct ahead {
	struct port port;
	struct port *from;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	struct piece ring[PIECES];
	unsigned first, n; /* pieces that are full */
	bool stop;	   /* nobody reads any more */
	bool ended;	   /* the thread has: failed says how */
	bool failed;
	struct err err;
};

/* Threads there are. They are the process's, and so is their number. */
static atomic_uint n_threads;

/* ---- the thread ---- */

static bool
stopped(struct ahead *a)
{
	bool stop;

	pthread_mutex_lock(&a->lock);
	stop = a->stop;
	pthread_mutex_unlock(&a->lock);
	return stop;
}

/* Waits for an empty piece; NULL if there is no need for one any more. */
static struct piece *
empty_piece(struct ahead *a)
{
	struct piece *p;

	pthread_mutex_lock(&a->lock);
	while (a->n == PIECES && !a->stop)
		pthread_cond_wait(&a->emptied, &a->lock);
	p = a->stop ? NULL : &a->ring[(a->first + a->n) % PIECES];
	pthread_mutex_unlock(&a->lock);
	if (!p)
		return NULL;
	if (!p->bytes)
		p->bytes = mem_alloc(PIECE_BYTES);
	p->at = p->n = 0;
	return p;
}

static void
hand_over(struct ahead *a, bool ended)
{
	pthread_mutex_lock(&a->lock);
	if (ended)
		a->ended = true;
	else
		a->n++;
	pthread_cond_signal(&a->filled);
	pthread_mutex_unlock(&a->lock);
}

/*
 * Fills a piece, as long as nothing has to be waited for once there are some
 * bytes. False at the end, or when nobody reads any more.
 */
static bool
fill(struct ahead *a, struct piece *p)
{
	while (p->n < PIECE_BYTES) {
		ssize_t got;

		while (!port_ready(a->from, p->n ? 0 : LOOK_MS)) {
			if (p->n)
				return true;
			if (stopped(a))
				return false;
		}
		got = port_read(
		    a->from, p->bytes + p->n, PIECE_BYTES - p->n, &a->err);
		if (got == PORT_NONE)
			continue;
		if (got <= 0) {
			a->failed = got < 0;
			return false;
		}
		p->n += (size_t)got;
	}
	return true;
}

static void *
read_ahead(void *arg)
{
	struct ahead *a = arg;
	struct piece *p;

	while ((p = empty_piece(a))) {
		bool more = fill(a, p);

		if (p->n)
			hand_over(a, false);
		if (!more)
			break;
	}
	hand_over(a, true);
	return NULL;
}

/* ---- the reader ---- */

/* With the lock held. */
static bool
something(const struct ahead *a)
{
	return a->n || a->ended;
}

static ssize_t
ahead_read(struct port *port, char *to, size_t n, struct err *err)
{
	struct ahead *a = (struct ahead *)port;
	struct piece *p = &a->ring[a->first];
	size_t left;

	pthread_mutex_lock(&a->lock);
	while (!something(a))
		pthread_cond_wait(&a->filled, &a->lock);
	left = a->n ? p->n - p->at : 0;
	pthread_mutex_unlock(&a->lock);
	if (!left && a->failed) {
		err_release(err);
		*err = a->err;
		a->err = (struct err){0};
		a->failed = false;
		return -1;
	}
	if (n > port_read_max)
		n = port_read_max;
	if (n > left)
		n = left;
	if (!n)
		return 0; /* the end */
	memcpy(to, p->bytes + p->at, n);
	p->at += n;
	if (n < left)
		return (ssize_t)n;
	pthread_mutex_lock(&a->lock);
	a->first = (a->first + 1) % PIECES;
	a->n--;
	pthread_cond_signal(&a->emptied);
	pthread_mutex_unlock(&a->lock);
	return (ssize_t)n;
}

static bool
ahead_ready(struct port *port, int ms)
{
	struct ahead *a = (struct ahead *)port;
	struct timespec until;
	bool ready;

	pthread_mutex_lock(&a->lock);
	if (!something(a) && ms > 0) {
		until = clock_in_ms(ms);
		while (!something(a))
			if (pthread_cond_timedwait(
				&a->filled, &a->lock, &until))
				break;
	}
	ready = something(a);
	pthread_mutex_unlock(&a->lock);
	return ready;
}

static void
ahead_free(struct port *port)
{
	struct ahead *a = (struct ahead *)port;

	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->emptied);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	atomic_fetch_sub(&n_threads, 1);
	pthread_cond_destroy(&a->filled);
	pthread_cond_destroy(&a->emptied);
	pthread_mutex_destroy(&a->lock);
	for (unsigned i = 0; i < PIECES; i++)
		mem_free(a->ring[i].bytes);
	err_release(&a->err);
	port_free(a->from);
	mem_free(a);
}

static bool
start(struct ahead *a)
{
	pthread_condattr_t attr;
	sigset_t all, old;
	bool started;

	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&a->filled, &attr);
	pthread_cond_init(&a->emptied, &attr);
	pthread_condattr_destroy(&attr);
	/* Signals are the owner's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	started = !pthread_create(&a->thread, NULL, read_ahead, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return started;
}

struct port *
ahead_new(struct port *from)
{
	static const struct port_kind kind = {
	    ahead_read, ahead_ready, ahead_free};
	struct ahead *a;

	if (atomic_fetch_add(&n_threads, 1) >= AHEAD_THREADS) {
		atomic_fetch_sub(&n_threads, 1);
		return from;
	}
	a = mem_zalloc(sizeof *a);
	a->port.kind = &kind;
	a->from = from;
	if (start(a))
		return &a->port;
	atomic_fetch_sub(&n_threads, 1);
	pthread_cond_destroy(&a->filled);
	pthread_cond_destroy(&a->emptied);
	pthread_mutex_destroy(&a->lock);
	mem_free(a);
	return from;
}

/* SPDX-License-Identifier: MIT */
/* Prepared batches in input order; see feed.h. */
#include "run/feed.h"

#include <pthread.h>
#include <signal.h>

#include "base/mem.h"
#include "base/must.h"
#include "run/block.h"
#include "run/signals.h"

/* Blocks of an input that are being prepared or wait for the owner. */
#define RING 8
/* Bytes of them beyond which no other is begun, however long records are. */
#define RING_BYTES ((size_t)16 << 20)
/* All blocks of all inputs, as far as smaller ones can help it. */
#define ALL_BYTES ((size_t)64 << 20)
#define BLOCK_LEAST ((size_t)16 << 10)
/* Bytes, and reads at most, of batches that are made ready together. */
#define AHEAD_BYTES ((size_t)1 << 20)
#define GATHERED_READS 16
/* What a buffer may keep when a long record has left it. */
#define KEPT_BYTES (4 * BLOCK_BYTES_THREADS)

enum work_state {
	WORK_FREE,
	WORK_TAKEN,
	WORK_READY
};

/* A block and the batches made of it. */
struct work {
	enum work_state state;
	struct block block;
	struct prepared *list;
	size_t n, cap, n_made;
	size_t next; /* batch to hand out */
	size_t size; /* bytes of the block, counted in the stream's n_bytes */
	bool end;    /* nothing follows */
};

/* What the feed keeps per input. */
struct stream {
	struct input *input;
	struct block rest; /* bytes read behind the last whole record; with one
			      thread: the block at hand */
	/* One thread: batches that are ready, and those that were made ever. */
	struct prepared *list;
	size_t n_list, next, n_made, cap;
	bool made;
	struct work ring[RING];
	unsigned first, n; /* works in order: ring[(first + k) % RING] */
	size_t n_bytes;	   /* of their blocks */
	bool reading;	   /* some thread is cutting the next block */
	bool closing;	   /* nobody is to begin with another one */
	unsigned busy;	   /* threads that cut or prepare one of its blocks */
	bool read_all;
};

struct feed {
	struct feed_plan plan;
	struct stream *streams; /* by input number */
	struct lane *lanes;	/* lane 0 is the owner's */
	pthread_t *threads;
	unsigned n_threads;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* there may be something to do */
	pthread_cond_t ready; /* some work is ready */
	bool stop;
	size_t block_bytes, ring_bytes;
	size_t ahead_bytes; /* of batches that are made ready together */
	unsigned n_open;    /* streams, which share those */
	unsigned current;   /* the input the owner waits for or read last */
};

void
feed_torture(unsigned rows, size_t read_bytes)
{
	block_rows_max = rows;
	if (read_bytes)
		port_read_max = read_bytes;
}

/* ---- one thread ---- */

/* The owner is to stop: what has no end yet is no record. */
static void
abandon(struct block *b)
{
	b->to = b->from;
	b->last = b->early = true;
}

/* False when the owner is to stop instead of waiting on. */
static bool
owner_waits(struct feed *f, const struct input *in)
{
	do
		if (!f->plan.before_wait(f->plan.arg, in))
			return false;
	while (!input_ready(in, INPUT_LOOK_MS));
	return true;
}

/* False if it would have to wait and is not to. */
static bool
fill(struct feed *f, struct stream *s, bool wait)
{
	const struct format *format = s->input->layout->format;
	struct block *b = &s->rest;

	/* A record without its end cannot be decoded: read on. */
	for (;;) {
		size_t held = b->to - b->from;

		if (!wait && !input_ready(s->input, 0))
			return false;
		if (wait && !s->input->plain && !owner_waits(f, s->input)) {
			abandon(b);
			return true;
		}
		input_read(s->input, b, f->block_bytes);
		if (b->last || !format->lines || !held ||
		    b->to - b->from > s->input->spec.limits.record_max ||
		    memchr(b->bytes + b->from + held,
			s->input->layout->nul ? '\0' : '\n',
			b->to - b->from - held))
			return true;
	}
}

/* One more of a list of batches. */
static struct prepared *
slot(struct prepared **list, size_t n, size_t *n_made, size_t *cap)
{
	if (n == *n_made) {
		mem_grow(list, cap, n + 1, sizeof **list);
		prepared_init(&(*list)[(*n_made)++]);
	}
	return &(*list)[n];
}

/* The first of several batches is told which ones come behind it. */
static void
announce(struct prepared *list, size_t n)
{
	struct batch **ahead, *first;

	if (n < 2)
		return;
	first = list->batch;
	ahead = arena_array(first->arena, n - 1, sizeof *ahead);
	for (size_t i = 1; i < n; i++) {
		ahead[i - 1] = list[i].batch;
		ahead[i - 1]->behind = true;
	}
	first->ahead = ahead;
	first->n_ahead = (unsigned)(n - 1);
}

/* What there is to be read at once is, so that there are many batches. */
static void
gather(const struct feed *f, struct stream *s)
{
	struct block *b = &s->rest;
	size_t most = f->ahead_bytes / f->n_open;

	if (most < f->block_bytes)
		most = f->block_bytes;
	for (unsigned i = 0;
	     i < GATHERED_READS && !b->last && b->to - b->from < most / 2 &&
	     input_ready(s->input, 0);
	     i++)
		input_read(s->input, b, most);
}

/* How many batches it is worth while to have ready. */
static unsigned
wanted(const struct feed *f)
{
	unsigned most = f->plan.ahead(f->plan.arg) / f->n_open;

	return most ? most : 1;
}

/* Makes up to so many batches ready. */
static void
make_list(struct feed *f, struct stream *s, unsigned most)
{
	s->n_list = s->next = 0;
	while (s->n_list < most && block_next(&f->lanes[0], s->input, &s->rest,
				       slot(&s->list, s->n_list, &s->n_made,
					   &s->cap)) == BLOCK_BATCH)
		s->n_list++;
}

static enum feed_found
next_inline(struct feed *f, struct stream *s, bool wait, struct prepared **out)
{
	unsigned most = 1;

	if (s->next == s->n_list) {
		most = wanted(f);
		if (most > 1)
			gather(f, s);
		make_list(f, s, most);
		announce(s->list, s->n_list);
	}
	while (s->next == s->n_list) {
		if (s->rest.last)
			return FEED_END;
		if (!fill(f, s, wait))
			return FEED_WAIT;
		make_list(f, s, most);
		announce(s->list, s->n_list);
	}
	*out = &s->list[s->next++];
	return FEED_BATCH;
}

/* ---- several threads ---- */

static void
work_reset(struct work *w)
{
	struct block *b = &w->block;

	w->state = WORK_TAKEN;
	w->n = w->next = w->size = 0;
	w->end = false;
	if (b->cap > KEPT_BYTES)
		block_release(b);
	b->from = b->to = 0;
	b->last = b->early = b->whole = b->skipping = false;
}

static struct prepared *
work_slot(struct work *w)
{
	return slot(&w->list, w->n, &w->n_made, &w->cap);
}

/* Adds n bytes to the end of a block. */
static void
append(struct block *b, const char *p, size_t n)
{
	if (!b->bytes)
		block_init(b, BLOCK_BYTES_THREADS);
	block_room(b, n);
	memcpy(b->bytes + b->to, p, n);
	b->to += n;
}

/* Moves the first bytes of the rest, a block's worth, to the end of b. */
static void
take_rest(struct block *b, struct block *rest)
{
	size_t n = rest->to - rest->from;

	if (n > BLOCK_BYTES_THREADS)
		n = BLOCK_BYTES_THREADS;
	append(b, rest->bytes + rest->from, n);
	rest->from += n;
}

/* Keeps the bytes behind `at` for the next block. */
static void
leave_rest(const struct input *in, struct block *b, size_t at, uint64_t context,
    struct block *rest)
{
	size_t n = b->to - at;

	if (rest->from < rest->to) { /* they still stand in front of it */
		rest->from -= n;
	} else {
		if (rest->cap > KEPT_BYTES && n <= KEPT_BYTES)
			block_release(rest);
		rest->from = rest->to = 0;
		append(rest, b->bytes + at, n);
	}
	rest->offset = b->offset + (at - b->from);
	rest->line = b->line;
	if (in->counts && !in->by_number)
		rest->line += input_lines(in, b->bytes + b->from, at - b->from);
	rest->context = context;
	rest->skipping = b->skipping;
	b->to = at;
}

/* Waits for bytes; false if nobody wants them any more. */
static bool
worker_waits(struct feed *f, const struct stream *s)
{
	bool stop = false;

	while (!stop && !input_ready(s->input, INPUT_LOOK_MS)) {
		pthread_mutex_lock(&f->lock);
		stop = f->stop || s->closing || signals_stop();
		/* The owner may have been asked something meanwhile. */
		pthread_cond_signal(&f->ready);
		pthread_mutex_unlock(&f->lock);
	}
	return !stop;
}

enum got {
	GOT_BYTES, /* or the end of input */
	GOT_NONE   /* the owner would have to wait */
};

/*
 * Adds bytes to the block, left over or read. The owner does not wait for
 * them as long as there are workers who can.
 */
static enum got
get_bytes(struct feed *f, struct stream *s, struct work *w, bool owner)
{
	const struct input *in = s->input;
	struct block *b = &w->block;
	bool go = true;

	if (s->rest.from < s->rest.to || s->rest.last) {
		take_rest(b, &s->rest);
		b->last = s->rest.last && s->rest.from == s->rest.to;
		b->early = s->rest.early && b->last;
		return GOT_BYTES;
	}
	if (!in->plain && owner && f->n_threads && !input_ready(in, 0))
		return GOT_NONE;
	if (!in->plain)
		go = owner ? owner_waits(f, in) : worker_waits(f, s);
	if (!go) {
		abandon(b);
		return GOT_BYTES;
	}
	input_read(s->input, b, f->block_bytes);
	return GOT_BYTES;
}

/* Drops what belongs to a record that is too long. */
static void
skip(const struct input *in, struct block *b)
{
	if (b->skipping)
		block_skip(in, b);
	if (!b->from)
		return;
	memmove(b->bytes, b->bytes + b->from, b->to - b->from);
	b->to -= b->from;
	b->from = 0;
}

enum cut {
	CUT_WHOLE, /* whole records, or the end */
	CUT_LONG,  /* a record that is (or was nearly) too long, and what came
		      with it */
	CUT_NONE   /* the owner would have to wait for it */
};

/* Reads the next block; the stream is marked as reading. */
static enum cut
cut_block(struct feed *f, struct stream *s, struct work *w, bool owner)
{
	const struct input *in = s->input;
	struct block *b = &w->block;
	size_t whole = 0;
	uint64_t context = s->rest.context;

	b->offset = s->rest.offset;
	b->context = context;
	b->line = s->rest.line;
	b->skipping = s->rest.skipping;
	while (!whole && !b->last && b->to <= in->spec.limits.record_max) {
		if (get_bytes(f, s, w, owner) == GOT_NONE) {
			leave_rest(in, b, 0, b->context, &s->rest);
			return CUT_NONE;
		}
		skip(in, b);
		context = b->context;
		if (!b->last && b->to)
			whole =
			    format_frame(in->layout, b->bytes, b->to, &context);
	}
	w->end = b->last;
	if (b->last)
		return CUT_WHOLE;
	/* What looking for its end has piled up is no block for one lane. */
	if (!whole ||
	    (b->to > in->spec.limits.record_max && b->to > KEPT_BYTES))
		return CUT_LONG;
	leave_rest(in, b, whole, context, &s->rest);
	b->whole = true;
	return CUT_WHOLE;
}

static void
prepare_block(struct lane *l, struct stream *s, struct work *w)
{
	while (block_open(s->input, &w->block)) {
		if (block_next(l, s->input, &w->block, work_slot(w)) !=
		    BLOCK_BATCH)
			break;
		w->n++;
	}
	/* What frame() calls whole must be that for decode(), too. */
	must(w->block.from == w->block.to);
}

/* With the lock held: a stream that has room for another block, or NULL. */
static struct stream *
stream_to_read(struct feed *f)
{
	unsigned n = f->plan.n_inputs;

	for (unsigned i = 0; i < n; i++) {
		struct stream *s = &f->streams[(f->current + i) % n];

		if (s->input && !s->closing && !s->reading && !s->read_all &&
		    s->n < RING && (!s->n || s->n_bytes < f->ring_bytes))
			return s;
	}
	return NULL;
}

/*
 * Takes and prepares one block, called and returning with the lock held. A
 * record that is too long is decoded while the stream is still marked as
 * reading, since how to go on depends on it.
 */
static void
do_work(struct feed *f, struct lane *l, struct stream *s)
{
	struct work *w = &s->ring[(s->first + s->n++) % RING];
	enum cut cut;

	work_reset(w);
	s->reading = true;
	s->busy++;
	pthread_mutex_unlock(&f->lock);
	if (!w->block.bytes)
		block_init(&w->block, f->block_bytes);
	cut = cut_block(f, s, w, l == &f->lanes[0]);
	if (cut == CUT_WHOLE && s->input->by_number) {
		prepare_block(l, s, w);
		s->rest.line = w->block.line;
	}
	if (cut == CUT_LONG) {
		while (block_next(l, s->input, &w->block, work_slot(w)) ==
		       BLOCK_BATCH)
			if (!w->list[w->n++].batch->more)
				break;
		leave_rest(s->input, &w->block, w->block.from, w->block.context,
		    &s->rest);
	}
	pthread_mutex_lock(&f->lock);
	s->reading = false;
	pthread_cond_signal(&f->work);
	if (cut == CUT_NONE) { /* the ring's last, as nobody else could read */
		s->n--;
		s->busy--;
		return;
	}
	s->read_all = w->end;
	w->size = w->block.cap;
	s->n_bytes += w->size;
	if (cut == CUT_WHOLE && !s->input->by_number) {
		pthread_mutex_unlock(&f->lock);
		prepare_block(l, s, w);
		pthread_mutex_lock(&f->lock);
	}
	w->state = WORK_READY;
	s->busy--;
	pthread_cond_signal(&f->ready);
}

struct worker {
	struct feed *feed;
	struct lane *lane;
};

static void *
worker_main(void *arg)
{
	struct worker w = *(struct worker *)arg;
	struct feed *f = w.feed;
	struct stream *s;

	mem_free(arg);
	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		s = stream_to_read(f);
		if (s)
			do_work(f, w.lane, s);
		else
			pthread_cond_wait(&f->work, &f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

/* Can the owner read of the stream without waiting? */
static bool
owner_reads(const struct feed *f, const struct stream *s)
{
	return s->input->plain || !f->n_threads || input_ready(s->input, 0);
}

/*
 * With the lock held: waits until the stream's first work is ready. NULL if
 * the owner is to stop instead.
 */
static struct work *
first_work(struct feed *f, struct stream *s)
{
	for (;;) {
		struct work *w = &s->ring[s->first];
		struct stream *help;
		bool go;

		if (s->n && w->state == WORK_READY)
			return w;
		help = stream_to_read(f);
		if (help && owner_reads(f, help)) {
			do_work(f, &f->lanes[0], help);
			continue;
		}
		if (!s->input->plain) {
			pthread_mutex_unlock(&f->lock);
			go = f->plan.before_wait(f->plan.arg, s->input);
			pthread_mutex_lock(&f->lock);
			if (!go)
				return NULL;
			if (s->n && w->state == WORK_READY)
				continue;
		}
		pthread_cond_wait(&f->ready, &f->lock);
	}
}

static bool
next_of_ring(struct feed *f, struct stream *s, struct prepared **out)
{
	struct work *w;
	bool found = false;

	pthread_mutex_lock(&f->lock);
	f->current = s->input->number;
	while ((w = first_work(f, s))) {
		if (!w->next && f->plan.ahead(f->plan.arg) > 1)
			announce(w->list, w->n);
		if (w->next < w->n) {
			*out = &w->list[w->next++];
			found = true;
			break;
		}
		if (w->end)
			break;
		w->state = WORK_FREE;
		s->n_bytes -= w->size;
		s->first = (s->first + 1) % RING;
		s->n--;
		pthread_cond_signal(&f->work);
	}
	pthread_mutex_unlock(&f->lock);
	return found;
}

/* ---- the interface ---- */

static void
start_workers(struct feed *f)
{
	sigset_t all, old;

	/* Signals are the owner's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	f->threads = mem_array(f->plan.threads, sizeof *f->threads);
	for (unsigned i = 1; i < f->plan.threads; i++) {
		struct worker *w = mem_alloc(sizeof *w);

		*w = (struct worker){f, &f->lanes[i]};
		if (pthread_create(
			&f->threads[f->n_threads], NULL, worker_main, w)) {
			mem_free(w); /* fewer threads: slower, not wrong */
			break;
		}
		f->n_threads++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

size_t
feed_block_bytes(unsigned threads, unsigned n_inputs, bool tight)
{
	size_t most = threads > 1 && !tight ? BLOCK_BYTES_THREADS : BLOCK_BYTES;
	size_t share = ALL_BYTES / (n_inputs ? n_inputs : 1);

	if (share > most)
		return most;
	return share < BLOCK_LEAST ? BLOCK_LEAST : share;
}

struct feed *
feed_new(const struct feed_plan *plan)
{
	struct feed *f = mem_zalloc(sizeof *f);

	f->plan = *plan;
	f->block_bytes =
	    feed_block_bytes(plan->threads, plan->n_inputs, plan->tight);
	f->ahead_bytes = plan->tight ? AHEAD_BYTES / 2 : AHEAD_BYTES;
	f->ring_bytes = ALL_BYTES / (plan->n_inputs ? plan->n_inputs : 1);
	if (f->ring_bytes > RING_BYTES)
		f->ring_bytes = RING_BYTES;
	f->streams = mem_zalloc(plan->n_inputs * sizeof *f->streams);
	f->lanes = mem_array(plan->threads, sizeof *f->lanes);
	for (unsigned i = 0; i < plan->threads; i++)
		lane_init(&f->lanes[i], plan->lanes, plan->n_inputs);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->work, NULL);
	pthread_cond_init(&f->ready, NULL);
	if (plan->threads > 1)
		start_workers(f);
	return f;
}

void
feed_open(struct feed *f, struct input *in)
{
	struct stream *s = &f->streams[in->number];

	pthread_mutex_lock(&f->lock);
	s->rest = in->head;
	in->head = (struct block){0};
	s->made = true;
	f->n_open++;
	s->closing = false;
	s->input = in;
	pthread_cond_broadcast(&f->work);
	pthread_mutex_unlock(&f->lock);
}

bool
feed_next(struct feed *f, struct input *in, struct prepared **out)
{
	struct stream *s = &f->streams[in->number];

	return f->plan.threads == 1 ? next_inline(f, s, true, out) == FEED_BATCH
				    : next_of_ring(f, s, out);
}

enum feed_found
feed_look(struct feed *f, struct input *in, struct prepared **out)
{
	must(f->plan.threads == 1);
	return next_inline(f, &f->streams[in->number], false, out);
}

static void
stream_release(struct feed *f, struct stream *s)
{
	if (!s->made)
		return;
	for (unsigned i = 0; i < f->plan.threads; i++)
		lane_forget(&f->lanes[i], s->input);
	block_release(&s->rest);
	for (size_t i = 0; i < s->n_made; i++)
		prepared_release(&s->list[i]);
	mem_free(s->list);
	for (unsigned i = 0; i < RING; i++) {
		struct work *w = &s->ring[i];

		for (size_t k = 0; k < w->n_made; k++)
			prepared_release(&w->list[k]);
		mem_free(w->list);
		block_release(&w->block);
	}
}

/* With the lock held: waits until no other thread is at the stream. */
static void
stream_rest(struct feed *f, struct stream *s)
{
	s->closing = true;
	while (s->busy)
		pthread_cond_wait(&f->ready, &f->lock);
}

void
feed_rest(struct feed *f, struct input *in)
{
	pthread_mutex_lock(&f->lock);
	stream_rest(f, &f->streams[in->number]);
	pthread_mutex_unlock(&f->lock);
}

void
feed_close(struct feed *f, struct input *in)
{
	struct stream *s = &f->streams[in->number];

	pthread_mutex_lock(&f->lock);
	stream_rest(f, s);
	stream_release(f, s);
	f->n_open -= s->made;
	*s = (struct stream){0};
	pthread_mutex_unlock(&f->lock);
}

void
feed_free(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_broadcast(&f->work);
	pthread_mutex_unlock(&f->lock);
	for (unsigned i = 0; i < f->n_threads; i++)
		pthread_join(f->threads[i], NULL);
	for (unsigned i = 0; i < f->plan.n_inputs; i++)
		stream_release(f, &f->streams[i]);
	for (unsigned i = 0; i < f->plan.threads; i++)
		lane_release(&f->lanes[i]);
	pthread_cond_destroy(&f->ready);
	pthread_cond_destroy(&f->work);
	pthread_mutex_destroy(&f->lock);
	mem_free(f->threads);
	mem_free(f->lanes);
	mem_free(f->streams);
	mem_free(f);
}

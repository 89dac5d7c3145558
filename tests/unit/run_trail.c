/* SPDX-License-Identifier: MIT */
/*
 * Positions of files: what is packed comes back, whatever bytes are taken for
 * it; and each file is found again, whatever became of it. Files are texts
 * here: the matching itself opens nothing.
 */
#include "run/match.h"

#include "base/mem.h"
#include "data/pack.h"
#include "run/files.h"
#include "tap.h"

/* ---- files ---- */

struct thing {
	const char *path;
	unsigned inode;
	const char *text;
	bool sibling, packed;
};

#define FILES 16
static struct candidate world[FILES];
static const char *texts[FILES];
static size_t n_world;

static bool
look(void *arg, const struct candidate *c, uint64_t place, char *to, size_t n)
{
	const char *text = texts[c - world];

	(void)arg;
	if (place > strlen(text) || n > place)
		return false;
	memcpy(to, text + place - n, n);
	return true;
}

static bool
prefix(void *arg, const struct candidate *c, const struct candidate *of)
{
	(void)arg;
	return str_starts(str_of(texts[of - world]), str_of(texts[c - world]));
}

static void
there_is(const struct thing *list, size_t n)
{
	n_world = n;
	for (size_t i = 0; i < n; i++) {
		struct candidate *c = &world[i];
		size_t size = strlen(list[i].text);

		texts[i] = list[i].text;
		*c = (struct candidate){.path = str_of(list[i].path),
		    .named = !list[i].sibling,
		    .packed = list[i].packed,
		    .head = {list[i].text,
			size < IDENTITY_BYTES ? size : IDENTITY_BYTES}};
		c->base = files_base(c->path);
		c->st.st_ino = list[i].inode;
		c->st.st_size = list[i].packed ? (off_t)size / 2 : (off_t)size;
	}
}

/* ---- positions ---- */

static struct trails trails;

static void
forget(void)
{
	trails_release(&trails);
	trails_init(&trails);
	trails_add(&trails, STR("in"));
}

/* A file of this text was read up to a place. */
static struct position *
was_read(const char *path, unsigned inode, const char *text, size_t to)
{
	size_t n = strlen(text), tail = to < TAIL_BYTES ? to : TAIL_BYTES;
	struct stat st = {.st_ino = inode};
	struct position p = {.path = str_of(path),
	    .id = identity_of(&st, text, n),
	    .size = n,
	    .place = {.offset = to},
	    .n_tail = (uint32_t)tail,
	    .tail = identity_hash(text + to - tail, tail)};

	return trail_add(trails.list[0], p);
}

static const char *
found(void)
{
	static struct buf out;
	static const char *const kinds[] = {"gone", "rotated", "cut"};
	struct match m = {.trails = trails.list,
	    .n_trails = trails.n,
	    .list = world,
	    .n = n_world,
	    .look = look,
	    .prefix = prefix};

	out.n = 0;
	for (size_t i = 0; i < n_world; i++)
		for (size_t k = 0; k < trails.list[0]->n; k++)
			world[i].log_known |=
			    !trails.list[0]->files[k].aside &&
			    str_eq(files_base(trails.list[0]->files[k].path),
				world[i].base);
	match_files(&m);
	for (size_t i = 0; i < n_world; i++) {
		const struct candidate *c = &world[i];

		if (c->fate == FATE_READ)
			buf_printf(&out, "%.*s@%d ", STR_ARG(c->path),
			    c->is ? (int)c->is->place.offset : 0);
	}
	for (size_t i = 0; i < m.n_gaps; i++)
		buf_printf(&out, "%s %.*s %d ", kinds[m.gaps[i].kind],
		    STR_ARG(m.gaps[i].of->path), (int)m.gaps[i].unread);
	match_release(&m);
	return buf_z(&out);
}

#define THERE(...)                                                             \
	there_is((const struct thing[]){__VA_ARGS__},                          \
	    sizeof((const struct thing[]){__VA_ARGS__}) /                      \
		sizeof(struct thing))

/* ---- what becomes of a log ---- */

static void
test_grown(void)
{
	forget();
	THERE({"a.log", 1, "one\ntwo\n", 0, 0}, {"a.log.1", 2, "old\n", 1, 0});
	same(found(), "a.log@0 ", "the first run reads what is named");
	was_read("a.log", 1, "one\ntwo\n", 8);
	was_read("a.log.1", 2, "old\n", 0)->aside = true;
	same(found(), "a.log@8 ", "nothing new");
	THERE({"a.log", 1, "one\ntwo\nthree\n", 0, 0},
	    {"a.log.1", 2, "old\n", 1, 0});
	same(found(), "a.log@8 ", "it has grown");
	THERE({"a.log", 7, "one\ntwo\nthree\n", 0, 0},
	    {"a.log.1", 8, "old\n", 1, 0});
	same(found(), "a.log@8 ", "all has moved to another disk");
	THERE({"b.log", 9, "one\ntwo\nthree\n", 0, 0});
	same(found(), "b.log@8 ", "moved and called otherwise");
	THERE({"a.log.1", 2, "old\n", 1, 0});
	same(found(), "", "it is missing, and all of it was read");
	THERE({"a.log", 1, "one\ntwo\nthree\n", 0, 0},
	    {"a.log.1", 2, "old\n", 0, 0});
	same(found(), "a.log@8 a.log.1@0 ", "an old one is named now");
}

static void
test_renamed(void)
{
	forget();
	was_read("a.log", 1, "one\ntwo\n", 4);
	was_read("a.log.1", 2, "old\n", 0)->aside = true;
	THERE({"a.log.2", 2, "old\n", 1, 0}, {"a.log.1", 1, "one\ntwo\n", 1, 0},
	    {"a.log", 3, "three\n", 0, 0});
	same(found(), "a.log.1@4 a.log@0 ", "renamed");
	THERE({"a.log.2", 2, "old\n", 1, 0}, {"a.log.1", 1, "one\ntwo\n", 1, 0},
	    {"a.log", 3, "", 0, 0});
	same(found(), "a.log.1@4 a.log@0 ", "renamed, the new one empty");
	THERE({"a.log.2.gz", 4, "old\n", 1, 1},
	    {"a.log.1.gz", 5, "one\ntwo\n", 1, 1},
	    {"a.log", 1, "three\n", 0, 0});
	same(found(), "a.log.1.gz@4 a.log@0 ",
	    "renamed, compressed, and its inode used again");
	THERE({"a.log.4", 2, "old\n", 1, 0}, {"a.log.3", 1, "one\ntwo\n", 1, 0},
	    {"a.log.2", 4, "three\n", 1, 0}, {"a.log.1", 5, "four\n", 1, 0},
	    {"a.log", 3, "five\n", 0, 0});
	same(found(), "a.log.3@4 a.log.2@0 a.log.1@0 a.log@0 ",
	    "rotations that were missed");
	THERE({"a.log-20260102", 1, "one\ntwo\n", 1, 0},
	    {"a.log-20260103", 4, "three\n", 1, 0},
	    {"a.log", 5, "four\n", 0, 0});
	same(found(), "a.log-20260102@4 a.log-20260103@0 a.log@0 ", "by date");
	THERE({"a.log.1", 4, "three\n", 1, 0}, {"a.log", 5, "four\n", 0, 0});
	same(found(), "a.log.1@0 a.log@0 rotated a.log 4 ",
	    "it is gone, and others are there");
	THERE({"a.log", 1, "three\n", 0, 0});
	same(found(), "a.log@0 cut a.log 4 ", "cut, and there is no copy");
	THERE({"b.log", 3, "", 1, 0});
	same(found(), "gone a.log 4 ", "gone, and some of it not read");
}

static void
test_copied(void)
{
	forget();
	was_read("a.log", 1, "one\ntwo\n", 8);
	THERE({"a.log.1", 2, "one\ntwo\nthree\n", 1, 0},
	    {"a.log", 1, "four\n", 0, 0});
	same(found(), "a.log.1@8 a.log@0 ", "copied and cut, shorter");
	THERE({"a.log.1", 2, "one\ntwo\n", 1, 0},
	    {"a.log", 1, "abc\ndef\n", 0, 0});
	same(
	    found(), "a.log.1@8 a.log@0 ", "copied and cut, as long as before");
	THERE({"a.log.1.gz", 2, "one\ntwo\nthree\n", 1, 1},
	    {"a.log", 1, "four\nfive\nsix\n", 0, 0});
	same(found(), "a.log.1.gz@8 a.log@0 ",
	    "copied, cut, compressed, longer");
	THERE({"a.log.1", 2, "one\ntwo\nthree\n", 1, 0},
	    {"a.log", 1, "one\ntwo\nthree\nfour\n", 0, 0});
	same(found(), "a.log@8 ", "copied only");
	THERE({"a.log", 1, "one\ntwi\nthree\n", 0, 0});
	same(found(), "a.log@0 cut a.log 0 ", "changed in the middle");
}

#define BANNER "# the log begins\n"

static void
test_banner(void)
{
	forget();
	was_read("a.log", 1, BANNER, sizeof BANNER - 1);
	THERE({"a.log.1", 2, BANNER "one\n", 1, 0},
	    {"a.log", 1, BANNER "two\n", 0, 0});
	same(found(), "a.log.1@17 a.log@0 ",
	    "copied and cut, and what was read is in both");
	THERE({"a.log.2.gz", 3, BANNER "one\n", 1, 1},
	    {"a.log.1", 4, BANNER "two\n", 1, 0},
	    {"a.log", 5, BANNER "three\n", 0, 0});
	same(found(), "a.log.2.gz@17 a.log.1@0 a.log@0 ",
	    "the oldest of those that fit");
	forget();
	was_read("a.log", 1, BANNER "one\n", sizeof BANNER + 3);
	was_read("a.log.1", 2, BANNER "old\n", 0)->aside = true;
	THERE({"a.log.3.gz", 6, BANNER "old\n", 1, 1},
	    {"a.log.2.gz", 7, BANNER "one\nmore\n", 1, 1},
	    {"a.log.1", 2, BANNER "two\n", 1, 0},
	    {"a.log", 1, BANNER "three\n", 0, 0});
	same(found(), "a.log.2.gz@21 a.log.1@0 a.log@0 ",
	    "inodes used again, in files that begin alike");
}

static void
test_several(void)
{
	forget();
	was_read("d/a", 1, "one\n", 4);
	was_read("d/b", 2, "two\n", 4);
	was_read("d/c.gz", 3, "three\n", 6)->over = true;
	trails.list[0]->files[2].packed = true;
	trails.list[0]->files[2].size = 3;
	THERE({"d/a", 2, "two\n2\n", 0, 0}, {"d/b", 1, "one\n1\n", 0, 0},
	    {"d/c.gz", 3, "three\n", 0, 1}, {"d/e", 4, "", 0, 0});
	same(found(), "d/a@4 d/b@4 d/e@0 ", "names exchanged");
	THERE({"x/a", 11, "one\n1\n", 0, 0}, {"x/b", 12, "two\n2\n", 0, 0},
	    {"x/c.gz", 13, "three\n", 0, 1});
	same(found(), "x/a@4 x/b@4 x/c.gz@6 ", "a directory copied");
	forget();
	was_read("d/a", 1, "one\n", 4);
	was_read("d/b", 2, "one\n", 4);
	THERE({"d/a", 21, "one\nA\n", 0, 0}, {"d/b", 22, "one\nB\n", 0, 0});
	same(found(), "d/a@4 d/b@4 ", "the same contents, told by their names");
	forget();
	was_read("d/a", 1, "", 0);
	THERE({"d/a", 2, "new\n", 0, 0});
	same(found(), "d/a@0 ", "what was empty has no identity");
}

/* ---- packing ---- */

static void
test_pack(void)
{
	struct trails back;
	struct buf a = {0}, b = {0};
	struct trail *t;

	forget();
	was_read("a.log", 1, "one\ntwo\n", 4)->format = STR("lines");
	was_read("\xff.log", ~0u, BANNER, 17)->aside = true;
	t = trails_add(&trails, STR("other"));
	t->timed = true;
	t->w.greatest = -5;
	t->w.n_far = 7;
	t->at = 1;
	trail_add(t, (struct position){.kind = POSITION_STREAM,
			 .path = STR("-"),
			 .place = {UINT64_MAX, 3, 4, 5, true},
			 .records = 9});
	trails_note(&trails, &a);
	trails_init(&back);
	ok(trails_take(&back,
	       (struct value){.p = a.p, .len = (uint32_t)a.n, .type = T_LIST}),
	    "what was packed is taken back");
	trails_note(&back, &b);
	ok(str_eq(buf_str(&a), buf_str(&b)), "and is the same");
	ok(back.n == 2 && back.list[1]->w.greatest == -5 &&
		back.list[1]->files[0].place.offset == UINT64_MAX,
	    "numbers of any size");
	trails_release(&back);
	buf_release(&b);
	/* Any other bytes: no crash, and no read beyond them. */
	for (size_t i = 0; i < a.n; i++)
		for (unsigned flip = 0; flip < 256; flip += 5) {
			size_t n = flip ? a.n : i;
			char *copy = mem_alloc(n + !n);

			memcpy(copy, a.p, n);
			if (flip)
				copy[i] = (char)(copy[i] ^ (int)flip);
			trails_init(&back);
			trails_take(&back,
			    (struct value){
				.p = copy, .len = (uint32_t)n, .type = T_LIST});
			trails_release(&back);
			mem_free(copy);
		}
	ok(1, "damaged bytes are survived");
	buf_release(&a);
}

int
main(void)
{
	trails_init(&trails);
	test_grown();
	test_renamed();
	test_copied();
	test_banner();
	test_several();
	test_pack();
	trails_release(&trails);
	return tap_done();
}

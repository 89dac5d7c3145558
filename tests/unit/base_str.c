/* SPDX-License-Identifier: MIT */
/* Slices: order, search, and the nearest name. */
#include "base/str.h"
#include "tap.h"

static void
test_order(void)
{
	ok(str_cmp(STR("a"), STR("b")) < 0, "a before b");
	ok(str_cmp(STR("a"), STR("ab")) < 0, "a prefix comes first");
	ok(str_cmp(STR("\xc3"), STR("z")) > 0, "bytes compare unsigned");
	ok(str_cmp(STR(""), STR("")) == 0, "empty equals empty");
}

static void
test_search(void)
{
	ok(str_find(STR("hello"), STR("l"), 0) == 2, "first hit");
	ok(str_find(STR("hello"), STR("l"), 3) == 3, "from an offset");
	ok(str_find(STR("hello"), STR("x"), 0) == -1, "no hit");
	ok(str_starts(STR("hello"), STR("he")), "starts");
	ok(!str_ends(STR("o"), STR("lo")), "longer than the whole");
}

static void
test_nearest(void)
{
	const struct str names[] = {STR("status"), STR("path"), STR("method")};

	ok(str_is(str_nearest(STR("statsu"), names, 3), "status"),
	    "a transposition is near");
	ok(!str_nearest(STR("zzz"), names, 3).p, "nothing is near");
	ok(!str_nearest(STR("stew"), names, 3).p,
	    "two mistakes in four letters are another word");
	ok(str_distance(STR("PATH"), STR("path")) == 0, "case is no distance");
}

int
main(void)
{
	test_order();
	test_search();
	test_nearest();
	return tap_done();
}

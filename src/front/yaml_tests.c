/* SPDX-License-Identifier: MIT */
/*
 * The tests of a spec: their form is checked, and they are kept as they are.
 */
#include "front/yaml_tests.h"

int
read_test_text(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct str ignored;

	(void)key;
	return spec_text(s, value, &ignored);
}

int
read_test_input(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	if (value->kind == Y_SEQ)
		return spec_expected(s, value, "a text");
	for (unsigned i = 0; value->kind == Y_MAP && i < value->n; i++)
		if (value->items[i]->kind != Y_SCALAR)
			return spec_expected(s, value->items[i], "a text");
	return value->kind == Y_MAP ? spec_no_doubles(s, value) : 0;
}

int
read_test_expect(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	if (ynode_empty(value))
		return 0;
	if (value->kind != Y_SEQ)
		return spec_expected(s, value, "a list of rows");
	for (unsigned i = 0; i < value->n; i++) {
		const struct ynode *row = value->items[i];

		if (row->kind != Y_MAP)
			return spec_expected(
			    s, row, "a row (a map of column: value)");
		if (spec_no_doubles(s, row))
			return -1;
	}
	return 0;
}

int
read_test_params(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	if (value->kind != Y_MAP)
		return spec_expected(s, value, "a map of name: value");
	return spec_no_doubles(s, value);
}

int
read_test_crash(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	if (value->kind == Y_SCALAR && str_is(value->text, "everywhere"))
		return 0;
	err_set(s->err, ERR_SPEC, value->where, "this is no place for a crash");
	return err_hint(s->err, "crash: everywhere");
}

int
read_tests(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	if (value->kind != Y_SEQ)
		return spec_expected(s, value, "a list of tests");
	for (unsigned i = 0; i < value->n; i++)
		if (spec_map(s, "tests.*", value->items[i], NULL))
			return -1;
	s->plan->tests = value;
	return 0;
}

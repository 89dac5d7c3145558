/* SPDX-License-Identifier: MIT */
/*
 * Keys of a spec about rows that change: which inputs are changelogs, and how
 * an output shows results that change.
 */
#include "front/yaml.h"

int
read_input_changelog(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct plan_input *in = s->input;

	(void)key;
	if (spec_text(s, value, &in->changelog))
		return -1;
	if (str_is(in->changelog, "true"))
		in->changelog = STR("op");
	else if (str_is(in->changelog, "false"))
		in->changelog = (struct str){NULL, 0};
	return 0;
}

int
read_input_key(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct plan_input *in = s->input;
	unsigned n = value->kind == Y_SEQ ? value->n : 1;

	(void)key;
	in->key = arena_array(s->arena, n, sizeof *in->key);
	for (in->n_key = 0; in->n_key < n; in->n_key++)
		if (spec_text(s,
			value->kind == Y_SEQ ? value->items[in->n_key] : value,
			&in->key[in->n_key]))
			return -1;
	return 0;
}

int
read_output_mode(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct str text;

	(void)key;
	if (spec_text(s, value, &text))
		return -1;
	return plan_mode(&s->output, text, value->where, s->err);
}

int
read_output_op(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	return spec_text(s, value, &s->output.change);
}

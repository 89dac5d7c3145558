/* SPDX-License-Identifier: MIT */
/*
 * Keys of an output about its file and about how times are written.
 */
#include "base/zone.h"
#include "front/yaml.h"

int
read_output_file(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	s->output.file_at = value->where;
	return spec_text(s, value, &s->output.file);
}

int
read_output_roll(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct str text;

	(void)key;
	if (spec_text(s, value, &text))
		return -1;
	return plan_roll(&s->output, text, value->where, s->err);
}

int
read_output_times(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct str text;

	(void)key;
	if (spec_text(s, value, &text))
		return -1;
	return plan_out_times(s->plan, &s->output, text, value->where, s->err);
}

int
read_output_zone(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	const struct zone *zone;
	struct str text;

	(void)key;
	if (spec_text(s, value, &text))
		return -1;
	zone = zone_load(text, value->where, s->err);
	if (!zone)
		return -1;
	plan_out_zone(&s->output, zone);
	return 0;
}

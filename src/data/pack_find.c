/* SPDX-License-Identifier: MIT */
/*
 * Looking into packed lists and maps. Nothing is indexed: what stands before
 * the place is skipped.
 */
#include "data/pack_item.h"

/* Goes past the key at *p; tells whether it is this text. */
static bool
is_key(const char **p, const char *end, struct str key)
{
	const char *start = *p;
	struct pack_item it;

	if (pack_item_get(p, end, &it) != PACK_OK)
		return false;
	if (it.kind == PACK_SCALAR)
		return it.v.type == T_TEXT && str_eq(value_str(it.v), key);
	*p = start;
	pack_skip(p, end);
	return false;
}

bool
pack_map_find(
    struct value map, struct str key, struct arena *a, struct value *out)
{
	const char *p = map.p, *end = p + map.len, *found = NULL;
	uint32_t n;

	if (map.type != T_MAP || !pack_get_map(&p, end, &n))
		return false;
	for (; n; n--) {
		if (is_key(&p, end, key))
			found = p;
		if (pack_skip(&p, end) != PACK_OK)
			return false;
	}
	return found && pack_get(&found, end, a, out) == PACK_OK;
}

bool
pack_list_at(struct value list, uint32_t i, struct arena *a, struct value *out)
{
	const char *p = list.p, *end = p + list.len;
	uint32_t n;

	if (list.type != T_LIST || !pack_get_array(&p, end, &n) || i >= n)
		return false;
	for (; i; i--)
		if (pack_skip(&p, end) != PACK_OK)
			return false;
	return pack_get(&p, end, a, out) == PACK_OK;
}

uint32_t
pack_count(struct value v)
{
	const char *p = v.p, *end = p + v.len;
	uint32_t n = 0;

	if (v.type == T_MAP)
		pack_get_map(&p, end, &n);
	else if (v.type == T_LIST)
		pack_get_array(&p, end, &n);
	return n;
}

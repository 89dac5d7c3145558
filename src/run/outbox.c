/* SPDX-License-Identifier: MIT */
/* Results that are held back; see outbox.h. */
#include "run/outbox.h"

#include "data/key.h"

void
outbox_release(struct outbox *b)
{
	buf_release(&b->key);
}

void
outbox_add(struct outbox *b, struct str bytes)
{
	if (!bytes.n)
		return;
	b->key.n = 0;
	key_put(&b->key, value_int((int64_t)++b->n));
	store_put(b->store, OUTBOX_MAP, b->bucket, buf_str(&b->key), bytes);
}

void
outbox_cut(struct outbox *b, int64_t next)
{
	b->sending = b->n ? b->bucket : 0;
	b->bucket = next;
	b->n = 0;
}

bool
outbox_send(
    struct outbox *b, bool (*put)(void *arg, struct str bytes), void *arg)
{
	struct store_scan *scan;
	struct str key, value;
	bool good = true;

	if (!b->sending)
		return true;
	scan = store_scan_begin(b->store, OUTBOX_MAP, b->sending);
	while (good && store_scan_next(scan, &key, &value))
		good = put(arg, value);
	store_scan_end(scan);
	if (!good)
		return false;
	store_drop(b->store, OUTBOX_MAP, b->sending);
	b->sending = 0;
	return true;
}

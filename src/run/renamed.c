/* SPDX-License-Identifier: MIT */
/* Inputs that have another name now; see renamed.h. */
#include "run/renamed.h"

#include <sys/stat.h>

#include "base/mem.h"

static bool
has_trail(const struct trails *t, struct str input)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->list[i]->input, input))
			return true;
	return false;
}

static bool
is_gone(const struct plan *p, struct str input)
{
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (p->inputs[i].used && str_eq(p->inputs[i].name, input))
			return false;
	return true;
}

/* The name may have changed, too: from here to there, a link. */
static bool
is_same_file(const struct position *p, struct str name)
{
	struct stat st;

	return p->kind == POSITION_FILE && p->id.inode && !stat(name.p, &st) &&
	       (uint64_t)st.st_ino == p->id.inode &&
	       (uint64_t)st.st_dev == p->id.device;
}

static bool
has_read(const struct trail *t, struct str name)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct position *p = &t->files[i];

		if (p->aside || p->kind == POSITION_VALUES)
			continue;
		if (str_eq(p->path, name) || is_same_file(p, name) ||
		    (p->kind == POSITION_FILE && files_is_of(p->path, name)))
			return true;
	}
	return false;
}

static void
adopt(struct trails *t, const struct plan *p, const struct plan_input *to,
    const struct files *names, size_t from, size_t end)
{
	for (size_t i = 0; i < t->n; i++) {
		struct trail *trail = t->list[i];

		if (!is_gone(p, trail->input))
			continue;
		for (size_t k = from; k < end; k++)
			if (has_read(trail, names->names[k])) {
				trail->input = arena_str(&t->arena, to->name);
				break;
			}
	}
}

void
renamed_adopt(struct trails *t, const struct plan *p, const struct files *names,
    const size_t *ends)
{
	bool some = false;

	for (size_t i = 0; i < t->n && !some; i++)
		some = is_gone(p, t->list[i]->input);
	for (unsigned i = 0; i < p->n_inputs && some; i++) {
		const struct plan_input *in = &p->inputs[i];

		if (in->used && !in->values && !has_trail(t, in->name))
			adopt(t, p, in, names, i ? ends[i - 1] : 0, ends[i]);
	}
}

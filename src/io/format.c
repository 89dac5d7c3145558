/* SPDX-License-Identifier: MIT */
/*
 * The table of formats, and how one is found: by name, by the extension of a
 * file, by the first bytes of an input.
 */
#include "base/must.h"
#include "io/io.h"

#define FORMAT(name) extern const struct format format_##name;
#include "io/format_list.h"
#undef FORMAT

const struct format *const formats[] = {
#define FORMAT(name) &format_##name,
#include "io/format_list.h"
#undef FORMAT
};

const unsigned n_formats = sizeof formats / sizeof *formats;

const struct limits limits_default = {
    .record_max = 16u << 20,
    .depth_max = 512,
    .fields_max = 65536,
};

const struct format *
format_find(struct str name)
{
	unsigned i;

	for (i = 0; i < n_formats; i++)
		if (str_is(name, formats[i]->name))
			return formats[i];
	return NULL;
}

size_t
format_frame(
    const struct layout *layout, const char *p, size_t n, uint64_t *context)
{
	const struct format *f = layout->format;

	return f->frame_on ? f->frame_on(layout, p, n, context)
			   : f->frame(layout, p, n);
}

static bool
can(const struct format *f, bool writing)
{
	return writing ? f->encode != NULL : f->decode != NULL;
}

/* Sets *err; suggests the formats that can do what is asked. */
static const struct format *
no_format(struct str name, struct where where, bool writing, bool known,
    struct err *err)
{
	struct str names[sizeof formats / sizeof *formats];
	enum err_code code = where.src ? ERR_SPEC : ERR_USAGE;
	unsigned i, n = 0;

	for (i = 0; i < n_formats; i++)
		if (can(formats[i], writing))
			names[n++] = str_of(formats[i]->name);
	if (known)
		err_set(err, code, where, "format \"%.*s\" cannot be %s",
		    STR_ARG(name), writing ? "written" : "read");
	else
		err_set(err, code, where, "there is no format \"%.*s\"",
		    STR_ARG(name));
	err_suggest(err, name, names, n);
	return NULL;
}

const struct format *
format_parse(struct str text, struct where where, bool writing,
    struct settings *settings, struct err *err)
{
	const char *colon = text.n ? memchr(text.p, ':', text.n) : NULL;
	struct str name = text;
	const struct format *f;

	settings->arg = (struct str){NULL, 0};
	settings->where = where;
	if (colon) {
		name.n = (size_t)(colon - text.p);
		settings->arg = (struct str){colon + 1, text.n - name.n - 1};
	}
	f = format_find(name);
	if (!f || !can(f, writing))
		return no_format(name, where, writing, f != NULL, err);
	if (colon && !f->arg) {
		err_set(err, where.src ? ERR_SPEC : ERR_USAGE, where,
		    "format \"%s\" takes nothing behind a colon", f->name);
		return NULL;
	}
	return f;
}

/* True if word is one of the blank-separated words. */
static bool
has_word(const char *words, struct str word)
{
	while (*words) {
		size_t n = strcspn(words, " ");

		if (str_eq_nocase((struct str){words, n}, word))
			return true;
		words += n;
		words += *words == ' ';
	}
	return false;
}

/* What is behind the last dot of the last part of a path; cuts it off. */
static struct str
cut_extension(struct str *name)
{
	size_t i = name->n;
	struct str ext = {NULL, 0};

	while (i && name->p[i - 1] != '.' && name->p[i - 1] != '/')
		i--;
	if (i > 1 && name->p[i - 1] == '.' && name->p[i - 2] != '/') {
		ext = (struct str){name->p + i, name->n - i};
		name->n = i - 1;
	}
	return ext;
}

static bool
is_number(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

const struct format *
format_of_name(struct str filename)
{
	struct str ext = cut_extension(&filename);
	unsigned i;

	if (has_word("bz2 gz xz zst", ext))
		ext = cut_extension(&filename);
	if (is_number(ext)) /* app.jsonl.1, app.csv.2.gz */
		ext = cut_extension(&filename);
	if (!ext.n)
		return NULL;
	for (i = 0; i < n_formats; i++)
		if (has_word(formats[i]->extensions, ext))
			return formats[i];
	return NULL;
}

static const struct format *
best_of(struct str head, bool whole, bool *sure)
{
	const struct format *best = format_find(STR("lines"));
	bool may_be = false;
	int most = 0;

	*sure = true;
	for (unsigned i = 0; i < n_formats; i++) {
		const struct format *f = formats[i];
		int score = f->guess ? f->guess(head, whole) : 0;

		may_be |= score == GUESS_UNSURE;
		if ((score & ~GUESS_UNSURE) > most) {
			most = score & ~GUESS_UNSURE;
			best = f;
			*sure = !(score & GUESS_UNSURE);
		}
	}
	*sure &= !may_be;
	return best;
}

const struct format *
format_guess(struct str head, bool whole)
{
	bool sure;

	return best_of(head, whole, &sure);
}

/* The first byte that is not of a blank line. */
static size_t
skip_blank_lines(struct str s)
{
	size_t line = 0;

	for (size_t i = str_starts(s, STR("\xef\xbb\xbf")) ? 3 : 0; i < s.n;
	     i++) {
		if (s.p[i] == '\n')
			line = i + 1;
		else if (s.p[i] != ' ' && s.p[i] != '\t' && s.p[i] != '\r')
			return line;
	}
	return s.n;
}

const struct format *
format_guess_input(struct str bytes, bool whole)
{
	size_t skip = skip_blank_lines(bytes), n = 0;
	struct str s = {bytes.p + skip, bytes.n - skip};

	if (!s.n && !whole)
		return NULL;
	for (;;) {
		long feed = str_find(s, STR("\n"), n);
		const struct format *f;
		bool sure;

		n = feed < 0 ? s.n : (size_t)feed + 1;
		n = n < GUESS_BYTES ? n : GUESS_BYTES;
		f = best_of((struct str){s.p, n}, whole && n == s.n, &sure);
		if (n == GUESS_BYTES || (whole && n == s.n))
			return f;
		/* What is not of lines does not wait for the end of one. */
		if (feed < 0)
			return f->lines || !sure ? NULL : f;
		if (sure)
			return f;
	}
}

static bool
has_kinds(const struct format *f)
{
	for (unsigned i = 0; i < n_formats; i++)
		if (formats[i]->kind_of &&
		    !strcmp(formats[i]->kind_of, f->name))
			return true;
	return false;
}

const struct format *
format_of_file(struct str filename, struct str bytes, bool whole)
{
	const struct format *by_name = format_of_name(filename), *guess;

	if (by_name && !has_kinds(by_name))
		return by_name;
	guess = format_guess_input(bytes, whole);
	if (!by_name || !guess)
		return guess;
	return guess->kind_of && !strcmp(guess->kind_of, by_name->name)
		   ? guess
		   : by_name;
}

const char *
record_too_long(struct arena *a, uint32_t record_max)
{
	return arena_printf(
	    a, "record longer than %lu bytes", (unsigned long)record_max)
	    .p;
}

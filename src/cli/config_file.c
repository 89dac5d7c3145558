/* SPDX-License-Identifier: MIT */
/*
 * The configuration file; see config_file.h. It is YAML of one kind only: lines
 * of `key: value`, with comments. That is all that presentation needs.
 */
#include "cli/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONFIG_BYTES_MAX 4096

/* False if there is nowhere to look. */
static bool
config_path(struct buf *path)
{
	const char *file = getenv("WEIR_CONFIG");
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (file)
		buf_addz(path, file);
	else if (xdg && *xdg == '/')
		buf_printf(path, "%s/weir/config.yaml", xdg);
	else if (home && *home == '/')
		buf_printf(path, "%s/.config/weir/config.yaml", home);
	return path->n > 0;
}

static void
complain(const char *path, unsigned line, const char *what)
{
	struct buf text = {0};
	char shown[4 * 500 + 8];

	err_quote(shown, str_of(path), 500);
	buf_printf(&text, "weir: %s:%u: %s\n", shown, line, what);
	fwrite(text.p, 1, text.n, stderr);
	buf_release(&text);
}

/* One value without quotes and comment. */
static struct str
plain(struct str value)
{
	for (size_t i = 1; i < value.n; i++)
		if (value.p[i] == '#' && value.p[i - 1] == ' ')
			value.n = i;
	value = str_trim(value);
	if (value.n >= 2 && value.p[0] == value.p[value.n - 1] &&
	    (value.p[0] == '"' || value.p[0] == '\''))
		value = (struct str){value.p + 1, value.n - 2};
	return value;
}

/* NULL, or what is wrong with the line. */
static const char *
read_line(struct str line, enum color_when *color)
{
	long colon = str_find(line, STR(":"), 0);
	struct str value;

	if (!line.n || line.p[0] == '#' || str_is(line, "---"))
		return NULL;
	if (colon < 0)
		return "expected `key: value`";
	if (!str_is(str_trim((struct str){line.p, (size_t)colon}), "color"))
		return "unknown key, ignored (there is only \"color\")";
	value =
	    plain((struct str){line.p + colon + 1, line.n - (size_t)colon - 1});
	if (str_is(value, "auto"))
		*color = COLOR_AUTO;
	else if (str_is(value, "always"))
		*color = COLOR_ALWAYS;
	else if (str_is(value, "never"))
		*color = COLOR_NEVER;
	else
		return "color is auto, always or never";
	return NULL;
}

static enum color_when
read_config(const char *path, struct str text)
{
	enum color_when color = COLOR_UNSET;

	for (unsigned line = 1; text.n; line++) {
		long end = str_find(text, STR("\n"), 0);
		size_t n = end < 0 ? text.n : (size_t)end;
		const char *wrong;

		wrong = read_line(str_trim((struct str){text.p, n}), &color);
		if (wrong)
			complain(path, line, wrong);
		n += end >= 0;
		text = (struct str){text.p + n, text.n - n};
	}
	return color;
}

static enum color_when
read_file(const char *path)
{
	char text[CONFIG_BYTES_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0) {
		if (getenv("WEIR_CONFIG") && *path && errno != ENOENT)
			complain(path, 0, "cannot be read");
		return COLOR_UNSET;
	}
	n = read(fd, text, sizeof text);
	close(fd);
	return n > 0 ? read_config(path, (struct str){text, (size_t)n})
		     : COLOR_UNSET;
}

enum color_when
config_color(void)
{
	static enum color_when color;
	static bool known;
	struct buf path = {0};

	if (!known && config_path(&path))
		color = read_file(buf_z(&path));
	known = true;
	buf_release(&path);
	return color;
}

/* SPDX-License-Identifier: MIT */
/* Terminals, colours, and checked writing; see terminal.h. */
#include "cli/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/config_file.h"

static bool
env_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

static bool
env_is(const char *name, const char *what)
{
	const char *value = getenv(name);

	return value && !strcmp(value, what);
}

bool
terminal_colour(const struct options *o, int fd)
{
	enum color_when when = o->color;
	bool terminal =
	    when == COLOR_ALWAYS || when == COLOR_NEVER ? false : isatty(fd);

	if (when == COLOR_UNSET && terminal && !o->no_config)
		when = config_color();
	if (when == COLOR_ALWAYS || when == COLOR_NEVER)
		return when == COLOR_ALWAYS;
	if (env_set("NO_COLOR"))
		return false;
	if (env_set("CLICOLOR_FORCE") && !env_is("CLICOLOR_FORCE", "0"))
		return true;
	return terminal && !env_is("TERM", "dumb");
}

unsigned
terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}

int
terminal_write(const struct buf *text, struct err *err)
{
	size_t at = 0;

	while (at < text->n) {
		ssize_t n = write(STDOUT_FILENO, text->p + at, text->n - at);

		if (n >= 0)
			at += (size_t)n;
		else if (errno != EINTR)
			return err_sys(
			    err, ERR_OUTPUT, errno, "standard output");
	}
	return 0;
}

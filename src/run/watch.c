/* SPDX-License-Identifier: MIT */
/* Waiting for files; see watch.h. */
#include "run/watch.h"

#include "config.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef HAVE_SYS_INOTIFY_H
#include <sys/inotify.h>
#endif

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

/* How often to look: events may be lost (another host writes the file), and
 * there may be none at all. */
#define LOOK_MS 1000
#define LOOK_BLIND_MS 50

struct watch {
	int fd;	    /* -1: no inotify */
	bool blind; /* some directory is not watched */
	int64_t looked_ms;
};

struct watch *
watch_new(void)
{
	struct watch *w = mem_zalloc(sizeof *w);

	w->fd = -1;
	w->blind = true;
#ifdef HAVE_SYS_INOTIFY_H
	if (!getenv("WEIR_NO_INOTIFY"))
		w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	w->blind = w->fd < 0;
#endif
	w->looked_ms = clock_elapsed_ms();
	return w;
}

void
watch_free(struct watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	mem_free(w);
}

#ifdef HAVE_SYS_INOTIFY_H

static void
watch_directory_of(struct watch *w, const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".";
	size_t n = slash ? (size_t)(slash - path) : 0;

	if (n >= sizeof dir) {
		w->blind = true;
		return;
	}
	if (slash) {
		memcpy(dir, n ? path : "/", n ? n : 1);
		dir[n ? n : 1] = 0;
	}
	/* The parts of a pattern are found by looking around. */
	if (strpbrk(dir, "*?["))
		return;
	/* The same directory again is no other watch. */
	if (inotify_add_watch(w->fd, dir,
		IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
		    IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF) < 0)
		w->blind = true;
}

void
watch_file(struct watch *w, const char *path)
{
	char target[PATH_MAX];

	if (w->fd < 0)
		return;
	watch_directory_of(w, path);
	if (realpath(path, target))
		watch_directory_of(w, target);
}

/* True if a name came or went. */
static bool
drain(int fd)
{
	union {
		char bytes[8192];
		struct inotify_event align;
	} room;
	bool names = false;
	ssize_t n;

	while ((n = read(fd, room.bytes, sizeof room.bytes)) > 0) {
		for (size_t at = 0; at < (size_t)n;) {
			struct inotify_event e;

			memcpy(&e, room.bytes + at, sizeof e);
			names |= (e.mask & ~(uint32_t)(IN_MODIFY |
						       IN_CLOSE_WRITE)) != 0;
			at += sizeof e + e.len;
		}
	}
	return names;
}

#else

void
watch_file(struct watch *w, const char *path)
{
	(void)w;
	(void)path;
}

static bool
drain(int fd)
{
	(void)fd;
	return false;
}

#endif

bool
watch_wait(struct watch *w, int ms)
{
	struct pollfd p = {.fd = w->fd, .events = POLLIN};
	bool names = false;

	if (w->blind && ms > LOOK_BLIND_MS)
		ms = LOOK_BLIND_MS;
	if (poll(&p, 1, ms) > 0)
		names = drain(w->fd);
	if (clock_elapsed_ms() - w->looked_ms >= LOOK_MS)
		names = true;
	if (names)
		w->looked_ms = clock_elapsed_ms();
	return names;
}

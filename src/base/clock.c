/* SPDX-License-Identifier: MIT */
/* The wall clock, unless it has been set still. */
#include "base/clock.h"

#include <stdbool.h>

#include "base/must.h"

static bool still;
static int64_t shown;

int64_t
clock_now(void)
{
	struct timespec t;

	if (still)
		return shown;
	must(!clock_gettime(CLOCK_REALTIME, &t));
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_elapsed_ms(void)
{
	struct timespec t;

	must(!clock_gettime(CLOCK_MONOTONIC, &t));
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct timespec
clock_in_ms(int ms)
{
	struct timespec t;

	must(!clock_gettime(CLOCK_MONOTONIC, &t));
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

void
clock_set(int64_t t)
{
	still = true;
	shown = t;
}

/* SPDX-License-Identifier: MIT */
/* Signals while running; see signals.h. */
#include "run/signals.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop, stats;
static bool held_pipe;

static void
on_stop(int number)
{
	stop = number;
}

static void
on_stats(int number)
{
	(void)number;
	stats = 1;
}

/* A signal that is ignored (nohup) stays ignored. */
static void
catch_signal(int number, void (*handler)(int), int flags)
{
	struct sigaction a = {.sa_handler = handler, .sa_flags = flags}, old;

	if (!sigaction(number, NULL, &old) && old.sa_handler == SIG_IGN)
		return;
	sigaction(number, &a, NULL);
}

void
signals_install(void)
{
	catch_signal(SIGINT, on_stop, (int)SA_RESETHAND);
	catch_signal(SIGTERM, on_stop, (int)SA_RESETHAND);
	catch_signal(SIGHUP, on_stop, (int)SA_RESETHAND);
	catch_signal(SIGUSR1, on_stats, 0);
}

int
signals_stop(void)
{
	return stop;
}

bool
signals_stats(void)
{
	bool asked = stats != 0;

	stats = 0;
	return asked;
}

void
signals_raise(void)
{
	if (!stop)
		return;
	signal(stop, SIG_DFL);
	raise(stop);
}

void
signals_hold_pipe(void)
{
	struct sigaction old;

	held_pipe =
	    !sigaction(SIGPIPE, NULL, &old) && old.sa_handler != SIG_IGN;
	signal(SIGPIPE, SIG_IGN);
}

void
signals_raise_pipe(void)
{
	if (!held_pipe)
		return;
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

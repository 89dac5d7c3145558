/* SPDX-License-Identifier: MIT */
/*
 * pipe_latency [-n RECORDS] [-g GAP_US] FILE COMMAND [ARG...]
 *
 * How long one record takes through a command while its input stays open:
 * writes the first line of FILE into the command, waits for a whole line of
 * output, pauses, and again. Prints microseconds: to the first answer
 * (starting included), then the median, the 99th percentile and the greatest
 * of the others. A command that gives no line within three seconds holds its
 * output back; that is exit status 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 3000,
	MAX_RECORDS = 1000000
};

struct peer {
	pid_t pid;
	int to;
	int from;
};

static void
die(const char *what)
{
	fprintf(stderr, "pipe_latency: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int
compare_doubles(const void *left, const void *right)
{
	double a, b;

	memcpy(&a, left, sizeof a);
	memcpy(&b, right, sizeof b);
	return a < b ? -1 : a > b;
}

static struct peer
start(char **command)
{
	int in[2], out[2];
	struct peer p;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		die("pipe");
	p.pid = fork();
	if (p.pid < 0)
		die("fork");
	if (p.pid == 0) {
		if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
			_exit(125);
		execvp(command[0], command);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	p.to = in[1];
	p.from = out[0];
	return p;
}

static void
give_up(const struct peer *p, const char *why)
{
	fprintf(stderr, "pipe_latency: %s\n", why);
	kill(p->pid, SIGKILL);
	exit(1);
}

static void
await_line(const struct peer *p)
{
	char block[65536];
	ssize_t n;

	do {
		struct pollfd fd = {.fd = p->from, .events = POLLIN};

		if (poll(&fd, 1, PATIENCE_MS) <= 0)
			give_up(p, "no answer: output is held back");
		n = read(p->from, block, sizeof block);
		if (n <= 0)
			give_up(p, "the command ended");
	} while (block[n - 1] != '\n');
}

static double
round_trip(const struct peer *p, const char *line, size_t len)
{
	double began = now_us();

	if (write(p->to, line, len) != (ssize_t)len)
		give_up(p, "the command does not read");
	await_line(p);
	return now_us() - began;
}

static void
finish(const struct peer *p)
{
	int status;

	close(p->to);
	if (waitpid(p->pid, &status, 0) != p->pid)
		die("wait");
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fputs("pipe_latency: the command failed\n", stderr);
		exit(1);
	}
}

static size_t
first_line(const char *name, char *line, size_t room)
{
	FILE *f = fopen(name, "r");

	if (!f || !fgets(line, (int)room, f))
		die(name);
	fclose(f);
	return strlen(line);
}

static void
measure(char **args, long n, useconds_t gap)
{
	char line[4096];
	size_t len = first_line(args[0], line, sizeof line);
	double *took = calloc((size_t)n, sizeof *took);
	double started = now_us(), first;
	struct peer p;

	if (!took)
		die("memory");
	p = start(args + 1);
	round_trip(&p, line, len);
	first = now_us() - started;
	for (long i = 0; i < n; i++) {
		usleep(gap);
		took[i] = round_trip(&p, line, len);
	}
	finish(&p);
	qsort(took, (size_t)n, sizeof *took, compare_doubles);
	printf("%.1f %.1f %.1f %.1f\n", first, took[n / 2],
	    took[(99 * n + 99) / 100 - 1], took[n - 1]);
	free(took);
}

int
main(int argc, char **argv)
{
	long n = 2000, gap = 500;
	int c;

	while ((c = getopt(argc, argv, "+n:g:")) != -1) {
		if (c == 'n')
			n = strtol(optarg, NULL, 10);
		else if (c == 'g')
			gap = strtol(optarg, NULL, 10);
		else
			optind = argc;
	}
	if (argc - optind < 2 || n < 1 || n > MAX_RECORDS || gap < 0 ||
	    gap >= 1000000) {
		fputs("usage: pipe_latency [-n RECORDS] [-g GAP_US] FILE "
		      "COMMAND...\n",
		    stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	measure(argv + optind, n, (useconds_t)gap);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * timed [-n RUNS] [-o OUTPUT] [-e ERRORS] COMMAND [ARG...]
 *
 * Runs a command RUNS times (default once), with standard input from
 * /dev/null, and prints one line for each run: seconds of wall clock, seconds
 * of processor time (user and system), the peak resident set in KiB, and the
 * exit status, 128 + the signal's number after a signal.
 *
 * Of a shell's pipeline, processor time is the sum and the peak is the
 * greatest of its parts. The peak that the kernel reports for a process
 * includes what its parent had when it forked: that is why this is a small
 * program and not a few lines in the script that calls it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct options {
	long runs;
	const char *output;
	const char *errors;
	char **command;
};

static void
die(const char *what)
{
	fprintf(stderr, "timed: %s: %s\n", what, strerror(errno));
	exit(125);
}

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double
seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec * 1e-6;
}

static int
open_output(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		die(name);
	return fd;
}

static void
run_command(char **command, int in, int out, int err)
{
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(125);
	execvp(command[0], command);
	_exit(127);
}

static void
run_once(const struct options *opt, int in)
{
	int out = open_output(opt->output);
	int err = open_output(opt->errors);
	double start = now_s(), wall, cpu;
	struct rusage use;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0)
		run_command(opt->command, in, out, err);
	if (wait4(pid, &status, 0, &use) != pid)
		die("wait");
	wall = now_s() - start;
	cpu = seconds(&use.ru_utime) + seconds(&use.ru_stime);
	status =
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	printf("%.6f %.6f %ld %d\n", wall, cpu, use.ru_maxrss, status);
	close(out);
	close(err);
}

static void
usage(void)
{
	fputs("usage: timed [-n RUNS] [-o OUTPUT] [-e ERRORS] COMMAND...\n",
	    stderr);
	exit(2);
}

static void
read_options(struct options *opt, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+n:o:e:")) != -1) {
		if (c == 'n')
			opt->runs = strtol(optarg, NULL, 10);
		else if (c == 'o')
			opt->output = optarg;
		else if (c == 'e')
			opt->errors = optarg;
		else
			usage();
	}
	if (optind == argc || opt->runs < 1)
		usage();
	opt->command = argv + optind;
}

int
main(int argc, char **argv)
{
	struct options opt = {
	    .runs = 1, .output = "/dev/null", .errors = "/dev/null"};
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (in < 0)
		die("/dev/null");
	read_options(&opt, argc, argv);
	for (long i = 0; i < opt.runs; i++)
		run_once(&opt, in);
	return 0;
}

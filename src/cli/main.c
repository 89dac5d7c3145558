/* SPDX-License-Identifier: MIT */
/*
 * The program's entry: makes the process safe to run in, reads the command
 * line, hands over to a command, prints its error and gives its exit status.
 */
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/simd.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/terminal.h"

/*
 * Started with a standard stream closed, the next file opened would take its
 * number, and messages would end up in it. /dev/null, opened the wrong way
 * round, holds the place: using it fails, so nothing is lost in silence.
 */
static void
hold_standard_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(1);
}

static void
process_init(void)
{
	hold_standard_streams();
	/* A file that grows too large is an error to report, not a death. */
	signal(SIGXFSZ, SIG_IGN);
	/* Blocks and batches are reused, not given back and fetched again. */
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 16 << 20);
	hash_init();
	simd_init();
}

static int
run_command(const struct options *o, struct err *err)
{
	/* What one thread has let go of is what another asks for. */
	if (o->memory)
		mallopt(M_ARENA_MAX, 1);
	if (o->version)
		return help_version(err);
	if (o->help)
		return help_usage(o, err);
	return o->command->run(o, err);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct err err = {0};
	int status = 0;

	process_init();
	if (options_parse(&options, argc, argv, &err) ||
	    run_command(&options, &err)) {
		err_print(
		    stderr, &err, terminal_colour(&options, STDERR_FILENO));
		status = err_status(err.code);
	}
	err_release(&err);
	options_release(&options);
	return status;
}

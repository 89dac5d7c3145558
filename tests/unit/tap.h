/* SPDX-License-Identifier: MIT */
/*
 * The few words a C unit test needs. Each ok() prints one TAP line; end the
 * test with `return tap_done();`.
 */
#ifndef WEIR_TESTS_TAP_H
#define WEIR_TESTS_TAP_H

#include <stdio.h>
#include <string.h>

static int tap_n, tap_failed;

__attribute__((format(printf, 4, 5), unused)) static int
tap_line(int pass, const char *file, int line, const char *fmt, ...)
{
	__builtin_va_list ap;

	printf("%sok %d - ", pass ? "" : "not ", ++tap_n);
	__builtin_va_start(ap, fmt);
	vprintf(fmt, ap);
	__builtin_va_end(ap);
	putchar('\n');
	if (!pass) {
		tap_failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	return pass;
}

#define ok(cond, ...) tap_line(!!(cond), __FILE__, __LINE__, __VA_ARGS__)

/* Compares two texts and shows both when they differ. */
__attribute__((unused)) static int
tap_same(const char *got, const char *want, const char *file, int line,
    const char *what)
{
	int pass = !strcmp(got, want);

	tap_line(pass, file, line, "%s", what);
	if (!pass)
		printf("# got:  %s\n# want: %s\n", got, want);
	return pass;
}

#define same(got, want, what) tap_same(got, want, __FILE__, __LINE__, what)

__attribute__((unused)) static int
tap_done(void)
{
	printf("1..%d\n", tap_n);
	return tap_failed != 0;
}

#endif

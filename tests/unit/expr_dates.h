/* SPDX-License-Identifier: MIT */
/*
 * Expressions of dates whose type depends on what is known when they are
 * bound: whether an operand is constant, and of which type it is.
 */
#ifndef WEIR_TESTS_EXPR_DATES_H
#define WEIR_TESTS_EXPR_DATES_H

struct check {
	const char *text, *want;
};

static const struct check date_checks[] = {
    /* clang-format off */
    {"CAST(TRUE AS DATE)", "!cannot cast boolean to date"},
    {"DATE '2026-03-28' = 'x'", "!not a date: x"},
    {"DATE '2026-03-28' > 5", "!cannot compare date and bigint"},
    {"1 - DATE '2026-03-01'", "!cannot subtract date from bigint"},
    {"DATE '2026-03-01' + 1.5", "!cannot add date and decimal"},
    {"DATE '2026-02-28' + INTERVAL '1' DAY", "2026-03-01"},
    {"DATE '2026-02-28' - 7d", "2026-02-21"},
    {"'1d' + DATE '2026-02-28'", "2026-03-01"},
    {"[DATE '2026-02-28'][1] + 1d", "2026-03-01"},
    {"DATE '2026-01-31' + INTERVAL '1' MONTH", "2026-02-28"},
    {"TIMESTAMPADD(DAY, 1, DATE '2026-02-28')", "2026-03-01"},
    {"- DATE '2026-02-28'", "!cannot negate date"},
    {"COALESCE(DATE '2026-02-28', TIMESTAMP '2026-02-28')",
	"2026-02-28T00:00:00Z"},
    {"GREATEST(DATE '2026-02-28', TIMESTAMP '2026-02-27')",
	"2026-02-28T00:00:00Z"},
    /* clang-format on */
};

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The names of types: the one we write, and all we read (those of Flink SQL
 * and of its neighbours).
 */
#include "data/cast.h"

static const char *const type_names[] = {
    [T_NULL] = "null",
    [T_BOOL] = "boolean",
    [T_INT] = "bigint",
    [T_FLOAT] = "double",
    [T_DECIMAL] = "decimal",
    [T_TEXT] = "text",
    [T_BYTES] = "bytes",
    [T_TIME] = "timestamp",
    [T_DURATION] = "interval",
    [T_LIST] = "array",
    [T_MAP] = "map",
    [T_DATE] = "date",
    [T_JSON] = "json",
    [T_ANY] = "any",
};

const char *
type_name(enum type t)
{
	return (unsigned)t <= T_ANY ? type_names[t] : "?";
}

bool
type_is_number(enum type t)
{
	return t == T_INT || t == T_FLOAT || t == T_DECIMAL;
}

// clang-format off
static const struct type_word {
	const char *name;
	enum type type;
} type_words[] = {
	{"array", T_LIST},
	{"bigint", T_INT},
	{"binary", T_BYTES},
	{"binary varying", T_BYTES},
	{"blob", T_BYTES},
	{"bool", T_BOOL},
	{"boolean", T_BOOL},
	{"bytea", T_BYTES},
	{"bytes", T_BYTES},
	{"char", T_TEXT},
	{"char varying", T_TEXT},
	{"character", T_TEXT},
	{"character varying", T_TEXT},
	{"date", T_DATE},
	{"datetime", T_TIME},
	{"dec", T_DECIMAL},
	{"decimal", T_DECIMAL},
	{"double", T_FLOAT},
	{"double precision", T_FLOAT},
	{"duration", T_DURATION},
	{"float", T_FLOAT},
	{"float64", T_FLOAT},
	{"float8", T_FLOAT},
	{"int", T_INT},
	{"int64", T_INT},
	{"int8", T_INT},
	{"integer", T_INT},
	{"interval", T_DURATION},
	{"list", T_LIST},
	{"long", T_INT},
	{"map", T_MAP},
	{"number", T_DECIMAL},
	{"numeric", T_DECIMAL},
	{"object", T_MAP},
	{"real", T_FLOAT},
	{"row", T_MAP},
	{"smallint", T_INT},
	{"string", T_TEXT},
	{"struct", T_MAP},
	{"text", T_TEXT},
	{"time", T_TIME},
	{"timestamp", T_TIME},
	{"timestamp with local time zone", T_TIME},
	{"timestamp with time zone", T_TIME},
	{"timestamp without time zone", T_TIME},
	{"timestamp_ltz", T_TIME},
	{"timestamptz", T_TIME},
	{"tinyint", T_INT},
	{"varbinary", T_BYTES},
	{"varchar", T_TEXT},
};
// clang-format on

enum type
type_of_name(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof type_words / sizeof *type_words; i++)
		if (str_eq_nocase(name, str_of(type_words[i].name)))
			return type_words[i].type;
	return T_ANY;
}

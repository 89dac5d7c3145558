/* SPDX-License-Identifier: MIT */
/* Readers of the keys under `tests` (yaml_tests.c). */
#ifndef WEIR_FRONT_YAML_TESTS_H
#define WEIR_FRONT_YAML_TESTS_H

#include "front/yaml.h"

spec_reader read_test; /* a key of a test */
spec_reader read_tests;

#endif

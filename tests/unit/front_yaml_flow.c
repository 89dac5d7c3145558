/* SPDX-License-Identifier: MIT */
/* Flows of a spec: what they are printed as, and mistakes. */
#include "front_plan.h"

// clang-format off
static const struct front_case bad[] = {
	{"weir: 1\n"
	 "flows: [a]\n",
	    "2:8: a map of flows is expected here, not a list"},
	{"weir: 1\n"
	 "flows: {x: {from: y}, y: {from: x}}\n"
	 "from: x\n",
	    "2:33: the flow \"x\" would read its own rows | flows must not go"
	    " in a circle"},
	{"weir: 1\n"
	 "inputs: {web: {}, api: {}}\n"
	 "from: wbe\n",
	    "3:7: there is no input \"wbe\" | did you mean \"web\"?"},
	{"weir: 1\n"
	 "inputs: {web: {}, api: {}}\n"
	 "flows: {x: {from: web, steps: [limit: 1]}}\n"
	 "from: web\n"
	 "steps: [union: [xx]]\n",
	    "5:17: there is no input or flow \"xx\" | one of: web, api,"
	    " x"},
	{"weir: 1\n"
	 "inputs: {web: {}, api: {}}\n"
	 "flows: {x: {from: web}}\n"
	 "from: api\n",
	    "3:9: nothing reads the flow \"x\""},
	{"weir: 1\n"
	 "inputs: {web: {}, api: {}}\n"
	 "flows: {api: {from: web}}\n",
	    "3:9: there are two flows or inputs named \"api\""},
	{"weir: 1\n"
	 "flows: {x: {steps: [tee: y, tee: y]}}\n",
	    "2:34: there are two flows or inputs named \"y\""},
	{"weir: 1\n"
	 "steps:\n"
	 "  - split: {x: a > 1, else: y}\n",
	    "1:1: nothing comes out at the end of the steps: \"split\" gives"
	    " their rows to flows | output: {from: FLOW}"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - split: {else: y, x: a > 1}\n",
	    "3:13: \"else\" comes behind all conditions"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - split: {x: a > 1}\n"
	 "  - limit: 1\n"
	 "output: {from: x}\n",
	    "4:5: no rows come here: \"split\" ends a flow"},
	{"weir: 1\n"
	 "steps:\n"
	 "  - split: {x: a > 1, y: a < 1}\n"
	 "output: {from: x}\n",
	    "3:23: nothing reads the flow \"y\""},
	{"weir: 1\n"
	 "output: {}\n"
	 "outputs: {x: {}}\n",
	    "3:1: either \"output\" or \"outputs\""},
	{"weir: 1\n"
	 "input: {columns: [a], values: [[1, 2]]}\n",
	    "2:1: there are 1 columns, and the rows have 2"},
	{"weir: 1\n"
	 "input: {values: [[1, 2], [1]]}\n",
	    "2:26: the first row has 2 columns, this one 1"},
	{"weir: 1\n"
	 "steps: [{union: [], by: place}]\n",
	    "2:25: \"by\" cannot be \"place\" | one of: name, position"},
};

/* What is printed of a graph; it must read back as itself. */
static const struct front_case good[] = {
	{"weir: 1\n"
	 "inputs: {a: {file: x}, b: {file: y, time: {lateness: 5m}}}\n"
	 "time: {lateness: 1m}\n"
	 "flows:\n"
	 "  twice: {from: both, steps: [{set: {n: 2}}]}\n"
	 "  both: {steps: [{union: [a, b]}, {where: v}]}\n"
	 "outputs: {one: {from: both, file: o1}, two: {from: twice}}\n",
	    "inputs:\n"
	    "  a: {file: x}\n"
	    "  b:\n"
	    "    file: y\n"
	    "    time: {lateness: 5m}\n"
	    "time: {lateness: 1m}\n"
	    "flows:\n"
	    "  flow1:\n"
	    "    steps:\n"
	    "      - union: [a, b]\n"
	    "      - where: v\n"
	    "  flow2:\n"
	    "    from: flow1\n"
	    "    steps:\n"
	    "      - set: {n: 2}\n"
	    "outputs:\n"
	    "  one: {from: flow1, file: o1}\n"
	    "  two: {from: flow2}\n"},
	{"weir: 1\n"
	 "input:\n"
	 "  columns: {a: bigint, b: }\n"
	 "  values: [[1, \"'x'\"], [2, NULL]]\n"
	 "steps:\n"
	 "  - split: {x: a > 1, y: a < 0, else: z}\n"
	 "flows: {all: {steps: [{union: [z, y, x], by: position}]}}\n"
	 "output: {from: all}\n",
	    "inputs:\n"
	    "  input1:\n"
	    "    columns: {a: bigint, b: text}\n"
	    "    values:\n"
	    "      - [1, '''x''']\n"
	    "      - [2, 'NULL']\n"
	    "flows:\n"
	    "  flow1:\n"
	    "    from: input1\n"
	    "    steps:\n"
	    "      - where: a > 1\n"
	    "  flow2:\n"
	    "    from: input1\n"
	    "    steps:\n"
	    "      - where: NOT a > 1 IS TRUE AND a < 0\n"
	    "  flow3:\n"
	    "    from: input1\n"
	    "    steps:\n"
	    "      - where: NOT a > 1 IS TRUE AND NOT a < 0 IS TRUE\n"
	    "  flow4:\n"
	    "    steps:\n"
	    "      - union: [flow3, flow2, flow1]\n"
	    "        by: position\n"
	    "output: {from: flow4}\n"},
};
// clang-format on

int
main(void)
{
	struct buf out = {0};

	hash_init();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		parse_plan(yaml_parse, bad[i].text, true, &out);
		same(buf_z(&out), bad[i].want, bad[i].want);
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		parse_plan(yaml_parse, good[i].text, true, &out);
		same(buf_z(&out), good[i].want, "printed");
		check_round_trip(good[i].want, "and read back");
	}
	buf_release(&out);
	return tap_done();
}

# SPDX-License-Identifier: MIT
# weir schema: the form of a spec, for editors.

load lib

# Those that weir takes.
good_specs() {
	for f in "$WEIR_SRC"/tests/cases/*/spec.yaml "$WEIR_SRC"/examples/*.yaml
	do
		# Expressions that YAML itself cannot read; see weir-spec(5).
		[[ $f != */steps-set/* ]] && weir check -q "$f" 2>/dev/null &&
		    echo "$f"
	done
	return 0
}

validate() {
	python3 "$WEIR_SRC"/tests/schema.py "$@" 2>&1
}

@test "schema: it is JSON and has every key and step" {
	gives 0 weir schema
	cp stdout schema.json
	weir -i json 'SELECT `$schema` AS s' schema.json >out
	has "$(<out)" 'draft/2020-12/schema'
	for key in $(sed -n 's/^SPEC("\([^"]*\)".*/\1/p' \
	    "$WEIR_SRC"/src/front/spec_list.h); do
		grep -q "\"${key##*.}\":{\"description\":\"" schema.json || {
			echo "not there: $key"
			return 1
		}
	done
	for op in $(sed -n 's/^OP(\(.*\))/\1/p' \
	    "$WEIR_SRC"/src/op/op_list.h); do
		has "$(<schema.json)" "\"required\":[\"$op\"]"
	done
	gives 2 weir schema x
}

@test "schema: every spec fits it" {
	weir schema >schema.json
	validate schema.json || [ $? -ne 77 ] || skip "no jsonschema"
	validate schema.json $(good_specs)
}

@test "schema: what does not fit is found" {
	weir schema >schema.json
	validate schema.json || [ $? -ne 77 ] || skip "no jsonschema"
	wrong=('steps: [{whee: a}]' 'steps: [{limit: 1, foo: 2}]'
	    'tests: [{nam: x}]' 'input: {format: {}}' 'nmae: x'
	    'time: {lateness: soon}' 'output: {format: jsonn}'
	    'params: {x: {typ: text}}' 'tests: [{late: -1}]')
	for part in "${wrong[@]}"; do
		printf 'weir: 1\n%s\n' "$part" >bad.yaml
		! validate schema.json bad.yaml >found || {
			echo "fits: $part"
			return 1
		}
		grep -q '^bad.yaml: ' found
	done
}

# SPDX-License-Identifier: MIT
# Checks specs against the JSON Schema of `weir schema`:
#	schema.py SCHEMA SPEC...
# Prints what does not fit. Status 1 if something does not, 77 if Python lacks
# jsonschema or yaml.
import json
import sys

try:
	import jsonschema
	import yaml
except ImportError:
	sys.exit(77)


class Loader(yaml.SafeLoader):
	"""As weir reads YAML: no times, and only true and false are booleans."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers
            if tag not in ('tag:yaml.org,2002:timestamp',
                           'tag:yaml.org,2002:bool')]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
for letter, word in ('t', 'true'), ('f', 'false'):
	Loader.yaml_implicit_resolvers.setdefault(letter, []).append(
	    ('tag:yaml.org,2002:bool', __import__('re').compile(word + '$')))

with open(sys.argv[1]) as file:
	schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
bad = False
for name in sys.argv[2:]:
	with open(name) as file:
		try:
			spec = yaml.load(file, Loader)
		except yaml.YAMLError as e:
			print(f'{name}: {e}'.splitlines()[0])
			continue
	for error in validator.iter_errors(spec):
		bad = True
		print(f'{name}: {error.json_path}: {error.message[:200]}')
sys.exit(bad)

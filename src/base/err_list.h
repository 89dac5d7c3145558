/* SPDX-License-Identifier: MIT */
/*
 * Error codes: name, exit status, meaning. Sorted by status, then name.
 * The exit statuses here are those of weir(1).
 */
ERR(FAILED, 1, "a test of a spec failed, or a check found something")
ERR(INPUT, 1, "an input cannot be opened or read")
ERR(IO, 1, "reading or writing failed")
ERR(MEMORY, 1, "a step holds more than --mem allows and cannot let go of it")
ERR(OUTPUT, 1, "the output could not be written")
ERR(SPEC, 2, "a mistake in the query or spec")
ERR(USAGE, 2, "a mistake on the command line; nothing was read")
ERR(BAD, 3, "more bad records than allowed")
ERR(LOCKED, 4, "the state directory is in use by another run")
ERR(STATE, 5, "the saved state does not fit the spec, or is damaged")

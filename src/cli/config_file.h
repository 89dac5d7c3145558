/* SPDX-License-Identifier: MIT */
/*
 * The configuration file: $WEIR_CONFIG, else $XDG_CONFIG_HOME/weir/config.yaml,
 * else ~/.config/weir/config.yaml. It says how weir looks on a terminal and
 * never what it computes, so it can neither run anything nor change results.
 */
#ifndef WEIR_CLI_CONFIG_FILE_H
#define WEIR_CLI_CONFIG_FILE_H

#include "cli/options.h"

/*
 * What the file says about colours; COLOR_UNSET if nothing. The file is read
 * once, when first asked; what is wrong in it is said on standard error, once,
 * and passed over.
 */
enum color_when config_color(void);

#endif

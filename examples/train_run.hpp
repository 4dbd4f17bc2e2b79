// SPDX-License-Identifier: Apache-2.0
// A run of training as its command describes it: images, trainer, and everything that is written beside it.
#pragma once

#include "train_command.hpp"

#include <string>

namespace train_isic {

/// Trains, or does what else the command asks for, and writes the summary. The first Ctrl-C saves and stops.
///   command_line  how to do it again
/// Throws `error`.
void run(const command& c, const std::string& command_line);

}  // namespace train_isic

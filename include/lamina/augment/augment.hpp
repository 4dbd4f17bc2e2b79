// lamina::augment · SPDX-License-Identifier: Apache-2.0
// augment: pictures and their masks changed at random, for training: augmentations, recipes made of them, the language
// that recipes are written in. All that is random is a pure function of (seed, epoch, sample, step). This file includes
// the whole folder.
#pragma once

#include <lamina/augment/known.hpp>
#include <lamina/augment/language_reference.hpp>
#include <lamina/augment/mix.hpp>
#include <lamina/augment/parse.hpp>
#include <lamina/augment/print.hpp>
#include <lamina/augment/recipe.hpp>
#include <lamina/augment/recipes.hpp>

// SPDX-License-Identifier: Apache-2.0
//
// All of the library's public headers.
#ifndef HOLDFAST_HOLDFAST_H
#define HOLDFAST_HOLDFAST_H

#include "holdfast/base.h"
#include "holdfast/churn.h"
#include "holdfast/csv.h"
#include "holdfast/definition.h"
#include "holdfast/frame.h"
#include "holdfast/metrics.h"
#include "holdfast/score.h"
#include "holdfast/store.h"
#include "holdfast/synth.h"
#include "holdfast/workflow.h"

#endif

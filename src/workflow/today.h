// SPDX-License-Identifier: Apache-2.0
//
// What day it is, to tell a date that cannot be known yet from one that can.
#ifndef HOLDFAST_TODAY_H
#define HOLDFAST_TODAY_H

#include "holdfast/base.h"

// The latest date it is anywhere on earth (UTC+14): what is dated later is in the future for everyone. The
// environment's SOURCE_DATE_EPOCH, seconds since 1970, stands in for the clock where it is set.
hf_date hf_today(void);

#endif

// SPDX-License-Identifier: Apache-2.0
//
// How far each curve could be off: a bootstrap over accounts.
#ifndef HOLDFAST_CURVE_BANDS_H
#define HOLDFAST_CURVE_BANDS_H

#include "churn/curve_points.h"
#include "churn/refit.h"

#define HF_BAND_LEVEL 0.95

// Fits `replicates` samples of the accounts, drawn with replacement, as the refit was fitted: the same knots,
// cuts and pairs, the same penalty. Of more than 20,000 rows a replicate draws so many accounts that it has
// about that many, and what that makes of the deviations is taken off. Sets low and high of every point: its
// contribution plus and minus q standard errors, where q is the 95 % quantile over the replicates of the
// largest |deviation| / standard error among the points of its term, so that the band holds the whole curve
// at once widened by a quarter for the knots and cuts (the sup-t band: Montiel Olea and Plagborg-Moller
// 2019). *made: the replicates that had events and others. The result does not depend on the number of
// threads. Errors: HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_curve_bands(hf_curve_points *points, int32_t *made, const hf_refit *refit, int32_t replicates,
                         uint64_t seed, hf_error *error);

// As many replicates as a fit of this size leaves time for, 20 to 100: a count that depends on the size
// alone.
int32_t hf_curve_bands_fit(const hf_refit *refit);

#endif

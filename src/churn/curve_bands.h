// SPDX-License-Identifier: Apache-2.0
//
// How far each curve could be off: a bootstrap over accounts.
#ifndef HOLDFAST_CURVE_BANDS_H
#define HOLDFAST_CURVE_BANDS_H

#include "churn/curve_points.h"
#include "churn/refit.h"

#define HF_BAND_LEVEL 0.95

// Fits `replicates` samples of the accounts, drawn with replacement, as hf_replicate_fit says: knots, cuts
// and levels learnt anew, the penalty drawing to numbers from its prior; pairs, tau and lambda are held. Of
// more than 20,000 rows a replicate draws so many accounts that it has about that many, and what that makes
// of the deviations is taken off. Sets low and high of every point: the contribution of a fit sharpened by
// twicing plus and minus q times the root mean square deviation of the replicates, where q is the 95 %
// quantile over them of the largest |deviation| / root mean square among the points of its term, so that the
// band is for the whole curve at once, and it always holds the model's own (the sup-t band: Montiel Olea and
// Plagborg-Moller 2019). *made: the replicates that had events and others, and a column whose values differ;
// fewer than 20 of them set no bands. The result does not depend on the number of threads. Errors:
// HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_curve_bands(hf_curve_points *points, int32_t *made, const hf_refit *refit, int32_t replicates,
                         uint64_t seed, hf_error *error);

// As many replicates as a fit of this size leaves time for, 20 to 60: a count that depends on the size
// alone.
int32_t hf_curve_bands_fit(const hf_refit *refit);

#endif

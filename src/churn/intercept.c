// SPDX-License-Identifier: Apache-2.0
//
// Newton's method on the intercept alone, kept inside a bracket that halves where a step would leave it. The
// sum of probabilities rises with b, so there is one root; the bracket holds it because at its ends every
// single probability lies below, or above, the base rate.
#include "churn/intercept.h"

#include <math.h>

double hf_intercept_fit(const double *margin, int64_t count, int64_t events)
{
    double rate = (double)events / (double)count, least = margin[0], most = margin[0];
    for (int64_t i = 1; i < count; i++) {
        least = fmin(least, margin[i]);
        most = fmax(most, margin[i]);
    }
    double centre = log(rate) - log1p(-rate);
    double low = centre - most, high = centre - least;
    double b = 0.5 * (low + high);
    for (int step = 0; step < 200 && low < high; step++) {
        double sum = 0.0, slope = 0.0;
        for (int64_t i = 0; i < count; i++) {
            double p = 1.0 / (1.0 + exp(-(margin[i] + b)));
            sum += p;
            slope += p * (1.0 - p);
        }
        double excess = sum - (double)events;
        if (excess > 0.0)
            high = b;
        else
            low = b;
        double next = slope > 0.0 ? b - excess / slope : low;
        if (!(next > low && next < high)) next = 0.5 * (low + high);
        if (excess == 0.0 || next == b || fabs(next - b) <= 4e-16 * (1.0 + fabs(b))) break;
        b = next;
    }
    return b;
}

// SPDX-License-Identifier: Apache-2.0
//
// Gates: what keeps a night from being stored and published.
#ifndef HOLDFAST_RUN_GATES_H
#define HOLDFAST_RUN_GATES_H

#include "health/health_room.h"

// A night's data against the last snapshot (NULL: there is none): fails where a signal, or the accounts
// themselves, lost more than the share `most` of the values there were. most NaN: no gate. columns: of frame,
// those of the input. Errors: HF_ERROR_GATE, with the worst signals and what to do.
hf_status hf_gate_coverage(const hf_context *context, const hf_frame *frame, int32_t columns,
                           const hf_frame *last, double most, hf_error *error);

// Fails where the band of more than the share `most` of the accounts is unknown. most NaN: no gate.
hf_status hf_gate_unknown(const hf_health *health, hf_date as_of, double most, hf_error *error);

// What the check verb finds in the data, by itself and against the last snapshot: told as warnings. Fails
// where any of it is an error (a unit that jumped, a whole feed that is late) and it is not accepted. Errors:
// HF_ERROR_GATE.
hf_status hf_gate_findings(const hf_context *context, const hf_definition *definition, const hf_frame *frame,
                           const hf_frame *last, bool accept, hf_error *error);

#endif

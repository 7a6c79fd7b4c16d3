// SPDX-License-Identifier: Apache-2.0
//
// holdfast whatif: the verb of several actions, each a command of its own in a file of its own.
#include "command.h"

static const cli_command *const actions[] = {&cli_whatif_weights,
                                             &cli_whatif_scenario,
                                             &cli_whatif_fit,
                                             &cli_whatif_list,
                                             &cli_whatif_show,
                                             &cli_whatif_promote,
                                             NULL};

const cli_command cli_whatif = {
    .name = "whatif",
    .purpose = "Weighs, changes and fits what a score is made of, over the whole fleet; read-only.",
    .examples = "whatif weights --store fleet --definition holdfast.yaml --set usage.weight=50\n"
                "whatif scenario --store fleet --definition holdfast.yaml --set 'tickets_90d *= 0.5'\n",
    .actions = actions,
};

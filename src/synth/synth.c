// SPDX-License-Identifier: Apache-2.0
//
// The public call: checks the options and the folder, then writes every file under a temporary name and lets
// them appear together once the last one is whole, truth.json at the very end. A folder that already holds
// another fleet's months is refused, since a reader of accounts-*.csv would mix the two.
#include "holdfast/synth.h"

#include "synth/fleet.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_NAME_BYTES = 32 };

// What a call makes: the months' files, then outcomes.csv, then truth.json.
typedef struct {
    const hf_context *context;
    const char *folder;
    hf_fleet *fleet;
    int32_t months;
    hf_output **outputs;         // owned: months + 2
    hf_synth_month *months_made; // owned
    char *path;                  // owned: room for the folder, a slash and a file's name
    size_t path_size;
    hf_text truth;
} synth_run;

static void file_name(char out[FILE_NAME_BYTES], const synth_run *run, int32_t index)
{
    if (index == run->months) {
        strcpy(out, "outcomes.csv");
    } else if (index > run->months) {
        strcpy(out, "truth.json");
    } else {
        char date[11];
        hf_date_format(hf_fleet_as_of(run->fleet, index), date);
        snprintf(out, FILE_NAME_BYTES, "accounts-%s.csv", date);
    }
}

static hf_status check_options(const hf_synth_options *options, hf_error *error)
{
    if (options->accounts < 1 || options->accounts > 100000000) {
        return hf_fail(error, HF_ERROR_USAGE, "synth: %lld accounts; give 1 to 100000000",
                       (long long)options->accounts);
    }
    if (options->months < 1 || options->months > 600)
        return hf_fail(error, HF_ERROR_USAGE, "synth: %d months; give 1 to 600", (int)options->months);
    if (options->truth != HF_SYNTH_ADDITIVE && options->truth != HF_SYNTH_INTERACTIONS)
        return hf_fail(error, HF_ERROR_USAGE, "synth: there is no truth %d", (int)options->truth);
    return HF_OK;
}

static bool is_fleet_file(const char *name)
{
    size_t length = strlen(name);
    return length == strlen("accounts-YYYY-MM-DD.csv") && strncmp(name, "accounts-", 9) == 0 &&
           strcmp(name + length - 4, ".csv") == 0;
}

static bool is_own_file(const synth_run *run, const char *name)
{
    char own[FILE_NAME_BYTES];
    for (int32_t i = 0; i < run->months; i++) {
        file_name(own, run, i);
        if (strcmp(own, name) == 0) return true;
    }
    return false;
}

// Refuses a folder with months that are not this fleet's.
static hf_status check_folder(const synth_run *run, hf_error *error)
{
    DIR *folder = opendir(run->folder);
    if (!folder) return hf_fail_errno(error, run->folder, errno, "cannot list the folder");
    hf_status status = HF_OK;
    struct dirent *entry;
    while (status == HF_OK && (entry = readdir(folder)) != NULL) {
        if (!is_fleet_file(entry->d_name) || is_own_file(run, entry->d_name)) continue;
        status = hf_fail_at(error, HF_ERROR_EXISTS, run->folder, 0, 0,
                            "the folder holds %s, a month that this fleet does not have; remove it or choose "
                            "another folder, so that two fleets are not read as one",
                            entry->d_name);
    }
    closedir(folder);
    return status;
}

static hf_status open_outputs(synth_run *run, bool overwrite, hf_error *error)
{
    hf_status status = HF_OK;
    run->path_size = strlen(run->folder) + FILE_NAME_BYTES + 2;
    run->path = hf_new(run->context, run->path_size, 1);
    run->outputs = hf_new(run->context, (size_t)run->months + 2, sizeof(hf_output *));
    run->months_made = hf_new(run->context, (size_t)run->months, sizeof *run->months_made);
    if (!run->path || !run->outputs || !run->months_made) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t i = 0; i < run->months + 2; i++) {
        char name[FILE_NAME_BYTES];
        file_name(name, run, i);
        snprintf(run->path, run->path_size, "%s/%s", run->folder, name);
        HF_TRY(done, hf_output_open(&run->outputs[i], run->context, run->path, overwrite, error));
    }
done:
    return status;
}

static hf_status write_all(synth_run *run, const hf_synth_options *options, hf_error *error)
{
    static const char header[] = "account_id,date,outcome,arr\n";
    hf_status status = HF_OK;
    hf_output *outcomes = run->outputs[run->months], *truth = run->outputs[run->months + 1];
    HF_TRY(done, hf_output_write(outcomes, header, sizeof header - 1, error));
    for (int32_t m = 0; m < run->months; m++) {
        hf_progress(run->context, "synth", m, run->months);
        HF_TRY(done,
               hf_fleet_write_month(&run->months_made[m], run->fleet, m, run->outputs[m], outcomes, error));
    }
    hf_synth_month pooled = hf_fleet_pooled(run->fleet);
    HF_TRY(done, hf_synth_truth_write(&run->truth, options, run->months_made, &pooled, error));
    HF_TRY(done, hf_output_write(truth, run->truth.data, run->truth.length, error));
    HF_TRY(done, hf_check_cancel(run->context, error));
    hf_progress(run->context, "synth", run->months, run->months);
done:
    return status;
}

static hf_status commit_all(synth_run *run, hf_error *error)
{
    hf_status status = HF_OK;
    for (int32_t i = 0; i < run->months + 2; i++) {
        hf_output *output = run->outputs[i];
        run->outputs[i] = NULL; // the commit destroys it either way
        HF_TRY(done, hf_output_commit(output, error));
    }
done:
    return status;
}

static void run_free(synth_run *run)
{
    for (int32_t i = 0; run->outputs && i < run->months + 2; i++)
        hf_output_discard(run->outputs[i]);
    hf_delete(run->context, run->outputs);
    hf_delete(run->context, run->months_made);
    hf_delete(run->context, run->path);
    hf_text_free(&run->truth);
    hf_fleet_destroy(run->fleet);
}

hf_status hf_synth_write(const hf_context *context, const char *folder, const hf_synth_options *options,
                         hf_error *error)
{
    static const hf_synth_options defaults = HF_SYNTH_OPTIONS_INIT;
    hf_status status = HF_OK;
    if (!options) options = &defaults;
    synth_run run = {.context = context, .folder = folder, .months = options->months};
    struct stat info;
    bool made_folder = false;
    hf_text_init(&run.truth, context);
    HF_TRY(done, check_options(options, error));
    HF_TRY(done, hf_fleet_create(&run.fleet, context, options, error));
    made_folder = stat(folder, &info) != 0;
    HF_TRY(done, hf_make_folder(folder, error));
    HF_TRY(done, check_folder(&run, error));
    HF_TRY(done, open_outputs(&run, options->overwrite, error));
    HF_TRY(done, write_all(&run, options, error));
    HF_TRY(done, commit_all(&run, error));
done:
    run_free(&run);
    if (status != HF_OK && made_folder) rmdir(folder); // only if nothing is in it
    return status;
}

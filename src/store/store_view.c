// SPDX-License-Identifier: Apache-2.0
//
// A store as it once was: a folder of links to the snapshots it had then. Files of a store are immutable and
// a correction is a new revision, so the past needs no copy, only a choice among what is there.
#include "store/snapshot_block.h"
#include "store/store_folder.h"
#include "store/store_room.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static hf_status link_file(const char *target, const char *folder, const char *name, hf_error *error)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return hf_fail_at(error, HF_ERROR_USAGE, folder, 0, 0, "the path of '%s' is too long", name);
    if (symlink(target, path) != 0) return hf_fail_errno(error, path, errno, "cannot link");
    return HF_OK;
}

static hf_status link_revision(const hf_store *store, const char *shelf, hf_store_entry entry,
                               hf_error *error)
{
    char path[512], target[PATH_MAX], name[HF_SNAPSHOT_NAME], date[11];
    hf_store_path(path, store, HF_SHELF_SNAPSHOTS, entry);
    hf_snapshot_name(name, entry.as_of, entry.revision);
    hf_date_format(entry.as_of, date);
    if (!realpath(path, target))
        return errno == ENOENT ? hf_fail_at(error, HF_ERROR_DATA, store->folder, 0, 0,
                                            "the store has no snapshot of %s, revision %d, any more", date,
                                            (int)entry.revision)
                               : hf_fail_errno(error, path, errno, "cannot open");
    return link_file(target, shelf, name, error);
}

hf_status hf_store_view(const hf_store *store, const char *folder, const hf_snapshot_info *list,
                        int32_t count, hf_error *error)
{
    char path[PATH_MAX], marker[PATH_MAX], shelf[PATH_MAX];
    hf_status status;
    snprintf(path, sizeof path, "%s/%s", store->folder, HF_STORE_MARKER);
    if (!realpath(path, marker)) return hf_fail_errno(error, path, errno, "cannot open");
    if (snprintf(shelf, sizeof shelf, "%s/snapshots", folder) >= (int)sizeof shelf)
        return hf_fail_at(error, HF_ERROR_USAGE, folder, 0, 0, "the folder's name is too long");
    HF_TRY(done, hf_make_folder(shelf, error));
    HF_TRY(done, link_file(marker, folder, HF_STORE_MARKER, error));
    for (int32_t i = 0; i < count; i++)
        HF_TRY(done, link_revision(store, shelf, (hf_store_entry){list[i].as_of, list[i].revision}, error));
done:
    return status;
}

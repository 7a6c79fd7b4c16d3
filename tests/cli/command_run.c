// SPDX-License-Identifier: Apache-2.0
//
// Running the command and comparing what it says; see command_run.h.
#include "cli/command_run.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void enter_folder(char folder[256])
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, 256, "%s/holdfast-test-XXXXXX", base ? base : "/tmp");
    cr_assert_not_null(mkdtemp(folder));
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void leave_folder(const char *folder)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void put_file(const char *folder, const char *name, const char *bytes, size_t length)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fwrite(bytes, 1, length, file), length);
    cr_assert_eq(fclose(file), 0);
}

void put_text(const char *folder, const char *name, const char *text)
{
    put_file(folder, name, text, strlen(text));
}

static char *read_path(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)size + 1);
    size_t got = fread(bytes, 1, (size_t)size, file);
    bytes[got] = '\0';
    if (length) *length = got;
    fclose(file);
    return bytes;
}

char *get_file(const char *folder, const char *name, size_t *length)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return read_path(path, length);
}

bool has_file(const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

int count_entries(const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    DIR *listing = opendir(path);
    if (!listing) return 0;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(listing);
    return count;
}

command_run run_shell(const char *folder, const char *line)
{
    static int serial;
    char out[320], err[320];
    // What it says is kept beside the folder, so that the folder holds only what it made.
    snprintf(out, sizeof out, "%s-%d.out", folder, serial);
    snprintf(err, sizeof err, "%s-%d.err", folder, serial++);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        if (chdir(folder) != 0 || !freopen(out, "wb", stdout) || !freopen(err, "wb", stderr) ||
            !freopen("/dev/null", "rb", stdin))
            _exit(125);
        setenv("HOLDFAST", HOLDFAST_COMMAND, 1);
        setenv("SOURCE_DATE_EPOCH", "1798675200", 0); // 2026-12-31, whatever the machine's clock says
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(126);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    command_run run = {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_path(out, NULL),
                       read_path(err, NULL)};
    remove(out);
    remove(err);
    return run;
}

command_run run_holdfast(const char *folder, const char *line)
{
    char whole[4096];
    snprintf(whole, sizeof whole, "exec \"$HOLDFAST\" %s", line);
    return run_shell(folder, whole);
}

void free_run(command_run *run)
{
    free(run->out);
    free(run->err);
}

// Fingerprints of a trained model depend on its last digits, so a golden message has stars for them.
static void mask_fingerprints(char *text)
{
    for (char *p = text; *p != '\0';) {
        size_t run = strspn(p, "0123456789abcdef");
        if (run == 32) memset(p, '*', run);
        p += run > 0 ? run : 1;
    }
}

void expect_message(const char *folder, const char *name, int code, const char *line)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.txt", HOLDFAST_GOLDEN, name);
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, code, "%s: exit code %d, expected %d; it said:\n%s", line, run.code, code,
                 run.err);
    mask_fingerprints(run.err);
    if (getenv("HOLDFAST_UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "wb");
        cr_assert_not_null(file, "%s", path);
        fputs(run.err, file);
        fclose(file);
    }
    char *golden = read_path(path, NULL);
    cr_assert_not_null(golden, "there is no golden file %s", path);
    cr_assert_str_eq(run.err, golden, "%s said:\n%s\nexpected:\n%s", line, run.err, golden);
    free(golden);
    free_run(&run);
}

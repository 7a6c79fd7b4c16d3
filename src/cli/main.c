// SPDX-License-Identifier: Apache-2.0
//
// The holdfast command: finds the verb, parses its options, runs the job, and turns a status into an exit
// code. All work is the library's; this program sees its public headers only.
#include "command.h"
#include "terminal.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const cli_command *const commands[] = {
    &cli_ingest, &cli_train, &cli_score,   &cli_evaluate, &cli_explain, &cli_store,  &cli_synth,
    &cli_init,   &cli_check, &cli_profile, &cli_run,      &cli_replay,  &cli_report, &cli_whatif};
enum { COMMANDS = sizeof commands / sizeof commands[0], MOST_ACTIONS = 16 };

static int exit_code(hf_status status)
{
    switch (status) {
    case HF_OK:
        return 0;
    case HF_ERROR_USAGE:
        return 2;
    case HF_ERROR_DATA:
    case HF_ERROR_DAMAGED:
    case HF_ERROR_VERSION:
        return 3;
    case HF_ERROR_GATE:
        return 4;
    case HF_ERROR_TOO_LITTLE:
        return 5;
    case HF_ERROR_CANCELLED:
        return 130;
    case HF_ERROR_MEMORY:
    case HF_ERROR_IO:
    case HF_ERROR_EXISTS:
    case HF_ERROR_LOCKED:
    case HF_ERROR_INTERNAL:
        break;
    }
    return 1;
}

static void print_verbs(void)
{
    printf("Scores the health of every customer account and says why.\n\nVerbs:\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-9s %s\n", commands[i]->name, commands[i]->purpose);
    printf("\nExamples:\n"
           "  holdfast train customers.csv --id customer_id --target churned -o churn.json\n"
           "  holdfast score customers.csv --model churn.json --top 20\n"
           "\n'holdfast VERB --help' shows a verb's options; 'holdfast --version' the version.\n");
}

static const cli_command *find_command(const char *name)
{
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static void print_examples(const cli_command *command)
{
    printf("\nExamples:\n");
    for (const char *p = command->examples; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        printf("  holdfast %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

// An action's name begins with its verb's: "whatif weights".
static const char *action_name(const cli_command *action)
{
    return strchr(action->name, ' ') + 1;
}

static void print_actions(const cli_command *command)
{
    printf("%s\n\nActions:\n", command->purpose);
    for (int i = 0; command->actions[i]; i++)
        printf("  %-9s %s\n", action_name(command->actions[i]), command->actions[i]->purpose);
    print_examples(command);
    printf("\n'holdfast %s ACTION --help' shows an action's options.\n", command->name);
}

static const cli_command *find_action(const cli_command *command, const char *name)
{
    for (int i = 0; command->actions[i]; i++)
        if (strcmp(action_name(command->actions[i]), name) == 0) return command->actions[i];
    return NULL;
}

static int unknown_action(const cli_command *command, const char *name)
{
    const char *names[MOST_ACTIONS];
    size_t count = 0;
    for (; command->actions[count] && count < MOST_ACTIONS; count++)
        names[count] = action_name(command->actions[count]);
    const char *nearest = hf_nearest(name, names, count);
    if (nearest)
        fprintf(stderr, "holdfast: '%s' has no action '%s'; did you mean '%s'?\n", command->name, name,
                nearest);
    else
        fprintf(stderr, "holdfast: '%s' has no action '%s'; 'holdfast %s' lists them\n", command->name, name,
                command->name);
    return 2;
}

static int unknown_verb(const char *name)
{
    const char *names[COMMANDS];
    for (int i = 0; i < COMMANDS; i++)
        names[i] = commands[i]->name;
    const char *nearest = hf_nearest(name, names, COMMANDS);
    if (nearest)
        fprintf(stderr, "holdfast: there is no verb '%s'; did you mean '%s'?\n", name, nearest);
    else
        fprintf(stderr, "holdfast: there is no verb '%s'; 'holdfast --help' lists them\n", name);
    return 2;
}

static int report(const hf_error *error)
{
    char text[sizeof(hf_error) + 64];
    hf_error_format(error, text, sizeof text);
    fprintf(stderr, "holdfast: %s\n", text);
    return exit_code(error->status);
}

static int run(const cli_command *command, int count, char **words)
{
    hf_error error = {0};
    cli_arguments *arguments = NULL;
    hf_context *context = NULL;
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    cli_terminal terminal;
    int64_t threads = 0;
    hf_status status = cli_parse(&arguments, command, count, words, &error);
    if (status != HF_OK) return report(&error);
    if (cli_has(arguments, "help")) {
        cli_print_help(command);
        cli_free(arguments);
        return 0;
    }
    if (count == 0) {
        printf("%s\n", command->purpose);
        print_examples(command);
        printf("\n'holdfast %s --help' shows the options.\n", command->name);
        cli_free(arguments);
        return 2;
    }
    cli_terminal_begin(&terminal, cli_has(arguments, "quiet"), cli_has(arguments, "verbose"));
    terminal.tells_stages = command->tells_stages;
    cli_terminal_connect(&options, &terminal);
    status = cli_integer(&threads, arguments, "threads", 1, 1024, &error);
    options.threads = (int)threads;
    if (status == HF_OK) status = cli_keep_apart(command, arguments, &error);
    if (status == HF_OK) status = hf_context_create(&context, &options, &error);
    if (status == HF_OK) status = command->run(context, arguments, &error);
    cli_terminal_end(&terminal);
    hf_context_destroy(context);
    cli_free(arguments);
    return status == HF_OK ? 0 : report(&error);
}

// The verb's action by the words that follow it; without any, or with --help, the actions are listed.
static int run_action(const cli_command *command, int count, char **words)
{
    const bool help = count > 0 && (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0);
    if (count == 0 || help) {
        print_actions(command);
        return help ? 0 : 2;
    }
    const cli_command *action = find_action(command, words[0]);
    return action ? run(action, count - 1, words + 1) : unknown_action(command, words[0]);
}

static int help_on(int count, char **words)
{
    const cli_command *command = find_command(words[0]);
    if (!command) return unknown_verb(words[0]);
    if (command->actions && count == 1) {
        print_actions(command);
        return 0;
    }
    if (command->actions && !find_action(command, words[1])) return unknown_action(command, words[1]);
    cli_print_help(command->actions ? find_action(command, words[1]) : command);
    return 0;
}

int main(int count, char **words)
{
    // A reader that leaves early (| head) changes nothing: how a run ends must not hang on how much of its
    // output still fitted into the pipe.
    signal(SIGPIPE, SIG_IGN);
    if (count < 2) {
        print_verbs();
        return 2;
    }
    const char *verb = words[1];
    if (strcmp(verb, "--version") == 0) {
        printf("holdfast %s\n", hf_version());
        return 0;
    }
    if (strcmp(verb, "help") == 0 && count > 2) return help_on(count - 2, words + 2);
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 || strcmp(verb, "help") == 0) {
        print_verbs();
        return 0;
    }
    const cli_command *command = find_command(verb);
    if (!command) return unknown_verb(verb);
    return (command->actions ? run_action : run)(command, count - 2, words + 2);
}

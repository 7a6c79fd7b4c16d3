// SPDX-License-Identifier: Apache-2.0
//
// The help of a verb: purpose, usage, examples, options in aligned columns.
#include "command.h"

#include <stdio.h>
#include <string.h>

static int print_option(const cli_option *option, int width, bool measure)
{
    char left[80];
    int length = snprintf(left, sizeof left, "%c%c%s--%s%s%s", option->letter ? '-' : ' ',
                          option->letter ? option->letter : ' ', option->letter ? ", " : "  ", option->name,
                          option->value ? " " : "", option->value ? option->value : "");
    if (!measure) printf("  %-*s  %s\n", width, left, option->help);
    return length;
}

static void print_table(const char *heading, const cli_option *options, int width)
{
    printf("\n%s:\n", heading);
    for (; options->name; options++)
        print_option(options, width, false);
}

static int widest(const cli_option *options)
{
    int width = 0;
    for (; options->name; options++) {
        int length = print_option(options, 0, true);
        if (length > width) width = length;
    }
    return width;
}

static void print_lines(const char *heading, const char *lines)
{
    printf("\n%s:\n", heading);
    for (const char *p = lines; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        printf("  holdfast %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

void cli_print_help(const cli_command *command)
{
    cli_option_table tables[CLI_MOST_TABLES];
    const int count = cli_option_tables(tables, command);
    int width = 0;
    for (int t = 0; t < count; t++) {
        const int needed = widest(tables[t].options);
        if (needed > width) width = needed;
    }
    printf("%s\n", command->purpose);
    print_lines("Usage", command->synopsis);
    print_lines("Examples", command->examples);
    for (int t = 0; t < count; t++)
        print_table(tables[t].heading, tables[t].options, width);
    printf("\nExit codes: 0 success, 1 failure at run time, 2 usage, 3 bad data, 4 a gate failed,\n"
           "5 too little data, 130 interrupted. A reader that closes the pipe early (| head) changes none of "
           "them.\n");
}

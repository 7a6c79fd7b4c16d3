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
    int width = widest(command->options), other = widest(cli_column_options);
    if (command->takes_columns && other > width) width = other;
    other = widest(cli_common_options);
    if (other > width) width = other;
    printf("%s\n", command->purpose);
    print_lines("Usage", command->synopsis);
    print_lines("Examples", command->examples);
    print_table("Options", command->options, width);
    if (command->takes_columns) print_table("Reading the table", cli_column_options, width);
    print_table("For every verb", cli_common_options, width);
    printf("\nExit codes: 0 success, 1 failure at run time, 2 usage, 3 bad data, 4 a gate failed,\n"
           "5 too little data, 130 interrupted. A reader that closes the pipe early (| head) changes none of "
           "them.\n");
}

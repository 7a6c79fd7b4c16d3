// SPDX-License-Identifier: Apache-2.0
//
// What a column of tokens is, judged from the counts of all of them: its family, and for every token whether
// it is a value, missing or bad. Where cells are numbers written for people (a currency, thousands
// separators, a decimal comma) and there is one way only to read all of them, they are read so. A column that
// looks like numbers or dates and yet stays text says so.
#include "csv/csv_dress.h"
#include "csv/csv_settle.h"

#include <string.h>

static bool belongs(const hf_csv_settling *s, const hf_cell *cell)
{
    switch (s->family) {
    case HF_FAMILY_NUMBER:
        return cell->class == HF_CELL_NUMBER || cell->class == HF_CELL_PERCENT;
    case HF_FAMILY_DATE:
        return cell->class == HF_CELL_DATE;
    case HF_FAMILY_FLAG:
        return cell->class == HF_CELL_FLAG ||
               (cell->class == HF_CELL_NUMBER && (cell->value == 0 || cell->value == 1));
    case HF_FAMILY_TEXT:
        break;
    }
    return true;
}

static bool same_text(hf_csv_span a, hf_csv_span b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static int64_t present_cells(const hf_csv_tally *t)
{
    int64_t present = -t->cells[HF_CELL_MISSING];
    for (int i = 0; i < HF_CELL_CLASSES; i++)
        present += t->cells[i];
    return present;
}

// Gives every token its fate. Tokens outside the family are bad, unless all of them are one word and that may
// be. Returns whether any is bad.
static bool judge_tokens(hf_csv_settling *s, bool strict)
{
    static const hf_bad_reason of_family[] = {
        [HF_FAMILY_NUMBER] = HF_BAD_NUMBER, [HF_FAMILY_FLAG] = HF_BAD_FLAG, [HF_FAMILY_DATE] = HF_BAD_DATE};
    hf_csv_span word = {NULL, 0};
    bool one_word = !strict, bad = false;
    int64_t cells = 0;
    s->word.text = NULL;
    for (int32_t i = 0; i < s->merged.count; i++) {
        const hf_cell *cell = &s->cells[i];
        s->fate[i] = cell->class == HF_CELL_MISSING ? TAKEN_MISSING : TAKEN_VALUE;
        if (cell->class == HF_CELL_MISSING || belongs(s, cell)) continue;
        bad = true;
        s->fate[i] = TAKEN_BAD;
        s->reason[i] = s->family == HF_FAMILY_NUMBER && cell->class == HF_CELL_OVERFLOW
                           ? HF_BAD_OVERFLOW
                           : of_family[s->family];
        if (s->reason[i] == HF_BAD_OVERFLOW) continue;
        hf_csv_span text = hf_csv_trim(hf_csv_token_text(s, i));
        if (!word.text) word = text;
        one_word = one_word && hf_csv_may_mean_missing(text) && same_text(word, text);
        cells += s->merged.items[i].count;
    }
    if (!one_word || !word.text) return bad;
    bad = false;
    for (int32_t i = 0; i < s->merged.count; i++) {
        if (s->fate[i] == TAKEN_BAD && s->reason[i] != HF_BAD_OVERFLOW) s->fate[i] = TAKEN_MISSING;
        bad |= s->fate[i] == TAKEN_BAD;
    }
    s->word = word;
    s->word_cells = cells;
    return bad;
}

// The family of what is left when the one word is gone that may mean missing, in up to nine cells of ten:
// numbers or dates without exception. HF_FAMILY_TEXT otherwise.
static hf_csv_family family_but_a_word(const hf_csv_settling *s)
{
    const int64_t *n = s->tally.cells;
    int64_t numbers = n[HF_CELL_NUMBER] + n[HF_CELL_PERCENT] + n[HF_CELL_OVERFLOW];
    int64_t words = n[HF_CELL_TEXT], present = present_cells(&s->tally);
    hf_csv_span word = {NULL, 0};
    if (words * 10 > present * 9 || n[HF_CELL_FLAG] > 0) return HF_FAMILY_TEXT;
    if (numbers + words != present && n[HF_CELL_DATE] + words != present) return HF_FAMILY_TEXT;
    for (int32_t i = 0; i < s->merged.count; i++) {
        if (s->cells[i].class != HF_CELL_TEXT) continue;
        hf_csv_span text = hf_csv_trim(hf_csv_token_text(s, i));
        if (!word.text) word = text;
        if (!hf_csv_may_mean_missing(text) || !same_text(word, text)) return HF_FAMILY_TEXT;
    }
    return numbers > 0 ? HF_FAMILY_NUMBER : HF_FAMILY_DATE;
}

// The family of a column nobody declared. Yes and no with a few cells of one other word are a flag; with more
// than that they are a category, which loses nothing.
static void judge_undeclared(hf_csv_settling *s)
{
    s->family = hf_csv_family_of(&s->tally);
    if (s->family == HF_FAMILY_TEXT) s->family = family_but_a_word(s);
    if (s->family == HF_FAMILY_TEXT && hf_csv_nearly_flag(&s->tally)) {
        s->family = HF_FAMILY_FLAG;
        if (!judge_tokens(s, false)) return;
        s->family = HF_FAMILY_TEXT;
    }
    judge_tokens(s, false);
}

// ---- numbers written for people -------------------------------------------------------------------------------

// Whether with this decimal mark all cells that hold a digit are numbers, of one currency at most.
static bool all_undress(const hf_csv_settling *s, char decimal)
{
    char room[HF_PLAIN_ROOM];
    hf_csv_span plain;
    hf_csv_dress dress;
    int32_t currency = 0;
    bool parentheses = false, bare = false;
    for (int32_t i = 0; i < s->merged.count; i++) {
        hf_csv_span text = hf_csv_token_text(s, i);
        if (s->cells[i].class == HF_CELL_MISSING) continue;
        if (hf_csv_may_mean_missing(text)) continue; // the family's rules know what to make of words
        if (!hf_csv_undress(&plain, &dress, room, text, decimal)) return false;
        if (dress.currency && currency && dress.currency != currency) return false;
        if (dress.currency) currency = dress.currency;
        parentheses |= dress.parentheses;
        bare |= !dress.parentheses;
    }
    return bare || !parentheses; // parentheses around every number are no minus
}

// Whether both decimal marks make the same numbers of all cells.
static bool same_either_way(const hf_csv_settling *s)
{
    char room[2][HF_PLAIN_ROOM];
    hf_csv_span plain[2];
    hf_csv_dress dress;
    for (int32_t i = 0; i < s->merged.count; i++) {
        hf_csv_span text = hf_csv_token_text(s, i);
        if (s->cells[i].class == HF_CELL_MISSING || hf_csv_may_mean_missing(text)) continue;
        if (!hf_csv_undress(&plain[0], &dress, room[0], text, '.') ||
            !hf_csv_undress(&plain[1], &dress, room[1], text, ',') || !same_text(plain[0], plain[1]))
            return false;
    }
    return true;
}

// Reads all cells anew in their plain form where there is one way only to do so, and counts them anew.
static bool undress_all(hf_csv_settling *s)
{
    bool point = all_undress(s, '.'), comma = all_undress(s, ',');
    // A lone 1,5 among plain numbers is a slip rather than a decimal comma.
    if (!point && s->tally.cells[HF_CELL_TEXT] * 10 < present_cells(&s->tally)) return false;
    if ((!point && !comma) || (point && comma && !same_either_way(s))) return false;
    s->tally = (hf_csv_tally){0};
    for (int32_t i = 0; i < s->merged.count; i++) {
        char room[HF_PLAIN_ROOM];
        hf_csv_span text = hf_csv_token_text(s, i), plain;
        hf_csv_dress dress;
        if (s->cells[i].class != HF_CELL_MISSING && !hf_csv_may_mean_missing(text) &&
            hf_csv_undress(&plain, &dress, room, text, point ? '.' : ','))
            s->cells[i] = hf_csv_cell_read(plain, &s->reader->missing);
        hf_csv_tally_add(&s->tally, &s->cells[i], s->merged.items[i].count);
    }
    hf_info(s->reader->context, "%s: column '%s' is read as numbers with a decimal %s", s->reader->path,
            s->reader->header.names[s->field], point ? "point" : "comma");
    return true;
}

static bool any_text(const hf_csv_settling *s)
{
    for (int32_t i = 0; i < s->merged.count; i++)
        if (s->cells[i].class == HF_CELL_TEXT && !hf_csv_may_mean_missing(hf_csv_token_text(s, i)))
            return true;
    return false;
}

// ---- what is said ------------------------------------------------------------------------------------------------

// The line of the first cell in the file whose token is marked, and that token.
static hf_status find_first(int64_t *line, int32_t *token, const hf_csv_settling *s, const uint8_t *marked,
                            hf_error *error)
{
    hf_csv_reader *reader = s->reader;
    const int32_t *codes = reader->columns[s->field].values;
    for (int32_t i = 0; i < reader->layout.count; i++) {
        const hf_csv_region *region = &reader->layout.regions[i];
        for (int64_t slot = region->first_slot; slot < region->first_slot + region->slots; slot++) {
            if (codes[slot] < 0) continue;
            *token = s->maps[reader->owner[i]][codes[slot]];
            if (marked[*token]) return hf_csv_line_of(line, reader, slot, s->field, error);
        }
    }
    *line = 0;
    *token = -1;
    return HF_OK;
}

static hf_status warn_word(const hf_csv_settling *s, hf_error *error)
{
    static const char *const what[] = {
        [HF_FAMILY_NUMBER] = "numeric", [HF_FAMILY_FLAG] = "yes or no", [HF_FAMILY_DATE] = "dates"};
    uint8_t *marked = hf_new(s->reader->context, (size_t)s->merged.count, 1);
    int64_t line;
    int32_t token;
    if (!marked) return hf_fail_memory(error);
    for (int32_t i = 0; i < s->merged.count; i++)
        marked[i] = s->fate[i] == TAKEN_MISSING && s->cells[i].class != HF_CELL_MISSING;
    hf_status status = find_first(&line, &token, s, marked, error);
    if (status == HF_OK)
        hf_csv_warn_missing(s->reader, s->field, line, s->word, s->word_cells, present_cells(&s->tally),
                            what[s->family]);
    hf_delete(s->reader->context, marked);
    return status;
}

// A column of text most of whose cells a person would take for numbers or dates: the first that is no plain
// one is named.
static hf_status warn_text(const hf_csv_settling *s, hf_error *error)
{
    int64_t numbers = 0, dates = 0, line = 0, present = present_cells(&s->tally);
    int32_t token = -1;
    hf_status status = HF_OK;
    uint8_t *marked = hf_new(s->reader->context, (size_t)s->merged.count, 1);
    if (!marked) return hf_fail_memory(error);
    for (int32_t i = 0; i < s->merged.count; i++) {
        hf_cell_class class = s->cells[i].class;
        hf_csv_span text = hf_csv_token_text(s, i);
        bool number = class == HF_CELL_NUMBER || class == HF_CELL_PERCENT || class == HF_CELL_OVERFLOW;
        marked[i] = class != HF_CELL_MISSING && !number && class != HF_CELL_DATE;
        if (class == HF_CELL_DATE || (class == HF_CELL_TEXT && hf_csv_like_date(text)))
            dates += s->merged.items[i].count;
        else if (number || (class == HF_CELL_TEXT && hf_csv_like_number(text)))
            numbers += s->merged.items[i].count;
    }
    if (2 * (numbers + dates) < present || numbers + dates == 0) goto done;
    HF_TRY(done, find_first(&line, &token, s, marked, error));
    if (token < 0) goto done;
    hf_csv_warn_text(s->reader, s->field, line, hf_csv_token_text(s, token), numbers + dates, present,
                     dates > numbers);
done:
    hf_delete(s->reader->context, marked);
    return status;
}

// ---- the judgement -----------------------------------------------------------------------------------------------

// Percentages and plain numbers other than 0 do not mix: the fewer are bad.
static void judge_percent(hf_csv_settling *s)
{
    int64_t percent = s->tally.cells[HF_CELL_PERCENT], plain = 0;
    for (int32_t i = 0; i < s->merged.count; i++)
        if (s->cells[i].class == HF_CELL_NUMBER && s->cells[i].value != 0) plain += s->merged.items[i].count;
    if (percent == 0 || plain == 0) return;
    hf_cell_class fewer = percent < plain ? HF_CELL_PERCENT : HF_CELL_NUMBER;
    for (int32_t i = 0; i < s->merged.count; i++) {
        if (s->cells[i].class != fewer || (fewer == HF_CELL_NUMBER && s->cells[i].value == 0)) continue;
        s->fate[i] = TAKEN_BAD;
        s->reason[i] = fewer == HF_CELL_PERCENT ? HF_BAD_PERCENT : HF_BAD_PLAIN;
    }
    if (fewer == HF_CELL_PERCENT) s->tally.stats.percent = 0;
}

hf_status hf_csv_judge(hf_csv_settling *s, hf_error *error)
{
    const hf_csv_column *column = &s->reader->columns[s->field];
    hf_status status = HF_OK;
    if (column->role == HF_ROLE_AS_OF) {
        s->family = HF_FAMILY_DATE;
        judge_tokens(s, true);
    } else if (column->declared) {
        s->family = hf_csv_family_declared(column->kind);
        if (s->family == HF_FAMILY_NUMBER && any_text(s)) undress_all(s);
        judge_tokens(s, !s->reader->options->kinds_if_there);
    } else {
        judge_undeclared(s);
        bool numeric = s->family == HF_FAMILY_TEXT || s->family == HF_FAMILY_NUMBER;
        if (numeric && any_text(s) && undress_all(s)) judge_undeclared(s);
        if (s->family == HF_FAMILY_TEXT) HF_TRY(done, warn_text(s, error));
    }
    if (s->family == HF_FAMILY_NUMBER) judge_percent(s);
    if (s->word.text) HF_TRY(done, warn_word(s, error));
done:
    return status;
}

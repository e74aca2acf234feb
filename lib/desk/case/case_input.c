/* What callers hand in about lines and money, checked and copied. */
#include "desk/case/case_priv.h"

#include <stdio.h>

#define LINE_V1    (offsetof(aft_case_line_in, text) + sizeof(aft_str))
#define MOST_UNITS 1000000
#define MOST_MINOR INT64_C(1000000000000000) /* sums of a case's lines stay far from 64 bits */

static aft_status check_number(int64_t n, int64_t most, size_t index, const char *field, aft_error *error) {
  char where[64];
  if (n >= 0 && n <= most)
    return AFT_OK;
  snprintf(where, sizeof where, "case.lines[%zu].%s", index, field);
  return aft__error(error, n < 0 ? AFT_E_INVALID : AFT_E_OVERFLOW, where, "expected 0 to %lld, found %lld",
                    (long long)most, (long long)n);
}

static aft_status check_texts(aft_case_line_in *line, size_t index, aft_error *error) {
  struct {
    aft_str *text;
    size_t most;
    const char *name;
  } texts[] = {{&line->condition, 32, "condition"},
               {&line->disposition, 32, "disposition"},
               {&line->wants, AFT__NAME_BYTES, "wants"},
               {&line->text, 2000, "text"},
               {&line->serial, AFT__NAME_BYTES, "serial"}};
  char where[64];
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    snprintf(where, sizeof where, "case.lines[%zu].%s", index, texts[i].name);
    AFT__TRY(aft__in_text(texts[i].text, texts[i].most, where, error));
  }
  return AFT_OK;
}

static aft_status check_line(aft_case_line_in *all, size_t index, aft_error *error) {
  char where[64];
  aft_case_line_in *line = &all[index];
  snprintf(where, sizeof where, "case.lines[%zu].line", index);
  AFT__TRY(aft__in_id(line->line, where, error));
  AFT__TRY(check_number(line->quantity, MOST_UNITS, index, "quantity", error));
  AFT__TRY(check_number(line->amount, MOST_MINOR, index, "amount", error));
  AFT__TRY(check_number(line->wants_price, MOST_MINOR / MOST_UNITS, index, "wants_price", error));
  return check_texts(line, index, error);
}

aft_status aft__case_lines_copy(aft__arena *arena, const aft_case_line_in *lines, size_t n,
                                aft_case_line_in **out, aft_error *error) {
  *out = NULL;
  if (n == 0)
    return AFT_OK;
  if (!lines)
    return aft__error(error, AFT_E_NULL_HANDLE, "case.lines", "expected %zu lines, found NULL", n);
  if (n > AFT__MOST_CASE_LINES)
    return aft__error(error, AFT_E_TOO_LARGE, "case.lines", "expected at most %u, found %zu",
                      AFT__MOST_CASE_LINES, n);
  aft_case_line_in *made = aft__arena_alloc(arena, n * sizeof *made);
  if (!made)
    return aft__nomem(error);
  const char *at = (const char *)lines;
  for (size_t i = 0; i < n; i++) {
    const aft_case_line_in *given = (const aft_case_line_in *)(const void *)at;
    AFT__TRY(aft__abi_copy(&made[i], sizeof made[i], given, LINE_V1, "aft_case_line_in", error));
    AFT__TRY(check_line(made, i, error));
    at += lines->size; /* all elements of one array have the caller's size */
  }
  *out = made;
  return AFT_OK;
}

aft_status aft__case_money_check(const aft_money *amount, aft_error *error) {
  aft_money made;
  if (!amount->currency[0])
    return AFT_OK;
  aft_str currency = aft__str(amount->currency, strnlen(amount->currency, sizeof amount->currency));
  AFT__TRY(aft__money_make(amount->minor, currency, &made, error));
  if (amount->minor >= 0 && amount->minor <= MOST_MINOR)
    return AFT_OK;
  return aft__error(error, amount->minor < 0 ? AFT_E_INVALID : AFT_E_OVERFLOW, "case.amount",
                    "expected 0 to %lld minor units, found %lld", (long long)MOST_MINOR,
                    (long long)amount->minor);
}

void aft__case_lines_digest(aft__sha256 *sha, const aft_case_line_in *lines, size_t n) {
  aft__digest_i64(sha, (int64_t)n);
  for (size_t i = 0; i < n; i++) {
    const int64_t numbers[] = {lines[i].line, lines[i].quantity, lines[i].amount, lines[i].wants_price};
    const aft_str texts[] = {lines[i].condition, lines[i].disposition, lines[i].wants, lines[i].text,
                             lines[i].serial};
    for (size_t k = 0; k < AFT__COUNT(numbers); k++)
      aft__digest_i64(sha, numbers[k]);
    for (size_t k = 0; k < AFT__COUNT(texts); k++)
      aft__digest_str(sha, texts[k]);
  }
}

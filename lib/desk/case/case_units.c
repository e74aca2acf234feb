/* Where the units of a case are: every one of them is in one place, and moves only from place to place. */
#include "desk/case/case_priv.h"

#include <stdio.h>

static const struct {
  const char *name;
  uint32_t column;
} places[] = {
    {"undelivered", AFT__LINE_UNDELIVERED},
    {"with_buyer", AFT__LINE_WITH_BUYER},
    {"in_return", AFT__LINE_IN_RETURN},
    {"in_exchange", AFT__LINE_IN_EXCHANGE},
    {"in_repair", AFT__LINE_IN_REPAIR},
    {"returned", AFT__LINE_RETURNED},
    {"lost", AFT__LINE_LOST},
};

static const char *place_name(uint32_t column) {
  for (size_t i = 0; i < AFT__COUNT(places); i++)
    if (places[i].column == column)
      return places[i].name;
  return "?";
}

static uint32_t place_of(aft_str name) {
  for (size_t i = 0; i < AFT__COUNT(places); i++)
    if (aft__str_eq(name, aft__cstr(places[i].name)))
      return places[i].column;
  return 0;
}

void aft__case_line_set(aft__case_line *l, uint32_t column, int64_t value) {
  l->row[column] = aft__int(value);
  l->mask |= UINT64_C(1) << column;
}

static void add(aft__case_line *l, uint32_t column, int64_t n) {
  aft__case_line_set(l, column, l->row[column].number + n);
}

int64_t aft__units_held(const aft__case_line *l) {
  return aft__row_int(l->row, AFT__CASE_LINE_HELD) - aft__row_int(l->row, AFT__CASE_LINE_TAKEN) -
         aft__row_int(l->row, AFT__CASE_LINE_FREED) - aft__row_int(l->row, AFT__CASE_LINE_LOST);
}

aft_status aft__units_move(aft__case *c, aft__case_line *l, uint32_t from, uint32_t to, int64_t n,
                           aft_error *error) {
  if (n == 0 || from == to)
    return AFT_OK;
  int64_t left = aft__row_int(l->line, from) - n;
  if (n < 0 || left < 0)
    return aft__error(error, AFT_E_CHECK, "case.lines", "line %.*s has %lld units %s, not %lld",
                      (int)l->line[AFT__LINE_REF].size, l->line[AFT__LINE_REF].data,
                      (long long)aft__row_int(l->line, from), place_name(from), (long long)n);
  l->line[from] = aft__int(left);
  l->line[to] = aft__int(aft__row_int(l->line, to) + n);
  l->line_mask |= UINT64_C(1) << from | UINT64_C(1) << to;
  aft__case_moved(c, l->line[AFT__LINE_ID].number, place_name(from), place_name(to), n);
  return AFT_OK;
}

/* ---- the case's own place ---- */

static uint32_t held_in(const aft__case *c) {
  uint32_t column = place_of(aft__case_str(c, AFT__CASE_HOLDS));
  return column ? column : (uint32_t)AFT__LINE_IN_RETURN;
}

static bool is_about_undelivered(const aft__case *c) {
  aft__reason_info info;
  return aft__policy_reason(c->policy, aft__case_str(c, AFT__CASE_REASON), (aft_str){0}, &info) &&
         info.undelivered;
}

/* A case about units that have not arrived takes those first; any other what the buyer has. */
int64_t aft__units_awaited(const aft__case *c, const aft__case_line *l) {
  if (aft__units_held(l))
    return aft__row_int(l->row, AFT__CASE_LINE_FROM_UNDELIVERED);
  int64_t n = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
  int64_t with_buyer = aft__row_int(l->line, AFT__LINE_WITH_BUYER);
  int64_t undelivered = aft__row_int(l->line, AFT__LINE_UNDELIVERED);
  int64_t on_way = is_about_undelivered(c) ? undelivered : n - with_buyer;
  int64_t rest = on_way < 0 ? 0 : on_way < n ? on_way : n;
  return n - rest > with_buyer ? n - with_buyer : rest;
}

static aft_status hold_line(aft__case *c, aft__case_line *l, uint32_t place, aft_error *error) {
  int64_t n = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
  int64_t with_buyer = aft__row_int(l->line, AFT__LINE_WITH_BUYER);
  int64_t undelivered = aft__row_int(l->line, AFT__LINE_UNDELIVERED);
  int64_t rest = aft__units_awaited(c, l), from_buyer = n - rest;
  if (rest > undelivered)
    return aft__error(error, AFT_E_CHECK, "case.lines", "line %.*s has %lld units that are free, not %lld",
                      (int)l->line[AFT__LINE_REF].size, l->line[AFT__LINE_REF].data,
                      (long long)(with_buyer + undelivered), (long long)n);
  AFT__TRY(aft__units_move(c, l, AFT__LINE_WITH_BUYER, place, from_buyer, error));
  AFT__TRY(aft__units_move(c, l, AFT__LINE_UNDELIVERED, place, rest, error));
  aft__case_line_set(l, AFT__CASE_LINE_HELD, n);
  aft__case_line_set(l, AFT__CASE_LINE_FROM_UNDELIVERED, rest);
  return AFT_OK;
}

aft_status aft__units_hold(aft__case *c, const char *place, aft_error *error) {
  uint32_t column = place_of(aft__cstr(place));
  if (column != AFT__LINE_IN_RETURN && column != AFT__LINE_IN_EXCHANGE && column != AFT__LINE_IN_REPAIR)
    return aft__error(error, AFT_E_POLICY_MACHINE, c->flow->name, "units cannot be held in '%s'", place);
  if (c->row[AFT__CASE_HOLDS].type != AFT_SQL_NULL)
    return AFT_OK; /* they are held already */
  aft__case_set(c, AFT__CASE_HOLDS, aft__text(aft__cstr(place)));
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(hold_line(c, &c->lines[i], column, error));
  if (aft__case_is(c, AFT__CASE_GOODS, "none"))
    aft__case_set(c, AFT__CASE_GOODS, aft__text(aft__cstr("held")));
  return AFT_OK;
}

/* Units that had not arrived go back to where they were first. */
static aft_status free_line(aft__case *c, aft__case_line *l, int64_t n, aft_error *error) {
  int64_t undelivered = aft__row_int(l->row, AFT__CASE_LINE_FROM_UNDELIVERED);
  int64_t back = n < undelivered ? n : undelivered;
  if (n == 0)
    return AFT_OK;
  AFT__TRY(aft__units_move(c, l, held_in(c), AFT__LINE_UNDELIVERED, back, error));
  AFT__TRY(aft__units_move(c, l, held_in(c), AFT__LINE_WITH_BUYER, n - back, error));
  aft__case_line_set(l, AFT__CASE_LINE_FROM_UNDELIVERED, undelivered - back);
  add(l, AFT__CASE_LINE_FREED, n);
  return AFT_OK;
}

aft_status aft__units_free_line(aft__case *c, aft__case_line *l, aft_error *error) {
  return free_line(c, l, aft__units_held(l), error);
}

aft_status aft__units_free(aft__case *c, aft_error *error) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(aft__units_free_line(c, &c->lines[i], error));
  return AFT_OK;
}

/* Units that the case is about no more. */
aft_status aft__units_shrink(aft__case *c, aft__case_line *l, int64_t quantity, aft_error *error) {
  int64_t more = aft__units_held(l) - quantity, all = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
  if (all > 0)
    aft__case_line_set(l, AFT__CASE_LINE_WORTH,
                       aft__share_of(aft__row_int(l->row, AFT__CASE_LINE_WORTH), all, 0, quantity));
  aft__case_line_set(l, AFT__CASE_LINE_QUANTITY, quantity);
  return more > 0 ? free_line(c, l, more, error) : AFT_OK;
}

static aft_status leave(aft__case *c, aft__case_line *l, uint32_t to, uint32_t counter, int64_t n,
                        aft_error *error) {
  int64_t held = aft__units_held(l);
  n = n < held ? n : held;
  if (n <= 0)
    return AFT_OK;
  int64_t undelivered = aft__row_int(l->row, AFT__CASE_LINE_FROM_UNDELIVERED);
  AFT__TRY(aft__units_move(c, l, held_in(c), to, n, error));
  if (undelivered)
    aft__case_line_set(l, AFT__CASE_LINE_FROM_UNDELIVERED, undelivered > n ? undelivered - n : 0);
  add(l, counter, n);
  return AFT_OK;
}

/* After an inspection what was accepted is the shop's again, what did not come is the buyer's as before, and
 * what was refused waits to be given back. Without an inspection all of it is taken. */
static aft_status take_line(aft__case *c, aft__case_line *l, bool counted, aft_error *error) {
  int64_t accepted = aft__row_int(l->row, AFT__CASE_LINE_ACCEPTED);
  int64_t n = counted ? accepted - aft__row_int(l->row, AFT__CASE_LINE_TAKEN) : aft__units_held(l);
  AFT__TRY(leave(c, l, AFT__LINE_RETURNED, AFT__CASE_LINE_TAKEN, n, error));
  int64_t refused = aft__row_int(l->row, AFT__CASE_LINE_REFUSED);
  int64_t absent = counted ? aft__units_held(l) - refused : 0;
  return absent > 0 ? free_line(c, l, absent, error) : AFT_OK;
}

bool aft__case_holds_units(const aft__flow *flow) {
  for (uint32_t i = 0; i < flow->n_effects; i++)
    if (strcmp(flow->texts + flow->effects[i].verb, "hold") == 0)
      return true;
  return false;
}

bool aft__case_inspected(const aft__case *c) {
  bool any = aft__case_is(c, AFT__CASE_GOODS, "counted");
  for (uint32_t i = 0; i < c->n_lines; i++)
    any |= aft__row_int(c->lines[i].row, AFT__CASE_LINE_COUNTED) > 0;
  return any;
}

aft_status aft__units_take(aft__case *c, aft_error *error) {
  bool counted = aft__case_inspected(c);
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(take_line(c, &c->lines[i], counted, error));
  aft__case_set(c, AFT__CASE_GOODS, aft__text(aft__cstr("settled")));
  return AFT_OK;
}

aft_status aft__units_lose_line(aft__case *c, aft__case_line *l, aft_error *error) {
  return leave(c, l, AFT__LINE_LOST, AFT__CASE_LINE_LOST, aft__units_held(l), error);
}

aft_status aft__units_lose(aft__case *c, aft_error *error) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(aft__units_lose_line(c, &c->lines[i], error));
  return AFT_OK;
}

static void put_lines(aft__case *c, aft__json *json, const void *user) {
  (void)user;
  aft__json_key(json, "lines");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__case_line *l = &c->lines[i];
    if (!aft__units_held(l))
      continue;
    aft__json_open(json, '{');
    aft__json_key(json, "ref");
    aft__json_str(json, aft__row_str(l->line, AFT__LINE_REF));
    aft__json_key(json, "quantity");
    aft__json_i64(json, aft__units_held(l));
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

aft_status aft__units_give_back(aft__case *c, aft_error *error) {
  AFT__TRY(aft__case_ask(c, "goods.send_back", put_lines, NULL, error));
  return aft__units_free(c, error);
}

aft__case_line *aft__case_line_of(aft__case *c, aft_id line, size_t index, aft_error *error) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (aft__row_int(c->lines[i].row, AFT__CASE_LINE_LINE) == line)
      return &c->lines[i];
  char where[40];
  snprintf(where, sizeof where, "case.lines[%zu].line", index);
  aft__error(error, AFT_E_INVALID, where, "line %lld is not part of the case", (long long)line);
  return NULL;
}

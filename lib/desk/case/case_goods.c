/* Goods on their way back: parcels, counts, findings and what is judged of them. */
#include "desk/case/case_priv.h"

#include <stdio.h>

static aft_status too_many(size_t index, const char *what, int64_t n, int64_t most, aft_error *error) {
  char where[48];
  snprintf(where, sizeof where, "case.lines[%zu].quantity", index);
  return aft__error(error, AFT_E_CHECK, where, "expected at most %lld units to be %s, found %lld",
                    (long long)most, what, (long long)n);
}

static aft_status at_least_one(int64_t n, size_t index, aft_error *error) {
  char where[48];
  if (n > 0)
    return AFT_OK;
  snprintf(where, sizeof where, "case.lines[%zu].quantity", index);
  return aft__error(error, AFT_E_INVALID, where, "expected 1 or more units, found %lld", (long long)n);
}

aft__value *aft__case_new_row(aft__case *c, const aft__table *table) {
  aft__value *row = aft__arena_alloc(c->cmd->arena, table->n_columns * sizeof *row);
  if (!row)
    return NULL;
  for (uint32_t i = 0; i < table->n_columns; i++)
    if (table->columns[i].required)
      row[i] = table->columns[i].type == AFT_SQL_INT ? aft__int(0) : aft__text(aft__cstr(""));
  row[AFT__COL_ID] = aft__int(aft__tx_id(c->cmd->tx));
  row[AFT__COL_REV] = aft__int(1);
  row[2] = aft__int(c->cmd->call.tenant); /* of every table of the desk */
  return row;
}

/* ---- a parcel back ---- */

/* A place that people of the shop named, or that of the policy for the case's route. An address of the
 * buyer's is none. */
aft_str aft__goods_back_to(const aft__case *c) {
  aft_str fixed = aft__case_str(c, AFT__CASE_RETURN_TO);
  return fixed.len ? fixed : aft__policy_address(c->policy, aft__case_str(c, AFT__CASE_ROUTE));
}

/* What a buyer says that the way back cost is a claim. Whoever gave a label owes no more, and the rest is to
 * be shown: who bears it may yet change. */
static aft_status check_cost(aft__case *c, aft_error *error) {
  int64_t cost = c->in ? c->in->freight_minor : 0;
  aft_str payer = aft__case_str(c, AFT__CASE_FREIGHT);
  bool label = aft__case_is(c, AFT__CASE_LABEL, "requested"), shown;
  if (!cost || c->role != AFT_ROLE_BUYER)
    return AFT_OK;
  if (label && !aft__str_eq(payer, aft__cstr("buyer")) && !aft__str_eq(payer, aft__cstr("insurer")))
    return aft__error(error, AFT_E_INVALID, "case.freight_minor",
                      "expected 0, for the %.*s pays a label that was asked for; found %lld", (int)payer.len,
                      payer.data, (long long)cost);
  AFT__TRY(aft__case_shows(c, "receipt", &shown, error));
  return shown ? AFT_OK
               : aft__error(error, AFT_E_INVALID, "case.freight_minor",
                            "expected a receipt among the case's evidence for a cost of %lld, found none",
                            (long long)cost);
}

static aft_status add_parcel(aft__case *c, aft__value **out, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  const aft__case_input *in = c->in;
  aft__value *row = aft__case_new_row(c, &aft__parcel_table);
  char *ref = row ? aft__arena_printf(cmd->arena, "case-%lld", (long long)row[AFT__PARCEL_ID].number) : NULL;
  if (!ref)
    return aft__nomem(error);
  row[AFT__PARCEL_ORDER] = c->row[AFT__CASE_ORDER];
  row[AFT__PARCEL_CASE] = c->row[AFT__CASE_ID];
  row[AFT__PARCEL_REF] = aft__text(aft__cstr(ref));
  row[AFT__PARCEL_DIRECTION] = aft__text(aft__cstr("back"));
  row[AFT__PARCEL_CARRIER] = aft__text_or_null(in ? in->carrier : (aft_str){0});
  row[AFT__PARCEL_WAYBILL] = in && in->waybill.len ? aft__text(in->waybill) : aft__null();
  row[AFT__PARCEL_STATE] = aft__text(aft__cstr("announced"));
  row[AFT__PARCEL_PAYER] = c->row[AFT__CASE_FREIGHT];
  row[AFT__PARCEL_FREIGHT] = in && in->freight_minor ? aft__int(in->freight_minor) : aft__null();
  row[AFT__PARCEL_LABEL] = aft__text(aft__cstr("none"));
  row[AFT__PARCEL_ADDRESS] = aft__text_or_null(aft__goods_back_to(c));
  row[AFT__PARCEL_CREATED] = aft__int(cmd->now);
  *out = row;
  return aft__insert(cmd->tx, &aft__parcel_table, row, NULL, error);
}

static aft_status add_item(aft__case *c, const aft__value *parcel, const aft__case_line *l, int64_t n,
                           aft_error *error) {
  aft__value *row = aft__case_new_row(c, &aft__item_table);
  if (!row)
    return aft__nomem(error);
  row[AFT__ITEM_PARCEL] = parcel[AFT__PARCEL_ID];
  row[AFT__ITEM_LINE] = l->line[AFT__LINE_ID];
  row[AFT__ITEM_QUANTITY] = aft__int(n);
  return aft__insert(c->cmd->tx, &aft__item_table, row, NULL, error);
}

static aft_status ship_line(aft__case *c, const aft__value *parcel, aft__case_line *l, int64_t n,
                            size_t index, aft_error *error) {
  int64_t shipped = aft__row_int(l->row, AFT__CASE_LINE_SHIPPED);
  int64_t most = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY) - shipped;
  AFT__TRY(at_least_one(n, index, error));
  if (n > most)
    return too_many(index, "sent", n, most, error);
  aft__case_line_set(l, AFT__CASE_LINE_SHIPPED, shipped + n);
  return add_item(c, parcel, l, n, error);
}

/* Without lines the parcel has everything that is not under way yet. */
aft_status aft__goods_ship(aft__case *c, aft_error *error) {
  aft__value *parcel;
  const aft__case_input *in = c->in;
  if (c->role == AFT_ROLE_BUYER && (!in || !in->waybill.len))
    return aft__error(error, AFT_E_INVALID, "case.waybill", "expected the number of the parcel");
  AFT__TRY(check_cost(c, error));
  AFT__TRY(aft__risk_waybill(c, in ? in->waybill : (aft_str){0}, error));
  AFT__TRY(add_parcel(c, &parcel, error));
  for (size_t i = 0; in && i < in->n_lines; i++) {
    aft__case_line *l = aft__case_line_of(c, in->lines[i].line, i, error);
    if (!l)
      return AFT_E_INVALID;
    AFT__TRY(ship_line(c, parcel, l, in->lines[i].quantity, i, error));
  }
  for (uint32_t i = 0; !(in && in->n_lines) && i < c->n_lines; i++) {
    aft__case_line *l = &c->lines[i];
    int64_t rest =
        aft__row_int(l->row, AFT__CASE_LINE_QUANTITY) - aft__row_int(l->row, AFT__CASE_LINE_SHIPPED);
    if (rest > 0 && !aft__goes_along(c, l))
      AFT__TRY(ship_line(c, parcel, l, rest, i, error));
  }
  aft__case_set(c, AFT__CASE_GOODS, aft__text(aft__cstr("in_transit")));
  return AFT_OK;
}

/* ---- inspection ---- */

static bool is_good(aft_str condition) {
  return !condition.len || aft__str_eq(condition, aft__cstr("ok")) ||
         aft__str_eq(condition, aft__cstr("opened"));
}
bool aft__condition_absent(aft_str condition) {
  return aft__str_eq(condition, aft__cstr("short")) || aft__str_eq(condition, aft__cstr("missing"));
}

bool aft__disposition_known(aft_str word) {
  static const char *const known[] = {"restock", "refurbish", "scrap", "return_to_buyer"};
  for (size_t i = 0; i < AFT__COUNT(known); i++)
    if (aft__str_eq(word, aft__cstr(known[i])))
      return true;
  return false;
}

static aft_status unknown_word(size_t index, const char *field, const char *expected, aft_str word,
                               aft_error *error) {
  char where[64];
  snprintf(where, sizeof where, "case.lines[%zu].%s", index, field);
  return aft__error(error, AFT_E_INVALID, where, "expected %s, found '%.*s'", expected,
                    (int)aft__utf8_cut(word, 40), word.data);
}

static aft_status check_finding(const aft_case_line_in *in, size_t index, aft_error *error) {
  static const char *const conditions[] = {"ok", "opened", "used", "damaged", "wrong", "short", "missing"};
  bool known = !in->condition.len;
  for (size_t i = 0; i < AFT__COUNT(conditions); i++)
    known |= aft__str_eq(in->condition, aft__cstr(conditions[i]));
  if (!known)
    return unknown_word(index, "condition", "ok, opened, used, damaged, wrong, short or missing",
                        in->condition, error);
  if (in->disposition.len && !aft__disposition_known(in->disposition))
    return unknown_word(index, "disposition", AFT__DISPOSITIONS, in->disposition, error);
  return AFT_OK;
}

static aft_status add_finding(aft__case *c, const aft_case_line_in *in, aft_error *error) {
  aft__value *row = aft__case_new_row(c, &aft__finding_table);
  if (!row)
    return aft__nomem(error);
  bool good = is_good(in->condition);
  const char *usual = good ? "restock" : aft__condition_absent(in->condition) ? "none" : "return_to_buyer";
  if (aft__condition_absent(in->condition) || aft__str_eq(in->condition, aft__cstr("wrong")))
    aft__case_set(c, AFT__CASE_WRONG, aft__int(aft__case_int(c, AFT__CASE_WRONG) + in->quantity));
  row[AFT__FINDING_CASE] = c->row[AFT__CASE_ID];
  row[AFT__FINDING_LINE] = aft__int(in->line);
  row[AFT__FINDING_QUANTITY] = aft__int(in->quantity);
  row[AFT__FINDING_CONDITION] = aft__text(in->condition.len ? in->condition : aft__cstr("ok"));
  row[AFT__FINDING_DISPOSITION] = aft__text(in->disposition.len ? in->disposition : aft__cstr(usual));
  row[AFT__FINDING_TEXT] = aft__text_or_null(in->text);
  row[AFT__FINDING_PROOF] = aft__id_or_null(c->in->proof);
  row[AFT__FINDING_CREATED] = aft__int(c->cmd->now);
  return aft__insert(c->cmd->tx, &aft__finding_table, row, NULL, error);
}

/* Units that are not there are found, but not counted. */
static aft_status count_line(aft__case *c, const aft_case_line_in *in, size_t index, aft_error *error) {
  aft__case_line *l = aft__case_line_of(c, in->line, index, error);
  if (!l)
    return AFT_E_INVALID;
  AFT__TRY(check_finding(in, index, error));
  AFT__TRY(at_least_one(in->quantity, index, error));
  int64_t counted = aft__row_int(l->row, AFT__CASE_LINE_COUNTED);
  int64_t most = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY) - counted;
  if (in->quantity > most)
    return too_many(index, "found", in->quantity, most, error);
  AFT__TRY(add_finding(c, in, error));
  if (!aft__condition_absent(in->condition)) {
    uint32_t fate = is_good(in->condition) ? AFT__CASE_LINE_ACCEPTED : AFT__CASE_LINE_REFUSED;
    aft__case_line_set(l, AFT__CASE_LINE_COUNTED, counted + in->quantity);
    aft__case_line_set(l, fate, aft__row_int(l->row, fate) + in->quantity);
  }
  return AFT_OK;
}

static int64_t uncounted(const aft__case_line *l) {
  return aft__row_int(l->row, AFT__CASE_LINE_QUANTITY) - aft__row_int(l->row, AFT__CASE_LINE_COUNTED);
}

/* The units of a line that are not counted yet, all in one condition. */
static aft_status count_rest(aft__case *c, uint32_t i, int64_t most, const char *condition,
                             aft_error *error) {
  int64_t rest = uncounted(&c->lines[i]);
  aft_case_line_in all = {.size = sizeof all,
                          .line = aft__row_int(c->lines[i].row, AFT__CASE_LINE_LINE),
                          .quantity = rest < most ? rest : most,
                          .condition = aft__cstr(condition)};
  return all.quantity > 0 ? count_line(c, &all, i, error) : AFT_OK;
}

static aft_status count_named(aft__case *c, aft_error *error) {
  for (size_t i = 0; i < c->in->n_lines; i++)
    AFT__TRY(count_line(c, &c->in->lines[i], i, error));
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (aft__goes_along(c, &c->lines[i]))
      AFT__TRY(count_rest(c, i, INT64_MAX, "ok", error));
  return AFT_OK;
}

/* Whoever looks and names no lines finds all that was announced, and good. Where nobody looked, it is what
 * the carrier delivered. */
static aft_status count_all(aft__case *c, aft_error *error) {
  int64_t *arrived = NULL;
  if (c->role == AFT_ROLE_SYSTEM)
    AFT__TRY(aft__parcels_arrived(c, &arrived, error));
  for (uint32_t i = 0; i < c->n_lines; i++) {
    bool told = arrived && !aft__goes_along(c, &c->lines[i]);
    int64_t most = told ? arrived[i] - aft__row_int(c->lines[i].row, AFT__CASE_LINE_COUNTED) : INT64_MAX;
    AFT__TRY(count_rest(c, i, most, "ok", error));
  }
  return AFT_OK;
}

static aft_status counted(aft__case *c, aft_error *error) {
  aft__case_set(c, AFT__CASE_GOODS, aft__text(aft__cstr("counted")));
  aft__exchange_reckon(c);
  return aft__legal_goods_back(c, error);
}

aft_status aft__goods_count(aft__case *c, aft_error *error) {
  const aft__case_input *in = c->in;
  aft__case_input none = {0};
  c->in = in ? in : &none;
  aft_status status = c->in->n_lines ? count_named(c, error) : count_all(c, error);
  c->in = in;
  return status < 0 ? status : counted(c, error);
}

/* What was announced and did not come in time. */
aft_status aft__goods_miss(aft__case *c, aft_error *error) {
  const aft__case_input *in = c->in;
  aft__case_input none = {0};
  aft_status status = AFT_OK;
  c->in = &none;
  for (uint32_t i = 0; status >= 0 && i < c->n_lines; i++)
    status = count_rest(c, i, INT64_MAX, "missing", error);
  c->in = in;
  aft__case_set(c, AFT__CASE_GOODS, aft__text(aft__cstr("counted")));
  aft__exchange_reckon(c);
  return status;
}

/* A person who has the goods in hand knows more than the carrier's last word. */
aft_status aft__goods_arrive(aft__case *c, aft_error *error) {
  if (!aft__case_is(c, AFT__CASE_GOODS, "counted") && !aft__case_is(c, AFT__CASE_GOODS, "settled"))
    aft__case_set(c, AFT__CASE_GOODS, aft__text(aft__cstr("arrived")));
  if (c->role != AFT_ROLE_SYSTEM)
    AFT__TRY(aft__parcels_receive(c, c->in ? c->in->waybill : (aft_str){0}, error));
  return aft__legal_goods_back(c, error);
}

static aft_status judge(aft__case_line *l, int64_t accepted, size_t index, aft_error *error) {
  int64_t counted = aft__row_int(l->row, AFT__CASE_LINE_COUNTED);
  if (accepted > counted)
    return too_many(index, "accepted", accepted, counted, error);
  aft__case_line_set(l, AFT__CASE_LINE_ACCEPTED, accepted);
  aft__case_line_set(l, AFT__CASE_LINE_REFUSED, counted - accepted);
  return AFT_OK;
}

/* The shop's own judgement in place of what the findings say: of the lines that it names. A parcel that
 * nobody looked at in time counts as good. */
aft_status aft__goods_accept(aft__case *c, aft_error *error) {
  const aft__case_input *in = c->in;
  if (!aft__case_inspected(c))
    AFT__TRY(aft__goods_count(c, error));
  for (size_t i = 0; in && i < in->n_lines; i++) {
    aft__case_line *l = aft__case_line_of(c, in->lines[i].line, i, error);
    if (!l)
      return AFT_E_INVALID;
    AFT__TRY(judge(l, in->lines[i].quantity, i, error));
  }
  aft__exchange_reckon(c);
  return AFT_OK;
}

/* All that was counted, whatever was found. */
aft_status aft__goods_accept_all(aft__case *c, aft_error *error) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(judge(&c->lines[i], aft__row_int(c->lines[i].row, AFT__CASE_LINE_COUNTED), i, error));
  aft__exchange_reckon(c);
  return AFT_OK;
}

aft_status aft__goods_refuse(aft__case *c, aft_error *error) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(judge(&c->lines[i], 0, i, error));
  aft__exchange_reckon(c);
  return AFT_OK;
}

/* ---- labels ---- */

static void put_address(aft__case *c, aft__json *json, const void *user) {
  (void)user;
  aft__json_key(json, "payer");
  aft__json_str(json, aft__case_str(c, AFT__CASE_FREIGHT));
  aft__json_key(json, "address");
  aft__json_str(json, aft__goods_back_to(c));
}

aft_status aft__goods_label(aft__case *c, const char *topic, aft_error *error) {
  return aft__case_ask(c, topic, put_address, NULL, error);
}

/* What carriers say of parcels: twice, late and in any order. */
#include "desk/case/case_priv.h"

#include <stdio.h>

#define TRACK_V1 (offsetof(aft_track_in, text) + sizeof(aft_str))

/* What each word makes of a parcel, and what a case is told. Later words win: a parcel that has arrived is
 * not on its way again because an older scan comes late. */
static const struct {
  const char *status, *state, *event;
  uint32_t rank;
} words[] = {{"picked_up", "in_transit", "parcel_scanned", 1},
             {"in_transit", "in_transit", "parcel_scanned", 1},
             {"out_for_delivery", "in_transit", "parcel_scanned", 1},
             {"attempted", "in_transit", "parcel_scanned", 1},
             {"intercept_failed", "in_transit", "intercept_failed", 1},
             {"lost", "lost", "parcel_lost", 2},
             {"refused", "refused", "parcel_refused", 3},
             {"intercepted", "intercepted", "intercepted", 3},
             {"returned", "delivered", "parcel_delivered", 4},
             {"delivered", "delivered", "parcel_delivered", 4}};

static uint32_t word_of(aft_str status) {
  for (uint32_t i = 0; i < AFT__COUNT(words); i++)
    if (aft__str_eq(status, aft__cstr(words[i].status)))
      return i;
  return AFT__COUNT(words);
}

static uint32_t rank_of_state(aft_str state) {
  static const struct {
    const char *state;
    uint32_t rank;
  } ranks[] = {{"in_transit", 1},  {"lost", 2},      {"refused", 3},
               {"intercepted", 3}, {"delivered", 4}, {"void", 5}};
  for (size_t i = 0; i < AFT__COUNT(ranks); i++)
    if (aft__str_eq(state, aft__cstr(ranks[i].state)))
      return ranks[i].rank;
  return 0;
}

/* ---- the parcel ---- */

static aft_status by_waybill(aft__cmd *cmd, aft_str waybill, aft__value **out, aft_error *error) {
  aft__scan scan = {.table = &aft__parcel_table,
                    .index = AFT__PARCEL_BY_WAYBILL,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__text(waybill)},
                    .limit = 2};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  if (n == 1) {
    *out = rows[0];
    return AFT_OK;
  }
  return aft__error(
      error, n ? AFT_E_INVALID : AFT_E_NOT_FOUND, "track.waybill",
      n ? "more than one parcel has the number '%.*s': name the parcel" : "no parcel has the number '%.*s'",
      (int)waybill.len, waybill.data);
}

static aft_status add_track(aft__cmd *cmd, const aft__value *parcel, const aft_track_in *in, bool *known,
                            aft_error *error) {
  aft__value row[AFT__TRACK_COLUMNS] = {
      [AFT__TRACK_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__TRACK_REV] = aft__int(1),
      [AFT__TRACK_TENANT] = aft__int(cmd->call.tenant),
      [AFT__TRACK_PARCEL] = parcel[AFT__PARCEL_ID],
      [AFT__TRACK_REF] = aft__text(in->ref),
      [AFT__TRACK_STATUS] = aft__text(in->status),
      [AFT__TRACK_TEXT] = aft__text_or_null(in->text),
      [AFT__TRACK_AT] = aft__int(in->at),
      [AFT__TRACK_CREATED] = aft__int(cmd->now),
  };
  aft_status status = aft__insert(cmd->tx, &aft__track_table, row, NULL, error);
  *known = status == AFT_E_EXISTS;
  if (status >= 0)
    aft__tx_proof(cmd->tx, &aft__track_table, row[AFT__TRACK_ID].number);
  return *known ? AFT_OK : status;
}

static aft_status move_parcel(aft__cmd *cmd, aft__value *row, uint32_t word, const aft_track_in *in,
                              bool *news, aft_error *error) {
  uint64_t mask = 0;
  *news = words[word].rank > rank_of_state(aft__row_str(row, AFT__PARCEL_STATE)) ||
          strcmp(words[word].event, "intercept_failed") == 0;
  if (words[word].rank > rank_of_state(aft__row_str(row, AFT__PARCEL_STATE))) {
    row[AFT__PARCEL_STATE] = aft__text(aft__cstr(words[word].state));
    mask |= UINT64_C(1) << AFT__PARCEL_STATE;
  }
  if (*news && strcmp(words[word].status, "returned") == 0 && aft__row_null(row, AFT__PARCEL_CASE)) {
    row[AFT__PARCEL_DIRECTION] = aft__text(aft__cstr("back"));
    mask |= UINT64_C(1) << AFT__PARCEL_DIRECTION;
  }
  if (aft__row_null(row, AFT__PARCEL_SHIPPED) || in->at < aft__row_int(row, AFT__PARCEL_SHIPPED)) {
    row[AFT__PARCEL_SHIPPED] = aft__int(in->at);
    mask |= UINT64_C(1) << AFT__PARCEL_SHIPPED;
  }
  if (words[word].rank == 4 && aft__row_null(row, AFT__PARCEL_DELIVERED)) {
    row[AFT__PARCEL_DELIVERED] = aft__int(in->at);
    mask |= UINT64_C(1) << AFT__PARCEL_DELIVERED;
  }
  if (aft__row_null(row, AFT__PARCEL_SEEN) || in->at > aft__row_int(row, AFT__PARCEL_SEEN)) {
    row[AFT__PARCEL_SEEN] = aft__int(in->at);
    mask |= UINT64_C(1) << AFT__PARCEL_SEEN;
  }
  return mask ? aft__update(cmd->tx, &aft__parcel_table, row, mask, error) : AFT_OK;
}

/* ---- whom it concerns ---- */

/* Goods that come back after all was settled without them are a person's affair. */
static aft_status came_late(aft__case *c, const char *event, aft_error *error) {
  bool over = aft__case_is(c, AFT__CASE_GOODS, "settled") || aft__case_int(c, AFT__CASE_OPEN) == 0, lets;
  if (!over || strcmp(event, "parcel_delivered") != 0)
    return AFT_OK;
  AFT__TRY(aft__case_lets(c, event, AFT_ROLE_SYSTEM, &lets, error));
  if (lets)
    return AFT_OK;
  AFT__TRY(aft__case_work(c, "late_parcel", NULL, (aft_str){0}, error));
  return aft__case_ticket(c, "trouble", error);
}

static aft_status tell_case(aft__cmd *cmd, aft_id id, const char *event, const char *goods,
                            aft_error *error) {
  aft__case c;
  aft_status status = aft__case_load(cmd, id, &c, error);
  if (status == AFT_E_NOT_FOUND) { /* retention removed it */
    aft__case_done(&c);
    return AFT_OK;
  }
  if (status >= 0 && goods && !aft__case_is(&c, AFT__CASE_GOODS, "counted") &&
      !aft__case_is(&c, AFT__CASE_GOODS, "settled"))
    aft__case_set(&c, AFT__CASE_GOODS, aft__text(aft__cstr(goods)));
  if (status >= 0 && goods)
    status = came_late(&c, event, error);
  if (status >= 0)
    status = aft__case_tell(&c, event, error);
  if (status >= 0)
    status = aft__case_save(&c, error);
  aft__case_done(&c);
  return status;
}

static const char *goods_of(uint32_t word) {
  return words[word].rank == 1 ? "in_transit" : words[word].rank == 4 ? "arrived" : NULL;
}

/* What is in a parcel; one that was told without its items
 * may have every line. */
typedef struct contents {
  aft__value **items;
  uint32_t n;
} contents;

static aft_status contents_of(aft__cmd *cmd, const aft__value *parcel, contents *out, aft_error *error) {
  aft__scan scan = {.table = &aft__item_table,
                    .index = AFT__ITEM_BY_PARCEL,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), parcel[AFT__PARCEL_ID]},
                    .limit = AFT__MOST_ORDER_ROWS};
  return aft__scan_all(cmd->tx, &scan, &out->items, &out->n, error);
}

static bool has_line(const contents *c, int64_t line) {
  for (uint32_t i = 0; i < c->n; i++)
    if (aft__row_int(c->items[i], AFT__ITEM_LINE) == line)
      return true;
  return c->n == 0;
}

aft_status aft__parcel_has(aft__case *c, const aft__value *parcel, bool *out, aft_error *error) {
  contents in;
  *out = false;
  AFT__TRY(contents_of(c->cmd, parcel, &in, error));
  for (uint32_t i = 0; i < c->n_lines; i++)
    *out |= !aft__line_is_extra(c->lines[i].line) && has_line(&in, c->lines[i].line[AFT__LINE_ID].number);
  return AFT_OK;
}

/* A case is about units in the parcel, or the parcel brings what the case sends in their place. */
static aft_status concerns(aft__cmd *cmd, const contents *in, aft_id id, bool *about, bool *brings,
                           aft_error *error) {
  aft__scan scan = {.table = &aft__case_line_table,
                    .index = AFT__CASE_LINE_BY_CASE,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(id)},
                    .limit = AFT__MOST_CASE_LINES};
  aft__value **rows;
  uint32_t n;
  *about = *brings = false;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    *about |= has_line(in, aft__row_int(rows[i], AFT__CASE_LINE_LINE));
    *brings |= in->n && !aft__row_null(rows[i], AFT__CASE_LINE_REPLACEMENT) &&
               has_line(in, aft__row_int(rows[i], AFT__CASE_LINE_REPLACEMENT));
  }
  return AFT_OK;
}

/* What the case that sent a replacement calls what happens to its parcel. */
static const char *of_replacement(const char *event) {
  if (strcmp(event, "order_shipped") == 0)
    return "replacement_shipped";
  return strcmp(event, "order_delivered") == 0 ? "replacement_delivered" : event;
}

aft_status aft__parcel_tells(aft__cmd *cmd, const aft__value *parcel, const char *event, aft_error *error) {
  aft__scan scan = {.table = &aft__case_table,
                    .index = AFT__CASE_BY_ORDER,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), parcel[AFT__PARCEL_ORDER]},
                    .limit = AFT__MOST_LEGS};
  aft__value **rows;
  contents in;
  uint32_t n;
  AFT__TRY(contents_of(cmd, parcel, &in, error));
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    aft_id id = rows[i][AFT__CASE_ID].number;
    bool about, brings;
    if (aft__row_int(rows[i], AFT__CASE_OPEN) != 2)
      continue;
    AFT__TRY(concerns(cmd, &in, id, &about, &brings, error));
    if (about || brings)
      AFT__TRY(tell_case(cmd, id, brings ? of_replacement(event) : event, NULL, error));
  }
  return AFT_OK;
}

/* A parcel that came back to its sender reached nobody: who stopped it learns that, and who waits for it. */
static aft_status tell_returned(aft__cmd *cmd, const aft__value *parcel, aft_error *error) {
  AFT__TRY(aft__parcel_tells(cmd, parcel, "intercepted", error));
  return aft__parcel_tells(cmd, parcel, "parcel_delivered", error);
}

static aft_status tell(aft__cmd *cmd, const aft__value *parcel, uint32_t word, aft_error *error) {
  const char *event = words[word].event;
  if (!aft__row_null(parcel, AFT__PARCEL_CASE))
    return tell_case(cmd, aft__row_int(parcel, AFT__PARCEL_CASE), event, goods_of(word), error);
  if (strcmp(words[word].status, "returned") == 0)
    return tell_returned(cmd, parcel, error);
  if (words[word].rank == 4)
    AFT__TRY(aft__parcel_arrived(cmd, parcel, error));
  const char *own = words[word].rank == 4                  ? "order_delivered"
                    : strcmp(event, "parcel_scanned") == 0 ? "order_shipped"
                                                           : event;
  return aft__parcel_tells(cmd, parcel, own, error);
}

/* ---- the command ---- */

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  aft_track_in own = *(const aft_track_in *)given, *in = &own;
  aft__value *row, *order;
  bool known, news;
  uint32_t word = word_of(in->status);
  AFT__TRY(in->parcel ? aft__load(cmd, &aft__parcel_table, AFT__PARCEL_TENANT, in->parcel, "track.parcel",
                                  &row, error)
                      : by_waybill(cmd, in->waybill, &row, error));
  cmd->ids[0] = cmd->subject = row[AFT__PARCEL_ID].number;
  AFT__TRY(aft__get(cmd->tx, &aft__order_table, aft__row_int(row, AFT__PARCEL_ORDER), &order, error));
  if (cmd->call.role != AFT_ROLE_WAREHOUSE)
    AFT__TRY(aft__may_shop(cmd, aft__row_int(order, AFT__ORDER_SHOP), error));
  /* Where a parcel is concerns its cases, whoever ordered it; the carrier's words may name who took it. */
  AFT__TRY(aft__customer_words(cmd, aft__row_int(order, AFT__ORDER_CUSTOMER), &in->text, error));
  AFT__TRY(add_track(cmd, row, in, &known, error));
  if (known)
    return AFT_IGNORED;
  AFT__TRY(move_parcel(cmd, row, word, in, &news, error));
  cmd->row = row;
  return news ? tell(cmd, row, word, error) : AFT_OK;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_track_in *in = given;
  aft__digest_i64(sha, in->parcel);
  aft__digest_i64(sha, in->at);
  aft__digest_str(sha, in->waybill);
  aft__digest_str(sha, in->ref);
  aft__digest_str(sha, in->status);
  aft__digest_str(sha, in->text);
}

aft_status aft_parcel_track(aft_session *session, const aft_call *call, const aft_track_in *in,
                            aft_record **out, aft_error *error) {
  static const aft__command command = {
      .verb = "parcel.track",
      .name = "parcel_track",
      .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT) | AFT__ROLE(AFT_ROLE_WAREHOUSE),
      .returns = AFT_KIND_PARCEL,
      .digest = digest,
      .run = run};
  aft_track_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, TRACK_V1, "aft_track_in", error));
  AFT__TRY(aft__in_name(&local.ref, AFT__NAME_BYTES, "track.ref", error));
  AFT__TRY(aft__in_name(&local.status, 64, "track.status", error));
  AFT__TRY(aft__in_text(&local.waybill, 64, "track.waybill", error));
  AFT__TRY(aft__in_text(&local.text, 1000, "track.text", error));
  if (!local.waybill.len || local.parcel)
    AFT__TRY(aft__in_id(local.parcel, "track.parcel", error));
  if (local.at <= 0)
    return aft__error(error, AFT_E_INVALID, "track.at", "expected when it happened");
  if (word_of(local.status) == AFT__COUNT(words))
    return aft__error(
        error, AFT_E_INVALID, "track.status",
        "expected picked_up, in_transit, out_for_delivery, delivered, attempted, refused, lost, "
        "intercepted, intercept_failed or returned; found '%.*s'",
        (int)aft__utf8_cut(local.status, 40), local.status.data);
  return aft__command_run(session, call, &command, &local, out, error);
}

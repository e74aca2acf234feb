/* Signals of risk: each says what it saw and from how many on it counts. None of them refuses anything: they
 * are facts for the policy and for people. */
#include "desk/case/case_priv.h"

#define MOST_SEEN 200u

aft_status aft__risk_signal(aft__case *c, const char *kind, aft_id other, int64_t count, int64_t least,
                            aft_error *error) {
  aft__cmd *cmd = c->cmd;
  char *facts =
      aft__arena_printf(cmd->arena, "{\"count\":%lld,\"least\":%lld}", (long long)count, (long long)least);
  char *number = aft__arena_printf(cmd->arena, "%lld", (long long)count);
  if (!facts || !number)
    return aft__nomem(error);
  aft__value row[AFT__SIGNAL_COLUMNS] = {
      [AFT__SIGNAL_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__SIGNAL_REV] = aft__int(1),
      [AFT__SIGNAL_TENANT] = aft__int(cmd->call.tenant),
      [AFT__SIGNAL_CASE] = c->row[AFT__CASE_ID],
      [AFT__SIGNAL_KIND] = aft__text(aft__cstr(kind)),
      [AFT__SIGNAL_OTHER] = aft__id_or_null(other),
      [AFT__SIGNAL_COUNT] = aft__int(count),
      [AFT__SIGNAL_LEAST] = aft__int(least),
      [AFT__SIGNAL_FACTS] = aft__text(aft__cstr(facts)),
      [AFT__SIGNAL_CREATED] = aft__int(cmd->now),
  };
  aft__arg args[] = {{"signal", aft__cstr(kind)}, {"count", aft__cstr(number)}};
  aft__reason_add(&c->reasons, "risk", "explain.case.signal", args, AFT__COUNT(args));
  aft__case_set(c, AFT__CASE_SIGNALS, aft__int(aft__case_int(c, AFT__CASE_SIGNALS) + 1));
  return aft__insert(cmd->tx, &aft__signal_table, row, NULL, error);
}

/* ---- what the customer filed before ---- */

typedef struct past {
  int64_t cases, wrong, reasons;
  aft_id last_wrong;
} past;

static bool shares_line(const aft__case *c, const aft__value *row) {
  return aft__row_int(row, AFT__CASE_ORDER) == aft__case_int(c, AFT__CASE_ORDER);
}

static int64_t longest(const aft__risk_rules *rules) {
  int64_t most = rules->serial_returner.within_ms;
  if (rules->empty_box.within_ms > most)
    most = rules->empty_box.within_ms;
  return rules->reason_drift.within_ms > most ? rules->reason_drift.within_ms : most;
}

static bool within(const aft__case *c, const aft__value *row, const aft__risk_rule *rule) {
  return aft__row_int(row, AFT__CASE_OPENED) >= c->cmd->now - rule->within_ms;
}

static aft_status look_back(aft__case *c, const aft__risk_rules *rules, past *out, aft_error *error) {
  aft__value least = aft__int(c->cmd->now - longest(rules));
  aft__scan scan = {.table = &aft__case_table,
                    .index = AFT__CASE_BY_CUSTOMER,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), c->row[AFT__CASE_CUSTOMER]},
                    .low = &least,
                    .descending = true,
                    .limit = MOST_SEEN};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    if (rows[i][AFT__CASE_ID].number == aft__case_id(c))
      continue;
    out->cases += within(c, rows[i], &rules->serial_returner);
    if (aft__row_int(rows[i], AFT__CASE_WRONG) > 0 && within(c, rows[i], &rules->empty_box)) {
      out->wrong++;
      out->last_wrong = rows[i][AFT__CASE_ID].number;
    }
    if (shares_line(c, rows[i]) && within(c, rows[i], &rules->reason_drift) &&
        !aft__str_eq(aft__row_str(rows[i], AFT__CASE_REASON), aft__case_str(c, AFT__CASE_REASON)))
      out->reasons++;
  }
  return AFT_OK;
}

aft_status aft__risk_filing(aft__case *c, aft_error *error) {
  aft__risk_rules rules;
  past seen = {0};
  aft__policy_risk(c->policy, &rules);
  AFT__TRY(look_back(c, &rules, &seen, error));
  const struct {
    const char *kind;
    int64_t count, least;
    aft_id other;
  } signals[] = {{"serial_returner", seen.cases + 1, rules.serial_returner.cases, 0},
                 {"empty_box", seen.wrong, rules.empty_box.cases, seen.last_wrong},
                 {"reason_drift", seen.reasons + (seen.reasons > 0), rules.reason_drift.cases, 0}};
  for (size_t i = 0; i < AFT__COUNT(signals); i++)
    if (signals[i].least > 0 && signals[i].count >= signals[i].least)
      AFT__TRY(
          aft__risk_signal(c, signals[i].kind, signals[i].other, signals[i].count, signals[i].least, error));
  return AFT_OK;
}

aft_status aft__risk_waybill(aft__case *c, aft_str waybill, aft_error *error) {
  aft__scan scan = {.table = &aft__parcel_table,
                    .index = AFT__PARCEL_BY_WAYBILL,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), aft__text(waybill)},
                    .limit = 16};
  aft__value **rows;
  aft__risk_rules rules;
  uint32_t n;
  aft__policy_risk(c->policy, &rules);
  if (!waybill.len || !rules.waybill_reuse)
    return AFT_OK;
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    int64_t other = aft__row_int(rows[i], AFT__PARCEL_CASE);
    if (other != aft__case_id(c))
      return aft__risk_signal(c, "waybill_reuse", other, n + 1, 2, error);
  }
  return AFT_OK;
}

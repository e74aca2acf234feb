/* What banks take back of payments: chargebacks. */
#include "desk/case/case_priv.h"

#include <stdio.h>

#define REVERSAL_V1   (offsetof(aft_reversal_in, amount) + sizeof(aft_money))
#define MOST_REVERSED 8000 /* bytes of a payment's list of references */

/* ---- references ---- */

/* The amount that a reference was told with, from lines of "reference amount"; -1: it is new. */
static int64_t told_before(aft_str seen, aft_str reference) {
  for (size_t at = 0; at < seen.len;) {
    const char *line = seen.data + at, *end = memchr(line, '\n', seen.len - at);
    size_t len = end ? (size_t)(end - line) : seen.len - at, amount = len;
    at += len + 1;
    while (amount && line[amount - 1] != ' ')
      amount--;
    if (!amount || !aft__str_eq(aft__str(line, amount - 1), reference))
      continue;
    int64_t minor = 0;
    for (size_t i = amount; i < len; i++)
      minor = minor * 10 + (line[i] - '0');
    return minor;
  }
  return -1;
}

static aft_status remember(aft__cmd *cmd, aft__value *payment, const aft_reversal_in *in, aft_error *error) {
  aft_str seen = aft__row_str(payment, AFT__PAYMENT_REVERSALS);
  if (seen.len + in->reference.len > MOST_REVERSED)
    return aft__error(error, AFT_E_TOO_LARGE, "reversal.reference",
                      "the payment has more chargebacks than can be kept");
  char *text = aft__arena_printf(cmd->arena, "%.*s%.*s %lld\n", (int)seen.len, seen.len ? seen.data : "",
                                 (int)in->reference.len, in->reference.data, (long long)in->amount.minor);
  if (!text)
    return aft__nomem(error);
  payment[AFT__PAYMENT_REVERSALS] = aft__text(aft__cstr(text));
  return AFT_OK;
}

/* ---- money ---- */

static aft_status freeze(aft__cmd *cmd, aft__value *payment, int64_t *frozen, aft_error *error) {
  aft__scan scan = {.table = &aft__leg_table,
                    .index = AFT__LEG_BY_PAYMENT,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), payment[AFT__PAYMENT_ID]},
                    .limit = AFT__MOST_ORDER_ROWS};
  aft__value **rows;
  uint32_t n;
  *frozen = 0;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    if (!aft__str_eq(aft__row_str(rows[i], AFT__LEG_STATE), aft__cstr("planned")))
      continue;
    rows[i][AFT__LEG_STATE] = aft__text(aft__cstr("frozen"));
    AFT__TRY(aft__update(cmd->tx, &aft__leg_table, rows[i], UINT64_C(1) << AFT__LEG_STATE, error));
    *frozen += aft__row_int(rows[i], AFT__LEG_REQUESTED);
  }
  return AFT_OK;
}

static int64_t room_of(const aft__value *p) {
  return aft__row_int(p, AFT__PAYMENT_CAPTURED) - aft__row_int(p, AFT__PAYMENT_REVERSED) -
         aft__row_int(p, AFT__PAYMENT_PLANNED) - aft__row_int(p, AFT__PAYMENT_REFUNDED);
}

/* What is planned out of the payment stands as long as there is enough besides. */
static aft_status take_back(aft__cmd *cmd, aft__value *p, const aft_reversal_in *in, aft_error *error) {
  int64_t frozen = 0;
  if (in->amount.minor > room_of(p))
    AFT__TRY(freeze(cmd, p, &frozen, error));
  int64_t planned = aft__row_int(p, AFT__PAYMENT_PLANNED) - frozen;
  int64_t left = aft__row_int(p, AFT__PAYMENT_CAPTURED) - aft__row_int(p, AFT__PAYMENT_REVERSED) - planned -
                 aft__row_int(p, AFT__PAYMENT_REFUNDED);
  int64_t taken = in->amount.minor < left ? in->amount.minor : left;
  int64_t beyond = aft__row_int(p, AFT__PAYMENT_OVERDRAWN);
  if (in->amount.minor - taken > AFT__MOST_MINOR - beyond)
    return aft__error(error, AFT_E_OVERFLOW, "reversal.amount", "the payment is overdrawn beyond measure");
  p[AFT__PAYMENT_PLANNED] = aft__int(planned);
  p[AFT__PAYMENT_REVERSED] = aft__int(aft__row_int(p, AFT__PAYMENT_REVERSED) + taken);
  p[AFT__PAYMENT_OVERDRAWN] = aft__int(beyond + in->amount.minor - taken);
  AFT__TRY(remember(cmd, p, in, error));
  return aft__update(cmd->tx, &aft__payment_table, p,
                     UINT64_C(1) << AFT__PAYMENT_PLANNED | UINT64_C(1) << AFT__PAYMENT_REVERSED |
                         UINT64_C(1) << AFT__PAYMENT_OVERDRAWN | UINT64_C(1) << AFT__PAYMENT_REVERSALS,
                     error);
}

/* ---- whom it concerns ---- */

/* What is under way comes out of a payment that does not have it any more. */
static bool is_uncovered(aft__case *c, const aft__leg *leg) {
  const aft__pot *pot = aft__leg_pot(c, leg);
  bool open = !aft__leg_is(leg, AFT__LEG_STATE, "confirmed") && !aft__leg_is(leg, AFT__LEG_STATE, "void");
  return open && pot && pot->table == &aft__payment_table &&
         (aft__leg_is(leg, AFT__LEG_STATE, "frozen") || aft__row_int(pot->row, AFT__PAYMENT_OVERDRAWN) > 0);
}

/* Whether the money that a case is about is gone. */
static aft_status is_gone(aft__case *c, bool *out, aft_error *error) {
  int64_t room = 0, due = aft__case_int(c, AFT__CASE_ASKED);
  *out = false;
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__pots_load(c, error));
  for (uint32_t i = 0; i < c->n_legs; i++)
    *out |= is_uncovered(c, &c->legs[i]);
  for (uint32_t i = 0; i < c->n_lines; i++)
    due -= aft__row_int(c->lines[i].row, AFT__CASE_LINE_GIVEN);
  for (uint32_t i = 0; i < c->n_pots; i++)
    if (c->pots[i].table == &aft__payment_table && aft__pot_room(&c->pots[i]) > 0)
      room += aft__pot_room(&c->pots[i]);
  *out |= due > room || room == 0;
  return AFT_OK;
}

/* Of a part of the order's money nobody knows for what it was taken back: the buyer may have, through the
 * bank, what the case would give them once more. So people decide. */
static aft_status stop(aft__case *c, aft_error *error) {
  if (aft__case_is(c, AFT__CASE_AUTHORITY, "external"))
    return AFT_OK;
  AFT__TRY(aft__case_set_hold(c, true, aft__cstr("chargeback"), error));
  AFT__TRY(aft__case_work(c, "chargeback", NULL, (aft_str){0}, error));
  return aft__case_ticket(c, "trouble", error);
}

static aft_status tell_case(aft__cmd *cmd, aft_id id, aft_error *error) {
  aft__case c;
  bool gone = false;
  aft_status status = aft__case_load(cmd, id, &c, error);
  if (status >= 0)
    status = is_gone(&c, &gone, error);
  if (status >= 0)
    status = gone ? aft__case_tell(&c, "reversed", error) : stop(&c, error);
  if (status >= 0)
    status = aft__case_save(&c, error);
  aft__case_done(&c);
  return status;
}

static aft_status tell_cases(aft__cmd *cmd, const aft__value *payment, aft_error *error) {
  aft__scan scan = {.table = &aft__case_table,
                    .index = AFT__CASE_BY_ORDER,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), payment[AFT__PAYMENT_ORDER]},
                    .limit = AFT__MOST_ORDER_ROWS};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    if (aft__row_int(rows[i], AFT__CASE_OPEN))
      AFT__TRY(tell_case(cmd, rows[i][AFT__CASE_ID].number, error));
  return AFT_OK;
}

/* ---- the command ---- */

static aft_status find(aft__cmd *cmd, const aft_reversal_in *in, aft__value **payment, aft_error *error) {
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(in->payment)}, *order;
  aft_status status = aft__find(cmd->tx, &aft__payment_table, AFT__PAYMENT_BY_REF, keys, payment, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, status, "reversal.payment", "there is no payment '%.*s'",
                      (int)aft__utf8_cut(in->payment, 40), in->payment.data);
  AFT__TRY(status);
  cmd->subject = (*payment)[AFT__PAYMENT_ID].number;
  AFT__TRY(aft__get(cmd->tx, &aft__order_table, aft__row_int(*payment, AFT__PAYMENT_ORDER), &order, error));
  return aft__may_shop(cmd, aft__row_int(order, AFT__ORDER_SHOP), error);
}

static aft_status note(aft__cmd *cmd, const aft__value *payment, const aft_reversal_in *in,
                       aft_error *error) {
  char facts[96];
  snprintf(facts, sizeof facts, "{\"amount\":%lld,\"currency\":\"%s\"}", (long long)in->amount.minor,
           in->amount.currency);
  aft__event event = {.tenant = cmd->call.tenant,
                      .kind = AFT__KIND_ORDER,
                      .subject = aft__row_int(payment, AFT__PAYMENT_ORDER),
                      .role = cmd->call.role,
                      .actor = cmd->call.actor,
                      .verb = aft__cstr("payment.reversed"),
                      .facts = aft__cstr(facts)};
  return aft__event_next(cmd->tx, &event, error);
}

static aft_status reverse(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_reversal_in *in = given;
  aft__value *payment;
  AFT__TRY(find(cmd, in, &payment, error));
  cmd->ids[0] = cmd->subject;
  cmd->row = payment;
  aft_str currency = aft__row_str(payment, AFT__PAYMENT_CURRENCY);
  if (!aft__str_eq(currency, aft__cstr(in->amount.currency)))
    return aft__error(error, AFT_E_CURRENCY, "reversal.amount",
                      "expected the payment's currency %.*s, found %s", (int)currency.len, currency.data,
                      in->amount.currency);
  int64_t before = told_before(aft__row_str(payment, AFT__PAYMENT_REVERSALS), in->reference);
  if (before == in->amount.minor)
    return AFT_IGNORED;
  if (before >= 0)
    return aft__error(error, AFT_E_EXISTS, "reversal.amount",
                      "the chargeback was told before: expected %lld, found %lld", (long long)before,
                      (long long)in->amount.minor);
  AFT__TRY(take_back(cmd, payment, in, error));
  AFT__TRY(tell_cases(cmd, payment, error));
  cmd->row = NULL; /* cases may have changed the payment too */
  return note(cmd, payment, in, error);
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_reversal_in *in = given;
  aft__digest_str(sha, in->payment);
  aft__digest_str(sha, in->reference);
  aft__digest_i64(sha, in->amount.minor);
  aft__digest_str(sha, aft__str(in->amount.currency, sizeof in->amount.currency));
}

static aft_status check(aft_reversal_in *in, aft_error *error) {
  aft_money money;
  aft_str currency = aft__str(in->amount.currency, strnlen(in->amount.currency, sizeof in->amount.currency));
  AFT__TRY(aft__in_name(&in->payment, AFT__NAME_BYTES, "reversal.payment", error));
  AFT__TRY(aft__in_name(&in->reference, AFT__NAME_BYTES, "reversal.reference", error));
  for (size_t i = 0; i < in->reference.len; i++)
    if ((unsigned char)in->reference.data[i] < ' ')
      return aft__error(error, AFT_E_INVALID, "reversal.reference", "expected a text of one line");
  if (aft__money_make(in->amount.minor, currency, &money, NULL) < 0)
    return aft__error(error, AFT_E_CURRENCY, "reversal.amount", "expected an ISO 4217 code, found '%.*s'",
                      (int)currency.len, currency.data);
  if (in->amount.minor <= 0)
    return aft__error(error, AFT_E_INVALID, "reversal.amount", "expected more than 0, found %lld",
                      (long long)in->amount.minor);
  if (in->amount.minor > AFT__MOST_MINOR)
    return aft__error(error, AFT_E_OVERFLOW, "reversal.amount", "expected at most %lld, found %lld",
                      (long long)AFT__MOST_MINOR, (long long)in->amount.minor);
  return AFT_OK;
}

aft_status aft_payment_reverse(aft_session *session, const aft_call *call, const aft_reversal_in *in,
                               aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "payment.reversed",
                                       .name = "payment_reversed",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_PAYMENT,
                                       .digest = digest,
                                       .run = reverse};
  aft_reversal_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, REVERSAL_V1, "aft_reversal_in", error));
  AFT__TRY(check(&local, error));
  return aft__command_run(session, call, &command, &local, out, error);
}

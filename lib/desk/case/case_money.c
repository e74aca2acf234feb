/* Legs on their way: sent when policy releases them, dropped, retried, replaced or owed back where things go
 * wrong. Nothing here says that money has arrived: that is what case_settle.c hears. */
#include "desk/case/case_priv.h"

/* ---- what they come to together ---- */

static bool counts(const aft__leg *leg) {
  return aft__leg_is(leg, AFT__LEG_PAYEE, "buyer") && !aft__leg_is(leg, AFT__LEG_STATE, "void");
}

bool aft__leg_replaced(const aft__case *c, const aft__leg *leg) {
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (aft__row_int(c->legs[i].row, AFT__LEG_REPLACES) == leg->row[AFT__LEG_ID].number)
      return true;
  return false;
}

/* The one that needs most care says how the money stands. */
void aft__legs_sum(aft__case *c) {
  static const char *const order[] = {"unknown", "failed", "frozen", "sent", "planned", "confirmed"};
  static const char *const shown[] = {"unknown", "failed", "failed", "sent", "planned", "confirmed"};
  const char *money = "none";
  for (size_t s = AFT__COUNT(order); s-- > 0;)
    for (uint32_t i = 0; i < c->n_legs; i++)
      if (counts(&c->legs[i]) && aft__leg_is(&c->legs[i], AFT__LEG_STATE, order[s]) &&
          !aft__leg_replaced(c, &c->legs[i]))
        money = shown[s];
  if (!aft__case_is(c, AFT__CASE_MONEY, money))
    aft__case_set(c, AFT__CASE_MONEY, aft__text(aft__cstr(money)));
}

/* ---- sending ---- */

static uint32_t rank_of(aft_str release) {
  static const char *const ranks[] = {"approval", "pickup", "delivery", "inspection", "settlement"};
  for (uint32_t i = 0; i < AFT__COUNT(ranks); i++)
    if (aft__str_eq(release, aft__cstr(ranks[i])))
      return i;
  return AFT__COUNT(ranks);
}

bool aft__release_by(aft_str release, const char *stage) {
  return rank_of(release) <= rank_of(aft__cstr(stage));
}

static const char *topic_of(const aft__leg *leg) {
  bool charge = aft__leg_is(leg, AFT__LEG_KIND, "charge");
  if (charge && !aft__row_null(leg->row, AFT__LEG_REPLACES))
    return "money.capture";
  if (charge || aft__leg_is(leg, AFT__LEG_KIND, "clawback"))
    return "money.charge";
  if (aft__leg_is(leg, AFT__LEG_KIND, "hold"))
    return "money.authorise";
  if (aft__leg_is(leg, AFT__LEG_KIND, "subsidy") || aft__leg_is(leg, AFT__LEG_KIND, "recourse"))
    return "money.settle";
  if (aft__leg_is(leg, AFT__LEG_INSTRUMENT, "coupon"))
    return "coupon.give_back";
  return aft__leg_is(leg, AFT__LEG_KIND, "compensation") || aft__leg_is(leg, AFT__LEG_KIND, "freight")
             ? "money.pay"
             : "money.refund";
}

/* The hold that a charge captures, by its number. */
static void put_hold(const aft__case *c, const aft__leg *leg, aft__json *json) {
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (c->legs[i].row[AFT__LEG_ID].number == aft__row_int(leg->row, AFT__LEG_REPLACES) &&
        aft__leg_is(&c->legs[i], AFT__LEG_KIND, "hold")) {
      aft__json_key(json, "hold");
      aft__json_str(json, aft__value_str(&c->legs[i].row[AFT__LEG_NUMBER]));
    }
}

void aft__leg_put(aft__case *c, const aft__leg *leg, aft__json *json) {
  static const struct {
    const char *name;
    uint32_t column;
  } texts[] = {{"number", AFT__LEG_NUMBER},        {"kind", AFT__LEG_KIND},
               {"payer", AFT__LEG_PAYER},          {"payee", AFT__LEG_PAYEE},
               {"currency", AFT__LEG_CURRENCY},    {"account", AFT__LEG_ACCOUNT},
               {"instrument", AFT__LEG_INSTRUMENT}};
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    aft__json_key(json, texts[i].name);
    aft__json_str(json, aft__value_str(&leg->row[texts[i].column]));
  }
  aft__json_key(json, "leg");
  aft__json_id(json, leg->row[AFT__LEG_ID].number);
  aft__json_key(json, "amount");
  aft__json_i64(json, aft__row_int(leg->row, AFT__LEG_REQUESTED));
  aft__json_key(json, "attempt");
  aft__json_i64(json, aft__row_int(leg->row, AFT__LEG_ATTEMPTS));
  const aft__pot *pot = aft__leg_pot(c, leg);
  if (pot && pot->table == &aft__payment_table) {
    aft__json_key(json, "payment");
    aft__json_str(json, aft__row_str(pot->row, AFT__PAYMENT_REF));
  }
  put_hold(c, leg, json);
}

static void put_one(aft__case *c, aft__json *json, const void *user) { aft__leg_put(c, user, json); }

/* Each leg is a subject of its own in the outbox, so that one whose outcome is unknown holds nothing else up.
 * It is never offered twice without a recorded outcome. */
aft_status aft__leg_send(aft__case *c, aft__leg *leg, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft_id id = leg->row[AFT__LEG_ID].number, effect;
  aft__case_terms terms;
  AFT__TRY(aft__pots_load(c, error));
  AFT__TRY(aft__case_terms_of(c, &terms, error));
  aft__leg_set(leg, AFT__LEG_ATTEMPTS, aft__int(aft__row_int(leg->row, AFT__LEG_ATTEMPTS) + 1));
  aft__case_request request = {
      .topic = topic_of(leg), .subject = id, .money = true, .add = put_one, .user = leg};
  AFT__TRY(aft__case_request_add(c, &request, &effect, error));
  aft__leg_change(c, leg, "sent");
  aft__leg_set(leg, AFT__LEG_EFFECT, aft__id_or_null(effect));
  aft__leg_set(leg, AFT__LEG_SENT, aft__int(cmd->now));
  aft__leg_set(leg, AFT__LEG_EXPECTED, aft__int(aft__leg_expected(c, leg)));
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_LEG, id, aft__cstr(AFT__DUE_RECONCILE),
                      cmd->now + terms.reconcile_ms, error);
}

aft_status aft__legs_release(aft__case *c, const char *release, bool advance, aft_error *error) {
  uint32_t rank = rank_of(aft__cstr(release));
  AFT__TRY(aft__legs_load(c, error));
  for (uint32_t i = 0; i < c->n_legs; i++) {
    aft__leg *leg = &c->legs[i];
    bool waits = aft__leg_is(leg, AFT__LEG_STATE, "planned") &&
                 rank_of(aft__value_str(&leg->row[AFT__LEG_RELEASE])) <= rank;
    if (advance && aft__leg_is(leg, AFT__LEG_STATE, "planned") && aft__leg_is(leg, AFT__LEG_KIND, "refund")) {
      aft__leg_set(leg, AFT__LEG_KIND, aft__text(aft__cstr("advance")));
      waits = true;
    }
    if (waits)
      AFT__TRY(aft__leg_send(c, leg, error));
  }
  aft__legs_sum(c);
  return aft__case_is(c, AFT__CASE_MONEY, "none") || aft__case_is(c, AFT__CASE_MONEY, "confirmed")
             ? aft__case_then(c, "money_confirmed", error)
             : AFT_OK;
}

/* ---- dropping ---- */

static aft_status drop(aft__case *c, aft__leg *leg, const char *to, aft_error *error) {
  aft__pot *pot = aft__leg_pot(c, leg);
  if (pot)
    AFT__TRY(aft__pot_add(pot, AFT__POT_PLANNED(pot), -aft__row_int(leg->row, AFT__LEG_REQUESTED), error));
  aft__leg_change(c, leg, to);
  return AFT_OK;
}

aft_status aft__leg_drop(aft__case *c, aft__leg *leg, aft_error *error) {
  AFT__TRY(drop(c, leg, "void", error));
  return aft__due_clear(c->cmd->tx, leg->row[AFT__LEG_ID].number, aft__cstr(AFT__DUE_RECONCILE), error);
}

/* A line gets back what was set aside for money that never left, or that is asked back. */
static void unsettle_line(aft__case_line *l, int64_t amount, int64_t units, int64_t kept) {
  static const uint32_t columns[] = {AFT__LINE_REFUNDED, AFT__LINE_SETTLED, AFT__LINE_KEPT};
  static const uint32_t own[] = {AFT__CASE_LINE_GIVEN, AFT__CASE_LINE_SETTLED, AFT__CASE_LINE_KEPT};
  const int64_t back[] = {amount, units, kept};
  for (size_t i = 0; i < AFT__COUNT(back); i++) {
    if (!back[i])
      continue;
    l->line[columns[i]] = aft__int(aft__row_int(l->line, columns[i]) - back[i]);
    l->line_mask |= UINT64_C(1) << columns[i];
    aft__case_line_set(l, own[i], aft__row_int(l->row, own[i]) - back[i]);
  }
}

static void unsettle(aft__case *c, int64_t amount) {
  for (uint32_t i = c->n_lines; i-- > 0 && amount > 0;) {
    aft__case_line *l = &c->lines[i];
    int64_t given = aft__row_int(l->row, AFT__CASE_LINE_GIVEN), back = given < amount ? given : amount;
    bool whole = back == given;
    if (back)
      unsettle_line(l, back, whole ? aft__row_int(l->row, AFT__CASE_LINE_SETTLED) : 0,
                    whole ? aft__row_int(l->row, AFT__CASE_LINE_KEPT) : 0);
    amount -= back;
  }
}

static bool is_price(const aft__leg *leg) {
  return (aft__leg_is(leg, AFT__LEG_KIND, "refund") || aft__leg_is(leg, AFT__LEG_KIND, "advance")) &&
         !aft__leg_is(leg, AFT__LEG_INSTRUMENT, "coupon");
}

aft_status aft__legs_void(aft__case *c, aft_error *error) {
  int64_t price = 0;
  if (c->fresh && !c->n_legs)
    return AFT_OK;
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__charges_cancel(c, error));
  AFT__TRY(aft__hold_free(c, error));
  for (uint32_t i = 0; i < c->n_legs; i++) {
    aft__leg *leg = &c->legs[i];
    if (!aft__leg_is(leg, AFT__LEG_STATE, "planned") && !aft__leg_is(leg, AFT__LEG_STATE, "frozen"))
      continue;
    AFT__TRY(aft__pots_load(c, error));
    if (is_price(leg))
      price += aft__row_int(leg->row, AFT__LEG_REQUESTED);
    if (aft__leg_is(leg, AFT__LEG_STATE, "planned"))
      AFT__TRY(drop(c, leg, "void", error));
    else
      aft__leg_change(c, leg, "void");
  }
  if (price && !aft__case_is(c, AFT__CASE_KIND, "exchange"))
    unsettle(c, price);
  aft__legs_sum(c);
  return AFT_OK;
}

/* ---- when the provider cannot ---- */

/* A provider that refused so often is not asked once more: there is the way without it. */
static aft_status check_attempts(const aft__leg *leg, int64_t retries, aft_error *error) {
  int64_t attempts = aft__row_int(leg->row, AFT__LEG_ATTEMPTS);
  if (attempts <= retries)
    return AFT_OK;
  return aft__error(error, AFT_E_CHECK, "leg.attempts",
                    "%.*s was sent %lld times, which is all that the policy allows: pay it another way",
                    (int)leg->row[AFT__LEG_NUMBER].size, leg->row[AFT__LEG_NUMBER].data, (long long)attempts);
}

aft_status aft__legs_retry(aft__case *c, aft_error *error) {
  aft__case_terms terms;
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__case_terms_of(c, &terms, error));
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (aft__leg_is(&c->legs[i], AFT__LEG_STATE, "failed") && !aft__leg_replaced(c, &c->legs[i])) {
      AFT__TRY(check_attempts(&c->legs[i], terms.retries, error));
      AFT__TRY(aft__leg_send(c, &c->legs[i], error));
    }
  aft__legs_sum(c);
  return AFT_OK;
}

/* What the buyer owes is nothing to pay by hand, and a coupon is no money. */
static aft_status offline_leg(aft__case *c, const aft__leg *failed, aft_error *error) {
  aft__leg *made;
  aft__pot *pot = aft__leg_pot(c, failed);
  int64_t amount = aft__row_int(failed->row, AFT__LEG_REQUESTED);
  aft__leg_plan plan = {.kind = aft__leg_word(c, failed, AFT__LEG_KIND),
                        .payer = aft__leg_word(c, failed, AFT__LEG_PAYER),
                        .payee = "buyer",
                        .instrument = aft__cstr("transfer"),
                        .pot = pot,
                        .amount = amount,
                        .release = aft__cstr("approval"),
                        .replaces = failed->row[AFT__LEG_ID].number};
  if (!aft__leg_is(failed, AFT__LEG_PAYEE, "buyer") || aft__leg_is(failed, AFT__LEG_INSTRUMENT, "coupon"))
    return AFT_OK;
  if (!plan.kind || !plan.payer)
    return aft__nomem(error);
  if (pot) /* the failed one gives its place up */
    AFT__TRY(aft__pot_add(pot, AFT__POT_PLANNED(pot), -amount, error));
  AFT__TRY(aft__leg_add(c, &plan, &made, error));
  if (c->in && c->in->proof)
    aft__leg_set(made, AFT__LEG_PROOF, aft__int(c->in->proof));
  return aft__leg_send(c, made, error);
}

aft_status aft__legs_offline(aft__case *c, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__pots_load(c, error));
  for (uint32_t i = 0, n = c->n_legs; i < n; i++)
    if (aft__leg_is(&c->legs[i], AFT__LEG_STATE, "failed") && !aft__leg_replaced(c, &c->legs[i]))
      AFT__TRY(offline_leg(c, &c->legs[i], error));
  aft__legs_sum(c);
  return AFT_OK;
}

/* ---- money that went out too early ---- */

/* Goods that nobody saw earn nothing. */
static int64_t earned(const aft__case *c, const aft__case_line *l) {
  return aft__case_inspected(c) ? aft__amount_due(c, l) : 0;
}

static void forget_advance(aft__case *c) {
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__case_line *l = &c->lines[i];
    int64_t back = aft__row_int(l->row, AFT__CASE_LINE_GIVEN) - earned(c, l);
    int64_t due = aft__case_inspected(c) ? aft__units_due(c, l) : 0;
    int64_t units = aft__row_int(l->row, AFT__CASE_LINE_SETTLED) - due;
    if (back > 0)
      unsettle_line(l, back, units > 0 ? units : 0, due ? 0 : aft__row_int(l->row, AFT__CASE_LINE_KEPT));
  }
}

static bool is_advance(const aft__case *c, const aft__leg *leg) {
  return aft__leg_is(leg, AFT__LEG_KIND, "advance") && !aft__leg_is(leg, AFT__LEG_STATE, "void") &&
         !aft__leg_replaced(c, leg);
}

/* What was advanced for units that were then refused or never came. An advance that failed is no debt, and
 * where nothing is due it is not owed any more either. */
aft_status aft__legs_debt(aft__case *c, aft_error *error) {
  int64_t due = 0, advanced = 0, failed = 0;
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__pots_load(c, error));
  for (uint32_t i = 0; i < c->n_lines; i++)
    due += earned(c, &c->lines[i]);
  for (uint32_t i = 0; i < c->n_legs; i++) {
    aft__leg *leg = &c->legs[i];
    bool lost = aft__leg_is(leg, AFT__LEG_STATE, "failed");
    if (!is_advance(c, leg))
      continue;
    if (lost && !due)
      AFT__TRY(drop(c, leg, "void", error));
    *(lost ? &failed : &advanced) += aft__row_int(leg->row, AFT__LEG_REQUESTED);
  }
  if (advanced + failed > due)
    forget_advance(c);
  if (advanced <= due)
    return AFT_OK;
  aft__leg *leg;
  aft__leg_plan plan = {.kind = "clawback",
                        .payer = "buyer",
                        .payee = "seller",
                        .instrument = aft__cstr("balance"),
                        .amount = advanced - due,
                        .release = aft__cstr("inspection")};
  AFT__TRY(aft__leg_add(c, &plan, &leg, error));
  return aft__leg_send(c, leg, error);
}

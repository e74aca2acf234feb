/* Money that the buyer owes: asked for, held in advance, captured, asked for no longer, and given back where
 * it was paid in vain. A charge is never dropped in silence: what the buyer pays after all comes back. */
#include "desk/case/case_priv.h"

static bool is_open(const aft__leg *leg) {
  return aft__leg_is(leg, AFT__LEG_STATE, "sent") || aft__leg_is(leg, AFT__LEG_STATE, "unknown");
}

static aft__leg_plan owed_by_buyer(const char *kind, int64_t amount, const char *release) {
  return (aft__leg_plan){.kind = kind,
                         .payer = "buyer",
                         .payee = "seller",
                         .instrument = aft__cstr("any"),
                         .amount = amount,
                         .release = aft__cstr(release)};
}

static aft_status add(aft__case *c, const char *kind, int64_t amount, aft_id replaces, aft_error *error) {
  aft__leg *leg;
  aft__leg_plan plan = owed_by_buyer(kind, amount, "approval");
  plan.replaces = replaces;
  if (amount <= 0)
    return AFT_OK;
  AFT__TRY(aft__leg_add(c, &plan, &leg, error));
  return aft__leg_send(c, leg, error);
}

/* ---- asking for less ---- */

static void put(aft__case *c, aft__json *json, const void *user) { aft__leg_put(c, user, json); }

static aft_status drop(aft__case *c, aft__leg *leg, const char *topic, aft_error *error) {
  if (!aft__leg_is(leg, AFT__LEG_STATE, "failed"))
    AFT__TRY(aft__case_ask(c, topic, put, leg, error));
  aft__leg_change(c, leg, "void");
  return aft__due_clear(c->cmd->tx, leg->row[AFT__LEG_ID].number, aft__cstr(AFT__DUE_RECONCILE), error);
}

/* What the buyer was asked for and has not paid is asked for no longer; a debt stays one. */
aft_status aft__charges_cancel(aft__case *c, aft_error *error) {
  for (uint32_t i = 0; i < c->n_legs; i++) {
    aft__leg *leg = &c->legs[i];
    if (aft__leg_is(leg, AFT__LEG_KIND, "charge") &&
        (is_open(leg) || aft__leg_is(leg, AFT__LEG_STATE, "failed")))
      AFT__TRY(drop(c, leg, "money.cancel", error));
  }
  return AFT_OK;
}

/* ---- asking ---- */

static int64_t confirmed(const aft__case *c) {
  int64_t total = 0;
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (aft__leg_is(&c->legs[i], AFT__LEG_KIND, "charge"))
      total += aft__row_int(c->legs[i].row, AFT__LEG_CONFIRMED);
  return total;
}

static int64_t owed(const aft__case *c) {
  int64_t difference = aft__case_int(c, AFT__CASE_DIFFERENCE);
  int64_t due = difference > 0 ? difference : aft__case_int(c, AFT__CASE_QUOTE);
  return due > 0 ? due : 0;
}

int64_t aft__charge_missing(const aft__case *c) {
  int64_t missing = owed(c) - confirmed(c);
  return missing > 0 ? missing : 0;
}

aft_status aft__charge(aft__case *c, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__charges_cancel(c, error));
  return add(c, "charge", aft__charge_missing(c), 0, error);
}

/* As a preview shows it. */
aft_status aft__charge_plan(aft__case *c, aft_error *error) {
  aft__leg_plan plan = owed_by_buyer("charge", aft__charge_missing(c), "inspection");
  return plan.amount ? aft__leg_add(c, &plan, NULL, error) : AFT_OK;
}

/* ---- a hold on the buyer's money ---- */

static aft__leg *hold_of(const aft__case *c) {
  for (uint32_t i = c->n_legs; i-- > 0;)
    if (aft__leg_is(&c->legs[i], AFT__LEG_KIND, "hold") && !aft__leg_is(&c->legs[i], AFT__LEG_STATE, "void"))
      return &c->legs[i];
  return NULL;
}

aft_status aft__hold_ask(aft__case *c, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  return add(c, "hold", aft__exchange_cost(c), 0, error);
}

aft_status aft__hold_free(aft__case *c, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  aft__leg *hold = hold_of(c);
  return hold ? drop(c, hold, "money.release", error) : AFT_OK;
}

/* What is owed is taken out of the hold, which ends with that; without one that stands it is asked for. */
aft_status aft__hold_capture(aft__case *c, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__charges_cancel(c, error));
  aft__leg *hold = hold_of(c);
  if (!hold || !aft__leg_is(hold, AFT__LEG_STATE, "confirmed")) {
    AFT__TRY(aft__hold_free(c, error));
    return add(c, "charge", aft__charge_missing(c), 0, error);
  }
  int64_t most = aft__row_int(hold->row, AFT__LEG_CONFIRMED), missing = aft__charge_missing(c);
  aft__leg_change(c, hold, "void");
  AFT__TRY(add(c, "charge", missing < most ? missing : most, hold->row[AFT__LEG_ID].number, error));
  return add(c, "charge", missing - most, 0, error);
}

/* ---- giving back ---- */

/* The payment that a charge became. */
static aft__pot *payment_of(aft__case *c, const aft__leg *leg) {
  aft_str number = aft__value_str(&leg->row[AFT__LEG_NUMBER]);
  for (uint32_t i = 0; i < c->n_pots; i++)
    if (c->pots[i].table == &aft__payment_table &&
        aft__str_eq(aft__row_str(c->pots[i].row, AFT__PAYMENT_REF), number))
      return &c->pots[i];
  return NULL;
}

static aft_status return_one(aft__case *c, const aft__leg *charge, aft_str release, bool now,
                             aft_error *error) {
  aft__leg *leg;
  aft__pot *pot = payment_of(c, charge);
  int64_t room = pot ? aft__pot_room(pot) : 0;
  if (room <= 0)
    return AFT_OK;
  aft__leg_plan plan = {.kind = "uncharge",
                        .payer = "seller",
                        .payee = "buyer",
                        .instrument = aft__row_str(pot->row, AFT__PAYMENT_INSTRUMENT),
                        .account = aft__row_str(pot->row, AFT__PAYMENT_ACCOUNT),
                        .pot = pot,
                        .amount = room,
                        .release = release};
  AFT__TRY(aft__leg_add(c, &plan, &leg, error));
  return now ? aft__leg_send(c, leg, error) : AFT_OK;
}

aft_status aft__charges_return(aft__case *c, aft_str release, bool now, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__pots_load(c, error));
  for (uint32_t i = 0, n = c->n_legs; i < n; i++)
    if (aft__leg_is(&c->legs[i], AFT__LEG_KIND, "charge") &&
        aft__row_int(c->legs[i].row, AFT__LEG_CONFIRMED) > 0)
      AFT__TRY(return_one(c, &c->legs[i], release, now, error));
  aft__legs_sum(c);
  return AFT_OK;
}

/* What came of money that was sent: the one place where a leg is confirmed, and a case comes to be refunded.
 */
#include "desk/case/case_priv.h"

#define LEG_V1 (offsetof(aft_leg_in, proof) + sizeof(aft_id))

static aft__leg *leg_of(aft__case *c, aft_id id) {
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (c->legs[i].row[AFT__LEG_ID].number == id)
      return &c->legs[i];
  return NULL;
}

/* ---- confirmed ---- */

/* Money that the buyer paid is a payment like others: later refunds may draw on it. */
static aft_status add_payment(aft__case *c, const aft__leg *leg, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft__value *row = aft__arena_alloc(cmd->arena, AFT__PAYMENT_COLUMNS * sizeof *row);
  if (!row)
    return aft__nomem(error);
  const aft__value made[AFT__PAYMENT_COLUMNS] = {
      [AFT__PAYMENT_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__PAYMENT_REV] = aft__int(1),
      [AFT__PAYMENT_TENANT] = aft__int(cmd->call.tenant),
      [AFT__PAYMENT_ORDER] = c->row[AFT__CASE_ORDER],
      [AFT__PAYMENT_REF] = leg->row[AFT__LEG_NUMBER],
      [AFT__PAYMENT_PURPOSE] = aft__text(aft__cstr("difference")),
      [AFT__PAYMENT_INSTRUMENT] = leg->row[AFT__LEG_INSTRUMENT],
      [AFT__PAYMENT_CURRENCY] = leg->row[AFT__LEG_CURRENCY],
      [AFT__PAYMENT_CAPTURED] = leg->row[AFT__LEG_CONFIRMED],
      [AFT__PAYMENT_REVERSED] = aft__int(0),
      [AFT__PAYMENT_PLANNED] = aft__int(0),
      [AFT__PAYMENT_REFUNDED] = aft__int(0),
      [AFT__PAYMENT_OVERDRAWN] = aft__int(0),
      [AFT__PAYMENT_REFUNDS] = aft__int(0),
      [AFT__PAYMENT_PAID] = aft__int(cmd->now),
      [AFT__PAYMENT_CREATED] = aft__int(cmd->now),
  };
  memcpy(row, made, sizeof made);
  c->pots[c->n_pots++] = (aft__pot){.table = &aft__payment_table, .row = row, .fresh = true};
  return AFT_OK;
}

static aft_status count_in(aft__case *c, aft__leg *leg, int64_t amount, aft_error *error) {
  aft__pot *pot = aft__leg_pot(c, leg);
  if (!pot)
    return AFT_OK;
  AFT__TRY(aft__pot_add(pot, AFT__POT_PLANNED(pot), -aft__row_int(leg->row, AFT__LEG_REQUESTED), error));
  AFT__TRY(aft__pot_add(pot, AFT__POT_PAID(pot), amount, error));
  if (pot->table == &aft__payment_table)
    AFT__TRY(aft__pot_add(pot, AFT__PAYMENT_REFUNDS, 1, error));
  return AFT_OK;
}

/* What a provider moved less than it was asked for is still owed, by the same one to the same one. */
static aft_status send_rest(aft__case *c, const aft__leg *leg, int64_t rest, aft_error *error) {
  aft__leg *made;
  aft__pot *pot = aft__leg_pot(c, leg);
  aft__leg_plan plan = {.kind = aft__leg_word(c, leg, AFT__LEG_KIND),
                        .payer = aft__leg_word(c, leg, AFT__LEG_PAYER),
                        .payee = aft__leg_word(c, leg, AFT__LEG_PAYEE),
                        .instrument = aft__value_str(&leg->row[AFT__LEG_INSTRUMENT]),
                        .account = aft__value_str(&leg->row[AFT__LEG_ACCOUNT]),
                        .pot = pot,
                        .amount = rest,
                        .release = aft__value_str(&leg->row[AFT__LEG_RELEASE])};
  if (!plan.kind || !plan.payer || !plan.payee)
    return aft__nomem(error);
  AFT__TRY(aft__leg_add(c, &plan, &made, error));
  return aft__leg_send(c, made, error);
}

static bool leg_is_short(const aft__leg *leg) {
  return aft__row_int(leg->row, AFT__LEG_CONFIRMED) < aft__row_int(leg->row, AFT__LEG_REQUESTED);
}

/* What the buyer pays when nothing waits for it any more goes back at once. */
static aft_status charge_paid(aft__case *c, const aft__leg *leg, bool dropped, aft_error *error) {
  bool lets = false;
  if (leg_is_short(leg) && !dropped)
    return AFT_OK;
  if (!dropped)
    AFT__TRY(aft__case_lets(c, "paid", AFT_ROLE_SYSTEM, &lets, error));
  if (lets)
    return aft__case_tell(c, "paid", error);
  AFT__TRY(aft__charges_return(c, aft__cstr("approval"), true, error));
  return aft__case_note_moved(c, "leg.returned", error);
}

static aft_status follow_up(aft__case *c, aft__leg *leg, bool dropped, aft_error *error) {
  if (aft__leg_is(leg, AFT__LEG_KIND, "charge"))
    return charge_paid(c, leg, dropped, error);
  if (aft__leg_is(leg, AFT__LEG_KIND, "hold"))
    return aft__case_tell(c, "authorised", error);
  if (aft__leg_is(leg, AFT__LEG_KIND, "recourse"))
    return leg_is_short(leg) ? AFT_OK : aft__case_tell(c, "paid", error);
  aft__legs_sum(c);
  return aft__case_is(c, AFT__CASE_MONEY, "confirmed") && aft__leg_is(leg, AFT__LEG_PAYEE, "buyer")
             ? aft__case_tell(c, "money_confirmed", error)
             : AFT_OK;
}

static aft_status check_amount(const aft__leg *leg, const aft_leg_in *in, aft_error *error) {
  int64_t requested = aft__row_int(leg->row, AFT__LEG_REQUESTED);
  if (!in->amount.currency[0])
    return aft__error(error, AFT_E_INVALID, "leg.amount", "expected the amount that was confirmed");
  if (!aft__str_eq(aft__cstr(in->amount.currency), aft__value_str(&leg->row[AFT__LEG_CURRENCY])))
    return aft__error(error, AFT_E_CURRENCY, "leg.amount", "expected %.*s, found %s",
                      (int)leg->row[AFT__LEG_CURRENCY].size, leg->row[AFT__LEG_CURRENCY].data,
                      in->amount.currency);
  if (aft__leg_is(leg, AFT__LEG_KIND, "hold") && in->amount.minor != requested)
    return aft__error(error, AFT_E_INVALID, "leg.amount",
                      "a hold stands whole or not at all: expected %lld minor units, found %lld",
                      (long long)requested, (long long)in->amount.minor);
  if (in->amount.minor > requested || in->amount.minor < 0)
    return aft__error(error, AFT_E_INVALID, "leg.amount",
                      "expected 0 to the %lld minor units asked for, found %lld", (long long)requested,
                      (long long)in->amount.minor);
  return AFT_OK;
}

aft_status aft__leg_confirm(aft__case *c, aft__leg *leg, int64_t amount, aft_error *error) {
  AFT__TRY(count_in(c, leg, amount, error));
  aft__leg_change(c, leg, "confirmed");
  aft__leg_set(leg, AFT__LEG_CONFIRMED, aft__int(amount));
  aft__leg_set(leg, AFT__LEG_SETTLED, aft__int(c->cmd->now));
  AFT__TRY(aft__due_clear(c->cmd->tx, leg->row[AFT__LEG_ID].number, aft__cstr(AFT__DUE_RECONCILE), error));
  bool paid = aft__leg_is(leg, AFT__LEG_KIND, "charge"), back = aft__leg_is(leg, AFT__LEG_KIND, "clawback");
  return paid || back ? add_payment(c, leg, error) : AFT_OK;
}

static aft_status confirm(aft__case *c, aft__leg *leg, const aft_leg_in *in, aft_error *error) {
  bool dropped = aft__leg_is(leg, AFT__LEG_STATE, "void");
  AFT__TRY(check_amount(leg, in, error));
  AFT__TRY(aft__leg_confirm(c, leg, in->amount.minor, error));
  if (in->reference.len)
    aft__leg_set(leg, AFT__LEG_REFERENCE, aft__text(in->reference));
  if (aft__leg_is(leg, AFT__LEG_KIND, "charge") && !dropped && !leg_is_short(leg))
    AFT__TRY(aft__charges_cancel(c, error)); /* others that ask for the same */
  if (leg_is_short(leg) && !dropped)
    AFT__TRY(send_rest(c, leg, aft__row_int(leg->row, AFT__LEG_REQUESTED) - in->amount.minor, error));
  AFT__TRY(aft__case_note_moved(c, "leg.confirmed", error));
  return follow_up(c, leg, dropped, error);
}

/* ---- the other outcomes ---- */

static aft_status fail(aft__case *c, aft__leg *leg, const aft_leg_in *in, aft_error *error) {
  aft__leg_change(c, leg, "failed");
  if (in->note.len)
    aft__leg_set(leg, AFT__LEG_NOTE, aft__text(in->note));
  aft__legs_sum(c);
  AFT__TRY(aft__case_note_moved(c, "leg.failed", error));
  bool owed = aft__leg_is(leg, AFT__LEG_PAYEE, "buyer");
  return aft__case_tell(c, owed ? "money_failed" : "unpaid", error);
}

static aft_status doubt(aft__case *c, aft__leg *leg, aft_error *error) {
  aft__leg_change(c, leg, "unknown");
  aft__legs_sum(c);
  AFT__TRY(aft__case_note_moved(c, "leg.unknown", error));
  return aft__case_tell(c, "money_unknown", error);
}

/* The same callback again is no news; one that says something else is refused. */
static aft_status repeated(const aft__leg *leg, const aft_leg_in *in, aft_error *error) {
  bool same =
      in->outcome == AFT_SETTLE_CONFIRMED && in->amount.minor == aft__row_int(leg->row, AFT__LEG_CONFIRMED) &&
      (!in->reference.len || aft__str_eq(in->reference, aft__value_str(&leg->row[AFT__LEG_REFERENCE])));
  if (same)
    return AFT_IGNORED;
  return aft__error(error, AFT_E_EXISTS, "leg", "the leg was confirmed with %lld minor units under '%.*s'",
                    (long long)aft__row_int(leg->row, AFT__LEG_CONFIRMED),
                    (int)leg->row[AFT__LEG_REFERENCE].size, leg->row[AFT__LEG_REFERENCE].data);
}

/* The buyer was asked for it, and then no longer: money that comes all the same is taken note of. */
static bool was_dropped(const aft__leg *leg) {
  return aft__leg_is(leg, AFT__LEG_STATE, "void") && aft__row_int(leg->row, AFT__LEG_ATTEMPTS) > 0 &&
         (aft__leg_is(leg, AFT__LEG_KIND, "charge") || aft__leg_is(leg, AFT__LEG_KIND, "hold"));
}

/* A hold that ended holds nothing: its release was asked for, or it was captured. */
static aft_status take_in_dropped(aft__case *c, aft__leg *leg, const aft_leg_in *in, aft_error *error) {
  if (in->outcome != AFT_SETTLE_CONFIRMED || aft__leg_is(leg, AFT__LEG_KIND, "hold"))
    return AFT_IGNORED;
  return confirm(c, leg, in, error);
}

static aft_status take_in(aft__case *c, aft__leg *leg, const aft_leg_in *in, aft_error *error) {
  const char *state = aft__leg_state(leg);
  if (strcmp(state, "confirmed") == 0)
    return repeated(leg, in, error);
  if (was_dropped(leg))
    return take_in_dropped(c, leg, in, error);
  if (strcmp(state, "sent") != 0 && strcmp(state, "unknown") != 0 && strcmp(state, "failed") != 0)
    return aft__error(error, AFT_E_TRANSITION, "leg",
                      "the leg is %s: nothing was sent that could have an outcome", state);
  if (in->outcome != AFT_SETTLE_CONFIRMED && strcmp(state, "failed") == 0)
    return AFT_IGNORED;
  if (in->outcome == AFT_SETTLE_UNKNOWN && strcmp(state, "unknown") == 0)
    return AFT_IGNORED;
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (aft__row_int(c->legs[i].row, AFT__LEG_REPLACES) == leg->row[AFT__LEG_ID].number)
      return aft__error(error, AFT_E_TRANSITION, "leg", "another leg stands in the place of this one: %.*s",
                        (int)c->legs[i].row[AFT__LEG_NUMBER].size, c->legs[i].row[AFT__LEG_NUMBER].data);
  AFT__TRY(aft__due_clear(c->cmd->tx, leg->row[AFT__LEG_ID].number, aft__cstr(AFT__DUE_RECONCILE), error));
  if (in->proof)
    aft__leg_set(leg, AFT__LEG_PROOF, aft__int(in->proof));
  if (in->outcome == AFT_SETTLE_CONFIRMED)
    return confirm(c, leg, in, error);
  return in->outcome == AFT_SETTLE_FAILED ? fail(c, leg, in, error) : doubt(c, leg, error);
}

/* ---- the command ---- */

static aft_status find_leg(aft__cmd *cmd, const aft_leg_in *in, aft__value **row, aft_error *error) {
  if (in->leg)
    return aft__load(cmd, &aft__leg_table, AFT__LEG_TENANT, in->leg, "leg", row, error);
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(in->number)};
  aft_status status = aft__find(cmd->tx, &aft__leg_table, AFT__LEG_BY_NUMBER, keys, row, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, status, "leg.number", "there is no leg '%.*s' in this tenant",
                      (int)in->number.len, in->number.data);
  return status;
}

/* People say that they paid by hand, and show it. */
static aft_status check_person(aft__case *c, const aft__leg *leg, const aft_leg_in *in, aft_error *error) {
  aft__value *proof;
  if (in->proof)
    AFT__TRY(
        aft__load(c->cmd, &aft__evidence_table, AFT__EVIDENCE_TENANT, in->proof, "leg.proof", &proof, error));
  if (c->cmd->call.role == AFT_ROLE_SYSTEM)
    return AFT_OK;
  AFT__TRY(aft__may_case(c->cmd, c->row, error));
  if (!aft__leg_is(leg, AFT__LEG_INSTRUMENT, "transfer"))
    return aft__denied(c->cmd, "what a payment provider carries out, it alone confirms", error);
  return in->proof ? AFT_OK
                   : aft__error(error, AFT_E_INVALID, "leg.proof", "expected evidence of the payment");
}

static aft_status settle_in(aft__case *c, aft_id id, const aft_leg_in *in, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__pots_load(c, error));
  aft__leg *leg = leg_of(c, id);
  AFT__TRY(check_person(c, leg, in, error));
  aft__buf_clear(&c->moved);
  aft_status status = take_in(c, leg, in, error);
  if (status != AFT_OK)
    return status;
  c->cmd->row = leg_of(c, id)->row;
  return aft__case_save(c, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_leg_in *in = given;
  aft__value *row;
  aft__case c;
  AFT__TRY(find_leg(cmd, in, &row, error));
  aft_status status = aft__case_load(cmd, aft__row_int(row, AFT__LEG_CASE), &c, error);
  if (status >= 0)
    status = settle_in(&c, row[AFT__LEG_ID].number, in, error);
  cmd->ids[0] = row[AFT__LEG_ID].number;
  aft__case_done(&c);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_leg_in *in = given;
  aft__digest_i64(sha, in->leg);
  aft__digest_i64(sha, in->outcome);
  aft__digest_i64(sha, in->amount.minor);
  aft__digest_i64(sha, in->proof);
  aft__digest_str(sha, in->number);
  aft__digest_str(sha, in->reference);
  aft__digest_str(sha, in->note);
}

static aft_status check_input(aft_leg_in *in, aft_error *error) {
  AFT__TRY(aft__in_text(&in->number, 64, "leg.number", error));
  AFT__TRY(aft__in_text(&in->reference, AFT__NAME_BYTES, "leg.reference", error));
  AFT__TRY(aft__in_text(&in->note, 1000, "leg.note", error));
  AFT__TRY(aft__case_money_check(&in->amount, error));
  if (in->proof)
    AFT__TRY(aft__in_id(in->proof, "leg.proof", error));
  if (!in->number.len || in->leg)
    AFT__TRY(aft__in_id(in->leg, "leg.leg", error));
  if (in->outcome >= AFT_SETTLE_CONFIRMED && in->outcome <= AFT_SETTLE_UNKNOWN)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "leg.outcome", "expected AFT_SETTLE_…, found %u", in->outcome);
}

aft_status aft_leg_settle(aft_session *session, const aft_call *call, const aft_leg_in *in, aft_record **out,
                          aft_error *error) {
  static const aft__command command = {.verb = "leg.settle",
                                       .name = "leg_settle",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_LEG,
                                       .audits = true,
                                       .digest = digest,
                                       .run = run};
  aft_leg_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, LEG_V1, "aft_leg_in", error));
  aft_status status = check_input(&local, error);
  if (status >= 0)
    return aft__command_run(session, call, &command, &local, out, error);
  aft__command_refused(session, call, &command, local.leg, status);
  return status;
}

/* ---- time ---- */

static aft_status nothing_heard(aft__case *c, aft_id id, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  aft__leg *leg = leg_of(c, id);
  if (!leg || !aft__leg_is(leg, AFT__LEG_STATE, "sent"))
    return AFT_OK;
  aft__buf_clear(&c->moved);
  AFT__TRY(doubt(c, leg, error));
  return aft__case_save(c, error);
}

aft_status aft__leg_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  aft__value *row;
  aft__case c;
  aft_id id = due[AFT__DU_SUBJECT].number;
  AFT__TRY(aft__load(cmd, &aft__leg_table, AFT__LEG_TENANT, id, "leg", &row, error));
  aft_status status = aft__case_load(cmd, aft__row_int(row, AFT__LEG_CASE), &c, error);
  if (status >= 0)
    status = nothing_heard(&c, id, error);
  aft__case_done(&c);
  return status;
}

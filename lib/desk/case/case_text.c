/* A case in words: what stands in the places of the catalogue's texts. */
#include "desk/notice/notice_priv.h"
#include "desk/case/case_priv.h"

#include <stdio.h>

static aft_str named(aft__case *c, const char *locale, const char *what, aft_str name) {
  aft__buf buf;
  char key[128];
  snprintf(key, sizeof key, "%s.%.*s", what, (int)aft__utf8_cut(name, 64), name.data ? name.data : "");
  aft__buf_init(&buf, c->cmd->env);
  aft__policy_render(c->cmd->policy, locale, key, NULL, 0, &buf);
  aft_str text = aft__arena_dup(c->cmd->arena, aft__buf_view(&buf));
  aft__buf_done(&buf);
  return text.len && !aft__str_eq(text, aft__cstr(key)) ? text : name;
}

static aft_time due_of(const aft__case *c) {
  return aft__row_null(c->row, AFT__CASE_DUE) ? AFT_TIME_NONE : aft__case_int(c, AFT__CASE_DUE);
}

/* The refund that the buyer waits for: where it arrives, and when. */
static const aft__leg *refund_of(const aft__case *c) {
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (aft__leg_is(&c->legs[i], AFT__LEG_PAYEE, "buyer") &&
        !aft__leg_is(&c->legs[i], AFT__LEG_STATE, "void"))
      return &c->legs[i];
  return NULL;
}

static bool is_refund(const aft__case *c, const aft__leg *leg) {
  return aft__leg_is(leg, AFT__LEG_PAYEE, "buyer") && !aft__leg_is(leg, AFT__LEG_STATE, "void") &&
         !aft__leg_is(leg, AFT__LEG_INSTRUMENT, "coupon") && !aft__leg_replaced(c, leg);
}

/* What the buyer gets: of its legs those that are still under way, or all of them once none is; before there
 * are any, what was agreed. */
static int64_t refunds(const aft__case *c) {
  int64_t total = 0, open = 0;
  bool any = false;
  for (uint32_t i = 0; i < c->n_legs; i++) {
    if (!is_refund(c, &c->legs[i]))
      continue;
    int64_t amount = aft__row_int(c->legs[i].row, AFT__LEG_REQUESTED);
    open += aft__leg_is(&c->legs[i], AFT__LEG_STATE, "confirmed") ? 0 : amount;
    total += amount;
    any = true;
  }
  bool agreed = !aft__row_null(c->row, AFT__CASE_AGREED);
  return open ? open : any ? total : aft__case_int(c, agreed ? AFT__CASE_AGREED : AFT__CASE_ASKED);
}

static int64_t charges(const aft__case *c) {
  int64_t total = 0;
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (aft__leg_is(&c->legs[i], AFT__LEG_KIND, "charge") && aft__leg_is(&c->legs[i], AFT__LEG_STATE, "sent"))
      total += aft__row_int(c->legs[i].row, AFT__LEG_REQUESTED);
  return total;
}

static aft_time expected_at(const aft__case *c, const aft__leg *refund) {
  if (!refund)
    return due_of(c);
  return aft__row_null(refund->row, AFT__LEG_EXPECTED) ? aft__leg_expected(c, refund)
                                                       : aft__row_int(refund->row, AFT__LEG_EXPECTED);
}

static aft_time visit_at(const aft__case *c, uint32_t column) {
  return c->visit ? aft__row_int(c->visit, column) : AFT_TIME_NONE;
}

/* ---- values ---- */

static aft__filling text_of(const char *name, aft_str text) {
  return (aft__filling){.name = name, .kind = AFT__IS_TEXT, .text = text};
}

/* seen: one who is not to see prices gets none. */
static aft__filling money_of(const aft__case *c, const char *name, int64_t minor, bool seen) {
  aft__filling f = {.name = name, .kind = AFT__IS_MONEY, .number = minor};
  aft_str currency = aft__case_str(c, AFT__CASE_CURRENCY);
  if (seen && currency.len == 3)
    memcpy(f.currency, currency.data, 3);
  return f;
}

/* A day and an hour as the buyer's clock shows them. */
static aft__filling time_of(const aft__case *c, const char *name, aft_time at) {
  aft__filling f = {.name = name, .kind = AFT__IS_TIME, .number = at};
  if (at != AFT_TIME_NONE)
    f.offset_s = aft__order_offset_at(c->cmd, c->order, at) * 60;
  return f;
}

aft_str aft__case_kind_text(aft__case *c, const char *locale) {
  return named(c, locale, "case.kind", aft__case_str(c, AFT__CASE_KIND));
}

/* The kinds of evidence that its reason still asks for. */
aft_status aft__case_missing_text(aft__case *c, const char *locale, aft_str *out, aft_error *error) {
  aft__case_proven proof;
  aft__buf buf;
  aft_str comma = named(c, locale, "case.evidence", aft__cstr("comma"));
  aft_str found = aft__case_str(c, AFT__CASE_FOUND);
  AFT__TRY(aft__case_proof(c, found.len ? found : aft__case_str(c, AFT__CASE_REASON), &proof, error));
  aft__buf_init(&buf, c->cmd->env);
  for (uint32_t i = 0; i < proof.reason.n_required; i++) {
    aft_str word = named(c, locale, "case.evidence", proof.reason.required[i]);
    if (!proof.missing[i])
      continue;
    if (buf.len)
      aft__buf_add(&buf, comma.data, comma.len);
    aft__buf_add(&buf, word.data, word.len);
  }
  *out = buf.failed ? (aft_str){0} : aft__arena_dup(c->cmd->arena, aft__buf_view(&buf));
  bool failed = buf.failed;
  aft__buf_done(&buf);
  return failed ? aft__nomem(error) : AFT_OK;
}

uint32_t aft__case_values(aft__case *c, const char *locale, aft__filling out[AFT__CASE_VALUES]) {
  const aft__leg *refund = refund_of(c);
  bool money = aft__order_paid_by(c->order, aft__case_int(c, AFT__CASE_CUSTOMER));
  aft_str visit = c->visit ? aft__row_str(c->visit, AFT__APPOINTMENT_KIND) : (aft_str){0};
  aft_str account = refund && money ? aft__value_str(&refund->row[AFT__LEG_ACCOUNT]) : (aft_str){0};
  const aft__filling values[AFT__CASE_VALUES] = {
      text_of("code", aft__case_str(c, AFT__CASE_CODE)),
      text_of("kind", aft__case_kind_text(c, locale)),
      text_of("order", aft__row_str(c->order, AFT__ORDER_NUMBER)),
      text_of("reason", named(c, locale, "case.reason", aft__case_str(c, AFT__CASE_REASON))),
      text_of("address", aft__case_str(c, AFT__CASE_ADDRESS)),
      text_of("return_to", aft__goods_back_to(c)),
      text_of("account", account),
      text_of("missing", c->missing),
      text_of("visit", visit.len ? named(c, locale, "case.visit", visit) : visit),
      money_of(c, "amount", refunds(c), money),
      money_of(c, "charge", charges(c), money),
      money_of(c, "quote", aft__case_int(c, AFT__CASE_QUOTE), true),
      time_of(c, "until", due_of(c)),
      time_of(c, "expected", expected_at(c, refund)),
      time_of(c, "begins", visit_at(c, AFT__APPOINTMENT_BEGINS)),
      time_of(c, "ends", visit_at(c, AFT__APPOINTMENT_ENDS)),
      {.name = "n", .kind = AFT__IS_NUMBER, .number = 1},
      {.name = AFT__NOTICE_UNPRICED, .kind = AFT__IS_NUMBER, .number = !money},
  };
  memcpy(out, values, sizeof values);
  return AFT__CASE_VALUES;
}

void aft__case_render(aft__case *c, const char *locale, const char *key, aft__buf *out) {
  aft__filling values[AFT__CASE_VALUES];
  uint32_t n = aft__case_values(c, locale, values);
  aft__policy_fill(c->cmd->policy, locale, key, values, n, out);
}

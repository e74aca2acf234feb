/* A case in words: what stands in the places of the catalogue's texts. */
#include "desk/case_priv.h"

#include <stdio.h>

static void money_text(const aft__case *c, const char *locale, int64_t minor, char out[AFT_MONEY_SIZE]) {
  aft_money money = {.minor = minor};
  aft_str currency = aft__case_str(c, AFT__CASE_CURRENCY);
  out[0] = 0;
  if (currency.len != 3)
    return;
  memcpy(money.currency, currency.data, 3);
  if (aft_money_format(&money, locale, out, NULL) < 0)
    out[0] = 0;
}

/* A day and an hour as the buyer's clock shows them. */
void aft__case_time_text(const aft__case *c, const char *locale, aft_time at, char out[48]) {
  aft__civil civil;
  if (at == AFT_TIME_NONE) {
    out[0] = 0;
    return;
  }
  aft__civil_of(at, aft__order_offset(c->cmd, c->order) * 60, &civil);
  if (strcmp(locale, "zh") == 0)
    snprintf(out, 48, "%d年%d月%d日 %02d:%02d", civil.year, civil.month, civil.day, civil.hour, civil.minute);
  else
    snprintf(out, 48, "%04d-%02d-%02d %02d:%02d", civil.year, civil.month, civil.day, civil.hour,
             civil.minute);
}

static aft_str named(aft__case *c, const char *locale, const char *what, aft_str name) {
  aft__buf buf;
  char key[128];
  snprintf(key, sizeof key, "%s.%.*s", what, (int)aft__utf8_cut(name, 64), name.data ? name.data : "");
  aft__buf_init(&buf, c->cmd->env);
  aft__policy_render(c->cmd->policy, locale, key, NULL, 0, &buf);
  aft_str text = aft__arena_dup(c->cmd->arena, aft__buf_view(&buf));
  aft__buf_done(&buf);
  return text.len ? text : name;
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

/* One who is not to see prices gets the text that does without them, where there is one. */
static const char *key_for(const aft__case *c, const char *locale, const char *key, bool money) {
  char *plain = money ? NULL : aft__arena_printf(c->cmd->arena, "%s.plain", key);
  return plain && aft_policy_text(c->cmd->policy, locale, plain) != plain ? plain : key;
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

void aft__case_render(aft__case *c, const char *locale, const char *key, aft__buf *out) {
  char until[48], expected[48], begins[48], ends[48];
  char amount[AFT_MONEY_SIZE] = "", quote[AFT_MONEY_SIZE], charge[AFT_MONEY_SIZE] = "";
  const aft__leg *refund = refund_of(c);
  bool money = aft__order_paid_by(c->order, aft__case_int(c, AFT__CASE_CUSTOMER));
  aft__case_time_text(c, locale, due_of(c), until);
  aft__case_time_text(c, locale, expected_at(c, refund), expected);
  aft__case_time_text(c, locale, visit_at(c, AFT__APPOINTMENT_BEGINS), begins);
  aft__case_time_text(c, locale, visit_at(c, AFT__APPOINTMENT_ENDS), ends);
  if (money) {
    money_text(c, locale, refunds(c), amount);
    money_text(c, locale, charges(c), charge);
  }
  money_text(c, locale, aft__case_int(c, AFT__CASE_QUOTE), quote);
  aft_str visit = c->visit ? aft__row_str(c->visit, AFT__APPOINTMENT_KIND) : (aft_str){0};
  const aft__arg args[] = {
      {"code", aft__case_str(c, AFT__CASE_CODE)},
      {"kind", named(c, locale, "case.kind", aft__case_str(c, AFT__CASE_KIND))},
      {"order", aft__row_str(c->order, AFT__ORDER_NUMBER)},
      {"reason", named(c, locale, "case.reason", aft__case_str(c, AFT__CASE_REASON))},
      {"address", aft__case_str(c, AFT__CASE_ADDRESS)},
      {"account", refund && money ? aft__value_str(&refund->row[AFT__LEG_ACCOUNT]) : (aft_str){0}},
      {"amount", aft__cstr(amount)},
      {"charge", aft__cstr(charge)},
      {"quote", aft__cstr(quote)},
      {"until", aft__cstr(until)},
      {"expected", aft__cstr(expected)},
      {"visit", visit.len ? named(c, locale, "case.visit", visit) : visit},
      {"begins", aft__cstr(begins)},
      {"ends", aft__cstr(ends)},
  };
  aft__policy_render(c->cmd->policy, locale, key_for(c, locale, key, money), args, AFT__COUNT(args), out);
}

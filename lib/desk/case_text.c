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

void aft__case_render(aft__case *c, const char *locale, const char *key, aft__buf *out) {
  char until[48], expected[48] = "", amount[AFT_MONEY_SIZE] = "", most[AFT_MONEY_SIZE] = "";
  const aft__leg *refund = refund_of(c);
  bool money = aft__case_int(c, AFT__CASE_CUSTOMER) == aft__row_int(c->order, AFT__ORDER_CUSTOMER) ||
               aft__case_int(c, AFT__CASE_CUSTOMER) == aft__row_int(c->order, AFT__ORDER_PAYER);
  bool agreed = !aft__row_null(c->row, AFT__CASE_AGREED);
  aft__case_time_text(c, locale, due_of(c), until);
  if (refund && !aft__row_null(refund->row, AFT__LEG_EXPECTED))
    aft__case_time_text(c, locale, aft__row_int(refund->row, AFT__LEG_EXPECTED), expected);
  if (money)
    money_text(c, locale, aft__case_int(c, agreed ? AFT__CASE_AGREED : AFT__CASE_ASKED), amount);
  money_text(c, locale, aft__case_int(c, AFT__CASE_QUOTE), most);
  const aft__arg args[] = {
      {"code", aft__case_str(c, AFT__CASE_CODE)},
      {"kind", named(c, locale, "case.kind", aft__case_str(c, AFT__CASE_KIND))},
      {"order", aft__row_str(c->order, AFT__ORDER_NUMBER)},
      {"reason", named(c, locale, "case.reason", aft__case_str(c, AFT__CASE_REASON))},
      {"address", aft__case_str(c, AFT__CASE_ADDRESS)},
      {"account", refund && money ? aft__value_str(&refund->row[AFT__LEG_ACCOUNT]) : (aft_str){0}},
      {"amount", aft__cstr(amount)},
      {"quote", aft__cstr(most)},
      {"until", aft__cstr(until)},
      {"expected", aft__cstr(expected)},
  };
  aft__policy_render(c->cmd->policy, locale, key, args, AFT__COUNT(args), out);
}

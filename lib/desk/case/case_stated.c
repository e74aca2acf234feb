/* The money of a case that a marketplace decides: what it says that the buyer gets is checked when it comes,
 * agreed on when the case agrees, and what has moved when the case says that money has. Where it names no
 * amount, what the case planned is what has moved. */
#include "desk/case/case_priv.h"

static bool is_exchange(const aft__case *c) { return aft__case_is(c, AFT__CASE_KIND, "exchange"); }

/* Lines give it: the price of units, or a part of what was paid for them. */
static bool by_lines(const aft__case *c) {
  aft__basis basis = aft__case_basis(c);
  return (basis == AFT__BASIS_PRICE || basis == AFT__BASIS_PART) && !is_exchange(c);
}

/* ---- the legs that it is about ---- */

static bool is_open(const aft__case *c, const aft__leg *leg) {
  static const char *const open[] = {"planned", "sent", "unknown", "failed"};
  for (size_t i = 0; i < AFT__COUNT(open); i++)
    if (aft__leg_is(leg, AFT__LEG_STATE, open[i]))
      return !aft__leg_replaced(c, leg);
  return false;
}

static bool is_money_to_the_buyer(const aft__leg *leg) {
  return aft__leg_is(leg, AFT__LEG_PAYEE, "buyer") && !aft__leg_is(leg, AFT__LEG_INSTRUMENT, "coupon");
}

static int64_t worth(const aft__case *c, const aft__leg *leg) {
  if (!is_money_to_the_buyer(leg))
    return 0;
  return is_open(c, leg) ? aft__row_int(leg->row, AFT__LEG_REQUESTED)
                         : aft__row_int(leg->row, AFT__LEG_CONFIRMED);
}

static int64_t under_way(const aft__case *c) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < c->n_legs; i++)
    sum += worth(c, &c->legs[i]);
  return sum;
}

static int64_t confirmed(const aft__case *c) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (!is_open(c, &c->legs[i]))
      sum += worth(c, &c->legs[i]);
  return sum;
}

/* ---- checking ---- */

/* What a line can give in this case, counting what the case gave already. */
static int64_t room_of(const aft__case_line *l) {
  int64_t room = aft__line_left(l->line) + aft__row_int(l->row, AFT__CASE_LINE_GIVEN) +
                 aft__row_int(l->row, AFT__CASE_LINE_KEPT);
  return room > 0 ? room : 0;
}

static int64_t lines_room(const aft__case *c) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < c->n_lines; i++)
    sum += room_of(&c->lines[i]);
  return sum;
}

/* What the order's payments captured and have neither given back nor promised to other cases. */
static int64_t payments_room(const aft__case *c) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < c->n_pots; i++)
    if (c->pots[i].table == &aft__payment_table && aft__pot_room(&c->pots[i]) > 0)
      sum += aft__pot_room(&c->pots[i]);
  return sum;
}

static aft_status fund_room(aft__case *c, int64_t *out, aft_error *error) {
  aft_str funder = aft__case_str(c, AFT__CASE_LIABLE);
  for (uint32_t i = 0; i < c->n_pots; i++)
    if (c->pots[i].table == &aft__fund_table &&
        aft__str_eq(aft__row_str(c->pots[i].row, AFT__FUND_FUNDER), funder)) {
      *out = aft__pot_room(&c->pots[i]);
      return AFT_OK;
    }
  return aft__fund_ceiling(c, funder, out, error);
}

static aft_status most_of(aft__case *c, int64_t *out, aft_error *error) {
  aft__basis basis = aft__case_basis(c);
  *out = 0;
  if (basis == AFT__BASIS_NOTHING)
    return AFT_OK;
  if (basis == AFT__BASIS_FUND)
    AFT__TRY(fund_room(c, out, error));
  else
    *out = payments_room(c);
  *out += under_way(c);
  if (by_lines(c) && lines_room(c) < *out)
    *out = lines_room(c);
  return AFT_OK;
}

aft_status aft__stated_check(aft__case *c, const aft_money *amount, aft_error *error) {
  aft_str own = aft__case_str(c, AFT__CASE_CURRENCY);
  int64_t most, least;
  if (!aft__str_eq(aft__cstr(amount->currency), own))
    return aft__error(error, AFT_E_CURRENCY, "mirror.amount", "expected %.*s, as the order; found %s",
                      (int)own.len, own.data, amount->currency);
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__pots_load(c, error));
  AFT__TRY(most_of(c, &most, error));
  least = confirmed(c);
  if (amount->minor >= least && amount->minor <= most)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "mirror.amount",
                    "expected %lld to %lld minor units, what the case has given back and what of the order's "
                    "payments it can; found %lld",
                    (long long)least, (long long)most, (long long)amount->minor);
}

/* ---- agreeing ---- */

/* By what the lines were to give; beyond that, by what else they can. */
static void spread(aft__case *c, int64_t amount) {
  int64_t asked = 0, room = 0, beyond, upto_asked = 0, upto_room = 0, given = 0;
  for (uint32_t i = 0; i < c->n_lines; i++) {
    int64_t own = aft__row_int(c->lines[i].row, AFT__CASE_LINE_AMOUNT), most = room_of(&c->lines[i]);
    asked += own;
    room += most > own ? most - own : 0;
  }
  beyond = amount > asked ? amount - asked : 0;
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__case_line *l = &c->lines[i];
    int64_t own = aft__row_int(l->row, AFT__CASE_LINE_AMOUNT), most = room_of(l);
    upto_asked += own;
    upto_room += most > own ? most - own : 0;
    int64_t upto = asked ? aft__share_of(amount - beyond, asked, 0, upto_asked) : 0;
    upto += room ? aft__share_of(beyond, room, 0, upto_room) : 0;
    aft__case_line_set(l, AFT__CASE_LINE_AMOUNT, upto - given);
    given = upto;
  }
}

/* What an exchange gives the buyer is what the new goods cost less. */
void aft__stated_agree(aft__case *c) {
  if (!c->stated)
    return;
  int64_t amount = c->stated->minor;
  if (is_exchange(c) && (amount || aft__case_int(c, AFT__CASE_DIFFERENCE) < 0))
    aft__case_set(c, AFT__CASE_DIFFERENCE, aft__int(-amount));
  if (by_lines(c))
    spread(c, amount);
  aft__case_set(c, AFT__CASE_AGREED, aft__int(amount));
}

/* ---- the money that has moved ---- */

/* What is not given back for units whose price is settled is kept. */
static void shift(aft__case_line *l, int64_t n) {
  static const uint32_t columns[] = {AFT__LINE_REFUNDED, AFT__LINE_KEPT};
  static const uint32_t own[] = {AFT__CASE_LINE_GIVEN, AFT__CASE_LINE_KEPT};
  int64_t kept = aft__row_int(l->row, AFT__CASE_LINE_KEPT);
  const int64_t by[] = {n, !aft__row_int(l->row, AFT__CASE_LINE_SETTLED) ? 0 : kept < n ? -kept : -n};
  for (size_t i = 0; i < AFT__COUNT(by); i++) {
    if (!by[i])
      continue;
    l->line[columns[i]] = aft__int(aft__row_int(l->line, columns[i]) + by[i]);
    l->line_mask |= UINT64_C(1) << columns[i];
    aft__case_line_set(l, own[i], aft__row_int(l->row, own[i]) + by[i]);
  }
}

static void lines_give(aft__case *c, int64_t n) {
  for (uint32_t i = 0; i < c->n_lines && n > 0; i++) {
    int64_t room = room_of(&c->lines[i]) - aft__row_int(c->lines[i].row, AFT__CASE_LINE_GIVEN);
    int64_t part = room < n ? room : n;
    if (part > 0)
      shift(&c->lines[i], part);
    n -= part > 0 ? part : 0;
  }
}

static void lines_keep(aft__case *c, int64_t n) {
  for (uint32_t i = c->n_lines; i-- > 0 && n > 0;) {
    int64_t given = aft__row_int(c->lines[i].row, AFT__CASE_LINE_GIVEN), part = given < n ? given : n;
    if (part > 0)
      shift(&c->lines[i], -part);
    n -= part > 0 ? part : 0;
  }
}

static aft_status add_leg(aft__case *c, aft__pot *pot, int64_t amount, const char *payer,
                          const aft__case_terms *terms, aft_error *error) {
  bool paid = pot->table == &aft__payment_table;
  aft__leg_plan plan = {
      .kind = paid ? "refund" : "compensation",
      .payer = payer,
      .payee = "buyer",
      .instrument = paid ? aft__row_str(pot->row, AFT__PAYMENT_INSTRUMENT) : terms->compensation,
      .account = paid ? aft__row_str(pot->row, AFT__PAYMENT_ACCOUNT) : (aft_str){0},
      .pot = pot,
      .amount = amount,
      .release = terms->release};
  return aft__leg_add(c, &plan, NULL, error);
}

static aft_status add_from_fund(aft__case *c, int64_t amount, const aft__case_terms *terms,
                                aft_error *error) {
  aft_str funder = aft__case_str(c, AFT__CASE_LIABLE);
  const char *payer = aft__arena_printf(c->cmd->arena, "%.*s", (int)funder.len, funder.data);
  aft__pot *fund;
  if (!payer)
    return aft__nomem(error);
  AFT__TRY(aft__fund_of(c, funder, &fund, error));
  return add_leg(c, fund, amount, payer, terms, error);
}

/* The buyer got more than the case planned. */
static aft_status add(aft__case *c, int64_t amount, aft_error *error) {
  aft__case_terms terms;
  aft__source_part *parts;
  uint32_t n;
  AFT__TRY(aft__case_terms_of(c, &terms, error));
  if (aft__case_basis(c) == AFT__BASIS_FUND)
    return add_from_fund(c, amount, &terms, error);
  AFT__TRY(aft__case_sources(c, amount, &parts, &n, error));
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(add_leg(c, parts[i].pot, parts[i].amount, "seller", &terms, error));
  if (by_lines(c))
    lines_give(c, amount);
  return AFT_OK;
}

static bool is_price(const aft__leg *leg) {
  return aft__leg_is(leg, AFT__LEG_KIND, "refund") || aft__leg_is(leg, AFT__LEG_KIND, "advance");
}

/* Where the buyer got less, what was planned last is left out first. */
static aft_status confirm_open(aft__case *c, int64_t less, aft_error *error) {
  for (uint32_t i = c->n_legs; i-- > 0;) {
    aft__leg *leg = &c->legs[i];
    if (!is_open(c, leg))
      continue;
    int64_t own = worth(c, leg), cut = own < less ? own : less;
    less -= cut;
    if (cut && by_lines(c) && is_price(leg))
      lines_keep(c, cut);
    AFT__TRY(own && cut == own
                 ? aft__leg_drop(c, leg, error)
                 : aft__leg_confirm(c, leg, aft__row_int(leg->row, AFT__LEG_REQUESTED) - cut, error));
  }
  return AFT_OK;
}

static aft_status loaded(aft__case *c, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__pots_load(c, error));
  aft__buf_clear(&c->moved);
  return AFT_OK;
}

static aft_status noted(aft__case *c, const char *verb, aft_error *error) {
  aft__legs_sum(c);
  return c->moved.len ? aft__case_note_moved(c, verb, error) : AFT_OK;
}

aft_status aft__stated_moved(aft__case *c, aft_error *error) {
  AFT__TRY(loaded(c, error));
  aft__stated_agree(c);
  int64_t more = c->stated ? c->stated->minor - under_way(c) : 0;
  if (more > 0)
    AFT__TRY(add(c, more, error));
  AFT__TRY(confirm_open(c, more < 0 ? -more : 0, error));
  return noted(c, "leg.confirmed", error);
}

aft_status aft__stated_paid(aft__case *c, aft_error *error) {
  AFT__TRY(loaded(c, error));
  for (uint32_t i = 0; i < c->n_legs; i++)
    if (is_open(c, &c->legs[i]) && aft__leg_is(&c->legs[i], AFT__LEG_KIND, "charge"))
      AFT__TRY(aft__leg_confirm(c, &c->legs[i], aft__row_int(c->legs[i].row, AFT__LEG_REQUESTED), error));
  return noted(c, "leg.confirmed", error);
}

aft_status aft__stated_moves(aft__case *c, bool *out, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  *out = c->stated && c->stated->minor != confirmed(c);
  for (uint32_t i = 0; i < c->n_legs; i++)
    *out |= is_open(c, &c->legs[i]);
  return AFT_OK;
}

aft_status aft__stated_dropped(aft__case *c, aft_error *error) {
  AFT__TRY(loaded(c, error));
  for (uint32_t i = 0; i < c->n_legs; i++) {
    aft__leg *leg = &c->legs[i];
    if (!is_open(c, leg) || aft__leg_is(leg, AFT__LEG_STATE, "planned"))
      continue;
    aft__leg_change(c, leg, "planned"); /* so that it can be dropped */
    AFT__TRY(aft__due_clear(c->cmd->tx, leg->row[AFT__LEG_ID].number, aft__cstr(AFT__DUE_RECONCILE), error));
  }
  AFT__TRY(aft__legs_void(c, error));
  return noted(c, "leg.called_back", error);
}

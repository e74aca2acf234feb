/* What a case comes to: the price of units as it was paid, exact to the minor unit. */
#include "desk/case/case_priv.h"

#include <stdio.h>

int64_t aft__line_left(const aft__value *line) {
  return aft__row_int(line, AFT__LINE_PAID) - aft__row_int(line, AFT__LINE_REFUNDED) -
         aft__row_int(line, AFT__LINE_KEPT);
}

/* The rest of a line's price over the rest of its units, rounded down: the last part closes to zero. */
int64_t aft__line_worth(const aft__value *line, int64_t n) {
  int64_t units = aft__row_int(line, AFT__LINE_QUANTITY) - aft__row_int(line, AFT__LINE_SETTLED);
  int64_t left = aft__line_left(line);
  if (n <= 0 || units <= 0 || left <= 0)
    return 0;
  return n >= units ? left : aft__share_of(left, units, 0, n);
}

aft__basis aft__kind_basis(aft_str kind) {
  static const struct {
    const char *kind;
    aft__basis basis;
  } known[] = {{"price_protection", AFT__BASIS_PART}, {"claim", AFT__BASIS_PART},
               {"freight", AFT__BASIS_FUND},          {"goodwill", AFT__BASIS_FUND},
               {"recourse", AFT__BASIS_FUND},         {"reissue", AFT__BASIS_NOTHING},
               {"repair", AFT__BASIS_NOTHING},        {"dispute", AFT__BASIS_NOTHING}};
  for (size_t i = 0; i < AFT__COUNT(known); i++)
    if (aft__str_eq(kind, aft__cstr(known[i].kind)))
      return known[i].basis;
  return AFT__BASIS_PRICE;
}

aft__basis aft__case_basis(const aft__case *c) { return aft__kind_basis(aft__case_str(c, AFT__CASE_KIND)); }

int64_t aft__units_due(const aft__case *c, const aft__case_line *l) {
  return aft__row_int(l->row, aft__case_inspected(c) ? AFT__CASE_LINE_ACCEPTED : AFT__CASE_LINE_QUANTITY);
}

int64_t aft__amount_due(const aft__case *c, const aft__case_line *l) {
  if (aft__line_is_extra(l->line))
    return aft__extra_due(c, l);
  int64_t units = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY), due = aft__units_due(c, l);
  int64_t amount = aft__row_int(l->row, AFT__CASE_LINE_AMOUNT);
  return due >= units ? amount : aft__share_of(amount, units, 0, due);
}

/* ---- amounts by line ---- */

static int64_t most_of(const aft__case *c, const aft__case_line *l) {
  switch (aft__case_basis(c)) {
  case AFT__BASIS_PRICE:
    return l->share ? l->share : aft__line_worth(l->line, aft__row_int(l->row, AFT__CASE_LINE_QUANTITY));
  case AFT__BASIS_PART:
    return aft__line_left(l->line);
  default:
    return 0;
  }
}

/* Spreads what is asked for over the lines, by what each of them could give. */
static aft_status spread(aft__case *c, int64_t amount, int64_t most, aft_error *error) {
  int64_t before = 0, given = 0;
  if (amount > most)
    return aft__error(
        error, AFT_E_INVALID, "case.amount",
        "expected at most %lld minor units, what was paid and is left for these units; found %lld",
        (long long)most, (long long)amount);
  for (uint32_t i = 0; i < c->n_lines; i++) {
    before += most_of(c, &c->lines[i]);
    int64_t upto = most ? aft__share_of(amount, most, 0, before) : 0;
    aft__case_line_set(&c->lines[i], AFT__CASE_LINE_AMOUNT, upto - given);
    given = upto;
  }
  return AFT_OK;
}

static int64_t asked_by_lines(const aft__case *c) {
  int64_t total = 0;
  for (uint32_t i = 0; i < c->n_lines; i++)
    total += c->lines[i].asks; /* each is bounded so that their sum is */
  return total;
}

/* A line gives what it asks for itself; one that asks for nothing, what the kind of case works out. */
static aft_status quote_lines(aft__case *c, aft__basis basis, aft_error *error) {
  int64_t total = 0;
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__case_line *l = &c->lines[i];
    int64_t most = most_of(c, l), amount = l->asks ? l->asks : basis == AFT__BASIS_PRICE ? most : 0;
    char where[48];
    snprintf(where, sizeof where, "case.lines[%u].amount", l->index);
    if (amount > most)
      return aft__error(error, AFT_E_INVALID, where,
                        "expected at most %lld minor units, what was paid and is left; found %lld",
                        (long long)most, (long long)amount);
    aft__case_line_set(l, AFT__CASE_LINE_AMOUNT, amount);
    total += amount;
  }
  aft__case_set(c, AFT__CASE_ASKED, aft__int(total));
  return AFT_OK;
}

static aft_status quote_fund(aft__case *c, const aft_money *amount) {
  aft__case_set(c, AFT__CASE_ASKED, aft__int(amount ? amount->minor : asked_by_lines(c)));
  return AFT_OK;
}

static void keep_worth(aft__case *c) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    aft__case_line_set(&c->lines[i], AFT__CASE_LINE_WORTH, most_of(c, &c->lines[i]));
}

aft_status aft__case_quote(aft__case *c, const aft_money *amount, aft_error *error) {
  int64_t most = 0, asked = 0;
  keep_worth(c);
  aft__basis basis = aft__case_basis(c);
  if (basis == AFT__BASIS_FUND)
    return quote_fund(c, amount);
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (aft__add_i64(most, most_of(c, &c->lines[i]), &most))
      return aft__error(error, AFT_E_OVERFLOW, "case.lines", "the lines come to more than 64 bits hold");
  if (!amount && asked_by_lines(c))
    return quote_lines(c, basis, error);
  asked = amount ? amount->minor : basis == AFT__BASIS_PRICE ? most : 0;
  AFT__TRY(spread(c, asked, most, error));
  aft__case_set(c, AFT__CASE_ASKED, aft__int(asked));
  return AFT_OK;
}

/* Units that were paid back and kept have no price to move. */
void aft__money_moves_over(aft__case_line *l, int64_t units) {
  int64_t settled = aft__row_int(l->line, AFT__LINE_SETTLED);
  int64_t rest = aft__row_int(l->line, AFT__LINE_QUANTITY) - settled;
  l->line[AFT__LINE_REFUNDED] =
      aft__int(aft__row_int(l->line, AFT__LINE_REFUNDED) + aft__line_worth(l->line, units));
  l->line[AFT__LINE_SETTLED] = aft__int(settled + (units < rest ? units : rest));
  l->line_mask |= UINT64_C(1) << AFT__LINE_REFUNDED | UINT64_C(1) << AFT__LINE_SETTLED;
}

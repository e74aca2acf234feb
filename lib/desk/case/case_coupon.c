/* Coupons: they come back when all of the order has, or part by part with the units, as the policy says. */
#include "desk/case/case_priv.h"

#define MOST_SHARES 1000u

static bool settled(const aft__case *c, const aft__value *line) {
  int64_t id = line[AFT__LINE_ID].number;
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (c->lines[i].line[AFT__LINE_ID].number == id)
      line = c->lines[i].line; /* as this case leaves it */
  return aft__line_is_extra(line) ||
         aft__row_int(line, AFT__LINE_SETTLED) == aft__row_int(line, AFT__LINE_QUANTITY);
}

static aft_status all_back(aft__case *c, bool *out, aft_error *error) {
  aft__scan scan = {.table = &aft__line_table,
                    .index = AFT__LINE_BY_REF,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), c->order[AFT__ORDER_ID]},
                    .limit = MOST_SHARES};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  *out = n > 0;
  for (uint32_t i = 0; i < n; i++)
    *out &= settled(c, rows[i]);
  return AFT_OK;
}

typedef struct coupon {
  aft_str ref, funder;
  int64_t amount;
} coupon;

/* The shares of one coupon on several lines are one coupon again. */
static void gather(coupon *list, uint32_t *n, const aft__value *row, int64_t amount) {
  for (uint32_t i = 0; i < *n; i++)
    if (aft__str_eq(list[i].ref, aft__row_str(row, AFT__SHARE_REF))) {
      list[i].amount += amount;
      return;
    }
  list[(*n)++] = (coupon){aft__row_str(row, AFT__SHARE_REF), aft__row_str(row, AFT__SHARE_FUNDER), amount};
}

/* What of a share belongs to the units that the case settles: those settled before had theirs. */
static int64_t part_of(const aft__case *c, const aft__value *share) {
  for (uint32_t i = 0; i < c->n_lines; i++) {
    const aft__case_line *l = &c->lines[i];
    if (l->line[AFT__LINE_ID].number != aft__row_int(share, AFT__SHARE_LINE))
      continue;
    int64_t units = aft__row_int(l->row, AFT__CASE_LINE_SETTLED);
    return aft__share_of(aft__row_int(share, AFT__SHARE_AMOUNT), aft__row_int(l->line, AFT__LINE_QUANTITY),
                         aft__row_int(l->line, AFT__LINE_SETTLED) - units, units);
  }
  return 0;
}

/* A case that is decided anew gives the rest. */
static int64_t given_before(const aft__case *c, const coupon *one) {
  int64_t given = 0;
  for (uint32_t i = 0; i < c->n_legs; i++) {
    const aft__leg *leg = &c->legs[i];
    if (aft__leg_is(leg, AFT__LEG_INSTRUMENT, "coupon") && !aft__leg_is(leg, AFT__LEG_STATE, "void") &&
        aft__str_eq(aft__value_str(&leg->row[AFT__LEG_ACCOUNT]), one->ref))
      given += aft__row_int(leg->row, AFT__LEG_REQUESTED);
  }
  return given;
}

static aft_status give_back(aft__case *c, const coupon *one, aft_str release, aft_error *error) {
  int64_t amount = one->amount - given_before(c, one);
  if (amount <= 0)
    return AFT_OK;
  const char *payer = aft__arena_printf(c->cmd->arena, "%.*s", (int)one->funder.len, one->funder.data);
  if (!payer)
    return aft__nomem(error);
  aft__leg_plan plan = {.kind = "refund",
                        .payer = payer,
                        .payee = "buyer",
                        .instrument = aft__cstr("coupon"),
                        .account = one->ref,
                        .amount = amount,
                        .release = release};
  return aft__leg_add(c, &plan, NULL, error);
}

static aft_status order_shares(aft__case *c, aft__value ***rows, uint32_t *n, aft_error *error) {
  aft__scan scan = {.table = &aft__share_table,
                    .index = AFT__SHARE_BY_ORDER,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), c->order[AFT__ORDER_ID]},
                    .limit = MOST_SHARES};
  return aft__scan_all(c->cmd->tx, &scan, rows, n, error);
}

aft_status aft__plan_coupons(aft__case *c, const aft__case_terms *terms, aft_error *error) {
  aft__value **rows;
  uint32_t n, n_coupons = 0;
  bool all = false;
  if (!terms->coupon_parts && terms->coupons_back)
    AFT__TRY(all_back(c, &all, error));
  if (!terms->coupon_parts && !all)
    return AFT_OK;
  AFT__TRY(order_shares(c, &rows, &n, error));
  coupon *list = aft__arena_alloc(c->cmd->arena, (n ? n : 1) * sizeof *list);
  if (!list)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__row_str(rows[i], AFT__SHARE_KIND), aft__cstr("coupon")))
      gather(list, &n_coupons, rows[i], all ? aft__row_int(rows[i], AFT__SHARE_AMOUNT) : part_of(c, rows[i]));
  for (uint32_t i = 0; i < n_coupons; i++)
    AFT__TRY(give_back(c, &list[i], terms->release, error));
  return AFT_OK;
}

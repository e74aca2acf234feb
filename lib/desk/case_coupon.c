/* Coupons: they come back when all of the order has, and stay used while any of it is kept. */
#include "desk/case_priv.h"

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
static void gather(coupon *list, uint32_t *n, const aft__value *row) {
  for (uint32_t i = 0; i < *n; i++)
    if (aft__str_eq(list[i].ref, aft__row_str(row, AFT__SHARE_REF))) {
      list[i].amount += aft__row_int(row, AFT__SHARE_AMOUNT);
      return;
    }
  list[(*n)++] = (coupon){aft__row_str(row, AFT__SHARE_REF), aft__row_str(row, AFT__SHARE_FUNDER),
                          aft__row_int(row, AFT__SHARE_AMOUNT)};
}

static aft_status give_back(aft__case *c, const coupon *one, aft_str release, aft_error *error) {
  const char *payer = aft__arena_printf(c->cmd->arena, "%.*s", (int)one->funder.len, one->funder.data);
  if (!payer)
    return aft__nomem(error);
  aft__leg_plan plan = {.kind = "refund",
                        .payer = payer,
                        .payee = "buyer",
                        .instrument = aft__cstr("coupon"),
                        .account = one->ref,
                        .amount = one->amount,
                        .release = release};
  return aft__leg_add(c, &plan, NULL, error);
}

aft_status aft__plan_coupons(aft__case *c, const aft__case_terms *terms, aft_error *error) {
  aft__scan scan = {.table = &aft__share_table,
                    .index = AFT__SHARE_BY_ORDER,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), c->order[AFT__ORDER_ID]},
                    .limit = MOST_SHARES};
  aft__value **rows;
  uint32_t n, n_coupons = 0;
  bool all;
  if (!terms->coupons_back)
    return AFT_OK;
  AFT__TRY(all_back(c, &all, error));
  if (!all)
    return AFT_OK;
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  coupon *list = aft__arena_alloc(c->cmd->arena, (n ? n : 1) * sizeof *list);
  if (!list)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__row_str(rows[i], AFT__SHARE_KIND), aft__cstr("coupon")))
      gather(list, &n_coupons, rows[i]);
  for (uint32_t i = 0; i < n_coupons; i++)
    AFT__TRY(give_back(c, &list[i], terms->release, error));
  return AFT_OK;
}

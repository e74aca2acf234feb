/* What goes out in the place of other goods: set aside, sent as lines of their own, and paid for. */
#include "desk/case/case_priv.h"

typedef struct replacement {
  aft__case_line *l;
  int64_t units;
  aft_str sku;
  bool ahead; /* the old goods are still to come: nothing stands behind the new ones yet */
  bool part;  /* of a unit, which the buyer keeps */
} replacement;

static void put_replacement(aft__case *c, aft__json *json, const void *user) {
  const replacement *r = user;
  (void)c;
  aft__json_key(json, "sku");
  aft__json_str(json, r->sku);
  aft__json_key(json, "quantity");
  aft__json_i64(json, r->units);
  aft__json_key(json, "address");
  aft__json_str(json, aft__case_str(c, AFT__CASE_ADDRESS));
}

/* missing: of what the buyer owes for new goods. */
static aft_status insert_line(aft__case *c, const replacement *r, int64_t *missing, aft_id *id,
                              aft_error *error) {
  aft__value *row = aft__case_new_row(c, &aft__line_table);
  char *ref =
      row ? aft__arena_printf(c->cmd->arena, "replacement-%lld", (long long)row[AFT__LINE_ID].number) : NULL;
  if (!ref)
    return aft__nomem(error);
  const aft__value *old = r->l->line;
  int64_t price = aft__row_int(r->l->row, AFT__CASE_LINE_WANTS_PRICE);
  int64_t worth = r->part ? 0 : price ? price * r->units : aft__line_worth(old, r->units);
  static const uint32_t same[] = {AFT__LINE_ORDER,        AFT__LINE_TITLE,      AFT__LINE_CATEGORY,
                                  AFT__LINE_NATURE,       AFT__LINE_FINAL_SALE, AFT__LINE_HYGIENE,
                                  AFT__LINE_MADE_TO_ORDER};
  for (size_t i = 0; i < AFT__COUNT(same); i++)
    row[same[i]] = old[same[i]];
  row[AFT__LINE_REF] = aft__text(aft__cstr(ref));
  row[AFT__LINE_SKU] = aft__text(r->sku);
  row[AFT__LINE_PRICE] = aft__int(worth);
  row[AFT__LINE_PAID] = aft__int(r->ahead ? 0 : aft__exchange_paid(worth, missing));
  row[AFT__LINE_QUANTITY] = row[AFT__LINE_UNDELIVERED] = aft__int(r->units);
  row[AFT__LINE_RELATION] = aft__text(aft__cstr("replaces"));
  row[AFT__LINE_RELATED] = old[AFT__LINE_ID];
  row[AFT__LINE_CASE] = c->row[AFT__CASE_ID];
  row[AFT__LINE_CREATED] = aft__int(c->cmd->now);
  *id = row[AFT__LINE_ID].number;
  return aft__insert(c->cmd->tx, &aft__line_table, row, NULL, error);
}

/* A reissue writes off the unit that never came or is of no use, or leaves it with the buyer where only a
 * part of it is sent: either way no other case can have it meanwhile. */
static aft_status write_off(aft__case *c, const replacement *r, aft_error *error) {
  if (!aft__case_is(c, AFT__CASE_KIND, "reissue"))
    return AFT_OK;
  return r->part ? aft__units_free_line(c, r->l, error) : aft__units_lose_line(c, r->l, error);
}

static replacement replacement_of(const aft__case *c, aft__case_line *l) {
  bool reissue = aft__case_is(c, AFT__CASE_KIND, "reissue");
  aft_str own = aft__row_str(l->line, AFT__LINE_SKU), wants = aft__row_str(l->row, AFT__CASE_LINE_WANTS);
  return (replacement){.l = l,
                       .units = aft__units_due(c, l),
                       .sku = wants.len ? wants : own,
                       .ahead = !reissue && aft__units_held(l) > 0,
                       .part = reissue && wants.len && !aft__str_eq(wants, own)};
}

static aft_status replace_line(aft__case *c, aft__case_line *l, int64_t *missing, aft_error *error) {
  replacement r = replacement_of(c, l);
  aft_id id;
  if (!r.units || !aft__row_null(l->row, AFT__CASE_LINE_REPLACEMENT))
    return AFT_OK;
  AFT__TRY(insert_line(c, &r, missing, &id, error));
  aft__case_line_set(l, AFT__CASE_LINE_REPLACEMENT, id);
  AFT__TRY(write_off(c, &r, error));
  if (!r.ahead && !r.part)
    aft__money_moves_over(l, r.units);
  return aft__case_ask(c, "goods.ship", put_replacement, &r, error);
}

/* The buyer's money for the old units stands behind the new ones from now on: a chain of exchanges can be
 * returned at its end, once. */
aft_status aft__goods_replace(aft__case *c, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  int64_t missing = aft__charge_missing(c);
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(replace_line(c, &c->lines[i], &missing, error));
  if (aft__case_is(c, AFT__CASE_KIND, "reissue"))
    aft__case_set(c, AFT__CASE_GOODS, aft__text(aft__cstr("settled")));
  return AFT_OK;
}

/* ---- set aside ---- */

static void put_wanted(aft__case *c, aft__json *json, const void *user) {
  (void)user;
  aft__json_key(json, "lines");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < c->n_lines; i++) {
    replacement r = replacement_of(c, &c->lines[i]);
    if (!r.units || aft__line_is_extra(c->lines[i].line))
      continue;
    aft__json_open(json, '{');
    aft__json_key(json, "ref");
    aft__json_str(json, aft__row_str(c->lines[i].line, AFT__LINE_REF));
    aft__json_key(json, "sku");
    aft__json_str(json, r.sku);
    aft__json_key(json, "quantity");
    aft__json_i64(json, r.units);
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

aft_status aft__goods_reserve(aft__case *c, const char *topic, aft_error *error) {
  return aft__case_ask(c, topic, put_wanted, NULL, error);
}

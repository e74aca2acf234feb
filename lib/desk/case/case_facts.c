/* What conditions of a case's machine see. */
#include "desk/case/case_priv.h"

/* Over the goods: freight, duty and services that were not performed arrive nowhere. */
static int64_t sum(const aft__case *c, uint32_t column) {
  int64_t total = 0;
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (!aft__goes_along(c, &c->lines[i]))
      total += aft__row_int(c->lines[i].row, column);
  return total;
}

static bool any_line(const aft__case *c, uint32_t column) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (aft__row_int(c->lines[i].line, column))
      return true;
  return false;
}

static aft_time delivered_at(const aft__case *c) {
  aft_time latest = 0;
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (aft__row_int(c->lines[i].line, AFT__LINE_DELIVERED) > latest)
      latest = aft__row_int(c->lines[i].line, AFT__LINE_DELIVERED);
  return latest;
}

/* Goods are delivered when no unit of the case was still on its way; they are shipped when a parcel of the
 * order has them. */
static void goods(aft__case *c, aft__facts *facts) {
  int64_t held = sum(c, AFT__CASE_LINE_HELD), undelivered = sum(c, AFT__CASE_LINE_FROM_UNDELIVERED);
  aft_time delivered = delivered_at(c);
  facts->number[AFT__FACT_DELIVERED] = held ? undelivered == 0 : delivered != 0;
  if (delivered && c->cmd->now > delivered) {
    facts->number[AFT__FACT_HOURS_SINCE_DELIVERY] = (c->cmd->now - delivered) / AFT__HOUR;
    facts->number[AFT__FACT_DAYS_SINCE_DELIVERY] = (c->cmd->now - delivered) / AFT__DAY;
  }
  facts->number[AFT__FACT_UNITS] = sum(c, AFT__CASE_LINE_QUANTITY);
  facts->number[AFT__FACT_COUNTED] = sum(c, AFT__CASE_LINE_COUNTED);
  facts->number[AFT__FACT_ACCEPTED] = sum(c, AFT__CASE_LINE_ACCEPTED);
  facts->number[AFT__FACT_REFUSED] = sum(c, AFT__CASE_LINE_REFUSED);
}

static void texts(aft__case *c, aft__facts *facts) {
  static const struct {
    aft__fact_id fact;
    uint32_t column;
  } known[] = {{AFT__FACT_KIND, AFT__CASE_KIND},         {AFT__FACT_AUTHORITY, AFT__CASE_AUTHORITY},
               {AFT__FACT_LIABLE, AFT__CASE_LIABLE},     {AFT__FACT_GOODS, AFT__CASE_GOODS},
               {AFT__FACT_MONEY, AFT__CASE_MONEY},       {AFT__FACT_PAPERS, AFT__CASE_PAPERS},
               {AFT__FACT_ROUTE, AFT__CASE_ROUTE},       {AFT__FACT_VERDICT, AFT__CASE_VERDICT},
               {AFT__FACT_STATE, AFT__CASE_STATE},       {AFT__FACT_CASE_STATE, AFT__CASE_STATE},
               {AFT__FACT_PLATFORM, AFT__CASE_PLATFORM}, {AFT__FACT_CURRENCY, AFT__CASE_CURRENCY}};
  for (size_t i = 0; i < AFT__COUNT(known); i++)
    facts->text[known[i].fact] = aft__case_str(c, known[i].column);
  static const uint32_t reasons[] = {AFT__CASE_FINAL, AFT__CASE_FOUND, AFT__CASE_REASON};
  for (size_t i = AFT__COUNT(reasons); i-- > 0;)
    if (aft__case_str(c, reasons[i]).len)
      facts->text[AFT__FACT_REASON] = aft__case_str(c, reasons[i]);
  facts->text[AFT__FACT_JURISDICTION] = aft__row_str(c->order, AFT__ORDER_JURISDICTION);
  facts->text[AFT__FACT_ORDER_STATE] = aft__row_str(c->order, AFT__ORDER_STATUS);
  if (c->n_lines) {
    facts->text[AFT__FACT_NATURE] = aft__row_str(c->lines[0].line, AFT__LINE_NATURE);
    facts->text[AFT__FACT_PRODUCT_CATEGORY] = aft__row_str(c->lines[0].line, AFT__LINE_CATEGORY);
  }
}

/* The warranty of all its lines is still running. */
static bool under_warranty(const aft__case *c) {
  for (uint32_t i = 0; i < c->n_lines; i++)
    if (aft__row_int(c->lines[i].line, AFT__LINE_WARRANTY_UNTIL) < aft__case_int(c, AFT__CASE_OPENED))
      return false;
  return c->n_lines > 0;
}

static void numbers(aft__case *c, aft__facts *facts) {
  static const struct {
    aft__fact_id fact;
    uint32_t column;
  } known[] = {{AFT__FACT_ROUNDS, AFT__CASE_ROUNDS},         {AFT__FACT_EVIDENCE, AFT__CASE_EVIDENCE},
               {AFT__FACT_SIGNALS, AFT__CASE_SIGNALS},       {AFT__FACT_APPLICATIONS, AFT__CASE_APPLICATIONS},
               {AFT__FACT_DIFFERENCE, AFT__CASE_DIFFERENCE}, {AFT__FACT_SHARE, AFT__CASE_SHARE},
               {AFT__FACT_VALUE, AFT__CASE_ASKED},           {AFT__FACT_HAS_PARENT, AFT__CASE_PARENT}};
  for (size_t i = 0; i < AFT__COUNT(known); i++)
    facts->number[known[i].fact] = aft__case_int(c, known[i].column);
  facts->number[AFT__FACT_HAS_PARENT] = facts->number[AFT__FACT_HAS_PARENT] != 0;
  facts->number[AFT__FACT_AMOUNT] =
      aft__case_int(c, aft__row_null(c->row, AFT__CASE_AGREED) ? AFT__CASE_ASKED : AFT__CASE_AGREED);
  facts->number[AFT__FACT_DAYS_SINCE_ORDER] =
      (c->cmd->now - aft__row_int(c->order, AFT__ORDER_PLACED)) / AFT__DAY;
  facts->number[AFT__FACT_FINAL_SALE] = any_line(c, AFT__LINE_FINAL_SALE);
  facts->number[AFT__FACT_HYGIENE] = any_line(c, AFT__LINE_HYGIENE);
  facts->number[AFT__FACT_MADE_TO_ORDER] = any_line(c, AFT__LINE_MADE_TO_ORDER);
  facts->number[AFT__FACT_HAS_INVOICE] = !aft__row_null(c->order, AFT__ORDER_INVOICE);
  facts->number[AFT__FACT_CHARGED] =
      aft__case_int(c, AFT__CASE_DIFFERENCE) > 0 || aft__case_int(c, AFT__CASE_QUOTE) > 0;
  facts->number[AFT__FACT_UNDER_WARRANTY] = under_warranty(c);
  facts->number[AFT__FACT_ON_HOLD] = !aft__row_null(c->row, AFT__CASE_HELD);
}

/* Who asks: their standing, and the tags of customer and order that the policy asks for. */
static aft_status customer(aft__case *c, aft__facts *facts, aft_error *error) {
  aft__label_owners of = {.customer = aft__case_int(c, AFT__CASE_CUSTOMER),
                          .order = aft__case_int(c, AFT__CASE_ORDER)};
  aft__value *row;
  AFT__TRY(aft__get(c->cmd->tx, &aft__customer_table, of.customer, &row, error));
  facts->text[AFT__FACT_TIER] = aft__row_str(row, AFT__CUSTOMER_TIER);
  aft__policy_tier_facts(c->policy, facts);
  return aft__labels_of(c->cmd, c->policy, &of, facts, error);
}

aft_status aft__case_facts(aft__case *c, aft__facts *facts, aft_error *error) {
  memset(facts, 0, sizeof *facts);
  texts(c, facts);
  numbers(c, facts);
  goods(c, facts);
  AFT__TRY(aft__proposed(c, &facts->text[AFT__FACT_PROPOSED], error));
  AFT__TRY(customer(c, facts, error));
  AFT__TRY(aft__case_parcels(c, error));
  facts->number[AFT__FACT_SHIPPED] = c->shipped != AFT_TIME_NONE;
  facts->number[AFT__FACT_SCANNED] = c->scanned;
  facts->number[AFT__FACT_PRICED] = aft__exchange_priced(c);
  if (aft__case_is(c, AFT__CASE_ROUTE, "on_site"))
    AFT__TRY(aft__visit_booked(c, &facts->number[AFT__FACT_VISIT_BOOKED], error));
  return aft__case_rules(c, facts, error);
}

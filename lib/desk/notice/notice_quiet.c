/* When a notice leaves its customer in peace: in the hours that they named, else in those of the policy. */
#include "desk/notice/notice_priv.h"

/* A zone that this machine lacks: the hours are those of UTC, and the log says so. */
static aft_zone *open_zone(aft__notice *notice, aft_str name) {
  aft_env *env = notice->cmd->env;
  aft_zone *zone = NULL;
  if (aft_zone_open(env, name.data, name.len, &zone, NULL) < 0)
    aft__log(env, AFT_LOG_ERROR, "the zone '%.*s' is not known here: quiet hours are those of UTC",
             (int)name.len, name.data);
  return zone;
}

static aft_str shop_zone(const aft__notice *notice) {
  return aft__row_str(notice->cmd->tenant, AFT__TENANT_ZONE);
}

void aft__notice_own_quiet(aft__notice *notice) {
  aft__wishes *w = &notice->wishes;
  const aft__value *c = notice->contact;
  w->quiet_from = (int32_t)aft__row_int(c, AFT__CONTACT_QUIET_FROM);
  w->quiet_until = (int32_t)aft__row_int(c, AFT__CONTACT_QUIET_UNTIL);
  bool named = !aft__row_null(c, AFT__CONTACT_ZONE);
  if (!notice->zone && (named || w->quiet_from != w->quiet_until))
    notice->zone = open_zone(notice, named ? aft__row_str(c, AFT__CONTACT_ZONE) : shop_zone(notice));
  w->zone = notice->zone;
}

/* The order that the matter is about, where it is about one. */
static aft_status order_of(aft__notice *notice, const aft__value **out, aft_error *error) {
  const aft__value *ticket = notice->ticket;
  aft__value *row = NULL;
  *out = notice->order;
  if (notice->order || notice->about || !ticket || aft__row_null(ticket, AFT__TICKET_ORDER))
    return AFT_OK;
  AFT__TRY(
      aft__get(notice->cmd->tx, &aft__order_table, aft__row_int(ticket, AFT__TICKET_ORDER), &row, error));
  *out = row;
  return AFT_OK;
}

/* By the clock that the customer named, else that of their order, else that of the shop. */
static aft_status set_clock(aft__notice *notice, const aft__quiet *quiet, aft_error *error) {
  const aft__value *order;
  if (!quiet->of_shop && notice->zone) {
    notice->wishes.zone = notice->zone;
    return AFT_OK;
  }
  AFT__TRY(order_of(notice, &order, error));
  bool theirs = !quiet->of_shop && order && !aft__row_null(order, AFT__ORDER_ZONE);
  if (!notice->night)
    notice->night = open_zone(notice, theirs ? aft__row_str(order, AFT__ORDER_ZONE) : shop_zone(notice));
  notice->wishes.zone = notice->night;
  return AFT_OK;
}

aft_status aft__notice_shop_quiet(aft__notice *notice, aft_error *error) {
  aft__wishes *w = &notice->wishes;
  aft__quiet quiet;
  aft__policy_quiet(notice->cmd->policy, &quiet);
  notice->by_shop = false;
  if (w->quiet_from != w->quiet_until || quiet.from == quiet.until || notice->plan.awaited ||
      notice->plan.urgent)
    return AFT_OK;
  notice->by_shop = true;
  w->quiet_from = quiet.from;
  w->quiet_until = quiet.until;
  return set_clock(notice, &quiet, error);
}

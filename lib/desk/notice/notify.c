/* The one way by which customers are told of something: whether, when and on which channel is decided here,
 * by the policy and by what the customer wishes, and kept with its reasons. */
#include "desk/notice/notice_priv.h"

#include <stdio.h>

#define MOST_EARLIER 32 /* notices of a subject among which one is joined */
#define BIT(column)  (UINT64_C(1) << (column))

void aft__notice_set(aft__notice *notice, uint32_t column, aft__value value) {
  notice->row[column] = value;
  notice->mask |= BIT(column);
}

bool aft__notice_is(const aft__value *row, const char *state) {
  return aft__str_eq(aft__row_str(row, AFT__NOTICE_STATE), aft__cstr(state));
}

void aft__notice_reason(aft__notice *notice, const char *key, const char *name, aft_str value) {
  char full[64];
  const aft__arg args[] = {{name, value}};
  snprintf(full, sizeof full, "explain.notice.%s", key);
  aft__reason_add(&notice->reasons, "notice", full, args, name ? 1 : 0);
}

static void stands(aft__notice *notice, const char *state, const char *reason) {
  aft__notice_set(notice, AFT__NOTICE_STATE, aft__text(aft__cstr(state)));
  aft__notice_set(notice, AFT__NOTICE_REASON, reason ? aft__text(aft__cstr(reason)) : aft__null());
}

/* ---- the customer's wishes ---- */

aft_status aft__notice_wishes(aft__notice *notice, aft_error *error) {
  aft__wishes *w = &notice->wishes;
  aft__policy_notice_of(notice->cmd->policy, aft__row_str(notice->row, AFT__NOTICE_EVENT), &notice->plan);
  aft__notice_set(notice, AFT__NOTICE_TOPIC, aft__text(notice->plan.topic));
  AFT__TRY(
      aft__contact_find(notice->cmd, notice->customer[AFT__CUSTOMER_ID].number, &notice->contact, error));
  const aft__value *c = notice->contact;
  *w = (aft__wishes){0};
  if (c) {
    w->channels = aft__row_str(c, AFT__CONTACT_CHANNELS);
    w->no_channels = aft__row_str(c, AFT__CONTACT_NO_CHANNELS);
    w->no_topics = aft__row_str(c, AFT__CONTACT_NO_TOPICS);
    aft__notice_own_quiet(notice);
  }
  return aft__notice_shop_quiet(notice, error);
}

/* ---- deciding ---- */

static void wait_until(aft__notice *notice, const char *why, aft_time until) {
  char text[AFT__CLOCK_TEXT];
  const aft_zone *zone = notice->wishes.zone;
  aft__notice_set(notice, AFT__NOTICE_DUE, aft__int(until));
  aft__clock_text(until, zone ? aft_zone_offset(zone, until) : 0, text);
  aft__notice_reason(notice, why, "until", aft__cstr(text));
}

static void hold(aft__notice *notice, bool window, aft_time until) {
  stands(notice, "held", window ? "window" : "quiet_hours");
  wait_until(notice, window ? "window" : notice->by_shop ? "quiet_shop" : "quiet_hours", until);
}

void aft__notice_suppress(aft__notice *notice, const char *reason) {
  stands(notice, "suppressed", reason);
  aft__notice_set(notice, AFT__NOTICE_DUE, aft__null());
  aft__notice_reason(notice, reason, "topic", notice->plan.topic);
}

/* Why this channel: the customer named it, the policy did, or the matter came on it. */
static const char *why(const aft__notice *notice, const aft__address *to) {
  if (aft__words_have(notice->wishes.channels, to->channel))
    return "sent.wish";
  if (notice->ticket && aft__str_eq(to->channel, aft__row_str(notice->ticket, AFT__TICKET_CHANNEL)))
    return "sent.same";
  return to->channel.len ? "sent.policy" : "sent.nowhere";
}

static aft_status go(aft__notice *notice, const aft__address *to, aft_error *error) {
  aft_str tried = aft__row_str(notice->row, AFT__NOTICE_TRIED);
  char *all = aft__arena_printf(notice->cmd->arena, "%.*s%s%.*s", (int)tried.len, tried.len ? tried.data : "",
                                tried.len && to->channel.len ? " " : "", (int)to->channel.len,
                                to->channel.len ? to->channel.data : "");
  if (!all)
    return aft__nomem(error);
  stands(notice, "queued", NULL);
  aft__notice_set(notice, AFT__NOTICE_DUE, aft__null());
  aft__notice_set(notice, AFT__NOTICE_CHANNEL, to->channel.len ? aft__text(to->channel) : aft__null());
  aft__notice_set(notice, AFT__NOTICE_TRIED, *all ? aft__text(aft__cstr(all)) : aft__null());
  aft__notice_reason(notice, why(notice, to), "channel", to->channel);
  return aft__notice_send(notice, to, error);
}

/* The first channel of the route on which the customer is known and that was not tried yet. */
static aft_status find_way(aft__notice *notice, aft__address *to, bool *known, aft_error *error) {
  aft_str route[AFT__NOTICE_ROUTE], tried = aft__row_str(notice->row, AFT__NOTICE_TRIED);
  aft_str same = notice->ticket ? aft__row_str(notice->ticket, AFT__TICKET_CHANNEL) : (aft_str){0};
  bool again = !aft__row_null(notice->row, AFT__NOTICE_EFFECT);
  uint32_t n = aft__notice_route(&notice->plan, &notice->wishes, same, route);
  *known = false;
  for (uint32_t i = 0; i < n && !*known; i++) {
    if (again && (!route[i].len || aft__words_have(tried, route[i])))
      continue;
    AFT__TRY(aft__notice_address(notice, route[i], to, known, error));
    if (!*known)
      aft__notice_reason(notice, "no_address", "channel", route[i]);
  }
  return AFT_OK;
}

static bool must_wait(aft__notice *notice, bool first) {
  aft_time now = notice->cmd->now, open = first ? now + notice->plan.coalesce_ms : now;
  bool window = open > now;
  if (!notice->plan.urgent) {
    aft_time awake = aft__notice_awake(&notice->wishes, open);
    window &= awake == open;
    open = awake;
  }
  if (open == now)
    return false;
  hold(notice, window, open);
  return true;
}

aft_status aft__notice_decide(aft__notice *notice, bool first, aft_error *error) {
  const char *refused = aft__notice_refused(&notice->plan, &notice->wishes);
  bool again = !aft__row_null(notice->row, AFT__NOTICE_EFFECT), known;
  aft__address to = {0};
  if (!refused && !aft__notice_has_text(notice))
    refused = "no_text";
  if (refused) {
    aft__notice_suppress(notice, refused);
    return AFT_OK;
  }
  AFT__TRY(find_way(notice, &to, &known, error));
  if (!known && !again) {
    aft__notice_suppress(notice, "no_channel");
    return AFT_OK;
  }
  if (!known) {
    stands(notice, "failed", "undeliverable");
    aft__notice_set(notice, AFT__NOTICE_DUE, aft__null());
    aft__notice_set(notice, AFT__NOTICE_FAILED, aft__int(notice->cmd->now));
    aft__notice_reason(notice, "undeliverable", NULL, (aft_str){0});
    return AFT_OK;
  }
  return must_wait(notice, first) ? AFT_OK : go(notice, &to, error);
}

/* ---- several as one ---- */

static aft_status find_held(const aft__notice *notice, aft__value **out, aft_error *error) {
  aft__cmd *cmd = notice->cmd;
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__notice_table,
                    .index = AFT__NOTICE_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), notice->row[AFT__NOTICE_SUBJECT]},
                    .descending = true,
                    .limit = MOST_EARLIER};
  *out = NULL;
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n && !*out; i++)
    if (aft__notice_is(rows[i], "held") &&
        aft__str_eq(aft__row_str(rows[i], AFT__NOTICE_EVENT), aft__row_str(notice->row, AFT__NOTICE_EVENT)) &&
        aft__row_int(rows[i], AFT__NOTICE_CUSTOMER) == aft__row_int(notice->row, AFT__NOTICE_CUSTOMER))
      *out = rows[i];
  return AFT_OK;
}

static aft_status fold(aft__notice *notice, aft__value *earlier, aft_error *error) {
  aft__cmd *cmd = notice->cmd;
  aft_id id = earlier[AFT__NOTICE_ID].number;
  aft__notice_set(notice, AFT__NOTICE_COUNT, aft__int(earlier[AFT__NOTICE_COUNT].number + 1));
  wait_until(notice, "joined", aft__row_int(earlier, AFT__NOTICE_DUE));
  earlier[AFT__NOTICE_STATE] = aft__text(aft__cstr("coalesced"));
  earlier[AFT__NOTICE_REASON] = earlier[AFT__NOTICE_DUE] = aft__null();
  earlier[AFT__NOTICE_INTO] = notice->row[AFT__NOTICE_ID];
  AFT__TRY(aft__update(
      cmd->tx, &aft__notice_table, earlier,
      BIT(AFT__NOTICE_STATE) | BIT(AFT__NOTICE_REASON) | BIT(AFT__NOTICE_DUE) | BIT(AFT__NOTICE_INTO),
      error));
  return aft__due_clear_all(cmd->tx, id, error);
}

/* One that waits for others takes in the one that waits already, and leaves when that would have. */
static aft_status join(aft__notice *notice, aft_error *error) {
  aft__value *earlier;
  if (!notice->plan.coalesce_ms || !aft__notice_is(notice->row, "held"))
    return AFT_OK;
  AFT__TRY(find_held(notice, &earlier, error));
  return earlier ? fold(notice, earlier, error) : AFT_OK;
}

/* ---- keeping ---- */

static aft_status set_due(aft__notice *notice, aft_error *error) {
  aft__cmd *cmd = notice->cmd;
  aft_id id = notice->row[AFT__NOTICE_ID].number;
  if (!aft__notice_is(notice->row, "held"))
    return AFT_OK;
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_NOTICE, id, aft__cstr(AFT__DUE_SEND),
                      aft__row_int(notice->row, AFT__NOTICE_DUE), error);
}

static aft_status keep_reasons(aft__notice *notice, aft_error *error) {
  aft_str reasons = aft__arena_dup(notice->cmd->arena, aft__buf_view(&notice->reasons));
  if (notice->reasons.failed || !reasons.data)
    return aft__nomem(error);
  aft__notice_set(notice, AFT__NOTICE_REASONS, aft__text(reasons));
  return AFT_OK;
}

aft_status aft__notice_save(aft__notice *notice, aft_error *error) {
  AFT__TRY(keep_reasons(notice, error));
  AFT__TRY(aft__update(notice->cmd->tx, &aft__notice_table, notice->row, notice->mask, error));
  return set_due(notice, error);
}

void aft__notice_done(aft__notice *notice) {
  aft_zone_unref(notice->zone);
  aft_zone_unref(notice->night);
  aft__buf_done(&notice->reasons);
}

/* ---- a new one ---- */

static const char *locale_of(const aft__notice *notice, const char *usual) {
  aft_str wish = notice->contact ? aft__row_str(notice->contact, AFT__CONTACT_LOCALE) : (aft_str){0};
  return wish.len ? aft__locale_of(wish) : usual;
}

static aft_status keep_fields(aft__notice *notice, aft_error *error) {
  aft__buf fields;
  aft__buf_init(&fields, notice->cmd->env);
  aft__fields_write(notice->values, notice->n, &fields);
  aft_str kept = aft__arena_dup(notice->cmd->arena, aft__buf_view(&fields));
  bool failed = fields.failed;
  aft__buf_done(&fields);
  notice->row[AFT__NOTICE_FIELDS] = aft__text(kept);
  return failed || !kept.data ? aft__nomem(error) : AFT_OK;
}

static aft_status fill(aft__notice *notice, const aft__telling *t, aft_error *error) {
  aft__cmd *cmd = notice->cmd;
  const aft__value *subject = t->about ? t->about : t->ticket;
  aft_id id = subject[AFT__COL_ID].number;
  char *once =
      aft__arena_printf(cmd->arena, "%s:%lld:%lld:%lld", t->event, (long long)(t->survey ? t->survey : id),
                        (long long)t->occurrence[0], (long long)t->occurrence[1]);
  if (!once)
    return aft__nomem(error);
  aft__value *row = notice->row;
  row[AFT__NOTICE_ID] = aft__int(aft__tx_id(cmd->tx));
  row[AFT__NOTICE_REV] = aft__int(1);
  row[AFT__NOTICE_TENANT] = aft__int(cmd->call.tenant);
  row[AFT__NOTICE_CUSTOMER] = t->customer[AFT__CUSTOMER_ID];
  row[AFT__NOTICE_SUBJECT] = aft__int(id);
  row[AFT__NOTICE_ABOUT] = aft__text(aft__cstr(t->about ? "case" : "ticket"));
  row[AFT__NOTICE_SURVEY] = aft__id_or_null(t->survey);
  row[AFT__NOTICE_EVENT] = aft__text(aft__cstr(t->event));
  row[AFT__NOTICE_ONCE] = aft__text(aft__cstr(once));
  row[AFT__NOTICE_COUNT] = aft__int(1);
  row[AFT__NOTICE_CREATED] = aft__int(cmd->now);
  return AFT_OK;
}

static aft_status told_before(const aft__notice *notice, bool *out, aft_error *error) {
  aft__value keys[] = {notice->row[AFT__NOTICE_TENANT], notice->row[AFT__NOTICE_ONCE]}, *row;
  aft_status status = aft__find(notice->cmd->tx, &aft__notice_table, AFT__NOTICE_BY_ONCE, keys, &row, error);
  *out = status >= 0;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

/* What leaves at once and of which the policy wants no record is in the outbox alone. */
static bool leaves_no_record(const aft__notice *notice) {
  return !notice->plan.record && aft__notice_is(notice->row, "queued");
}

static aft_status insert(aft__notice *notice, aft_error *error) {
  if (leaves_no_record(notice))
    return AFT_OK;
  AFT__TRY(keep_reasons(notice, error));
  AFT__TRY(keep_fields(notice, error));
  aft_status status = aft__insert(notice->cmd->tx, &aft__notice_table, notice->row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(notice->cmd->tx, "notice", error);
  AFT__TRY(status);
  return set_due(notice, error);
}

static aft_status tell(aft__notice *notice, const aft__telling *t, aft_error *error) {
  bool before = false;
  AFT__TRY(fill(notice, t, error));
  AFT__TRY(aft__notice_wishes(notice, error));
  notice->row[AFT__NOTICE_LOCALE] = aft__text(aft__cstr(locale_of(notice, t->locale)));
  if (notice->plan.record || notice->contact || notice->by_shop)
    AFT__TRY(told_before(notice, &before, error));
  if (before)
    return AFT_OK;
  AFT__TRY(aft__notice_decide(notice, true, error));
  AFT__TRY(join(notice, error));
  if (t->suppressed)
    *t->suppressed = aft__notice_is(notice->row, "suppressed");
  return insert(notice, error);
}

aft_status aft__notify(aft__cmd *cmd, const aft__telling *t, aft_error *error) {
  aft__value row[AFT__NOTICE_COLUMNS] = {0};
  char memory[512];
  aft__notice notice = {.cmd = cmd,
                        .row = row,
                        .customer = t->customer,
                        .ticket = t->ticket,
                        .about = t->about,
                        .order = t->order,
                        .n = t->n};
  if (!aft__row_null(t->customer, AFT__CUSTOMER_ERASED)) { /* there is nobody left to tell */
    if (t->suppressed)
      *t->suppressed = true;
    return AFT_OK;
  }
  if (t->n > AFT__NOTICE_VALUES)
    return aft__error(error, AFT_E_INTERNAL, "notice", "the event '%s' has too many fields", t->event);
  memcpy(notice.values, t->values, t->n * sizeof *t->values);
  aft__buf_lend(&notice.reasons, cmd->env, memory, sizeof memory);
  aft_status status = tell(&notice, t, error);
  aft__notice_done(&notice);
  return status;
}

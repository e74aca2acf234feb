#include "desk_fixture.h"

#include <stdio.h>
#include <sys/stat.h>

#include "random.h"

desk_kind desk_kinds(void) { return place_on_server() ? DESK_SQLITE + 1 : DESK_KINDS; }

static int64_t fixture_now(void *user) {
  desk *d = user;
  return atomic_load(&d->now);
}

static aft_call call_of(aft_id tenant, uint32_t role, aft_id actor) {
  return (aft_call){.size = sizeof(aft_call), .tenant = tenant, .role = role, .actor = actor};
}

static aft_id agent_of(desk *d, const char *name, aft_id shop) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_agent_in in = {.size = sizeof in, .external = AFT_STR(name), .shops = &shop, .n_shops = 1};
  assert_ok(aft_agent_put(d->session, &d->system, &in, &made, &error));
  aft_id id = aft_agent_id(made);
  aft_record_free(made);
  return id;
}

static aft_id shop_of(desk *d, const char *name) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_shop_in in = {.size = sizeof in, .external = AFT_STR(name)};
  assert_ok(aft_shop_put(d->session, &d->system, &in, &made, &error));
  aft_id id = aft_shop_id(made);
  aft_record_free(made);
  return id;
}

static aft_id customer_of(desk *d, const char *name) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_customer_in in = {.size = sizeof in, .external = AFT_STR(name), .name = AFT_STR(name)};
  assert_ok(aft_customer_put(d->session, &d->system, &in, &made, &error));
  aft_id id = aft_customer_id(made);
  aft_record_free(made);
  return id;
}

static void people(desk *d) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_call maker = call_of(0, AFT_ROLE_SYSTEM, 0);
  aft_tenant_in in = {.size = sizeof in,
                      .external = AFT_STR("merchant"),
                      .zone = AFT_STR("Asia/Shanghai"),
                      .locale = AFT_STR("zh")};
  assert_ok(aft_tenant_put(d->session, &maker, &in, &made, &error));
  d->tenant = aft_tenant_id(made);
  aft_record_free(made);
  d->system = call_of(d->tenant, AFT_ROLE_SYSTEM, 0);
  d->shop = shop_of(d, "phones");
  d->other_shop = shop_of(d, "shoes");
  d->agent = agent_of(d, "lin", d->shop);
  d->other_agent = agent_of(d, "mo", d->other_shop);
  d->buyer = customer_of(d, "wang");
  d->other_buyer = customer_of(d, "zhao");
  d->as_agent = call_of(d->tenant, AFT_ROLE_AGENT, d->agent);
  d->as_other_agent = call_of(d->tenant, AFT_ROLE_AGENT, d->other_agent);
  d->as_buyer = call_of(d->tenant, AFT_ROLE_BUYER, d->buyer);
  d->as_other_buyer = call_of(d->tenant, AFT_ROLE_BUYER, d->other_buyer);
}

static void open_blobs(desk *d) {
  aft_error error = AFT_ERROR_INIT;
  snprintf(d->blob_folder, sizeof d->blob_folder, "%s/blobs", d->place.folder);
  assert_int_equal(mkdir(d->blob_folder, 0700), 0);
  assert_ok(aft_blob_directory_open(d->env, AFT_STR(d->blob_folder), &d->blobs, &error));
}

static void open_desk(desk *d, desk_kind kind, const aft_alloc *alloc, bool blobs) {
  aft_error error = AFT_ERROR_INIT;
  memset(d, 0, sizeof *d);
  d->kind = kind;
  atomic_store(&d->now, DESK_START);
  aft_env_options options = {.size = sizeof options,
                             .clock = {.size = sizeof(aft_clock), .now_ms = fixture_now, .user = d}};
  if (alloc)
    options.alloc = *alloc;
  assert_ok(aft_env_new(&options, &d->env, &error));
  place_make(&d->place);
  if (blobs)
    open_blobs(d);
  aft_store_options store = desk_store(d, AFT_STORE_CREATE | AFT_STORE_RELAXED);
  assert_ok(aft_store_open(d->env, &store, &d->store, &error));
  assert_ok(aft_session_open(d->store, &d->session, &error));
  people(d);
  if (kind != DESK_HOSTILE)
    return;
  d->seed = seed_of("hostile store");
  aft__store_hostile(d->store, d->seed, 20, 50);
}

void desk_open_with(desk *d, desk_kind kind, const aft_alloc *alloc) { open_desk(d, kind, alloc, false); }
void desk_open_evidence(desk *d, desk_kind kind, const aft_alloc *alloc) { open_desk(d, kind, alloc, true); }
void desk_open(desk *d, desk_kind kind) { open_desk(d, kind, NULL, false); }

aft_store_options desk_store(const desk *d, uint32_t flags) {
  aft_store_options options = place_store(&d->place, flags);
  if (d->kind != DESK_SQLITE)
    options.dsn = AFT_STR("memory:");
  options.blobs = d->blobs;
  return options;
}

void desk_close(desk *d) {
  aft_session_close(d->session);
  aft_store_unref(d->store);
  aft_blobs_unref(d->blobs);
  aft_env_unref(d->env);
  place_drop(&d->place);
}

void desk_pass(desk *d, int64_t ms) { atomic_fetch_add(&d->now, ms); }

void desk_policy(desk *d, const char *document) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy;
  aft_buf *report = NULL;
  aft_document text = {sizeof text, AFT_STR("shop.yaml"), {document, AFT_NTS}};
  aft_policy_options options = {.size = sizeof options, .documents = &text, .count = 1};
  if (aft_policy_load(d->env, &options, &policy, &report, &error) < 0)
    fail_msg("%s", report ? aft_buf_data(report) : error.message);
  assert_ok(aft_policy_activate(d->session, &d->system, policy, NULL, &error));
  aft_policy_unref(policy);
}

uint32_t desk_tick(desk *d) {
  aft_error error = AFT_ERROR_INIT;
  uint32_t fired = 0;
  for (int i = 0; i < 100; i++) {
    aft_tick_report report = {.size = sizeof report};
    assert_ok(aft_tick(d->session, NULL, &report, &error));
    fired += report.fired;
    if (!report.fired && !report.sequenced)
      return fired;
  }
  fail_msg("the tick does not come to rest");
  return fired;
}

aft_message_in desk_message(const desk *d, const char *external, const char *text) {
  return (aft_message_in){.size = sizeof(aft_message_in),
                          .shop = d->shop,
                          .channel = AFT_STR("wechat"),
                          .account = AFT_STR("phones-official"),
                          .external = {external, external ? AFT_NTS : 0},
                          .customer = d->buyer,
                          .handle = AFT_STR("wx_wang"),
                          .text = AFT_STR(text)};
}

aft_id desk_say(desk *d, const char *external, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  aft_message_in in = desk_message(d, external, text);
  assert_ok(aft_intake(d->session, &d->system, &in, &message, &error));
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  return ticket;
}

aft_record *desk_ticket(desk *d, aft_id id) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *ticket;
  assert_ok(aft_ticket_get(d->session, &d->system, id, &ticket, &error));
  return ticket;
}

void assert_state(desk *d, aft_id id, const char *state) {
  aft_record *ticket = desk_ticket(d, id);
  assert_string_equal(aft_ticket_state(ticket), state);
  aft_record_free(ticket);
}

void desk_answer(desk *d, aft_id ticket, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  aft_answer_in in = {.size = sizeof in, .ticket = ticket, .text = AFT_STR(text)};
  assert_ok(aft_ticket_answer(d->session, &d->as_agent, &in, NULL, &error));
}

void desk_act(desk *d, aft_id ticket, uint32_t act) {
  aft_error error = AFT_ERROR_INIT;
  aft_act_in in = {
      .size = sizeof in, .ticket = ticket, .act = act, .agent = act == AFT_ACT_ASSIGN ? d->agent : 0};
  assert_status(aft_ticket_act(d->session, &d->as_agent, &in, NULL, &error), AFT_OK);
}

uint32_t desk_count(aft_cursor *cursor) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  uint32_t n = 0;
  aft_status status;
  while ((status = aft_cursor_next(cursor, &record, &error)) == AFT_OK)
    n++;
  assert_status(status, AFT_DONE);
  aft_cursor_free(cursor);
  return n;
}

uint32_t desk_effects(desk *d, aft_id ticket, const char *topic, const char *part) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  uint32_t n = 0;
  assert_ok(aft_outbox_list(d->session, &d->system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &effect, &error) == AFT_OK)
    n += (!topic || strcmp(aft_effect_topic(effect), topic) == 0) &&
         strstr(aft_effect_payload(effect), part) != NULL;
  aft_cursor_free(cursor);
  return n;
}

uint32_t desk_events_with(desk *d, aft_id ticket, const char *verb, const char *part) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *event;
  uint32_t n = 0;
  assert_ok(aft_ticket_history(d->session, &d->system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &event, &error) == AFT_OK)
    n += strcmp(aft_event_verb(event), verb) == 0 && strstr(aft_event_facts(event), part) != NULL;
  aft_cursor_free(cursor);
  return n;
}

uint32_t desk_events(desk *d, aft_id ticket, const char *verb) {
  return desk_events_with(d, ticket, verb, "");
}

void desk_settle(desk *d, uint32_t outcome) {
  aft_error error = AFT_ERROR_INIT;
  for (uint32_t n = 1; n;) {
    aft_cursor *claimed;
    aft_record *effect;
    n = 0;
    assert_ok(aft_outbox_claim(d->session, NULL, &claimed, &error));
    for (; aft_cursor_next(claimed, &effect, &error) == AFT_OK; n++)
      assert_ok(aft_outbox_settle(d->session, aft_effect_id(effect), aft_effect_fence(effect), outcome, NULL,
                                  &error));
    aft_cursor_free(claimed);
  }
}

aft_status desk_merge(desk *d, aft_id from, aft_id into, aft_error *error) {
  aft_act_in in = {.size = sizeof in, .ticket = from, .act = AFT_ACT_MERGE, .other = into};
  return aft_ticket_act(d->session, &d->as_agent, &in, NULL, error);
}

aft_id desk_say_as(desk *d, const char *handle, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  aft_message_in in = desk_message(d, NULL, text);
  in.customer = 0;
  in.handle = AFT_STR(handle);
  assert_ok(aft_intake(d->session, &d->system, &in, &message, &error));
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  return ticket;
}

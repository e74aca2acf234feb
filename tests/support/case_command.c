#include "case_command.h"

#include "random.h"
#include "store/store_priv.h"

#include <stdlib.h>
#include <string.h>

#define ONE_OF(seed, list) (list)[below(seed, (uint32_t)(sizeof(list) / sizeof *(list)))]
#define HOUR               INT64_C(3600000)

/* ---- carrying out ---- */

static aft_call call_of(const case_world *w, const case_command *command, char key[24]) {
  const desk *d = &w->c.d;
  aft_call call = command->role == AFT_ROLE_AGENT   ? d->as_agent
                  : command->role == AFT_ROLE_BUYER ? d->as_buyer
                                                    : d->system;
  call.role = command->role;
  snprintf(key, 24, "key-%u", command->number);
  call.key = AFT_STR(key);
  return call;
}

static size_t lines_of(const case_world *w, const case_command *command, aft_case_line_in out[2]) {
  for (uint32_t i = 0; i < command->n_lines; i++) {
    const command_line *l = &command->lines[i];
    out[i] = (aft_case_line_in){.size = sizeof out[i],
                                .line = w->c.line[l->line],
                                .quantity = l->quantity,
                                .wants = AFT_STR(l->wants ? l->wants : ""),
                                .wants_price = command->role == AFT_ROLE_BUYER ? 0 : l->wants_price};
    if (l->condition)
      out[i].condition = AFT_STR(l->condition);
  }
  return command->n_lines;
}

static aft_money money_of(const case_command *command) {
  aft_money money = {.minor = command->amount};
  if (command->priced)
    strcpy(money.currency, "CNY");
  return money;
}

static aft_status file(case_world *w, aft_session *session, const aft_call *call, const case_command *command,
                       aft_error *error) {
  aft_case_line_in lines[2];
  aft_record *made = NULL;
  aft_case_in in = {.size = sizeof in,
                    .order = w->c.order,
                    .kind = AFT_STR(command->kind),
                    .reason = AFT_STR(command->reason),
                    .lines = lines,
                    .n_lines = lines_of(w, command, lines),
                    .amount = money_of(command),
                    .in_spite = command->in_spite};
  if (command->disputes)
    in.parent = atomic_load(&w->filed[command->of]);
  aft_status status = aft_case_file(session, call, &in, &made, error);
  if (status >= 0 && !aft__session_attached(session))
    atomic_store(&w->filed[command->number], aft_case_id(made));
  aft_record_free(made);
  return status;
}

static aft_status act(case_world *w, aft_session *session, const aft_call *call, const case_command *command,
                      aft_error *error) {
  aft_case_line_in lines[2];
  aft_case_act_in in = {.size = sizeof in,
                        .case_id = atomic_load(&w->filed[command->of]),
                        .rev = command->rev,
                        .event = AFT_STR(command->event),
                        .lines = lines,
                        .n_lines = lines_of(w, command, lines),
                        .amount = money_of(command),
                        .waybill = AFT_STR(command->waybill),
                        .freight_minor = command->freight,
                        .verdict = AFT_STR("shared"),
                        .share = command->share};
  aft_status status = aft_case_act(session, call, &in, NULL, error);
  if (status >= 0 && strcmp(command->event, "ship") == 0)
    atomic_store(&w->shipped[command->number], true);
  return status;
}

/* The end of a leg's number counts the legs of its case. Ids would not do: two processes may make them in
 * another order within a millisecond. */
static uint32_t place_of(aft_record *leg) {
  const char *end = strrchr(aft_leg_number(leg), '-');
  return end ? (uint32_t)strtoul(end + 1, NULL, 10) : 0;
}

/* How many legs a case has, and the one at a place, from 1. */
static uint32_t legs_of(case_world *w, aft_session *session, aft_id of, uint32_t place, aft_id *leg,
                        int64_t *amount) {
  aft_cursor *cursor;
  aft_record *part;
  uint32_t n = 0;
  *leg = 0;
  if (aft_case_parts(session, &w->c.d.system, of, AFT_KIND_LEG, &cursor, NULL) < 0)
    return 0;
  for (; aft_cursor_next(cursor, &part, NULL) == AFT_OK; n++)
    if (place_of(part) == place) {
      *leg = aft_leg_id(part);
      *amount = aft_leg_requested(part);
    }
  aft_cursor_free(cursor);
  return n;
}

static aft_status settle(case_world *w, aft_session *session, const aft_call *call,
                         const case_command *command, aft_error *error) {
  int64_t ignored;
  aft_leg_in in = {.size = sizeof in,
                   .outcome = command->outcome,
                   .amount = money_of(command),
                   .reference = AFT_STR(command->reference)};
  legs_of(w, session, atomic_load(&w->filed[command->of]), command->leg, &in.leg, &ignored);
  return in.leg ? aft_leg_settle(session, call, &in, NULL, error) : COMMAND_NO_LEG;
}

static aft_status track(case_world *w, aft_session *session, const aft_call *call,
                        const case_command *command, aft_error *error) {
  aft_track_in in = {.size = sizeof in,
                     .waybill = AFT_STR(command->waybill),
                     .ref = AFT_STR(command->ref),
                     .status = AFT_STR(command->status),
                     .at = DESK_START - command->late};
  (void)w;
  return aft_parcel_track(session, call, &in, NULL, error);
}

aft_status case_command_run(case_world *w, aft_session *session, const case_command *command,
                            aft_error *error) {
  static aft_status (*const verbs[])(case_world *, aft_session *, const aft_call *, const case_command *,
                                     aft_error *) = {file, act, settle, track};
  char key[24];
  aft_call call = call_of(w, command, key);
  return verbs[command->verb](w, session, &call, command, error);
}

/* ---- drawing ---- */

static const char *const kinds[] = {"return",  "exchange", "refund",     "reissue", "price_protection",
                                    "freight", "goodwill", "withdrawal", "repair",  "claim"};
static const char *const reasons[] = {
    "changed_mind", "defective_on_arrival", "wrong_item",      "missing_part",  "not_received",
    "price_drop",   "return_freight",       "service_failure", "repair_wanted", "damaged_in_transit"};
static const char *const words[] = {"ok", "ok", "opened", "damaged", "wrong", "short", "missing"};
static const char *const scans[] = {"picked_up", "in_transit", "delivered", "lost", "refused", "intercepted"};

const char *case_any_kind(uint64_t *seed) { return ONE_OF(seed, kinds); }
const char *case_any_reason(uint64_t *seed) { return ONE_OF(seed, reasons); }
const char *case_any_condition(uint64_t *seed) { return ONE_OF(seed, words); }
const char *case_any_scan(uint64_t *seed) { return ONE_OF(seed, scans); }

static const uint32_t roles[] = {AFT_ROLE_SYSTEM, AFT_ROLE_AGENT, AFT_ROLE_BUYER, AFT_ROLE_WAREHOUSE,
                                 AFT_ROLE_ARBITER};

/* The number of a command that filed a case, 0 for none: later ones more often. */
static uint32_t any_case(case_world *w, uint64_t *seed, uint32_t before) {
  uint32_t found = 0, n = 0;
  for (uint32_t i = before; i-- > 1 && n < 6;)
    if (atomic_load(&w->filed[i]) && below(seed, ++n) == 0)
      found = i;
  return found;
}

static void draw_file(case_world *w, uint64_t *seed, case_command *out) {
  out->verb = COMMAND_FILE;
  out->kind = ONE_OF(seed, kinds);
  out->reason = ONE_OF(seed, reasons);
  out->n_lines = below(seed, 8) != 0;
  out->lines[0] = (command_line){.line = below(seed, 2),
                                 .quantity = 1 + (int64_t)below(seed, 3),
                                 .wants = below(seed, 3) ? NULL : "bowl",
                                 .wants_price = 6000 * (int64_t)below(seed, 3)};
  out->in_spite = out->role != AFT_ROLE_BUYER;
  out->of = below(seed, 5) ? 0 : any_case(w, seed, out->number);
  out->disputes = out->of != 0;
  if (out->disputes) {
    out->kind = "dispute";
    out->reason = "decision_disputed";
  }
  out->priced = below(seed, 3) == 0;
  out->amount = below(seed, 12000);
}

/* One of the events that the caller could cause; false: there is none. */
static bool draw_option(case_world *w, aft_session *session, uint64_t *seed, case_command *out) {
  static const char name[] = "\"event\":\"";
  char text[16384], key[24];
  aft_buf *buf;
  uint32_t n = 0;
  aft_call call = call_of(w, out, key);
  if (aft_case_options(session, &call, atomic_load(&w->filed[out->of]), "en", &buf, NULL) < 0)
    return false;
  snprintf(text, sizeof text, "%.*s", (int)aft_buf_size(buf), (const char *)aft_buf_data(buf));
  aft_buf_free(buf);
  for (const char *p = text; (p = strstr(p, name)); p += sizeof name)
    if (below(seed, ++n) == 0)
      sscanf(p + sizeof name - 1, "%31[a-z_]", out->event);
  return n > 0;
}

/* Mostly what the machine would let somebody do, sometimes anything. Few cases are canceled: they end. */
static bool draw_event(case_world *w, aft_session *session, uint64_t *seed, case_command *out) {
  static const char *const any[] = {"approve",      "cancel",   "ship",    "inspect",
                                    "accept_goods", "disputed", "nonsense"};
  for (int tries = below(seed, 8) ? 8 : 0; tries > 0; tries--) {
    if (draw_option(w, session, seed, out) && (strcmp(out->event, "cancel") != 0 || below(seed, 6) == 0))
      return true;
    out->role = ONE_OF(seed, roles);
    out->of = any_case(w, seed, out->number);
  }
  snprintf(out->event, sizeof out->event, "%s", ONE_OF(seed, any));
  return below(seed, 2);
}

static int64_t rev_of(case_world *w, aft_session *session, aft_id of) {
  aft_record *record;
  if (aft_case_get(session, &w->c.d.system, of, &record, NULL) < 0)
    return 0;
  int64_t rev = aft_case_rev(record);
  aft_record_free(record);
  return rev;
}

static bool draw_act(case_world *w, aft_session *session, uint64_t *seed, case_command *out) {
  if (!draw_event(w, session, seed, out))
    return false;
  out->verb = COMMAND_ACT;
  out->n_lines = below(seed, 3) == 0 ? 1 + below(seed, 2) : 0;
  for (uint32_t i = 0; i < 2; i++)
    out->lines[i] = (command_line){.line = i, .quantity = below(seed, 3), .condition = ONE_OF(seed, words)};
  snprintf(out->waybill, sizeof out->waybill, "W-%u", out->number);
  out->priced = below(seed, 2);
  out->amount = below(seed, 9000);
  out->freight = below(seed, 2000);
  out->share = below(seed, 1000);
  out->rev = below(seed, 3) ? 0 : rev_of(w, session, atomic_load(&w->filed[out->of]));
  return true;
}

/* Callbacks come once, twice, late, with less, and with another amount than they should. */
static bool draw_settle(case_world *w, aft_session *session, uint64_t *seed, case_command *out) {
  static const char *const references[] = {"gw-1", "gw-2"};
  aft_id of = atomic_load(&w->filed[out->of]), leg;
  uint32_t n = legs_of(w, session, of, 0, &leg, &out->amount);
  if (!n)
    return false;
  out->verb = COMMAND_SETTLE;
  out->role = AFT_ROLE_SYSTEM;
  out->leg = 1 + below(seed, n);
  legs_of(w, session, of, out->leg, &leg, &out->amount);
  out->outcome = below(seed, 4) ? AFT_SETTLE_CONFIRMED : 1 + below(seed, 3);
  out->reference = ONE_OF(seed, references);
  out->priced = true;
  if (below(seed, 6) == 0)
    out->amount += (int64_t)below(seed, 200) - 150;
  return true;
}

/* Of the order's own parcel, or of one that a command sent. */
static void draw_track(case_world *w, uint64_t *seed, case_command *out) {
  uint32_t n = 0;
  out->verb = COMMAND_TRACK;
  out->role = AFT_ROLE_SYSTEM;
  snprintf(out->waybill, sizeof out->waybill, "SF100000001");
  for (uint32_t i = 1; i < out->number; i++)
    if (atomic_load(&w->shipped[i]) && below(seed, ++n + 1))
      snprintf(out->waybill, sizeof out->waybill, "W-%u", i);
  snprintf(out->ref, sizeof out->ref, "scan-%u", below(seed, 30));
  out->status = ONE_OF(seed, scans);
  out->late = below(seed, 50) * HOUR;
}

void case_command_draw(case_world *w, aft_session *session, uint64_t *seed, uint32_t number,
                       case_command *out) {
  uint32_t what = below(seed, 100);
  *out = (case_command){.number = number, .role = ONE_OF(seed, roles)};
  if (what >= 15)
    out->of = any_case(w, seed, number);
  if (out->of && what >= 90)
    draw_track(w, seed, out);
  else if (!out->of ||
           ((what < 60 || !draw_settle(w, session, seed, out)) && !draw_act(w, session, seed, out)))
    draw_file(w, seed, out);
}

const char *case_command_text(const case_command *c) {
  static char text[256];
  static const char *const names[] = {"?", "system", "agent", "buyer", "warehouse", "arbiter"};
  switch (c->verb) {
  case COMMAND_FILE:
    snprintf(text, sizeof text, "%u: the %s files a %s for %s, %u lines (%u: %lld), about %u", c->number,
             names[c->role], c->kind, c->reason, c->n_lines, c->lines[0].line,
             (long long)c->lines[0].quantity, c->of);
    break;
  case COMMAND_ACT:
    snprintf(text, sizeof text, "%u: the %s does '%s' to %u, rev %lld, amount %lld, %u lines", c->number,
             names[c->role], c->event, c->of, (long long)c->rev, (long long)c->amount, c->n_lines);
    break;
  case COMMAND_SETTLE:
    snprintf(text, sizeof text, "%u: leg %u of %u comes out as %u, %lld, %s", c->number, c->leg, c->of,
             c->outcome, (long long)c->amount, c->reference);
    break;
  case COMMAND_TRACK:
    snprintf(text, sizeof text, "%u: parcel %s is %s (%s)", c->number, c->waybill, c->status, c->ref);
    break;
  }
  return text;
}

/* ---- what is kept of them ---- */

static aft_status keep_outcome(void *user, const aft__value *row, aft_error *error) {
  static const char prefix[] = "key-";
  const size_t n = sizeof prefix - 1;
  command_outcome *out = user;
  char key[24];
  (void)error;
  snprintf(key, sizeof key, "%.*s", (int)row[AFT__ID_KEY].size, row[AFT__ID_KEY].data);
  unsigned long number = strncmp(key, prefix, n) == 0 ? strtoul(key + n, NULL, 10) : MOST_COMMANDS;
  if (number >= MOST_COMMANDS)
    return AFT_OK;
  if (out[number].place)
    fail_msg("two outcomes are kept under %s", key);
  out[number] = (command_outcome){row[AFT__ID_ID].number, (aft_status)row[AFT__ID_STATUS].number,
                                  row[AFT__ID_FIRST].number};
  return AFT_OK;
}

static aft_status read_outcomes(aft__tx *tx, void *user, aft_error *error) {
  aft__scan scan = {.table = &aft__idem_table, .index = AFT__BY_ID};
  memset(user, 0, MOST_COMMANDS * sizeof(command_outcome));
  return aft__scan_each(tx, &scan, keep_outcome, user, error);
}

void case_command_outcomes(case_desk *c, command_outcome out[MOST_COMMANDS]) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "outcomes", .read = true};
  assert_ok(aft__tx_run(c->d.session, &options, read_outcomes, out, &error));
}

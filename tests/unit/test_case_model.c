/* Random lives of cases: whoever does whatever in whatever order, units and money are conserved, every move
 * is one of the machine's, nothing stands without a deadline, and the audit replays to what the records show.
 */
#include "case_command.h"
#include "case_desk.h"
#include "case_invariants.h"
#include "fault_alloc.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

#define MOST_CASES 200
#define HOUR       INT64_C(3600000)

typedef struct life {
  case_desk c;
  uint64_t seed;
  aft_session *beside; /* a second one, that takes turns with the first */
  fault_alloc *scarce; /* memory that runs out now and then; NULL: there is enough */
  int64_t confirmed;   /* what we were told that it was booked: the naive ledger */
  aft_id cases[MOST_CASES];
  int n;
  int64_t done, refused, steps;
} life;

static uint64_t pick(life *l, uint64_t n) { return draw(&l->seed) % n; }

static aft_session *session(life *l) { return pick(l, 2) ? l->beside : l->c.d.session; }

/* One of the next allocations fails, or none. */
static void run_short(life *l) {
  if (l->scarce)
    l->scarce->fail_at = pick(l, 2) ? l->scarce->calls + 1 + pick(l, 120) : 0;
}

static void recover(life *l) {
  if (l->scarce)
    l->scarce->fail_at = 0;
}

#define ONE_OF(l, list) (list)[pick(l, sizeof(list) / sizeof *(list))]

static aft_call anybody(life *l) {
  const desk *d = &l->c.d;
  aft_call calls[] = {d->system, d->as_agent, d->as_buyer, d->system, d->system};
  calls[3].role = AFT_ROLE_WAREHOUSE;
  calls[4].role = AFT_ROLE_ARBITER;
  return ONE_OF(l, calls);
}

/* A refusal is an answer; damage never is. */
static void heard(life *l, aft_status status, const aft_error *error) {
  recover(l);
  static const aft_status answers[] = {AFT_E_INVALID,   AFT_E_DENIED,   AFT_E_TRANSITION, AFT_E_INELIGIBLE,
                                       AFT_E_CHECK,     AFT_E_CURRENCY, AFT_E_EXISTS,     AFT_E_NOT_FOUND,
                                       AFT_E_TOO_LARGE, AFT_E_CONFLICT};
  l->steps++;
  if (status >= 0) {
    l->done++;
    return;
  }
  l->refused++;
  if (l->scarce && status == AFT_E_NOMEM)
    return;
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
    if (status == answers[i])
      return;
  fail_msg("%s at %s: %s", aft_status_name(status), error->where, error->message);
}

/* What the machine offers it does, or says what is wrong with the input: never that there is no way. */
static void heard_of_offer(life *l, aft_status status, const char *event, const aft_error *error) {
  if (status == AFT_E_TRANSITION)
    fail_msg("%s was offered: %s: %s", event, error->where, error->message);
  heard(l, status, error);
}

static void file(life *l) {
  static const char *const routes[] = {"", "", "", "advance", "on_site", "part", "returnless", "goods_first"};
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_call call = anybody(l);
  aft_case_line_in line = {.size = sizeof line,
                           .line = l->c.line[pick(l, 2)],
                           .quantity = (int64_t)pick(l, 3) + 1,
                           .wants = AFT_STR(pick(l, 3) ? "" : "bowl"),
                           .wants_price = call.role == AFT_ROLE_BUYER ? 0 : (int64_t)pick(l, 3) * 6000};
  aft_case_in in = {.size = sizeof in,
                    .order = l->c.order,
                    .kind = AFT_STR(pick(l, 16)  ? case_any_kind(&l->seed)
                                    : pick(l, 2) ? "undelivered"
                                                 : "recourse"),
                    .reason = AFT_STR(case_any_reason(&l->seed)),
                    .lines = &line,
                    .n_lines = pick(l, 8) != 0,
                    .route = AFT_STR(ONE_OF(l, routes)),
                    .in_spite = call.role != AFT_ROLE_BUYER};
  if (l->n && pick(l, 5) == 0) {
    in.kind = AFT_STR("dispute");
    in.reason = AFT_STR("decision_disputed");
    in.parent = l->cases[pick(l, (uint64_t)l->n)];
  }
  if (pick(l, 3) == 0)
    in.amount = (aft_money){(int64_t)pick(l, 12000), "CNY"};
  run_short(l);
  aft_status status = aft_case_file(session(l), &call, &in, &made, &error);
  heard(l, status, &error);
  if (status < 0)
    return;
  if (l->n < MOST_CASES)
    l->cases[l->n++] = aft_case_id(made);
  aft_record_free(made);
}

/* Mostly what the machine would let the caller do, sometimes anything: whether it was offered. */
static bool event_of(life *l, const aft_call *call, aft_id id, char out[64]) {
  static const char *const any[] = {"approve",      "cancel",   "ship",    "inspect",
                                    "accept_goods", "disputed", "nonsense"};
  aft_error error = AFT_ERROR_INIT;
  aft_buf *buf;
  int n = 0;
  snprintf(out, 64, "%s", ONE_OF(l, any));
  if (pick(l, 10) == 0 || aft_case_options(l->c.d.session, call, id, "en", &buf, &error) < 0)
    return false;
  const char *at = aft_buf_data(buf), key[] = "\"event\":\"";
  char text[16384];
  snprintf(text, sizeof text, "%.*s", (int)aft_buf_size(buf), at);
  aft_buf_free(buf);
  for (char *p = text; (p = strstr(p, key)); p += sizeof key)
    if (pick(l, (uint64_t)++n) == 0)
      sscanf(p + sizeof key - 1, "%63[a-z_]", out);
  return n > 0;
}

static void act(life *l) {
  aft_error error = AFT_ERROR_INIT;
  aft_call call = anybody(l);
  char event[64], waybill[32];
  aft_id id = l->cases[pick(l, (uint64_t)l->n)];
  aft_case_line_in lines[2];
  bool offered = event_of(l, &call, id, event);
  snprintf(waybill, sizeof waybill, "W-%lld", (long long)l->steps);
  for (int i = 0; i < 2; i++)
    lines[i] = (aft_case_line_in){.size = sizeof lines[i],
                                  .line = l->c.line[i],
                                  .quantity = (int64_t)pick(l, 3),
                                  .condition = AFT_STR(case_any_condition(&l->seed))};
  aft_case_act_in in = {.size = sizeof in,
                        .case_id = id,
                        .event = AFT_STR(event),
                        .lines = lines + pick(l, 2),
                        .n_lines = pick(l, 3) == 0,
                        .waybill = AFT_STR(waybill),
                        .freight_minor = (int64_t)pick(l, 2000),
                        .verdict = AFT_STR("shared"),
                        .share = (int64_t)pick(l, 1000)};
  if (pick(l, 2))
    in.amount = (aft_money){(int64_t)pick(l, 9000), "CNY"};
  run_short(l);
  aft_status status = aft_case_act(session(l), &call, &in, NULL, &error);
  if (offered)
    heard_of_offer(l, status, event, &error);
  else
    heard(l, status, &error);
}

static aft_id any_part(life *l, aft_id id, uint32_t kind, uint32_t field, int64_t *amount) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *part;
  aft_id found = 0;
  int n = 0;
  assert_ok(aft_case_parts(l->c.d.session, &l->c.d.system, id, kind, &cursor, &error));
  while (aft_cursor_next(cursor, &part, &error) == AFT_OK)
    if (pick(l, (uint64_t)++n) == 0) {
      found = aft_record_int(part, field);
      *amount = kind == AFT_KIND_LEG ? aft_leg_requested(part) : 0;
    }
  aft_cursor_free(cursor);
  return found;
}

/* Callbacks come once, twice, late, with less, and with another amount than they should. */
static void settle(life *l) {
  static const char *const references[] = {"gw-1", "gw-2"};
  aft_error error = AFT_ERROR_INIT;
  int64_t amount = 0;
  aft_id leg = any_part(l, l->cases[pick(l, (uint64_t)l->n)], AFT_KIND_LEG, AFT_LEG_ID, &amount);
  aft_leg_in in = {.size = sizeof in,
                   .leg = leg,
                   .outcome = pick(l, 4) ? AFT_SETTLE_CONFIRMED : (uint32_t)pick(l, 3) + 1,
                   .amount = {amount, "CNY"},
                   .reference = AFT_STR(ONE_OF(l, references))};
  if (!leg)
    return;
  if (pick(l, 6) == 0)
    in.amount.minor += (int64_t)pick(l, 200) - 150;
  run_short(l);
  aft_status status = aft_leg_settle(session(l), &l->c.d.system, &in, NULL, &error);
  heard(l, status, &error);
  if (status == AFT_OK && in.outcome == AFT_SETTLE_CONFIRMED)
    l->confirmed += in.amount.minor;
}

static void scan(life *l) {
  aft_error error = AFT_ERROR_INIT;
  int64_t ignored;
  char ref[32];
  aft_id parcel = any_part(l, l->cases[pick(l, (uint64_t)l->n)], AFT_KIND_PARCEL, AFT_PARCEL_ID, &ignored);
  snprintf(ref, sizeof ref, "scan-%llu", (unsigned long long)pick(l, 1000));
  aft_track_in in = {.size = sizeof in,
                     .parcel = parcel,
                     .ref = AFT_STR(ref),
                     .status = AFT_STR(case_any_scan(&l->seed)),
                     .at = l->c.d.now - (int64_t)pick(l, 50) * HOUR};
  if (parcel) {
    run_short(l);
    heard(l, aft_parcel_track(session(l), &l->c.d.system, &in, NULL, &error), &error);
  }
}

static void time_passes(life *l) {
  desk_pass(&l->c.d, (int64_t)pick(l, pick(l, 4) ? 30 : 400) * HOUR);
  desk_tick(&l->c.d);
}

static void step(life *l) {
  uint64_t what = pick(l, 100);
  if (what < 12 || l->n == 0)
    file(l);
  else if (what < 62)
    act(l);
  else if (what < 82)
    settle(l);
  else if (what < 92)
    scan(l);
  else
    time_passes(l);
}

static void run(desk_kind kind, bool scarce, int lives, int steps) {
  uint64_t seed = seed_of("cases");
  int64_t filed = 0, done = 0, refused = 0;
  for (int i = 0; i < lives; i++) {
    life l = {.seed = seed + (uint64_t)i * 7919};
    fault_alloc memory = {0};
    aft_alloc hooks = fault_alloc_hooks(&memory);
    aft_error error = AFT_ERROR_INIT;
    if (scarce)
      case_desk_open_with(&l.c, kind, &hooks);
    else if (i % 2)
      case_desk_open(&l.c, kind);
    else
      case_desk_open_unshipped(&l.c, kind, i % 4 == 0);
    assert_ok(aft_session_open(l.c.d.store, &l.beside, &error));
    l.scarce = scarce ? &memory : NULL;
    for (int s = 0; s < steps; s++)
      step(&l);
    assert_case_invariants(&l.c, l.confirmed);
    aft_session_close(l.beside);
    filed += l.n;
    done += l.done;
    refused += l.refused;
    case_desk_close(&l.c);
  }
  print_message("# %lld cases, %lld commands done, %lld refused\n", (long long)filed, (long long)done,
                (long long)refused);
}

/* A server is asked over a socket: fewer lives take as long there. */
static int times(int usual) {
  int n = place_on_server() ? (usual + 2) / 3 : usual;
  return rounds(n, n * 200);
}

static void on_memory(void **state) {
  (void)state;
  run(DESK_MEMORY, false, times(150), 300);
}
static void on_sqlite(void **state) {
  (void)state;
  run(DESK_SQLITE, false, times(30), 300);
}
static void on_a_hostile_store(void **state) {
  (void)state;
  run(DESK_HOSTILE, false, times(60), 200);
}

/* Of every machine, since every kind of case is filed and moved. */
static void with_memory_that_runs_out(void **state) {
  (void)state;
  run(DESK_MEMORY, true, times(60), 300);
  run(DESK_SQLITE, true, times(8), 200);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(on_memory),
      cmocka_unit_test(on_sqlite),
      cmocka_unit_test(on_a_hostile_store),
      cmocka_unit_test(with_memory_that_runs_out),
  };
  static const char *const not_there[] = {"on_memory", "on_a_hostile_store"};
  return RUN_CASES(tests, not_there);
}

/* Every machine of a case from filing to its end, each step with faults of the disk: errors, no room, loss of
 * power, a kill. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "case_story.h"
#include "invariants.h"
#include "random.h"
#include "sweep.h"

#include "policy/policy.h"

#define MINUTE INT64_C(60000)
#define DAY    (1440 * MINUTE)

enum {
  BUYER = AFT_ROLE_BUYER,
  AGENT = AFT_ROLE_AGENT,
  STORE = AFT_ROLE_WAREHOUSE,
  JUDGE = AFT_ROLE_ARBITER,
  HOST = AFT_ROLE_SYSTEM
};

typedef struct tale_step {
  aft_status (*run)(scene *s, const struct tale_step *step, aft_error *error);
  const char *what; /* a kind of case, an event, a carrier's word, a kind of leg, a payment */
  uint32_t by;
  const char *then; /* the state that its case is in afterwards */
  const char *reason, *route, *waybill, *condition;
  int64_t units, amount, later, share;
  uint32_t outcome; /* of a leg; 0: AFT_SETTLE_CONFIRMED */
  uint32_t of;      /* the case that it is about: the first that was filed, the second … */
  bool plain;       /* without faults: another tale has them */
} tale_step;

#define MOST_STEPS 16

typedef struct tale {
  const char *machine, *name;
  case_way way;
  const char *tier; /* of the buyer */
  tale_step steps[MOST_STEPS];
} tale;

/* What a command gets to know of its place in a tale. */
typedef struct place {
  const tale *tale;
  const case_desk *desk; /* its order; the session is that of nobody */
  uint32_t at;
} place;

static const place *place_of(const scene *s) { return s->play; }

static aft_call call_by(const scene *s, uint32_t role) {
  return (aft_call){.size = sizeof(aft_call),
                    .tenant = s->tenant,
                    .role = role,
                    .actor = role == BUYER   ? s->buyer
                             : role == AGENT ? s->agent
                                             : 0};
}

/* With a key that this step alone has: who does it once more says so. */
static aft_call keyed(const scene *s, uint32_t role, char key[24]) {
  aft_call call = call_by(s, role);
  snprintf(key, 24, "step %u", place_of(s)->at);
  call.key = (aft_str){key, AFT_NTS};
  return call;
}

static aft_str text(const char *s) { return s ? (aft_str){s, AFT_NTS} : (aft_str){0}; }

/* ---- what a step does ---- */

static aft_case_line_in cups_of(const scene *s, const tale_step *step) {
  return (aft_case_line_in){.size = sizeof(aft_case_line_in),
                            .line = place_of(s)->desk->line[0],
                            .quantity = step->units,
                            .condition = text(step->condition)};
}

/* The amount is what money is asked for, or the price of one of the goods wanted in exchange. */
static aft_status files(scene *s, const tale_step *step, aft_error *error) {
  char key[24];
  aft_record *made;
  aft_call call = keyed(s, step->by, key);
  aft_case_line_in cups = cups_of(s, step);
  bool exchange = strcmp(step->what, "exchange") == 0;
  aft_case_in in = {.size = sizeof in,
                    .order = place_of(s)->desk->order,
                    .kind = text(step->what),
                    .reason = text(step->reason),
                    .lines = &cups,
                    .n_lines = step->units > 0,
                    .route = text(step->route),
                    .parent = step->of ? s->cases[step->of - 1] : 0};
  if (exchange) {
    cups.wants = AFT_STR("bowl");
    cups.wants_price = step->amount;
  } else if (step->amount) {
    in.amount = (aft_money){step->amount, "CNY", 0};
  }
  aft_status status = aft_case_file(s->session, &call, &in, &made, error);
  if (status < 0)
    return status;
  s->cases[step->of] = aft_case_id(made);
  aft_record_free(made);
  return status;
}

static aft_status acts(scene *s, const tale_step *step, aft_error *error) {
  char key[24];
  aft_call call = keyed(s, step->by, key);
  aft_case_line_in cups = cups_of(s, step);
  aft_case_act_in in = {.size = sizeof in,
                        .case_id = s->cases[step->of],
                        .event = text(step->what),
                        .lines = &cups,
                        .n_lines = step->units > 0,
                        .carrier = text(step->waybill ? "sf" : NULL),
                        .waybill = text(step->waybill),
                        .share = step->share};
  if (step->amount)
    in.amount = (aft_money){step->amount, "CNY", 0};
  return aft_case_act(s->session, &call, &in, NULL, error);
}

static aft_status scans(scene *s, const tale_step *step, aft_error *error) {
  char ref[24];
  aft_call call = call_by(s, HOST);
  snprintf(ref, sizeof ref, "scan %u", place_of(s)->at);
  aft_track_in in = {.size = sizeof in,
                     .waybill = text(step->waybill),
                     .ref = text(ref),
                     .status = text(step->what),
                     .at = s->now};
  return aft_parcel_track(s->session, &call, &in, NULL, error);
}

/* Sent, and not settled: after a day without word it is unknown. */
static bool waits(aft_record *leg, const tale_step *step) {
  const char *state = aft_leg_state(leg);
  bool doubtful = strcmp(state, "unknown") == 0 && step->outcome != AFT_SETTLE_UNKNOWN;
  return strcmp(aft_leg_kind(leg), step->what) == 0 && (strcmp(state, "sent") == 0 || doubtful);
}

/* The one with the id; 0: one that waits. */
static aft_status find_leg(const scene *s, const tale_step *step, aft_id id, aft_leg_in *out,
                           aft_error *error) {
  aft_call call = call_by(s, HOST);
  aft_cursor *cursor;
  aft_record *leg;
  aft_status status = aft_case_parts(s->session, &call, s->cases[step->of], AFT_KIND_LEG, &cursor, error);
  if (status < 0)
    return status;
  out->leg = 0;
  while (!out->leg && (status = aft_cursor_next(cursor, &leg, error)) == AFT_OK)
    if (id ? aft_leg_id(leg) == id : waits(leg, step)) {
      out->leg = aft_leg_id(leg);
      out->amount = (aft_money){aft_leg_requested(leg), "CNY", 0};
    }
  aft_cursor_free(cursor);
  return status;
}

static aft_status settles(scene *s, const tale_step *step, aft_error *error) {
  aft_call call = call_by(s, HOST);
  aft_leg_in in = {.size = sizeof in,
                   .outcome = step->outcome ? step->outcome : AFT_SETTLE_CONFIRMED,
                   .reference = AFT_STR("gw-1")};
  aft_status status = find_leg(s, step, s->leg, &in, error);
  if (status < 0)
    return status;
  if (in.outcome != AFT_SETTLE_CONFIRMED)
    in.amount = (aft_money){0};
  return aft_leg_settle(s->session, &call, &in, NULL, error);
}

static aft_status charges_back(scene *s, const tale_step *step, aft_error *error) {
  aft_call call = call_by(s, HOST);
  aft_reversal_in in = {.size = sizeof in,
                        .payment = text(step->what),
                        .reference = AFT_STR("chargeback"),
                        .amount = {step->amount, "CNY", 0}};
  return aft_payment_reverse(s->session, &call, &in, NULL, error);
}

/* The clock went on by `later` before. */
static aft_status passes(scene *s, const tale_step *step, aft_error *error) {
  (void)step;
  return scene_tick(s, error);
}

/* ---- the tales ---- */

static const tale tales[] = {
    {"return", "one of three is refused", CASE_DELIVERED,
     .steps = {{files, "return", BUYER, "requested", .reason = "changed_mind", .units = 3},
               {passes, "silence", .then = "approved", .later = 3 * DAY},
               {acts, "ship", BUYER, "shipped", .waybill = "SF1"},
               {scans, "delivered", .then = "received", .waybill = "SF1"},
               {acts, "inspect", STORE, "inspected", .units = 2, .condition = "ok"},
               {acts, "inspect", STORE, "inspected", .units = 1, .condition = "damaged"},
               {acts, "accept_goods", AGENT, "partly_accepted"},
               {passes, "send_back", .then = "settling_part", .later = 8 * DAY},
               {settles, "refund", .then = "refunded"}}},
    {"return", "an advance becomes a debt", CASE_DELIVERED, .tier = "vip",
     .steps = {{files, "return", BUYER, "approved", .reason = "changed_mind", .units = 1},
               {acts, "ship", BUYER, "shipped", .waybill = "SF1", .plain = true},
               {scans, "picked_up", .then = "shipped", .waybill = "SF1"},
               {settles, "advance", .then = "shipped"},
               {acts, "receive", STORE, "received"},
               {acts, "inspect", STORE, "inspected", .units = 1, .condition = "wrong"},
               {acts, "refuse_goods", AGENT, "refused"},
               {passes, "send_back", .then = "closed_rejected", .later = 8 * DAY}}},
    {"return", "the parcel is lost", CASE_DELIVERED,
     .steps = {{files, "return", BUYER, "requested", .reason = "changed_mind", .units = 3, .plain = true},
               {acts, "approve", AGENT, "approved"},
               {acts, "ship", BUYER, "shipped", .waybill = "SF1", .plain = true},
               {scans, "lost", .then = "lost", .waybill = "SF1"},
               {passes, "pay_loss", .then = "refunding", .later = 8 * DAY},
               {settles, "refund", .then = "refund_failed", .outcome = AFT_SETTLE_FAILED},
               {acts, "retry", AGENT, "refunding"},
               {settles, "refund", .then = "refunded", .plain = true}}},
    {"return", "the bank takes the money back", CASE_DELIVERED,
     .steps = {{files, "return", BUYER, "approved", .reason = "changed_mind", .units = 1, .plain = true},
               {acts, "receive", STORE, "received", .plain = true},
               {acts, "inspect", STORE, "inspected", .units = 1, .condition = "ok", .plain = true},
               {charges_back, "pay-1", .then = "closed_reversed", .amount = 30000}}},
    {"exchange", "for something dearer", CASE_DELIVERED,
     .steps = {{files, "exchange", HOST, "approved", .reason = "style", .units = 1, .amount = 12000},
               {acts, "ship", BUYER, "shipped", .waybill = "SF1", .plain = true},
               {acts, "receive", STORE, "received"},
               {acts, "inspect", STORE, "inspected", .units = 1, .condition = "ok", .plain = true},
               {acts, "accept_goods", AGENT, "accepted"},
               {passes, "settle", .then = "wait_payment", .later = 6 * MINUTE},
               {settles, "charge", .then = "settled"},
               {acts, "send", STORE, "replacement_sent"},
               {acts, "replacement_shipped", STORE, "replacement_shipped"},
               {acts, "replacement_delivered", HOST, "replacement_delivered"},
               {passes, "confirm", .then = "completed", .later = 8 * DAY}}},
    {"exchange", "for something cheaper, which is lost", CASE_DELIVERED,
     .steps = {{files, "exchange", HOST, "approved", .reason = "style", .units = 1, .amount = 6000,
                .plain = true},
               {acts, "receive", STORE, "received", .plain = true},
               {acts, "accept_goods", STORE, "accepted"},
               {acts, "settle", AGENT, "settled"},
               {acts, "send", STORE, "settling"},
               {settles, "refund", .then = "replacement_sent"},
               {acts, "replacement_shipped", STORE, "replacement_shipped", .plain = true},
               {passes, "no_delivery", .then = "replacement_lost", .later = 16 * DAY},
               {acts, "follow_reissue", AGENT, "completed"}}},
    {"exchange", "in advance, and nothing comes back", CASE_DELIVERED,
     .steps = {{files, "exchange", HOST, "requested", .reason = "style", .units = 1, .amount = 10000,
                .route = "advance"},
               {acts, "approve", AGENT, "authorising"},
               {settles, "hold", .then = "advance_ready"},
               {acts, "send", STORE, "advance_sent"},
               {acts, "replacement_delivered", HOST, "awaiting_return"},
               {passes, "not_returned", .then = "advance_settling", .later = 14 * DAY + MINUTE},
               {passes, "settle", .then = "advance_charging", .later = 6 * MINUTE},
               {settles, "charge", .then = "completed"}}},
    {"exchange", "out of stock after all", CASE_DELIVERED,
     .steps = {{files, "exchange", HOST, "approved", .reason = "style", .units = 1, .amount = 10000,
                .plain = true},
               {acts, "receive", STORE, "received", .plain = true},
               {acts, "accept_goods", STORE, "accepted", .plain = true},
               {acts, "out_of_stock", STORE, "accepted"},
               {acts, "pay_out", AGENT, "refunding"},
               {settles, "refund", .then = "refunded"}}},
    {"refund", "before anything was sent", CASE_UNSHIPPED,
     .steps = {{files, "refund", BUYER, "refunding", .reason = "changed_mind", .units = 3},
               {settles, "refund", .then = "refunded"}}},
    {"refund", "stopped on its way", CASE_SHIPPED,
     .steps = {{files, "refund", BUYER, "intercepting", .reason = "not_received", .units = 3},
               {scans, "intercepted", .then = "refunding", .waybill = "SF100000001"},
               {settles, "refund", .then = "refunded", .plain = true}}},
    {"refund", "the goods stay", CASE_DELIVERED,
     .steps = {{files, "refund", BUYER, "requested", .reason = "other", .units = 1},
               {acts, "approve", AGENT, "approved", .plain = true},
               {passes, "pay_out", .then = "refunding", .later = 11 * MINUTE},
               {settles, "refund", .then = "refunding", .outcome = AFT_SETTLE_UNKNOWN},
               {passes, "check_money", .then = "refunding", .later = 6 * DAY},
               {charges_back, "pay-1", .then = "closed_reversed", .amount = 30000}}},
    {"reissue", "missing, and late again", CASE_DELIVERED,
     .steps = {{files, "reissue", BUYER, "requested", .reason = "not_received", .units = 1},
               {acts, "approve", AGENT, "approved"},
               {acts, "send", STORE, "replacement_sent"},
               {acts, "replacement_shipped", STORE, "replacement_shipped", .plain = true},
               {passes, "no_delivery", .then = "replacement_lost", .later = 16 * DAY},
               {acts, "replacement_delivered", HOST, "replacement_delivered"},
               {passes, "confirm", .then = "completed", .later = 8 * DAY}}},
    {"price_protection", "granted after silence", CASE_DELIVERED,
     .steps = {{files, "price_protection", AGENT, "requested", .reason = "price_drop", .units = 1,
                .amount = 1500},
               {passes, "silence", .then = "requested_late", .later = 3 * DAY},
               {acts, "approve", AGENT, "refunding"},
               {settles, "refund", .then = "refunded"}}},
    {"freight", "after an offer", CASE_DELIVERED,
     .steps = {{files, "freight", BUYER, "requested", .reason = "return_freight", .amount = 1000},
               {acts, "counter", AGENT, "countered", .amount = 800},
               {acts, "accept", BUYER, "refunding"},
               {settles, "freight", .then = "refunded"}}},
    {"goodwill", "paid by hand", CASE_DELIVERED,
     .steps = {{files, "goodwill", AGENT, "requested", .reason = "service_failure", .amount = 3000},
               {acts, "approve", AGENT, "refunding"},
               {settles, "compensation", .then = "refund_failed", .outcome = AFT_SETTLE_FAILED},
               {acts, "pay_offline", AGENT, "refunding"},
               {settles, "compensation", .then = "refunded"}}},
    {"undelivered", "on its way back", CASE_SHIPPED,
     .steps = {{files, "undelivered", AGENT, "returning", .reason = "refused", .units = 3},
               {scans, "returned", .then = "received", .waybill = "SF100000001"},
               {acts, "inspect", STORE, "inspected", .units = 3, .condition = "ok", .plain = true},
               {passes, "pay_out", .then = "refunding", .later = 6 * DAY},
               {settles, "refund", .then = "refunded"}}},
    {"withdrawal", "paid first, and never sent in", CASE_DELIVERED,
     .steps = {{files, "withdrawal", BUYER, "acknowledged", .reason = "changed_mind", .units = 1},
               {acts, "pay_first", AGENT, "acknowledged"},
               {settles, "advance", .then = "acknowledged"},
               {passes, "not_sent", .then = "closed_not_shipped", .later = 15 * DAY}}},
    {"withdrawal", "nobody opens the parcel", CASE_DELIVERED,
     .steps = {{files, "withdrawal", BUYER, "acknowledged", .reason = "changed_mind", .units = 3,
                .plain = true},
               {acts, "ship", BUYER, "shipped", .waybill = "SF1", .plain = true},
               {scans, "delivered", .then = "received", .waybill = "SF1", .plain = true},
               {passes, "no_inspection", .then = "refunding", .later = 6 * DAY},
               {settles, "refund", .then = "refunded"}}},
    {"repair", "for a price", CASE_DELIVERED,
     .steps = {{files, "repair", BUYER, "requested", .reason = "repair_wanted", .units = 1},
               {acts, "approve", AGENT, "approved"},
               {acts, "ship", BUYER, "shipped", .waybill = "SF1", .plain = true},
               {acts, "receive", STORE, "received"},
               {acts, "diagnose", STORE, "diagnosing"},
               {acts, "quote", AGENT, "quoted", .amount = 2000},
               {acts, "accept", BUYER, "wait_payment"},
               {settles, "charge", .then = "repairing"},
               {acts, "test", STORE, "testing", .plain = true},
               {acts, "passed", STORE, "repaired"},
               {acts, "send_back", STORE, "shipped_back"},
               {passes, "confirm", .then = "completed", .later = 8 * DAY}}},
    {"repair", "exchanged instead", CASE_DELIVERED,
     .steps = {{files, "repair", BUYER, "requested", .reason = "repair_wanted", .units = 1, .plain = true},
               {acts, "approve", AGENT, "approved", .plain = true},
               {acts, "receive", STORE, "received", .plain = true},
               {acts, "diagnose", STORE, "diagnosing", .plain = true},
               {acts, "irreparable", STORE, "irreparable"},
               {passes, "follow_exchange", .then = "replaced", .later = 8 * DAY}}},
    {"claim", "paid late", CASE_DELIVERED,
     .steps = {{files, "claim", BUYER, "requested", .reason = "service_failure", .units = 1, .amount = 3000},
               {acts, "approve", AGENT, "refunding"},
               {passes, "check_money", .then = "refunding", .later = 6 * DAY},
               {settles, "refund", .then = "settled"}}},
    {"claim", "sent once more instead", CASE_DELIVERED,
     .steps = {{files, "claim", BUYER, "requested", .reason = "service_failure", .units = 1, .amount = 3000,
                .plain = true},
               {acts, "replace_instead", AGENT, "settled"}}},
    {"recourse", "the carrier pays", CASE_DELIVERED,
     .steps = {{files, "recourse", AGENT, "requested", .reason = "damaged_in_transit", .units = 1,
                .amount = 3000},
               {acts, "lodge", AGENT, "lodged"},
               {settles, "recourse", .then = "settled"}}},
    {"dispute", "the buyer is right", CASE_DELIVERED,
     .steps = {{files, "return", BUYER, "requested", .reason = "changed_mind", .units = 3, .plain = true},
               {acts, "approve", AGENT, "approved", .plain = true},
               {acts, "receive", STORE, "received", .plain = true},
               {acts, "inspect", STORE, "inspected", .units = 3, .condition = "damaged", .plain = true},
               {acts, "refuse_goods", AGENT, "refused", .plain = true},
               {files, "dispute", BUYER, "evidence_both", .reason = "decision_disputed", .of = 1},
               {acts, "ready", JUDGE, "deciding", .of = 1},
               {acts, "rule_buyer", JUDGE, "ruled_buyer", .of = 1},
               {passes, "carry_out", .then = "closed", .later = 8 * DAY, .of = 1},
               {settles, "refund", .then = "refunded"}}},
    {"dispute", "the buyer appeals in vain", CASE_DELIVERED,
     .steps = {{files, "return", BUYER, "requested", .reason = "changed_mind", .units = 3, .plain = true},
               {acts, "reject", AGENT, "rejected", .plain = true},
               {files, "dispute", BUYER, "evidence_both", .reason = "decision_disputed", .of = 1,
                .plain = true},
               {passes, "silence", .then = "deciding", .later = 4 * DAY, .of = 1},
               {acts, "rule_seller", JUDGE, "ruled_seller", .of = 1},
               {acts, "appeal", BUYER, "appealed", .of = 1},
               {passes, "uphold", .then = "closed", .later = 8 * DAY, .of = 1}}},
    {"dispute", "both agree on a share", CASE_DELIVERED,
     .steps = {{files, "goodwill", AGENT, "requested", .reason = "service_failure", .amount = 3000,
                .plain = true},
               {acts, "reject", AGENT, "rejected", .plain = true},
               {files, "dispute", BUYER, "evidence_both", .reason = "decision_disputed", .of = 1,
                .plain = true},
               {acts, "offer_share", AGENT, "settlement_offered", .of = 1, .share = 500},
               {acts, "accept", BUYER, "settled", .of = 1},
               {settles, "compensation", .then = "refunded"}}},
};
#define N_TALES (sizeof tales / sizeof *tales)

/* ---- playing them ---- */

static char folder[64];
static scene base; /* a desk with people and without orders, closed */

/* The scene as a desk, for what is told and looked at without faults. */
static void look(const scene *s, case_desk *c) {
  desk *d = &c->d;
  d->env = s->env;
  d->session = s->session;
  d->tenant = s->tenant;
  d->shop = s->shop;
  d->buyer = s->buyer;
  d->system = call_by(s, HOST);
  atomic_store(&d->now, atomic_load(&s->now));
}

static void open_scene(scene *s) {
  aft_error error = AFT_ERROR_INIT;
  s->vfs = "fault"; /* without a fault: it does not wait for the disk */
  fault_vfs_begin(&(fault_plan){.kind = FAULT_NONE});
  assert_ok(scene_open(s, &error));
}

static void close_scene(scene *s) {
  scene_close(s);
  fault_vfs_end();
  s->vfs = NULL;
}

static void set_tier(const scene *s, const char *tier) {
  aft_error error = AFT_ERROR_INIT;
  aft_call call = call_by(s, HOST);
  aft_customer_in in = {.size = sizeof in, .id = s->buyer, .tier = text(tier)};
  assert_ok(aft_customer_put(s->session, &call, &in, NULL, &error));
}

/* The policy is the default one but for the words of messages, which would be most of the file. */
static int make_base(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  case_desk c = {.order = 0};
  snprintf(folder, sizeof folder, "%s/aftersales-case-faults-XXXXXX",
           access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
  assert_non_null(mkdtemp(folder));
  base = (scene){.flags = AFT_STORE_CREATE, .random = 1};
  snprintf(base.path, sizeof base.path, "%s/desk.db", folder);
  open_scene(&base);
  assert_ok(scene_found(&base, &error));
  assert_ok(scene_people(&base, "", &error));
  look(&base, &c);
  case_story_policy(&c, "version: 1\nrules: null\nlexicons: null\n");
  close_scene(&base);
  base.flags = 0;
  return 0;
}

static int remove_base(void **state) {
  (void)state;
  char line[128];
  snprintf(line, sizeof line, "rm -rf '%s'", folder);
  return system(line);
}

static void copy_base(const scene *s) {
  sqlite3 *db = scene_host(&base);
  char *sql = sqlite3_mprintf("PRAGMA synchronous=OFF; VACUUM INTO %Q", s->path);
  assert_int_equal(sqlite3_exec(db, sql, 0, 0, 0), SQLITE_OK);
  sqlite3_free(sql);
  sqlite3_close(db);
}

/* A desk with the order of a tale, closed. */
static void begin(const tale *t, scene *s, case_desk *c) {
  case_story story = {0};
  *s = base;
  *c = (case_desk){.order = 0};
  snprintf(s->path, sizeof s->path, "%s/%td.db", folder, t - tales);
  copy_base(s);
  s->flags = AFT_STORE_CREATE; /* into the log mode, which the copy left */
  open_scene(s);
  if (t->tier)
    set_tier(s, t->tier);
  look(s, c);
  case_story_usual(&story, &c->d, t->way);
  case_story_tell(c, &story);
  close_scene(s);
  s->flags = 0;
}

/* Whether there is something to settle. */
static bool take_leg(scene *s, const tale_step *step) {
  aft_error error = AFT_ERROR_INIT;
  aft_leg_in leg = {.size = sizeof leg};
  open_scene(s);
  assert_true(find_leg(s, step, 0, &leg, &error) >= 0);
  close_scene(s);
  s->leg = leg.leg;
  return s->leg != 0;
}

static aft_status play_step(scene *s, aft_error *error) {
  const place *here = place_of(s);
  const tale_step *step = &here->tale->steps[here->at];
  return step->run(s, step, error);
}

static void carry_out(scene *s, const char *what) {
  aft_error error = AFT_ERROR_INIT;
  open_scene(s);
  aft_status status = play_step(s, &error);
  if (status != AFT_OK)
    fail_msg("%s: %s at %s: %s", what, aft_status_name(status), error.where, error.message);
  close_scene(s);
}

typedef struct tally {
  uint64_t seed, points;
  uint32_t steps, swept, runs;
} tally;

static void sweep_step(const command *c, const scene *s, tally *n) {
  sweep w;
  sweep_start(&w, c, s);
  n->runs += sweep_points(&w, &n->seed);
  n->points += w.points;
  n->swept++;
  sweep_stop(&w);
}

static void assert_then(scene *s, case_desk *c, const tale_step *step, const char *what) {
  open_scene(s);
  look(s, c);
  aft_record *record = case_get(c, s->cases[step->of]);
  if (strcmp(aft_case_state(record), step->then) != 0)
    fail_msg("%s: the case is in '%s' instead of '%s'", what, aft_case_state(record), step->then);
  aft_record_free(record);
  close_scene(s);
}

/* Once with faults, then for good. */
static void take_step(scene *s, const tale_step *step, const char *what, tally *n) {
  command c = {
      .name = what, .calls = "", .run = play_step, .later = step->later, .steps = step->run == passes};
  if (!step->plain)
    sweep_step(&c, s, n);
  s->now += step->later;
  carry_out(s, what);
  n->steps++;
}

static void tell(scene *s, case_desk *c, place *here, tally *n) {
  const tale_step *step = &here->tale->steps[here->at];
  char what[120];
  snprintf(what, sizeof what, "%s, %s: step %u, %s", here->tale->machine, here->tale->name, here->at,
           step->what);
  bool legs = step->run == settles;
  if (legs && !take_leg(s, step))
    fail_msg("%s: there is nothing to settle", what);
  do {
    take_step(s, step, what, n);
  } while (legs && take_leg(s, step));
  assert_then(s, c, step, what);
}

/* ---- how they end ---- */

static void assert_every_case_replays(case_desk *c) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_case_filter filter = {.size = sizeof filter, .order = c->order};
  assert_ok(aft_case_list(c->d.session, &c->d.system, &filter, &cursor, &error));
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK)
    assert_ok(aft_case_verify(c->d.session, &c->d.system, aft_case_id(record), &error));
  aft_cursor_free(cursor);
}

static void assert_ended(const tale *t, scene *s, case_desk *c) {
  char why[1200];
  open_scene(s);
  look(s, c);
  for (uint32_t i = 0; i < SCENE_CASES && s->cases[i]; i++)
    if (case_int(c, s->cases[i], AFT_CASE_OPEN))
      fail_msg("%s, %s: case %u does not end", t->machine, t->name, i);
  assert_every_case_replays(c);
  close_scene(s);
  if (!invariants_hold(s->path, why, sizeof why))
    fail_msg("%s, %s: %s", t->machine, t->name, why);
}

static void play(const tale *t, tally *n) {
  scene s;
  case_desk c;
  place here = {.tale = t, .desk = &c};
  begin(t, &s, &c);
  s.play = &here;
  for (; here.at < MOST_STEPS && t->steps[here.at].run; here.at++)
    tell(&s, &c, &here, n);
  assert_ended(t, &s, &c);
}

static void every_machine_with_every_fault(void **state) {
  (void)state;
  tally n = {.seed = seed_of("case faults")};
  const char *only = getenv("MACHINE");
  for (size_t i = 0; i < N_TALES; i++)
    if (!only || strcmp(only, tales[i].machine) == 0)
      play(&tales[i], &n);
  print_message("# %u runs over %llu points of %u steps; %u steps in all\n", n.runs,
                (unsigned long long)n.points, n.swept, n.steps);
}

static void every_machine_has_a_tale(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_env *env;
  aft_policy *policy;
  const aft__flow *flow;
  uint32_t machines = 0;
  assert_ok(aft_env_new(NULL, &env, &error));
  assert_ok(aft_policy_default(env, &policy, &error));
  for (; (flow = aft__policy_machine_at(policy, machines)); machines++) {
    size_t i = 0;
    while (i < N_TALES && strcmp(tales[i].machine, flow->name) != 0)
      i++;
    if (i == N_TALES && strcmp(flow->name, "ticket") != 0)
      fail_msg("no tale is about the machine '%s'", flow->name);
  }
  assert_true(machines > 12);
  aft_policy_unref(policy);
  aft_env_unref(env);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_machine_has_a_tale),
      cmocka_unit_test(every_machine_with_every_fault),
  };
  return cmocka_run_group_tests(tests, make_base, remove_base);
}

/* The store's services: the audit chain, the feed, the outbox, due rows, leases, idempotency and page tokens,
 * on the memory store, on the same with made races, and on SQLite. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "store/store_priv.h"
#include "test_place.h"

static const aft__column note_columns[] = {
    {"id", AFT_SQL_INT, 1, 1}, {"rev", AFT_SQL_INT, 1, 1}, {"subject", AFT_SQL_INT, 1, 1}};
static const aft__index note_indexes[] = {{"subject", 0, 1, {2}, 0, 1}};
static const aft__table note_table = {"note", note_columns, note_indexes, NULL, 3, 1, 0, 1};
static const aft__table *const tables[] = {&note_table};
static const aft__schema schema = {tables, 1, 2, 1, 1};

typedef struct fixture {
  aft_env *env;
  aft_store *store;
  aft_session *session;
  _Atomic int64_t now_ms;
  test_place place;
  uint64_t seed;
} fixture;

#define TENANT 7
#define START  INT64_C(1767225600000)

static int64_t now_ms(void *user) { return atomic_load(&((fixture *)user)->now_ms); }

static void pass(fixture *f, int64_t ms) { atomic_fetch_add(&f->now_ms, ms); }

typedef enum kind {
  MEMORY,
  HOSTILE,
  SQLITE
} kind;

static int set_up(void **state, kind k) {
  fixture *f = calloc(1, sizeof *f);
  aft_env_options o = {.size = sizeof o};
  aft_error error = AFT_ERROR_INIT;
  const char *given = getenv("AFT_SEED");
  assert_non_null(f);
  f->seed = (given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u) | 1;
  atomic_store(&f->now_ms, START);
  o.clock = (aft_clock){.size = sizeof o.clock, .now_ms = now_ms, .user = f};
  assert_int_equal(aft_env_new(&o, &f->env, NULL), AFT_OK);
  place_make(&f->place);
  aft_store_options so = place_store(&f->place, AFT_STORE_CREATE | AFT_STORE_RELAXED);
  if (k != SQLITE)
    so.dsn = AFT_STR("memory:");
  if (aft__store_open(f->env, &schema, &so, &f->store, &error) != AFT_OK)
    fail_msg("open: %s", error.message);
  assert_int_equal(aft_session_open(f->store, &f->session, NULL), AFT_OK);
  if (k == HOSTILE) {
    print_message("# AFT_SEED=%llu\n", (unsigned long long)f->seed);
    aft__store_hostile(f->store, f->seed, 40, 0);
  }
  *state = f;
  return 0;
}

static int set_up_memory(void **state) { return set_up(state, MEMORY); }
static int set_up_hostile(void **state) { return set_up(state, HOSTILE); }
static int set_up_sqlite(void **state) { return set_up(state, SQLITE); }

static int tear_down(void **state) {
  fixture *f = *state;
  aft_session_close(f->session);
  aft_store_unref(f->store);
  aft_env_unref(f->env);
  place_drop(&f->place);
  free(f);
  return 0;
}

static aft_status run_in(aft_session *session, aft__tx_fn fn, void *user, aft_error *error) {
  aft__tx_options options = {.name = "test"};
  return aft__tx_run(session, &options, fn, user, error);
}

static aft_status run(fixture *f, aft__tx_fn fn, void *user) {
  aft_error error = AFT_ERROR_INIT;
  return run_in(f->session, fn, user, &error);
}

static void must(fixture *f, aft__tx_fn fn, void *user) {
  aft_error error = AFT_ERROR_INIT;
  if (run_in(f->session, fn, user, &error) < 0)
    fail_msg("%s: %s: %s", aft_status_name(error.code), error.where, error.message);
}

/* ---- events ---- */

#define EVENTS 5

static aft_status append_events(aft__tx *tx, void *user, aft_error *error) {
  aft__chain chain = {0};
  const aft_id *subject = user;
  for (int i = 0; i < EVENTS; i++) {
    aft__event e = {.tenant = TENANT, .kind = 3, .subject = *subject, .role = 2, .actor = 90 + i};
    e.verb = aft__cstr("ticket.answered");
    e.from = i ? aft__cstr("open") : (aft_str){0};
    e.to = aft__cstr(i % 2 ? "" : "waiting");
    e.facts = i == 1 ? (aft_str){0} : aft__cstr("{\"n\":1}");
    e.personal = i % 2 ? aft__cstr("{\"phone\":\"1\"}") : (aft_str){0};
    AFT__TRY(aft__event_append(tx, &e, &chain, NULL, error));
  }
  return AFT_OK;
}

typedef struct verifying {
  aft_id subject;
  aft__chain end;
  aft_status status;
} verifying;

static aft_status verify(aft__tx *tx, void *user, aft_error *error) {
  verifying *v = user;
  v->status = aft__event_verify(tx, TENANT, v->subject, &v->end, error);
  return v->status == AFT_E_CORRUPT ? AFT_OK : v->status;
}

typedef struct tampering {
  aft_id subject;
  uint32_t event, column, byte;
  uint32_t swap_with; /* another event, or the same for none */
  bool done;          /* there was something to change */
  verifying seen;
} tampering;

static aft_status load_events(aft__tx *tx, aft_id subject, aft__value ***rows, aft_error *error) {
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(TENANT), aft__int(subject)},
                    .limit = 100};
  uint32_t n;
  AFT__TRY(aft__scan_all(tx, &scan, rows, &n, error));
  assert_int_equal(n, EVENTS);
  return AFT_OK;
}

static aft_status undone(aft_error *error) {
  return aft__error(error, AFT_E_DENIED, NULL, "undone by the test");
}

/* Changes one byte of one column of one event, verifies, and rolls back. */
static aft_status tamper(aft__tx *tx, void *user, aft_error *error) {
  tampering *t = user;
  aft__value **rows;
  AFT__TRY(load_events(tx, t->subject, &rows, error));
  aft__value *v = &rows[t->event][t->column];
  t->done = false;
  if (v->type == AFT_SQL_INT) {
    if (t->byte >= 8)
      return undone(error);
    v->number ^= INT64_C(1) << (8 * t->byte);
  } else {
    if (v->type == AFT_SQL_NULL || t->byte >= v->size)
      return undone(error);
    char *data = (char *)aft__arena_alloc(tx->arena, v->size);
    memcpy(data, v->data, v->size);
    data[t->byte] ^= 1;
    v->data = data;
  }
  aft_status status = aft__update(tx, &aft__event_table, rows[t->event], UINT64_C(1) << t->column, error);
  if (status == AFT_E_EXISTS && t->column == AFT__EV_SEQ)
    return undone(error); /* the place is taken */
  AFT__TRY(status);
  t->done = true;
  t->seen.subject = t->subject;
  AFT__TRY(verify(tx, &t->seen, error));
  return undone(error);
}

/* Gives two events each other's place. */
static aft_status reorder(aft__tx *tx, void *user, aft_error *error) {
  tampering *t = user;
  aft__value **rows;
  const uint64_t seq = UINT64_C(1) << AFT__EV_SEQ;
  AFT__TRY(load_events(tx, t->subject, &rows, error));
  aft__value *a = rows[t->event], *b = rows[t->swap_with];
  int64_t place_a = a[AFT__EV_SEQ].number, place_b = b[AFT__EV_SEQ].number;
  a[AFT__EV_SEQ].number = 1000;
  AFT__TRY(aft__update(tx, &aft__event_table, a, seq, error));
  b[AFT__EV_SEQ].number = place_a;
  AFT__TRY(aft__update(tx, &aft__event_table, b, seq, error));
  a[AFT__EV_SEQ].number = place_b;
  AFT__TRY(aft__update(tx, &aft__event_table, a, seq, error));
  t->seen.subject = t->subject;
  AFT__TRY(verify(tx, &t->seen, error));
  return undone(error);
}

static aft_status remove_event(aft__tx *tx, void *user, aft_error *error) {
  tampering *t = user;
  aft__value **rows;
  AFT__TRY(load_events(tx, t->subject, &rows, error));
  aft__value *row = rows[t->event];
  AFT__TRY(aft__remove(tx, &aft__event_table, row[AFT__EV_ID].number, row[AFT__EV_REV].number, error));
  t->seen.subject = t->subject;
  AFT__TRY(verify(tx, &t->seen, error));
  return undone(error);
}

static aft_status erase_personal(aft__tx *tx, void *user, aft_error *error) {
  aft__value **rows;
  AFT__TRY(load_events(tx, *(aft_id *)user, &rows, error));
  for (int i = 0; i < EVENTS; i++) {
    rows[i][AFT__EV_PERSONAL] = rows[i][AFT__EV_SALT] = aft__null();
    uint64_t mask = UINT64_C(1) << AFT__EV_PERSONAL | UINT64_C(1) << AFT__EV_SALT;
    AFT__TRY(aft__update(tx, &aft__event_table, rows[i], mask, error));
  }
  return AFT_OK;
}

static bool is_hashed(uint32_t column) {
  return column != AFT__EV_ID && column != AFT__EV_REV && column != AFT__EV_FEED &&
         column != AFT__EV_TENANT &&
         column != AFT__EV_SUBJECT; /* the last two change which chain the event is in: it is missing */
}

static void chain_shows_every_change(void **state) {
  fixture *f = *state;
  aft_id subject = 11;
  verifying v = {.subject = subject};
  uint32_t changes = 0;
  must(f, append_events, &subject);
  must(f, verify, &v);
  assert_int_equal(v.status, AFT_OK);
  assert_int_equal(v.end.seq, EVENTS);
  for (uint32_t event = 0; event < EVENTS; event++)
    for (uint32_t column = 0; column < AFT__EV_COLUMNS; column++)
      for (uint32_t byte = 0; is_hashed(column) && byte < 40; byte++) {
        tampering t = {.subject = subject, .event = event, .column = column, .byte = byte};
        assert_int_equal(run(f, tamper, &t), AFT_E_DENIED);
        if (t.done && t.seen.status != AFT_E_CORRUPT)
          fail_msg("event %u: byte %u of %s changed unseen", event, byte,
                   aft__event_table.columns[column].name);
        changes += t.done;
      }
  assert_true(changes > 500);
}

static void chain_shows_order_and_loss(void **state) {
  fixture *f = *state;
  aft_id subject = 11;
  verifying v = {.subject = subject};
  must(f, append_events, &subject);
  must(f, verify, &v);
  aft__chain whole = v.end;
  for (uint32_t a = 0; a < EVENTS; a++) {
    tampering lost = {.subject = subject, .event = a};
    assert_int_equal(run(f, remove_event, &lost), AFT_E_DENIED);
    if (a + 1 < EVENTS)
      assert_int_equal(lost.seen.status, AFT_E_CORRUPT);
    else /* a missing tail shows against the end that the subject keeps */
      assert_memory_not_equal(lost.seen.end.hash, whole.hash, 32);
    for (uint32_t b = a + 1; b < EVENTS; b++) {
      tampering t = {.subject = subject, .event = a, .swap_with = b};
      assert_int_equal(run(f, reorder, &t), AFT_E_DENIED);
      assert_int_equal(t.seen.status, AFT_E_CORRUPT);
    }
  }
  must(f, erase_personal, &subject);
  must(f, verify, &v);
  assert_int_equal(v.status, AFT_OK);
  assert_memory_equal(v.end.hash, whole.hash, 32);
}

/* The layout is pinned: what is written today must verify for ever. Computed with Python's hashlib over the
 * bytes that event_log.c documents. */
static aft_status append_pinned(aft__tx *tx, void *user, aft_error *error) {
  aft__chain *chain = user;
  *chain = (aft__chain){0};
  aft__event e = {.tenant = 1, .kind = 2, .subject = 3, .role = 4, .actor = 5};
  e.verb = aft__cstr("a.b");
  e.from = aft__cstr("x");
  e.to = aft__cstr("");
  return aft__event_append(tx, &e, chain, NULL, error);
}

static void chain_layout_is_pinned(void **state) {
  fixture *f = *state;
  aft__chain chain;
  char hex[65];
  must(f, append_pinned, &chain);
  aft__hex(chain.hash, 32, hex);
  assert_string_equal(hex, "136b96d62f4cf697b59d06ca75e7b1c8873a878d8dcb482ecb32ab9bd30f3054");
}

/* ---- the feed ---- */

typedef struct feeding {
  aft_id tenant, subject;
  aft__chain chain;
  int64_t numbers[64];
  uint32_t n;
} feeding;

static aft_status append_one(aft__tx *tx, void *user, aft_error *error) {
  feeding *x = user;
  aft__chain chain = x->chain;
  aft__event e = {.tenant = x->tenant, .kind = 1, .subject = x->subject, .role = 1, .verb = aft__cstr("t")};
  AFT__TRY(aft__event_append(tx, &e, &chain, NULL, error));
  x->chain = chain;
  return AFT_OK;
}

static aft_status see_number(void *user, const aft__value *row, aft_error *error) {
  feeding *x = user;
  (void)error;
  assert_true(x->n < 64);
  x->numbers[x->n++] = row[AFT__EV_FEED].number;
  return AFT_OK;
}

static aft_status read_feed(aft__tx *tx, void *user, aft_error *error) {
  feeding *x = user;
  aft__value low = aft__int(1);
  x->n = 0;
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_FEED,
                    .n_equal = 1,
                    .equal = {aft__int(x->tenant)},
                    .low = &low};
  return aft__scan_each(tx, &scan, see_number, x, error);
}

static void feed_numbers_have_no_gaps(void **state) {
  fixture *f = *state;
  uint32_t n = 0, total = 0;
  for (int round = 0; round < 4; round++) {
    for (aft_id tenant = 1; tenant <= 3; tenant++)
      for (aft_id subject = 1; subject <= tenant + 1; subject++) {
        feeding x = {.tenant = tenant, .subject = tenant * 1000 + subject * 10 + round};
        must(f, append_one, &x);
      }
    do {
      assert_int_equal(aft__feed_assign(f->session, 4, &n, NULL), AFT_OK);
      total += n;
    } while (n);
  }
  assert_int_equal(total, 4 * (2 + 3 + 4));
  for (aft_id tenant = 1; tenant <= 3; tenant++) {
    feeding x = {.tenant = tenant};
    must(f, read_feed, &x);
    assert_int_equal(x.n, 4 * (tenant + 1));
    for (uint32_t i = 0; i < x.n; i++)
      assert_int_equal(x.numbers[i], i + 1);
  }
}

static aft_status take_feed(aft__tx *tx, void *user, aft_error *error) {
  int64_t fence;
  (void)user;
  return aft__lease_take(tx, aft__cstr("feed"), aft__cstr("another"), 1000, &fence, error);
}

static void feed_has_one_worker(void **state) {
  fixture *f = *state;
  feeding x = {.tenant = 1, .subject = 5};
  uint32_t n = 99;
  must(f, append_one, &x);
  must(f, take_feed, NULL);
  assert_int_equal(aft__feed_assign(f->session, 4, &n, NULL), AFT_E_LEASE_LOST);
  assert_int_equal(n, 99);
  pass(f, 1000);
  assert_int_equal(aft__feed_assign(f->session, 4, &n, NULL), AFT_OK);
  assert_int_equal(n, 1);
}

/* ---- the outbox ---- */

typedef struct effect {
  aft_id subject, id;
  int redelivery;
  aft_time not_before;
} effect;

static aft_status add_effect(aft__tx *tx, void *user, aft_error *error) {
  effect *e = user;
  return aft__outbox_add(tx, TENANT, e->subject, aft__cstr("message.send"), aft__cstr("{}"),
                         e->redelivery ? e->redelivery : AFT__OUT_AUTO, e->not_before, &e->id, error);
}

typedef struct claim {
  uint32_t n;
  struct {
    aft_id id, subject;
    int64_t fence, attempts;
  } rows[32];
} claim;

static aft_status claim_some(aft__tx *tx, void *user, aft_error *error) {
  claim *c = user;
  aft__value **rows;
  AFT__TRY(aft__outbox_claim(tx, 60000, 32, &rows, &c->n, error));
  for (uint32_t i = 0; i < c->n; i++) {
    c->rows[i].id = rows[i][AFT__OB_ID].number;
    c->rows[i].subject = rows[i][AFT__OB_SUBJECT].number;
    c->rows[i].fence = rows[i][AFT__OB_FENCE].number;
    c->rows[i].attempts = rows[i][AFT__OB_ATTEMPTS].number;
    assert_int_equal(rows[i][AFT__OB_STATE].number, AFT__OUT_LEASED);
  }
  return AFT_OK;
}

typedef struct settling {
  aft_id id;
  int64_t fence;
  aft__outcome outcome;
} settling;

static aft_status settle(aft__tx *tx, void *user, aft_error *error) {
  settling *s = user;
  return aft__outbox_settle(tx, s->id, s->fence, s->outcome, aft__cstr("why"), error);
}

static aft_status expire(aft__tx *tx, void *user, aft_error *error) {
  return aft__outbox_expire(tx, 100, NULL, user, error);
}

typedef struct peek {
  aft_id id;
  int64_t state, at, rev;
} peek;

static aft_status look_at_effect(aft__tx *tx, void *user, aft_error *error) {
  peek *p = user;
  aft__value *row;
  AFT__TRY(aft__get(tx, &aft__outbox_table, p->id, &row, error));
  p->state = row[AFT__OB_STATE].number;
  p->at = row[AFT__OB_AT].number;
  return AFT_OK;
}

static int64_t state_of(fixture *f, aft_id id) {
  peek p = {.id = id};
  must(f, look_at_effect, &p);
  return p.state;
}

static void effects_of_a_subject_leave_in_order(void **state) {
  fixture *f = *state;
  effect e[6];
  claim c;
  for (int i = 0; i < 6; i++) {
    e[i] = (effect){.subject = 1 + i % 2};
    must(f, add_effect, &e[i]);
  }
  for (int round = 0; round < 3; round++) {
    must(f, claim_some, &c);
    assert_int_equal(c.n, 2); /* one of each subject, the earliest */
    for (uint32_t i = 0; i < 2; i++)
      assert_int_equal(c.rows[i].id, e[round * 2 + (c.rows[i].subject == 1 ? 0 : 1)].id);
    claim again;
    must(f, claim_some, &again);
    assert_int_equal(again.n, 0);
    for (uint32_t i = 0; i < 2; i++) {
      settling s = {c.rows[i].id, c.rows[i].fence, i ? AFT__OUTCOME_DONE : AFT__OUTCOME_DEAD};
      must(f, settle, &s);
      assert_int_equal(run(f, settle, &s), AFT_E_LEASE_LOST); /* only once */
    }
  }
  must(f, claim_some, &c);
  assert_int_equal(c.n, 0);
  effect late = {.subject = 1, .not_before = START + 5000};
  must(f, add_effect, &late);
  must(f, claim_some, &c);
  assert_int_equal(c.n, 0);
  pass(f, 5000);
  must(f, claim_some, &c);
  assert_int_equal(c.n, 1);
}

static void lost_leases_of_messages_are_offered_again(void **state) {
  fixture *f = *state;
  effect e = {.subject = 1};
  claim first, second;
  uint32_t n;
  must(f, add_effect, &e);
  must(f, claim_some, &first);
  must(f, expire, &n);
  assert_int_equal(n, 0);
  pass(f, 60000);
  must(f, expire, &n);
  assert_int_equal(n, 1);
  must(f, claim_some, &second);
  assert_int_equal(second.n, 1);
  assert_int_equal(second.rows[0].attempts, 2);
  settling late = {e.id, first.rows[0].fence, AFT__OUTCOME_DONE};
  assert_int_equal(run(f, settle, &late), AFT_E_LEASE_LOST);
  settling good = {e.id, second.rows[0].fence, AFT__OUTCOME_DONE};
  must(f, settle, &good);
  assert_int_equal(state_of(f, e.id), AFT__OUT_DONE);
}

static void money_waits_for_its_outcome(void **state) {
  fixture *f = *state;
  effect money = {.subject = 1, .redelivery = AFT__OUT_RECONCILE}, next = {.subject = 1};
  claim c, none;
  uint32_t n;
  must(f, add_effect, &money);
  must(f, add_effect, &next);
  must(f, claim_some, &c);
  assert_int_equal(c.n, 1);
  pass(f, AFT__DAY);
  must(f, expire, &n);
  assert_int_equal(n, 1);
  assert_int_equal(state_of(f, money.id), AFT__OUT_UNKNOWN);
  pass(f, 30 * AFT__DAY);
  must(f, expire, &n);
  must(f, claim_some, &none);
  assert_int_equal(none.n, 0); /* neither again nor what comes after it */
  settling found = {money.id, c.rows[0].fence, AFT__OUTCOME_DONE};
  must(f, settle, &found);
  must(f, claim_some, &c);
  assert_int_equal(c.n, 1);
  assert_int_equal(c.rows[0].id, next.id);
}

static void failing_effects_back_off_and_die(void **state) {
  fixture *f = *state;
  effect e = {.subject = 1}, next = {.subject = 1};
  int64_t wait = 0;
  must(f, add_effect, &e);
  must(f, add_effect, &next);
  for (int attempt = 1; attempt <= 12; attempt++) {
    claim c;
    must(f, claim_some, &c);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.rows[0].id, e.id);
    settling s = {e.id, c.rows[0].fence, AFT__OUTCOME_RETRY};
    must(f, settle, &s);
    assert_int_equal(run(f, settle, &s), AFT_E_LEASE_LOST);
    peek p = {.id = e.id};
    must(f, look_at_effect, &p);
    if (attempt == 12)
      break;
    assert_int_equal(p.state, AFT__OUT_READY);
    int64_t now_waits = p.at - now_ms(f);
    assert_true(now_waits >= wait && now_waits > 0);
    wait = now_waits;
    must(f, claim_some, &c);
    assert_int_equal(c.n, 0);
    pass(f, wait);
  }
  assert_int_equal(state_of(f, e.id), AFT__OUT_DEAD);
  assert_int_equal(state_of(f, next.id), AFT__OUT_READY);
}

/* Workers that die with it never record an outcome. */
static void effects_that_kill_their_workers_die_too(void **state) {
  fixture *f = *state;
  effect e = {.subject = 1}, next = {.subject = 1};
  uint32_t n;
  must(f, add_effect, &e);
  must(f, add_effect, &next);
  for (int attempt = 1; attempt <= 12; attempt++) {
    claim c;
    must(f, claim_some, &c);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.rows[0].id, e.id);
    pass(f, 60000);
    must(f, expire, &n);
    assert_int_equal(n, 1);
  }
  assert_int_equal(state_of(f, e.id), AFT__OUT_DEAD);
  assert_int_equal(state_of(f, next.id), AFT__OUT_READY);
}

/* ---- due rows ---- */

typedef struct setting {
  aft_id subject;
  const char *name;
  aft_time at;
} setting;

static aft_status set_due(aft__tx *tx, void *user, aft_error *error) {
  const setting *s = user;
  return aft__due_set(tx, TENANT, 1, s->subject, aft__cstr(s->name), s->at, error);
}

static aft_status add_due(aft__tx *tx, void *user, aft_error *error) {
  const setting *s = user;
  return aft__due_add(tx, TENANT, 1, s->subject, aft__cstr(s->name), s->at, error);
}

static aft_status clear_due(aft__tx *tx, void *user, aft_error *error) {
  const setting *s = user;
  return s->name ? aft__due_clear(tx, s->subject, aft__cstr(s->name), error)
                 : aft__due_clear_all(tx, s->subject, error);
}

#define BAD_SUBJECT 666

/* The effect: a note of the subject. */
static aft_status write_note(aft__tx *tx, void *user, const aft__value *row, aft_error *error) {
  aft_id id = aft__tx_id(tx);
  (void)user;
  aft__value note[3] = {aft__int(id), aft__null(), row[AFT__DU_SUBJECT]};
  AFT__TRY(aft__insert(tx, &note_table, note, NULL, error));
  aft__tx_proof(tx, &note_table, id);
  if (row[AFT__DU_SUBJECT].number == BAD_SUBJECT)
    return aft__error(error, AFT_E_TRANSITION, "due", "this one always fails");
  return AFT_OK;
}

typedef struct notes {
  uint32_t n[1024];
} notes;

static aft_status see_note(void *user, const aft__value *row, aft_error *error) {
  (void)error;
  if (row[2].number < 1024)
    ((notes *)user)->n[row[2].number]++;
  return AFT_OK;
}

static aft_status read_notes(aft__tx *tx, void *user, aft_error *error) {
  aft__scan scan = {.table = &note_table, .index = AFT__BY_ID};
  memset(user, 0, sizeof(notes));
  return aft__scan_each(tx, &scan, see_note, user, error);
}

static void due_rows_fire_in_their_time(void **state) {
  fixture *f = *state;
  setting a = {1, "reply", START + 100}, b = {2, "reply", START + 50}, c = {1, "close", START + 100};
  uint32_t fired = 99;
  aft_time next = 0;
  notes n;
  assert_int_equal(aft__due_fire(f->session, 10, 0, write_note, NULL, NULL, &fired, &next, NULL), AFT_OK);
  assert_int_equal(fired, 0);
  assert_true(next == AFT_TIME_NONE);
  must(f, set_due, &a);
  must(f, set_due, &b);
  must(f, set_due, &c);
  assert_int_equal(aft__due_fire(f->session, 10, 0, write_note, NULL, NULL, &fired, &next, NULL), AFT_OK);
  assert_int_equal(fired, 0);
  assert_int_equal(next, START + 50);
  b.at = START + 200; /* moves */
  must(f, set_due, &b);
  c.name = "nothing"; /* a missing one is fine */
  must(f, clear_due, &c);
  pass(f, 100);
  assert_int_equal(aft__due_fire(f->session, 1, 0, write_note, NULL, NULL, &fired, &next, NULL), AFT_OK);
  assert_int_equal(fired, 1);
  assert_int_equal(next, START + 100); /* work is left */
  c.name = NULL;
  must(f, clear_due, &c);
  assert_int_equal(aft__due_fire(f->session, 10, 0, write_note, NULL, NULL, &fired, &next, NULL), AFT_OK);
  assert_int_equal(fired, 0);
  assert_int_equal(next, START + 200);
  must(f, read_notes, &n);
  assert_int_equal(n.n[1], 1);
  assert_int_equal(n.n[2], 0);
}

static void a_due_row_that_is_added_twice_moves(void **state) {
  fixture *f = *state;
  setting a = {1, "reply", START + 100};
  uint32_t fired = 0;
  aft_time next = 0;
  notes n;
  must(f, add_due, &a);
  a.at = START + 300;
  must(f, add_due, &a);
  pass(f, 200);
  assert_int_equal(aft__due_fire(f->session, 10, 0, write_note, NULL, NULL, &fired, &next, NULL), AFT_OK);
  assert_int_equal(fired, 0);
  assert_int_equal(next, START + 300);
  pass(f, 100);
  assert_int_equal(aft__due_fire(f->session, 10, 0, write_note, NULL, NULL, &fired, &next, NULL), AFT_OK);
  assert_int_equal(fired, 1);
  assert_true(next == AFT_TIME_NONE);
  must(f, read_notes, &n);
  assert_int_equal(n.n[1], 1);
}

static void failing_due_rows_are_parked_and_block_nobody(void **state) {
  fixture *f = *state;
  setting bad = {BAD_SUBJECT, "x", START - 1000}, good = {1, "x", START};
  uint32_t fired;
  aft_time next;
  notes n;
  aft_buf *health = NULL;
  must(f, set_due, &bad);
  for (int i = 0; i < 5; i++) {
    good.subject = i + 1;
    good.at = now_ms(f);
    must(f, set_due, &good);
    assert_int_equal(aft__due_fire(f->session, 10, 0, write_note, NULL, NULL, &fired, &next, NULL), AFT_OK);
    assert_int_equal(fired, 1);
    assert_true(i == 4 ? next == AFT_TIME_NONE : next > now_ms(f));
    if (i < 4)
      atomic_store(&f->now_ms, next);
  }
  pass(f, 365 * AFT__DAY);
  assert_int_equal(aft__due_fire(f->session, 10, 0, write_note, NULL, NULL, &fired, &next, NULL), AFT_OK);
  assert_int_equal(fired, 0);
  must(f, read_notes, &n);
  assert_int_equal(n.n[BAD_SUBJECT], 0);
  assert_int_equal(aft_store_health(f->session, &health, NULL), AFT_OK);
  assert_non_null(strstr(aft_buf_data(health), "\"due_parked\":1"));
  aft_buf_free(health);
  must(f, set_due, &bad); /* setting it anew wakes it */
  assert_int_equal(aft__due_fire(f->session, 10, 0, write_note, NULL, NULL, &fired, &next, NULL), AFT_OK);
  assert_true(next != AFT_TIME_NONE);
}

/* The effect meets a failure that the test has chosen. */
static aft_status fail_as_told(aft__tx *tx, void *user, const aft__value *row, aft_error *error) {
  const aft_error *told = user;
  (void)tx, (void)row;
  if (error) {
    size_t size = error->size;
    *error = *told;
    error->size = size;
  }
  return told->code;
}

static aft_status see_attempts(void *user, const aft__value *row, aft_error *error) {
  (void)error;
  *(int64_t *)user = row[AFT__DU_ATTEMPTS].number;
  return AFT_DONE;
}

static aft_status read_attempts(aft__tx *tx, void *user, aft_error *error) {
  aft__scan scan = {.table = &aft__due_table, .index = AFT__BY_ID};
  return aft__scan_each(tx, &scan, see_attempts, user, error);
}

static int64_t attempts_after(fixture *f, aft_status code, int32_t native, aft_status expected) {
  setting row = {1, "x", START};
  aft_error told = {.size = sizeof told, .code = code, .native = native, .message = "as told"};
  aft_error error = AFT_ERROR_INIT;
  uint32_t fired = 0;
  aft_time next;
  int64_t attempts = -1;
  must(f, clear_due, &(setting){1, "x", 0});
  must(f, set_due, &row);
  aft_status status = aft__due_fire(f->session, 10, 0, fail_as_told, NULL, &told, &fired, &next, &error);
  if (status != expected)
    fail_msg("%s gave %s", aft_status_name(code), aft_status_name(status));
  if (status < 0)
    assert_string_equal(error.message, "as told");
  assert_int_equal(fired, 0);
  must(f, read_attempts, &attempts);
  return attempts;
}

static void the_stores_own_failures_are_not_counted_against_a_due_row(void **state) {
  fixture *f = *state;
  static const aft_status stores[] = {AFT_E_STORE, AFT_E_IO, AFT_E_DRIVER, AFT_E_FULL, AFT_E_READ_ONLY};
  static const aft_status rows[] = {AFT_E_TRANSITION, AFT_E_CORRUPT, AFT_E_NOT_FOUND, AFT_E_INTERNAL};
  for (size_t i = 0; i < sizeof stores / sizeof *stores; i++)
    assert_int_equal(attempts_after(f, stores[i], 0, stores[i]), 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(attempts_after(f, rows[i], 0, AFT_OK), 1);
  /* Damage that the engine found is the store's; damage that the library found, the record's. */
  assert_int_equal(attempts_after(f, AFT_E_CORRUPT, 11, AFT_E_CORRUPT), 0);
}

typedef struct failing {
  aft_error told;     /* what firing gives */
  aft_status telling; /* what telling of it gives */
  uint32_t told_at;   /* a bit for each count of attempts: a transaction that lost a race tells again */
} failing;

static aft_status fail_always(aft__tx *tx, void *user, const aft__value *row, aft_error *error) {
  (void)tx, (void)row;
  return aft__error(error, ((failing *)user)->told.code, NULL, "as told");
}

static aft_status tell(aft__tx *tx, void *user, const aft__value *row, aft_error *error) {
  failing *f = user;
  (void)tx;
  assert_non_null(strstr(row[AFT__DU_ERROR].data, "as told"));
  f->told_at |= 1u << row[AFT__DU_ATTEMPTS].number;
  return f->telling < 0 ? aft__error(error, f->telling, NULL, "nobody listens") : AFT_OK;
}

static void a_failure_is_told_once_and_the_row_is_put_off_even_where_nobody_listens(void **state) {
  fixture *f = *state;
  static const aft_status tellings[] = {AFT_OK, AFT_E_TRANSITION};
  for (size_t i = 0; i < sizeof tellings / sizeof *tellings; i++) {
    failing user = {.told = {.code = AFT_E_CHECK}, .telling = tellings[i]};
    uint32_t fired;
    aft_time next = START;
    int64_t attempts = 0;
    must(f, clear_due, &(setting){1, "x", 0});
    must(f, set_due, &(setting){1, "x", START});
    for (int again = 0; again < 3; again++) {
      atomic_store(&f->now_ms, next);
      assert_int_equal(aft__due_fire(f->session, 10, 0, fail_always, tell, &user, &fired, &next, NULL),
                       AFT_OK);
    }
    must(f, read_attempts, &attempts);
    assert_int_equal(attempts, 3);
    assert_int_equal(user.told_at, 1u << 1);
  }
}

#define THREADS 4

typedef struct worker {
  pthread_t thread;
  fixture *f;
  uint32_t fired;
  aft_status status;
} worker;

static void *fire_all(void *user) {
  worker *w = user;
  aft_session *session;
  aft_time next = 0;
  w->status = aft_session_open(w->f->store, &session, NULL);
  if (w->status < 0)
    return NULL;
  for (int i = 0; i < 1000 && w->status >= 0 && next != AFT_TIME_NONE; i++) {
    uint32_t fired = 0;
    w->status = aft__due_fire(session, 7, 0, write_note, NULL, NULL, &fired, &next, NULL);
    w->fired += fired;
  }
  aft_session_close(session);
  return NULL;
}

#define DUE_ROWS 120

static void set_many(fixture *f) {
  for (int i = 1; i <= DUE_ROWS; i++) {
    setting s = {i, "x", START - i};
    must(f, set_due, &s);
  }
}

static void fire_with_threads(fixture *f) {
  worker workers[THREADS];
  notes n;
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.f = f};
    assert_int_equal(pthread_create(&workers[i].thread, NULL, fire_all, &workers[i]), 0);
  }
  uint32_t fired = 0;
  for (int i = 0; i < THREADS; i++) {
    pthread_join(workers[i].thread, NULL);
    assert_int_equal(workers[i].status, AFT_OK);
    fired += workers[i].fired;
  }
  must(f, read_notes, &n);
  for (int i = 1; i <= DUE_ROWS; i++)
    assert_int_equal(n.n[i], 1);
  assert_true(fired <= DUE_ROWS);
}

static void due_rows_fire_once_with_threads(void **state) {
  set_many(*state);
  fire_with_threads(*state);
}

static void due_rows_fire_once_despite_unknown_commits(void **state) {
  fixture *f = *state;
  set_many(f);
  aft__store_hostile(f->store, f->seed, 50, 300);
  fire_with_threads(f);
}

/* ---- leases ---- */

typedef struct leasing {
  const char *owner;
  int64_t fence;
  char act; /* take, renew, release, hold */
} leasing;

static aft_status lease(aft__tx *tx, void *user, aft_error *error) {
  leasing *l = user;
  aft_str name = aft__cstr("job"), owner = aft__cstr(l->owner);
  switch (l->act) {
  case 't':
    return aft__lease_take(tx, name, owner, 1000, &l->fence, error);
  case 'r':
    return aft__lease_renew(tx, name, owner, l->fence, 1000, error);
  case 'h':
    return aft__lease_hold(tx, name, owner, 1000, error);
  default:
    return aft__lease_release(tx, name, owner, l->fence, error);
  }
}

static aft_status do_lease(fixture *f, leasing *l, char act) {
  l->act = act;
  return run(f, lease, l);
}

static void leases_have_one_owner_and_growing_fences(void **state) {
  fixture *f = *state;
  leasing a = {.owner = "a"}, b = {.owner = "b"};
  assert_int_equal(do_lease(f, &a, 'r'), AFT_E_LEASE_LOST);
  assert_int_equal(do_lease(f, &a, 't'), AFT_OK);
  assert_int_equal(do_lease(f, &b, 't'), AFT_E_LEASE_LOST);
  assert_int_equal(do_lease(f, &b, 'h'), AFT_E_LEASE_LOST);
  pass(f, 999);
  assert_int_equal(do_lease(f, &a, 'r'), AFT_OK);
  pass(f, 999);
  assert_int_equal(do_lease(f, &b, 't'), AFT_E_LEASE_LOST);
  pass(f, 1);
  assert_int_equal(do_lease(f, &b, 't'), AFT_OK);
  assert_true(b.fence > a.fence);
  assert_int_equal(do_lease(f, &a, 'r'), AFT_E_LEASE_LOST);
  assert_int_equal(do_lease(f, &a, 'x'), AFT_E_LEASE_LOST);
  assert_int_equal(do_lease(f, &b, 'x'), AFT_OK);
  int64_t old_fence = b.fence;
  assert_int_equal(do_lease(f, &a, 't'), AFT_OK);
  assert_true(a.fence > old_fence);
  leasing again = a; /* the same owner's second taking ends the first */
  assert_int_equal(do_lease(f, &again, 't'), AFT_OK);
  assert_int_equal(do_lease(f, &a, 'r'), AFT_E_LEASE_LOST);
}

static void a_lease_from_a_clock_far_ahead_is_taken_over(void **state) {
  fixture *f = *state;
  leasing a = {.owner = "a"}, b = {.owner = "b"};
  assert_int_equal(do_lease(f, &a, 't'), AFT_OK);
  pass(f, -1000);
  assert_int_equal(do_lease(f, &b, 'h'), AFT_E_LEASE_LOST); /* two ttl are left */
  pass(f, -1);
  assert_int_equal(do_lease(f, &b, 'h'), AFT_OK);
  assert_int_equal(do_lease(f, &a, 'r'), AFT_E_LEASE_LOST);
  assert_int_equal(do_lease(f, &a, 'h'), AFT_E_LEASE_LOST);
  pass(f, 1000);
  assert_int_equal(do_lease(f, &a, 't'), AFT_OK); /* it ends by the new clock */
}

/* ---- idempotency ---- */

typedef struct keyed {
  aft__idem idem;
  aft__idem_outcome outcome;
} keyed;

static aft_status find_or_save(aft__tx *tx, void *user, aft_error *error) {
  keyed *k = user;
  aft__idem_outcome found;
  aft_status status = aft__idem_find(tx, &k->idem, &found, error);
  if (status == AFT_REPLAYED)
    k->outcome = found;
  return status == AFT_OK ? aft__idem_save(tx, &k->idem, &k->outcome, error) : status;
}

typedef struct pruning {
  aft_id tenant;
  uint32_t n;
} pruning;

static aft_status prune(aft__tx *tx, void *user, aft_error *error) {
  pruning *p = user;
  return aft__idem_prune(tx, p->tenant, START + AFT__DAY, 100, &p->n, error);
}

static keyed keyed_of(const char *key, uint8_t content, aft_id id) {
  keyed k = {.idem = {.tenant = 1, .role = 2, .actor = 3, .verb = aft__cstr("v"), .key = aft__cstr(key)}};
  memset(k.idem.digest, content, sizeof k.idem.digest);
  k.outcome.status = AFT_IGNORED;
  k.outcome.ids[0] = id;
  k.outcome.ids[3] = id + 1;
  return k;
}

static void keys_replay_and_are_not_reused(void **state) {
  fixture *f = *state;
  keyed first = keyed_of("k", 1, 10), again = keyed_of("k", 1, 0), other = keyed_of("k", 2, 0);
  assert_int_equal(run(f, find_or_save, &first), AFT_OK);
  assert_int_equal(run(f, find_or_save, &again), AFT_REPLAYED);
  assert_int_equal(again.outcome.status, AFT_IGNORED);
  assert_int_equal(again.outcome.ids[0], 10);
  assert_int_equal(again.outcome.ids[3], 11);
  assert_int_equal(run(f, find_or_save, &other), AFT_E_KEY_REUSED);
  keyed scopes[] = {other, other, other, other, other};
  scopes[0].idem.tenant = 9;
  scopes[1].idem.role = 9;
  scopes[2].idem.actor = 9;
  scopes[3].idem.verb = aft__cstr("w");
  scopes[4].idem.key = aft__cstr("l");
  for (size_t i = 0; i < AFT__COUNT(scopes); i++)
    assert_int_equal(run(f, find_or_save, &scopes[i]), AFT_OK);
  pass(f, 2 * AFT__DAY);
  keyed late = keyed_of("late", 1, 1);
  assert_int_equal(run(f, find_or_save, &late), AFT_OK);
  pruning ours = {.tenant = 1}, others = {.tenant = 9};
  must(f, prune, &ours);
  assert_int_equal(ours.n, 5);
  must(f, prune, &others);
  assert_int_equal(others.n, 1);
  assert_int_equal(run(f, find_or_save, &late), AFT_REPLAYED);
}

/* ---- page tokens ---- */

static void token_of(fixture *f, const aft__value *v, aft__buf *out) {
  aft__buf_init(out, f->env);
  assert_int_equal(aft__page_encode(out, 42, v, 77), AFT_OK);
}

static void tokens_come_back_and_no_other_does(void **state) {
  fixture *f = *state;
  const aft__value values[] = {aft__null(),
                               aft__int(INT64_MIN),
                               aft__int(12345),
                               aft__text(aft__cstr("")),
                               aft__text(aft__cstr("\xe5\xa5\xbd")),
                               aft__blob("\0\xff", 2)};
  aft__arena arena;
  aft__arena_init(&arena, f->env);
  for (size_t i = 0; i < AFT__COUNT(values); i++) {
    aft__buf token;
    aft__value value;
    aft_id id;
    token_of(f, &values[i], &token);
    aft_str text = aft__buf_view(&token);
    assert_int_equal(aft__page_decode(text, 42, &arena, &value, &id, NULL), AFT_OK);
    assert_int_equal(value.type, values[i].type);
    assert_int_equal(aft__value_cmp(&value, &values[i]), 0);
    assert_int_equal(id, 77);
    assert_int_equal(aft__page_decode(text, 43, &arena, &value, &id, NULL), AFT_E_INVALID);
    for (size_t at = 0; at < text.len; at++)
      for (int c = 1; c < 256; c++) {
        char kept = token.data[at];
        if ((char)c == kept)
          continue;
        token.data[at] = (char)c;
        assert_int_equal(aft__page_decode(text, 42, &arena, &value, &id, NULL), AFT_E_INVALID);
        token.data[at] = kept;
      }
    for (size_t cut = 0; cut < text.len; cut++)
      assert_int_equal(aft__page_decode(aft__str(text.data, cut), 42, &arena, &value, &id, NULL),
                       AFT_E_INVALID);
    aft__buf_char(&token, 'A');
    assert_int_equal(aft__page_decode(aft__buf_view(&token), 42, &arena, &value, &id, NULL), AFT_E_INVALID);
    aft__buf_done(&token);
  }
  char huge[4096];
  aft__value value;
  aft_id id;
  memset(huge, 'A', sizeof huge);
  assert_int_equal(aft__page_decode(aft__str(huge, sizeof huge), 42, &arena, &value, &id, NULL),
                   AFT_E_INVALID);
  aft__arena_done(&arena);
}

/* ---- health ---- */

static aft_status mark_tick(aft__tx *tx, void *user, aft_error *error) {
  (void)user;
  return aft__tick_mark(tx, error);
}

static void health_tells_what_waits(void **state) {
  fixture *f = *state;
  aft_buf *health = NULL;
  setting due = {1, "x", START};
  effect e = {.subject = 1}, behind = {.subject = 1};
  aft_id subject = 3;
  assert_int_equal(aft_store_health(f->session, &health, NULL), AFT_OK);
  assert_non_null(strstr(aft_buf_data(health), "\"last_tick\":null"));
  aft_buf_free(health);
  must(f, set_due, &due);
  must(f, add_effect, &e);
  must(f, add_effect, &behind);
  must(f, append_events, &subject);
  must(f, mark_tick, NULL);
  pass(f, 250);
  assert_int_equal(aft_store_health(f->session, &health, NULL), AFT_OK);
  static const char *const parts[] = {"\"schema\":2,",
                                      "\"last_tick\":1767225600000,",
                                      "\"due\":1,",
                                      "\"due_lag_ms\":250,",
                                      "\"due_parked\":0,",
                                      "\"outbox_ready\":1,",
                                      "\"outbox_lag_ms\":250",
                                      "\"outbox_queued\":1,",
                                      "\"outbox_dead\":0,",
                                      "\"feed_pending\":5,"};
  for (size_t i = 0; i < AFT__COUNT(parts); i++)
    if (!strstr(aft_buf_data(health), parts[i]))
      fail_msg("%s is not in %s", parts[i], aft_buf_data(health));
  aft_buf_free(health);
}

int main(void) {
#define ON(where, test) \
  { #test " on " #where, test, set_up_##where, tear_down, NULL }
#define ON_ALL(test) ON(memory, test), ON(hostile, test), ON(sqlite, test)
  const struct CMUnitTest tests[] = {
      ON_ALL(chain_shows_every_change),
      ON_ALL(chain_shows_order_and_loss),
      ON_ALL(chain_layout_is_pinned),
      ON_ALL(feed_numbers_have_no_gaps),
      ON_ALL(feed_has_one_worker),
      ON_ALL(effects_of_a_subject_leave_in_order),
      ON_ALL(lost_leases_of_messages_are_offered_again),
      ON_ALL(money_waits_for_its_outcome),
      ON_ALL(failing_effects_back_off_and_die),
      ON_ALL(effects_that_kill_their_workers_die_too),
      ON_ALL(due_rows_fire_in_their_time),
      ON_ALL(a_due_row_that_is_added_twice_moves),
      ON_ALL(failing_due_rows_are_parked_and_block_nobody),
      ON_ALL(the_stores_own_failures_are_not_counted_against_a_due_row),
      ON_ALL(a_failure_is_told_once_and_the_row_is_put_off_even_where_nobody_listens),
      ON_ALL(due_rows_fire_once_with_threads),
      ON(memory, due_rows_fire_once_despite_unknown_commits),
      ON_ALL(leases_have_one_owner_and_growing_fences),
      ON_ALL(a_lease_from_a_clock_far_ahead_is_taken_over),
      ON_ALL(keys_replay_and_are_not_reused),
      ON(memory, tokens_come_back_and_no_other_does),
      ON_ALL(health_tells_what_waits),
  };
  static const char *const not_there[] = {" on memory", " on hostile"};
  return RUN_CASES(tests, not_there);
}

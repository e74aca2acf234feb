/* The library itself on the driver, through its public functions: a store, a desk, one ticket's life. */
#include <aftersales.h>

#include <pthread.h>

#include "suite.h"

#define PREFIX "aftc_desk_"

typedef struct desk {
  suite *s;
  aft_env *env;
  aft_store *store;
  aft_session *session;
  aft_call call;
  aft_id shop;
  aft_id ticket;
} desk;

static bool must(desk *d, const char *what, aft_status found, aft_status expected) {
  return suite_is(d->s, what, found, expected);
}

static aft_error *error_of(desk *d) {
  d->s->error = (aft_error)AFT_ERROR_INIT;
  return &d->s->error;
}

static bool open_store(desk *d, uint32_t flags) {
  aft_store_options o = {.size = sizeof o, .driver = d->s->driver, .flags = flags | AFT_STORE_RELAXED};
  o.dsn = AFT_STR(d->s->how->dsn);
  o.prefix = AFT_STR(PREFIX);
  return must(d, "aft_store_open", aft_store_open(d->env, &o, &d->store, error_of(d)), AFT_OK) &&
         must(d, "aft_session_open", aft_session_open(d->store, &d->session, error_of(d)), AFT_OK);
}

static void close_store(desk *d) {
  aft_session_close(d->session);
  aft_store_unref(d->store);
  d->session = NULL;
  d->store = NULL;
}

static bool open_desk(desk *d, suite *s) {
  aft_record *tenant = NULL, *shop = NULL;
  *d = (desk){.s = s, .call = {.size = sizeof d->call, .role = AFT_ROLE_SYSTEM}};
  aft_tenant_in acme = {.size = sizeof acme, .external = AFT_STR("acme")};
  aft_shop_in phones = {.size = sizeof phones, .external = AFT_STR("phones")};
  bool good =
      suite_drop_tables(s) && must(d, "aft_env_new", aft_env_new(NULL, &d->env, error_of(d)), AFT_OK) &&
      open_store(d, AFT_STORE_CREATE) &&
      must(d, "aft_tenant_put", aft_tenant_put(d->session, &d->call, &acme, &tenant, error_of(d)), AFT_OK);
  if (good)
    d->call.tenant = aft_tenant_id(tenant);
  good = good &&
         must(d, "aft_shop_put", aft_shop_put(d->session, &d->call, &phones, &shop, error_of(d)), AFT_OK);
  if (good)
    d->shop = aft_shop_id(shop);
  aft_record_free(tenant);
  aft_record_free(shop);
  return good;
}

static bool close_desk(desk *d, bool good) {
  close_store(d);
  aft_env_unref(d->env);
  return good;
}

static aft_message_in message_of(const desk *d, const char *external) {
  aft_message_in in = {.size = sizeof in, .shop = d->shop, .channel = AFT_STR("wechat")};
  in.external = AFT_STR(external);
  in.handle = AFT_STR(external);
  in.text = AFT_STR("\xe4\xbb\x98\xe6\xac\xbe\xe5\xa4\xb1\xe8\xb4\xa5\xe4\xba\x86"); /* the payment failed */
  return in;
}

static bool take_in(desk *d, aft_session *session, const char *external, aft_status expected) {
  aft_record *message = NULL;
  aft_message_in in = message_of(d, external);
  bool good = must(d, "aft_intake", aft_intake(session, &d->call, &in, &message, error_of(d)), expected);
  if (good)
    d->ticket = aft_message_ticket(message);
  aft_record_free(message);
  return good;
}

/* The records of a cursor are as many as expected; it is freed. */
static bool lists(desk *d, const char *what, aft_status opened, aft_cursor *cursor, int expected) {
  aft_record *record;
  int n = 0;
  if (!must(d, what, opened, AFT_OK))
    return false;
  aft_status status;
  while ((status = aft_cursor_next(cursor, &record, error_of(d))) == AFT_OK)
    n++;
  aft_cursor_free(cursor);
  return must(d, what, status, AFT_DONE) &&
         (n == expected || suite_fail(d->s, "%s: expected %d records, found %d", what, expected, n));
}

static bool inbox_has(desk *d, int expected) {
  aft_cursor *cursor = NULL;
  aft_status status = aft_ticket_inbox(d->session, &d->call, NULL, &cursor, error_of(d));
  return lists(d, "aft_ticket_inbox", status, cursor, expected);
}

/* ---- the cases ---- */

static bool store_is_made_and_found(suite *s) {
  desk d;
  aft_buf *health = NULL;
  bool good = open_desk(&d, s);
  close_store(&d);
  good = good && open_store(&d, 0) &&
         must(&d, "aft_store_health", aft_store_health(d.session, &health, error_of(&d)), AFT_OK);
  aft_buf_free(health);
  return close_desk(&d, good);
}

static bool answer(desk *d) {
  aft_answer_in in = {.size = sizeof in, .ticket = d->ticket, .text = AFT_STR("We pay it back today.")};
  return must(d, "aft_ticket_answer", aft_ticket_answer(d->session, &d->call, &in, NULL, error_of(d)),
              AFT_OK);
}

/* Claims what is ready and settles it, until nothing is left. */
static bool send_all(desk *d, int expected) {
  int sent = 0;
  for (bool more = true; more;) {
    aft_cursor *cursor = NULL;
    aft_record *effect;
    more = false;
    if (!must(d, "aft_outbox_claim", aft_outbox_claim(d->session, NULL, &cursor, error_of(d)), AFT_OK))
      return false;
    while (aft_cursor_next(cursor, &effect, error_of(d)) == AFT_OK) {
      aft_status status = aft_outbox_settle(d->session, aft_effect_id(effect), aft_effect_fence(effect),
                                            AFT_OUTCOME_DONE, NULL, error_of(d));
      more = must(d, "aft_outbox_settle", status, AFT_OK);
      sent += more;
    }
    aft_cursor_free(cursor);
  }
  return sent == expected || suite_fail(d->s, "the outbox: expected %d effects, found %d", expected, sent);
}

static bool one_tickets_life(suite *s) {
  desk d;
  aft_cursor *cursor = NULL;
  aft_buf *why = NULL;
  aft_record *ticket = NULL;
  aft_tick_report report = {.size = sizeof report};
  bool good = open_desk(&d, s) && take_in(&d, d.session, "m1", AFT_OK) && inbox_has(&d, 1) && answer(&d) &&
              send_all(&d, 2) &&
              must(&d, "aft_explain",
                   aft_explain(d.session, &d.call, d.ticket, NULL, "en", &why, error_of(&d)), AFT_OK) &&
              must(&d, "aft_tick", aft_tick(d.session, NULL, &report, error_of(&d)), AFT_OK) &&
              (report.sequenced > 0 || suite_fail(s, "aft_tick: expected events to number, found none"));
  aft_act_in act = {
      .size = sizeof act, .ticket = d.ticket, .act = AFT_ACT_RESOLVE, .reason = AFT_STR("solved")};
  good = good &&
         must(&d, "aft_ticket_act", aft_ticket_act(d.session, &d.call, &act, &ticket, error_of(&d)), AFT_OK);
  if (good) {
    aft_status status = aft_ticket_history(d.session, &d.call, d.ticket, &cursor, error_of(&d));
    good = lists(&d, "aft_ticket_history", status, cursor, (int)aft_ticket_events(ticket));
  }
  if (good) {
    aft_status status = aft_message_list(d.session, &d.call, d.ticket, &cursor, error_of(&d));
    good = lists(&d, "aft_message_list", status, cursor, 2);
  }
  aft_record_free(ticket);
  aft_buf_free(why);
  return close_desk(&d, good);
}

static bool delivered_twice(suite *s) {
  desk d;
  bool good = open_desk(&d, s) && take_in(&d, d.session, "m1", AFT_OK);
  aft_id first = d.ticket;
  good = good && take_in(&d, d.session, "m1", AFT_REPLAYED) && take_in(&d, d.session, "m2", AFT_OK) &&
         take_in(&d, d.session, "m1", AFT_REPLAYED) && inbox_has(&d, 2);
  if (good && d.ticket != first)
    good = suite_fail(s, "a message that was delivered twice belongs to another ticket the second time");
  return close_desk(&d, good);
}

static bool refused_leaves_nothing(suite *s) {
  desk d;
  bool good = open_desk(&d, s);
  aft_id shop = d.shop;
  d.shop++; /* there is none */
  good = good && (aft_id)0 != shop;
  if (good) {
    aft_message_in in = message_of(&d, "m1");
    good = must(&d, "aft_intake for a shop that is not there",
                aft_intake(d.session, &d.call, &in, NULL, error_of(&d)), AFT_E_NOT_FOUND);
  }
  d.shop = shop;
  good = good && inbox_has(&d, 0) && take_in(&d, d.session, "m1", AFT_OK) && inbox_has(&d, 1);
  return close_desk(&d, good);
}

static bool batches(suite *s) {
  static const char *const externals[] = {"m1", "m2", "m1", "m3"};
  desk d;
  aft_batch *batch = NULL;
  aft_message_in in[COUNT(externals)];
  bool good = open_desk(&d, s);
  for (size_t i = 0; i < COUNT(externals); i++)
    in[i] = message_of(&d, externals[i]);
  in[3].shop++; /* is refused alone */
  good = good && must(&d, "aft_intake_batch",
                      aft_intake_batch(d.session, &d.call, in, COUNT(in), &batch, error_of(&d)), AFT_OK);
  static const aft_status expected[] = {AFT_OK, AFT_OK, AFT_REPLAYED, AFT_E_NOT_FOUND};
  for (size_t i = 0; good && i < COUNT(expected); i++)
    good = must(&d, "a message of the batch", aft_batch_status(batch, i, error_of(&d)), expected[i]);
  good = good && inbox_has(&d, 2);
  aft_batch_free(batch);
  return close_desk(&d, good);
}

static bool reading_alone(suite *s) {
  desk d;
  bool good = open_desk(&d, s) && take_in(&d, d.session, "m1", AFT_OK);
  close_store(&d);
  good = good && open_store(&d, AFT_STORE_READ_ONLY) && inbox_has(&d, 1);
  if (good) {
    aft_message_in in = message_of(&d, "m2");
    good = must(&d, "aft_intake", aft_intake(d.session, &d.call, &in, NULL, error_of(&d)), AFT_E_READ_ONLY);
  }
  return close_desk(&d, good);
}

/* ---- threads ---- */

enum {
  THREADS = 3,
  MESSAGES = 5
};

typedef struct intaker {
  const desk *d;
  int number;
  aft_status status;
  aft_error error;
  pthread_t thread;
} intaker;

static void *intake_many(void *arg) {
  intaker *w = arg;
  aft_session *session = NULL;
  w->error = (aft_error)AFT_ERROR_INIT;
  w->status = aft_session_open(w->d->store, &session, &w->error);
  for (int i = 0; i < MESSAGES && w->status >= 0; i++) {
    char external[32];
    snprintf(external, sizeof external, "t%d-%d", w->number, i);
    aft_message_in in = message_of(w->d, external);
    w->status = aft_intake(session, &w->d->call, &in, NULL, &w->error);
  }
  aft_session_close(session);
  return NULL;
}

static bool sessions_at_once(suite *s) {
  desk d;
  intaker workers[THREADS];
  int started = 0;
  bool good = open_desk(&d, s);
  for (; good && started < THREADS; started++) {
    workers[started] = (intaker){.d = &d, .number = started};
    if (pthread_create(&workers[started].thread, NULL, intake_many, &workers[started]))
      break;
  }
  for (int i = 0; i < started; i++)
    pthread_join(workers[i].thread, NULL);
  if (good && started < THREADS)
    good = suite_fail(s, "the suite could not start a thread");
  for (int i = 0; good && i < THREADS; i++) {
    s->error = workers[i].error;
    good = suite_is(s, "aft_intake in a thread", workers[i].status, AFT_OK);
  }
  return close_desk(&d, good && inbox_has(&d, THREADS * MESSAGES));
}

/* ---- the host's transaction ---- */

static bool in_the_hosts_transaction(desk *d, void *native, const char *external, const char *end) {
  const aft_conformance_host *host = d->s->how->host;
  aft_session *attached = NULL;
  if (host->exec(host->user, native, d->s->dialect->begin))
    return suite_fail(d->s, "the host's own \"%s\" failed", d->s->dialect->begin);
  bool good =
      must(d, "aft_session_attach", aft_session_attach(d->store, native, &attached, error_of(d)), AFT_OK) &&
      take_in(d, attached, external, AFT_OK);
  aft_session_close(attached);
  if (host->exec(host->user, native, end))
    return suite_fail(d->s, "the host's own \"%s\" failed", end);
  return good;
}

static bool with_the_host(suite *s) {
  desk d;
  const aft_conformance_host *host = s->how->host;
  if (!s->driver->attach || !host)
    return suite_skip(s, s->driver->attach ? "no host connections were given" : "the driver has no attach");
  bool good = open_desk(&d, s);
  void *native = good ? host->open(host->user, s->how->dsn) : NULL;
  if (good && !native)
    good = suite_fail(s, "the host could not open a connection");
  good = good && in_the_hosts_transaction(&d, native, "m1", "ROLLBACK") && inbox_has(&d, 0) &&
         in_the_hosts_transaction(&d, native, "m1", "COMMIT") && inbox_has(&d, 1) &&
         take_in(&d, d.session, "m1", AFT_REPLAYED);
  if (native)
    host->close(host->user, native);
  return close_desk(&d, good);
}

static const suite_case cases[] = {
    {"library.store", "a store is made on the driver, and found again", store_is_made_and_found},
    {"library.ticket",
     "a message becomes a ticket, is answered, sent, numbered, resolved, and its history verifies",
     one_tickets_life},
    {"library.replay", "a message that is delivered twice is taken in once", delivered_twice},
    {"library.refused", "a command that fails leaves nothing behind", refused_leaves_nothing},
    {"library.batch", "a batch is one transaction in which a message fails alone", batches},
    {"library.read_only", "a store that is open for reading reads, and refuses to write", reading_alone},
    {"library.threads", "sessions of several threads take in messages at once", sessions_at_once},
    {"library.attached", "a ticket commits or vanishes with the host's own transaction", with_the_host},
};
const suite_group suite_library = {cases, COUNT(cases), false};

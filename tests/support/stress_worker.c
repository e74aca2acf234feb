/* One process of the stress: threads that run random commands on one file, and write down in a journal of
 * their own each call that was acknowledged. Usage: stress-worker DATABASE JOURNAL NAME SEED THREADS MS
 *
 * A line of the journal is a letter and what the call was about:
 *   M  external id of a message    A  text of an answer    O  number of an order
 *   H  number of a host's order, taken in together with the message of the same name
 *   S  id of an effect that was settled as done */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <aftersales.h>

#include "random.h"

#define HANDLES 12
#define SHARED  150  /* messages that all workers deliver */
#define SPEED   1000 /* the desk's clock runs so much faster */

typedef struct crowd {
  const char *path, *name;
  int journal;
  int64_t end_ms;
  aft_env *env;
  aft_store *store;
  aft_id tenant, shop, agent;
} crowd;

typedef struct worker {
  crowd *crowd;
  uint64_t seed;
  int number;
  uint32_t count; /* names that were given */
  aft_session *session;
  sqlite3 *host;
  aft_id ticket, message; /* of the last message */
} worker;

static int64_t real_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The same in all processes. */
static int64_t fast_clock(void *user) {
  (void)user;
  return INT64_C(1795000000000) + real_ms() % INT64_C(100000000) * SPEED;
}

static void die(const char *what, aft_status status, const aft_error *error) {
  fprintf(stderr, "%s: %s at %s: %s\n", what, aft_status_name(status), error->where, error->message);
  _exit(9);
}

/* Statuses that a crowd brings with it. */
static bool usual(aft_status status) {
  switch (status) {
  case AFT_E_LOCKED:
  case AFT_E_CONFLICT:
  case AFT_E_RETRY:
  case AFT_E_UNKNOWN:
  case AFT_E_TRANSITION:
  case AFT_E_LEASE_LOST:
    return true;
  default:
    return status >= 0;
  }
}

static bool done(const char *what, aft_status status, const aft_error *error) {
  if (!usual(status))
    die(what, status, error);
  return status >= 0;
}

static void journal(const worker *w, char kind, const char *what) {
  char line[96];
  int n = snprintf(line, sizeof line, "%c %s\n", kind, what);
  if (write(w->crowd->journal, line, (size_t)n) != n)
    _exit(8);
}

static const char *new_name(worker *w, const char *what, char out[64]) {
  snprintf(out, 64, "%s-%s-%d-%u", what, w->crowd->name, w->number, w->count++);
  return out;
}

static aft_call as(const worker *w, uint32_t role) {
  return (aft_call){.size = sizeof(aft_call),
                    .tenant = w->crowd->tenant,
                    .role = role,
                    .actor = role == AFT_ROLE_AGENT ? w->crowd->agent : 0};
}

/* ---- the commands ---- */

static aft_message_in message(worker *w, const char *external, char handle[16]) {
  static const char *const texts[] = {"付款失败了，钱扣了两次", "怎么还没有处理？我要投诉！", "好的谢谢",
                                      "要退货"};
  snprintf(handle, 16, "wx-%u", below(&w->seed, HANDLES));
  return (aft_message_in){.size = sizeof(aft_message_in),
                          .shop = w->crowd->shop,
                          .channel = AFT_STR("wechat"),
                          .external = AFT_STR(external),
                          .handle = AFT_STR(handle),
                          .text = AFT_STR(texts[below(&w->seed, 4)])};
}

static aft_status take_in(worker *w, aft_session *session, const char *external) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  char handle[16];
  aft_call call = as(w, AFT_ROLE_SYSTEM);
  aft_message_in in = message(w, external, handle);
  aft_status status = aft_intake(session, &call, &in, &made, &error);
  if (!done("intake", status, &error))
    return status;
  w->ticket = aft_message_ticket(made);
  w->message = aft_message_id(made);
  aft_record_free(made);
  return status;
}

static void one_message(worker *w) {
  char name[64];
  if (below(&w->seed, 3))
    new_name(w, "m", name);
  else
    snprintf(name, sizeof name, "shared-%u", below(&w->seed, SHARED));
  if (take_in(w, w->session, name) >= 0)
    journal(w, 'M', name);
}

static void some_messages(worker *w) {
  aft_error error = AFT_ERROR_INIT;
  aft_batch *batch;
  aft_message_in in[3];
  char names[3][64], handles[3][16];
  aft_call call = as(w, AFT_ROLE_SYSTEM);
  for (int i = 0; i < 3; i++)
    in[i] = message(w, new_name(w, "b", names[i]), handles[i]);
  if (!done("batch", aft_intake_batch(w->session, &call, in, 3, &batch, &error), &error))
    return;
  for (size_t i = 0; i < 3; i++)
    if (aft_batch_status(batch, i, &error) >= 0)
      journal(w, 'M', names[i]);
  aft_batch_free(batch);
}

static void answer(worker *w) {
  aft_error error = AFT_ERROR_INIT;
  char name[64];
  aft_call call = as(w, AFT_ROLE_AGENT);
  if (!w->ticket)
    return;
  call.key = AFT_STR(new_name(w, "a", name));
  aft_answer_in in = {.size = sizeof in, .ticket = w->ticket, .text = AFT_STR(name)};
  if (done("answer", aft_ticket_answer(w->session, &call, &in, NULL, &error), &error))
    journal(w, 'A', name);
}

static void act(worker *w) {
  static const uint32_t acts[] = {AFT_ACT_ASSIGN, AFT_ACT_RELEASE,  AFT_ACT_WAIT_THIRD, AFT_ACT_RESUME,
                                  AFT_ACT_REOPEN, AFT_ACT_ESCALATE, AFT_ACT_RESOLVE,    AFT_ACT_CLASSIFY};
  aft_error error = AFT_ERROR_INIT;
  aft_call call = as(w, AFT_ROLE_AGENT);
  uint32_t what = acts[below(&w->seed, sizeof acts / sizeof *acts)];
  aft_act_in in = {.size = sizeof in, .ticket = w->ticket, .act = what};
  if (what == AFT_ACT_ASSIGN)
    in.agent = w->crowd->agent;
  else if (what == AFT_ACT_CLASSIFY)
    in.category = AFT_STR("quality");
  if (w->ticket)
    done("act", aft_ticket_act(w->session, &call, &in, NULL, &error), &error);
}

static void revise(worker *w) {
  aft_error error = AFT_ERROR_INIT;
  char name[64];
  aft_call call = as(w, AFT_ROLE_SYSTEM);
  aft_message_change in = {.size = sizeof in, .message = w->message, .text = AFT_STR(new_name(w, "e", name))};
  if (w->message)
    done("revise", aft_message_revise(w->session, &call, &in, NULL, &error), &error);
}

static void order(worker *w) {
  aft_error error = AFT_ERROR_INIT;
  char name[64];
  aft_record *customer;
  aft_call call = as(w, AFT_ROLE_SYSTEM);
  aft_customer_in buyer = {.size = sizeof buyer, .external = AFT_STR("buyer"), .name = AFT_STR("王芳")};
  if (!done("customer", aft_customer_put(w->session, &call, &buyer, &customer, &error), &error))
    return;
  aft_order_in in = {.size = sizeof in,
                     .shop = w->crowd->shop,
                     .customer = aft_customer_id(customer),
                     .number = AFT_STR(new_name(w, "o", name))};
  aft_record_free(customer);
  if (done("order", aft_order_put(w->session, &call, &in, NULL, &error), &error))
    journal(w, 'O', name);
}

static void carry_out(worker *w) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  char text[32];
  aft_claim_in in = {.size = sizeof in, .most = 4};
  if (!done("claim", aft_outbox_claim(w->session, &in, &cursor, &error), &error))
    return;
  while (aft_cursor_next(cursor, &effect, &error) == AFT_OK) {
    uint32_t outcome = below(&w->seed, 8) ? AFT_OUTCOME_DONE : AFT_OUTCOME_RETRY;
    aft_id id = aft_effect_id(effect);
    aft_status status = aft_outbox_settle(w->session, id, aft_effect_fence(effect), outcome, NULL, &error);
    snprintf(text, sizeof text, "%lld", (long long)id);
    if (done("settle", status, &error) && outcome == AFT_OUTCOME_DONE)
      journal(w, 'S', text);
  }
  aft_cursor_free(cursor);
}

static void tick(worker *w) {
  aft_error error = AFT_ERROR_INIT;
  aft_tick_budget budget = {.size = sizeof budget, .rows = 30, .ms = 200};
  done("tick", aft_tick(w->session, &budget, NULL, &error), &error);
}

/* The host's order and our message in the host's transaction. */
static void with_host(worker *w) {
  aft_error error = AFT_ERROR_INIT;
  aft_session *attached = NULL;
  char name[64], sql[160];
  snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; INSERT INTO orders VALUES ('%s')", new_name(w, "h", name));
  aft_status status = sqlite3_exec(w->host, sql, 0, 0, 0) ? AFT_E_LOCKED : AFT_OK;
  if (status >= 0)
    status = aft_session_attach(w->crowd->store, w->host, &attached, &error);
  if (status >= 0)
    status = take_in(w, attached, name);
  aft_session_close(attached);
  if (status >= 0 && sqlite3_exec(w->host, "COMMIT", 0, 0, 0) == SQLITE_OK)
    journal(w, 'H', name);
  else if (!sqlite3_get_autocommit(w->host))
    sqlite3_exec(w->host, "ROLLBACK", 0, 0, 0);
}

static void *work(void *user) {
  static void (*const commands[])(worker *) = {one_message, one_message, one_message, some_messages, answer,
                                               answer,      act,         act,         revise,        order,
                                               carry_out,   carry_out,   tick,        with_host};
  worker *w = user;
  aft_error error = AFT_ERROR_INIT;
  if (aft_session_open(w->crowd->store, &w->session, &error) < 0)
    die("session", error.code, &error);
  if (sqlite3_open_v2(w->crowd->path, &w->host, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ||
      sqlite3_busy_timeout(w->host, 20000))
    die("host", AFT_E_STORE, &error);
  while (real_ms() < w->crowd->end_ms)
    commands[below(&w->seed, sizeof commands / sizeof *commands)](w);
  sqlite3_close(w->host);
  aft_session_close(w->session);
  return NULL;
}

/* ---- the process ---- */

static void open_all(crowd *c) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_session *session;
  aft_env_options env = {.size = sizeof env, .clock = {.size = sizeof(aft_clock), .now_ms = fast_clock}};
  aft_store_options store = {.size = sizeof store, .dsn = AFT_STR(c->path), .busy_ms = 20000};
  aft_call call = {.size = sizeof call, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in tenant = {.size = sizeof tenant, .external = AFT_STR("merchant")};
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("phones")};
  aft_agent_in agent = {.size = sizeof agent, .external = AFT_STR("lin"), .shops = &c->shop, .n_shops = 1};
  if (aft_env_new(&env, &c->env, &error) < 0 || aft_store_open(c->env, &store, &c->store, &error) < 0 ||
      aft_session_open(c->store, &session, &error) < 0 ||
      aft_tenant_put(session, &call, &tenant, &made, &error) < 0)
    die("open", error.code, &error);
  call.tenant = c->tenant = aft_tenant_id(made);
  aft_record_free(made);
  if (aft_shop_put(session, &call, &shop, &made, &error) < 0)
    die("shop", error.code, &error);
  c->shop = aft_shop_id(made);
  aft_record_free(made);
  if (aft_agent_put(session, &call, &agent, &made, &error) < 0)
    die("agent", error.code, &error);
  c->agent = aft_agent_id(made);
  aft_record_free(made);
  aft_session_close(session);
}

int main(int argc, char **argv) {
  enum {
    DATABASE = 1,
    JOURNAL,
    NAME,
    SEED,
    THREADS,
    MS,
    ALL
  };
  worker workers[16] = {{0}};
  pthread_t threads[16];
  if (argc != ALL)
    return 2;
  crowd c = {.path = argv[DATABASE], .name = argv[NAME]};
  long n = strtol(argv[THREADS], NULL, 10);
  c.end_ms = real_ms() + strtol(argv[MS], NULL, 10);
  c.journal = open(argv[JOURNAL], O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (c.journal < 0 || n < 1 || n > 16)
    return 2;
  open_all(&c);
  uint64_t seed = strtoull(argv[SEED], NULL, 10);
  for (long i = 0; i < n; i++) {
    workers[i] = (worker){.crowd = &c, .seed = draw(&seed), .number = i};
    if (pthread_create(&threads[i], NULL, work, &workers[i]))
      return 7;
  }
  for (int i = 0; i < n; i++)
    pthread_join(threads[i], NULL);
  aft_store_unref(c.store);
  aft_env_unref(c.env);
  return 0;
}

/* Opens the tour's desk, and says its sentences. */
#include "tour_desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ZONE "Asia/Shanghai"

aft_status must(tour *t, aft_status status) {
  if (status >= 0)
    return status;
  fprintf(stderr, "tour: %s%s%s (%s)\n", t->error.where, *t->error.where ? ": " : "", t->error.message,
          aft_status_name(status));
  exit(1);
}

static int64_t shifted_clock(void *user) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ((tour *)user)->shift_ms;
}

/* ---- policy ---- */

static char *read_file(const char *path) {
  FILE *file = fopen(path, "r");
  char *text = NULL;
  long size;
  if (!file)
    return NULL;
  if (!fseek(file, 0, SEEK_END) && (size = ftell(file)) >= 0 && (text = calloc(1, (size_t)size + 1))) {
    rewind(file);
    if (fread(text, 1, (size_t)size, file) != (size_t)size) {
      free(text);
      text = NULL;
    }
  }
  fclose(file);
  return text;
}

static aft_policy *load(tour *t, const char *yaml) {
  char *texts = read_file(TOUR_FOLDER "/tour.yaml");
  aft_policy *policy = NULL;
  aft_buf *report = NULL;
  if (!texts) {
    fprintf(stderr, "tour: %s/tour.yaml cannot be read\n", TOUR_FOLDER);
    exit(1);
  }
  aft_document documents[2] = {
      {.size = sizeof documents[0], .name = AFT_STR("tour.yaml"), .text = AFT_STR(texts)},
      {.size = sizeof documents[1], .name = AFT_STR("change.yaml"), .text = AFT_STR(yaml ? yaml : "")}};
  aft_policy_options options = {.size = sizeof options, .documents = documents, .count = yaml ? 2 : 1};
  aft_status status = aft_policy_load(t->env, &options, &policy, &report, &t->error);
  if (status < 0 && report)
    fputs(aft_buf_data(report), stderr);
  aft_buf_free(report);
  free(texts);
  must(t, status);
  return policy;
}

void tour_activate(tour *t, const char *yaml) {
  aft_policy *policy = load(t, yaml);
  must(t, aft_policy_activate(t->session, &t->system, policy, NULL, &t->error));
  aft_policy_unref(t->policy);
  t->policy = policy;
}

/* ---- opening ---- */

static aft_id id_of(aft_record *record, int64_t id) {
  aft_record_free(record);
  return id;
}

static void make_shop(tour *t) {
  aft_record *r;
  aft_tenant_in tenant = {
      .size = sizeof tenant, .external = AFT_STR("tour"), .zone = AFT_STR(ZONE), .locale = AFT_STR(t->lang)};
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("tour-shop")};
  must(t, aft_tenant_put(t->session, &t->system, &tenant, &r, &t->error));
  t->system.tenant = id_of(r, aft_tenant_id(r));
  must(t, aft_shop_put(t->session, &t->system, &shop, &r, &t->error));
  t->shop = id_of(r, aft_shop_id(r));
  aft_agent_in agent = {
      .size = sizeof agent, .external = AFT_STR("tour-agent"), .shops = &t->shop, .n_shops = 1};
  must(t, aft_agent_put(t->session, &t->system, &agent, &r, &t->error));
  t->agent = t->system;
  t->agent.role = AFT_ROLE_AGENT;
  t->agent.actor = id_of(r, aft_agent_id(r));
}

int tour_on_server(const char *db) {
  return !strncmp(db, "postgresql://", 13) || !strncmp(db, "postgres://", 11);
}

static const aft_sql_driver *driver_of(const char *db) {
  if (!tour_on_server(db))
    return aft_sql_sqlite();
#ifdef TOUR_POSTGRESQL
  return aft_sql_postgres();
#else
  fprintf(stderr, "tour: built without PostgreSQL: libpq was not there (package libpq-dev)\n");
  exit(1);
#endif
}

void tour_open(tour *t, const char *db) {
  aft_env_options env = {.size = sizeof env};
  aft_store_options store = {.size = sizeof store, .dsn = AFT_STR(db), .flags = AFT_STORE_CREATE};
  store.driver = driver_of(db);
  t->error = (aft_error)AFT_ERROR_INIT;
  t->system = (aft_call){.size = sizeof t->system, .role = AFT_ROLE_SYSTEM};
  env.clock = (aft_clock){.size = sizeof env.clock, .now_ms = shifted_clock, .user = t};
  must(t, aft_env_new(&env, &t->env, &t->error));
  must(t, aft_zone_open(t->env, ZONE, AFT_NTS, &t->zone, &t->error));
  must(t, aft_store_open(t->env, &store, &t->store, &t->error));
  must(t, aft_session_open(t->store, &t->session, &t->error));
  make_shop(t);
  tour_activate(t, NULL);
}

void tour_close(tour *t) {
  aft_policy_unref(t->policy);
  aft_session_close(t->session);
  aft_store_unref(t->store);
  aft_zone_unref(t->zone);
  aft_env_unref(t->env);
}

void tour_pass(tour *t, int64_t ms) {
  t->shift_ms += ms;
  tour_journal_time(t->journal, t->shift_ms);
}

/* ---- sentences ---- */

static char *slot(void) {
  static char slots[8][1024];
  static int next;
  return slots[next++ % 8];
}

const char *say(tour *t, const char *key, const char *a, const char *b, const char *c, const char *d) {
  const char *given[] = {a, b, c, d}, *p = aft_policy_text(t->policy, t->lang, key);
  char *out = slot();
  size_t n = 0;
  for (; *p && n < 1000; p++) {
    int place = p[0] == '{' && p[1] >= 'a' && p[1] <= 'd' && p[2] == '}' ? p[1] - 'a' : -1;
    if (place >= 0 && given[place]) {
      n += (size_t)snprintf(out + n, 1000 - n, "%s", given[place]);
      n = n > 1000 ? 1000 : n;
      p += 2;
    } else if ((p[0] == '{' || p[0] == '}') && p[1] == p[0]) {
      out[n++] = *p++;
    } else {
      out[n++] = *p;
    }
  }
  out[n] = 0;
  return out;
}

const char *label(tour *t, const char *group, const char *name) {
  char key[128];
  snprintf(key, sizeof key, "%s.%s", group, name);
  const char *text = aft_policy_text(t->policy, t->lang, key);
  return strcmp(text, key) == 0 ? name : text;
}

const char *number(int64_t n) {
  char *out = slot();
  snprintf(out, 32, "%" PRId64, n);
  return out;
}

const char *clock_text(tour *t, aft_time at) {
  char iso[AFT_TIME_ISO_SIZE];
  char *out = slot();
  if (aft_time_iso(at, t->zone, iso, NULL) < 0)
    return "?";
  snprintf(out, 16, "%.5s", iso + 11);
  return out;
}

const char *span_text(tour *t, int64_t ms) {
  char n[32];
  int64_t minutes = (ms < 0 ? -ms : ms) / 60000;
  const char *unit = minutes < 120 ? "unit.m" : minutes < 48 * 60 ? "unit.h" : "unit.d";
  int64_t value = minutes < 120 ? minutes : minutes < 48 * 60 ? minutes / 60 : minutes / (24 * 60);
  snprintf(n, sizeof n, "%" PRId64, value);
  const char *form = aft_policy_text(t->policy, t->lang, unit), *place = strstr(form, "{n}");
  char *out = slot();
  snprintf(out, 64, "%.*s%s%s", place ? (int)(place - form) : 0, form, n, place ? place + 3 : "");
  return out;
}

const char *due_text(tour *t, aft_record *ticket) {
  static const uint32_t dues[] = {AFT_TICKET_FIRST_RESPONSE_DUE, AFT_TICKET_NEXT_RESPONSE_DUE,
                                  AFT_TICKET_RESOLUTION_DUE};
  aft_time soonest = AFT_TIME_NONE;
  for (int i = 0; i < 3; i++) {
    aft_time due = aft_record_time(ticket, dues[i]);
    if (due != AFT_TIME_NONE && (soonest == AFT_TIME_NONE || due < soonest))
      soonest = due;
  }
  if (soonest == AFT_TIME_NONE)
    return say(t, "tour.none", NULL, NULL, NULL, NULL);
  int64_t left = soonest - aft_env_now(t->env);
  return say(t, left < 0 ? "tour.overdue" : "tour.in", span_text(t, left), NULL, NULL, NULL);
}

/* ---- messages ---- */

aft_record *tour_ticket(tour *t, aft_id id) {
  aft_record *ticket;
  must(t, aft_ticket_get(t->session, &t->system, id, &ticket, &t->error));
  return ticket;
}

aft_record *tour_say(tour *t, const char *external, const char *handle, const char *text,
                     aft_status *status) {
  aft_record *message;
  aft_message_in in = {.size = sizeof in,
                       .shop = t->shop,
                       .channel = AFT_STR("wechat"),
                       .account = AFT_STR("tour-shop"),
                       .external = AFT_STR(external),
                       .handle = AFT_STR(handle),
                       .text = AFT_STR(text)};
  aft_status got = must(t, aft_intake(t->session, &t->system, &in, &message, &t->error));
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  tour_journal_add(t->journal, "wechat", external, ticket);
  tour_journal_sync(t->journal);
  if (status)
    *status = got;
  return tour_ticket(t, ticket);
}

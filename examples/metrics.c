/* Metrics of a store as OpenMetrics text: its health, and how long each command took. */
#include <aftersales.h>

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the trace callback counts ---- */

#define MOST_COMMANDS 128 /* names are the library's own, so there are not many */
#define BUCKETS       9

static const double bounds[BUCKETS] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5}; /* seconds */

typedef struct command {
  const char *name; /* lives as long as the library */
  uint64_t buckets[BUCKETS + 1];
  uint64_t calls, failures, retries;
  double seconds;
} command;

typedef struct counters {
  pthread_mutex_t lock;
  command commands[MOST_COMMANDS];
  size_t n;
} counters;

static command *find(counters *c, const char *name) {
  for (size_t i = 0; i < c->n; i++)
    if (strcmp(c->commands[i].name, name) == 0)
      return &c->commands[i];
  if (c->n == MOST_COMMANDS)
    return NULL;
  c->commands[c->n].name = name;
  return &c->commands[c->n++];
}

/* Called on the thread of each command, by several at once. */
static void count(void *user, const aft_trace *trace) {
  counters *c = user;
  double seconds = (double)trace->duration_ns / 1e9;
  int bucket = 0;
  while (bucket < BUCKETS && seconds > bounds[bucket])
    bucket++;
  pthread_mutex_lock(&c->lock);
  command *found = find(c, trace->name);
  if (found) {
    found->buckets[bucket]++;
    found->calls++;
    found->failures += trace->status < 0;
    found->retries += trace->retries;
    found->seconds += seconds;
  }
  pthread_mutex_unlock(&c->lock);
}

/* ---- writing ---- */

static void family(FILE *out, const char *name, const char *type, const char *unit, const char *help) {
  fprintf(out, "# TYPE aftersales_%s %s\n", name, type);
  if (unit)
    fprintf(out, "# UNIT aftersales_%s %s\n", name, unit);
  fprintf(out, "# HELP aftersales_%s %s\n", name, help);
}

static void write_durations(FILE *out, const counters *c) {
  family(out, "command_duration_seconds", "histogram", "seconds", "How long calls of the library took.");
  for (size_t i = 0; i < c->n; i++) {
    const command *m = &c->commands[i];
    uint64_t sum = 0;
    for (int b = 0; b < BUCKETS; b++) {
      sum += m->buckets[b];
      fprintf(out, "aftersales_command_duration_seconds_bucket{command=\"%s\",le=\"%.4f\"} %llu\n", m->name,
              bounds[b], (unsigned long long)sum);
    }
    fprintf(out, "aftersales_command_duration_seconds_bucket{command=\"%s\",le=\"+Inf\"} %llu\n", m->name,
            (unsigned long long)m->calls);
    fprintf(out, "aftersales_command_duration_seconds_count{command=\"%s\"} %llu\n", m->name,
            (unsigned long long)m->calls);
    fprintf(out, "aftersales_command_duration_seconds_sum{command=\"%s\"} %.9f\n", m->name, m->seconds);
  }
}

static void write_totals(FILE *out, const counters *c) {
  family(out, "command_failures", "counter", NULL, "Calls that ended with an error.");
  for (size_t i = 0; i < c->n; i++)
    fprintf(out, "aftersales_command_failures_total{command=\"%s\"} %llu\n", c->commands[i].name,
            (unsigned long long)c->commands[i].failures);
  family(out, "command_retries", "counter", NULL, "How often calls ran again after a lost race.");
  for (size_t i = 0; i < c->n; i++)
    fprintf(out, "aftersales_command_retries_total{command=\"%s\"} %llu\n", c->commands[i].name,
            (unsigned long long)c->commands[i].retries);
}

/* One gauge from one number of the health report; a number that is null is left out. */
static const struct gauge {
  const char *key, *name, *unit, *help;
  double scale;
} gauges[] = {
    {"schema", "schema_version", NULL, "Version of the tables.", 1},
    {"last_tick", "last_tick_timestamp_seconds", "seconds", "When the clock's tick last ran.", 1e-3},
    {"last_retention", "last_retention_timestamp_seconds", "seconds", "When retention last went through.",
     1e-3},
    {"last_backup", "last_backup_timestamp_seconds", "seconds", "When the last whole backup began.", 1e-3},
    {"due", "due_rows", NULL, "Deadlines that have passed and not fired, at most 1000.", 1},
    {"due_lag_ms", "due_lag_seconds", "seconds", "How late the oldest deadline is.", 1e-3},
    {"due_parked", "due_parked_rows", NULL, "Deadlines that failed five times.", 1},
    {"outbox_ready", "outbox_ready_rows", NULL, "Effects that wait for a worker, at most 1000.", 1},
    {"outbox_lag_ms", "outbox_lag_seconds", "seconds", "How long the oldest effect waits.", 1e-3},
    {"outbox_unknown", "outbox_unknown_rows", NULL, "Effects whose outcome somebody must find out.", 1},
    {"outbox_dead", "outbox_dead_rows", NULL, "Effects that were given up.", 1},
    {"feed_pending", "feed_pending_events", NULL, "Events without a number in the feed, at most 1000.", 1},
    {"database_bytes", "database_size_bytes", "bytes", "Size of the database.", 1},
    {"free_bytes", "database_free_bytes", "bytes", "Of these, in pages that hold nothing.", 1},
    {"log_bytes", "log_size_bytes", "bytes", "Size of the write-ahead log.", 1},
};

static void write_health(FILE *out, const json_t *health) {
  for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++) {
    const struct gauge *g = &gauges[i];
    const json_t *value = json_object_get(health, g->key);
    if (!json_is_integer(value))
      continue;
    family(out, g->name, "gauge", g->unit, g->help);
    fprintf(out, "aftersales_%s %.3f\n", g->name, (double)json_integer_value(value) * g->scale);
  }
}

static int write_metrics(FILE *out, aft_session *session, counters *c, aft_error *error) {
  aft_buf *report;
  if (aft_store_health(session, &report, error) < 0)
    return -1;
  json_t *health = json_loads(aft_buf_data(report), 0, NULL);
  aft_buf_free(report);
  write_health(out, health);
  json_decref(health);
  pthread_mutex_lock(&c->lock);
  write_durations(out, c);
  write_totals(out, c);
  pthread_mutex_unlock(&c->lock);
  fputs("# EOF\n", out);
  return ferror(out) ? -1 : 0;
}

/* A collector that reads the file sees all of the old text or all of the new. */
static int write_file(const char *path, aft_session *session, counters *c, aft_error *error) {
  char name[4096];
  if (snprintf(name, sizeof name, "%s.new", path) >= (int)sizeof name)
    return -1;
  FILE *out = fopen(name, "w");
  if (!out)
    return -1;
  int failed = write_metrics(out, session, c, error);
  failed |= fclose(out);
  return failed || rename(name, path) ? -1 : 0;
}

int main(int argc, char **argv) {
  static counters counted = {.lock = PTHREAD_MUTEX_INITIALIZER};
  aft_error error = AFT_ERROR_INIT;
  aft_env *env = NULL;
  aft_store *store = NULL;
  aft_session *session = NULL;
  if (argc < 2 || argc > 3) {
    fprintf(stderr,
            "usage: metrics STORE [FILE]\n\nRuns one tick on the store and prints its metrics, or writes "
            "them to FILE, which a textfile collector reads.\n");
    return 2;
  }
  aft_env_options options = {.size = sizeof options, .trace = count, .trace_user = &counted};
  aft_store_options where = {.size = sizeof where, .dsn = AFT_STR(argv[1])};
  aft_status status = aft_env_new(&options, &env, &error);
  if (status >= 0)
    status = aft_store_open(env, &where, &store, &error);
  if (status >= 0)
    status = aft_session_open(store, &session, &error);
  if (status >= 0)
    status = aft_tick(session, NULL, NULL, &error);
  int failed = status < 0;
  if (!failed)
    failed = argc > 2 ? write_file(argv[2], session, &counted, &error)
                      : write_metrics(stdout, session, &counted, &error);
  if (failed)
    fprintf(stderr, "metrics: %s: %s\n", error.where,
            error.message[0] ? error.message : "the file cannot be written");
  aft_session_close(session);
  aft_store_unref(store);
  aft_env_unref(env);
  return failed != 0;
}

/* Text search beside SQLite's own full-text index on the same texts, in one file each: what the index costs
 * and how long a page of results takes.
 *
 * Usage: bench_search [TICKETS] [FILE.tsv ...]     texts are the last column of the files, made up without
 * files
 */
#include <aftersales.h>

#include "base/base.h"
#include "desk/desk.h"
#include "store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BATCH   1000
#define REPEATS 21

static void must(aft_status status, const aft_error *error) {
  if (status >= 0)
    return;
  fprintf(stderr, "%s at %s: %s\n", aft_status_name(status), error->where, error->message);
  exit(1);
}

static void must_sql(sqlite3 *db, int code) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
    return;
  fprintf(stderr, "SQLite: %s\n", sqlite3_errmsg(db));
  exit(1);
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* ---- texts ---- */

typedef struct corpus {
  char **texts;
  size_t n, cap, bytes;
} corpus;

static void add_text(corpus *c, const char *text, size_t len) {
  if (c->n == c->cap) {
    c->cap = c->cap ? 2 * c->cap : 1024;
    c->texts = realloc(c->texts, c->cap * sizeof *c->texts);
  }
  char *copy = c->texts ? malloc(len + 1) : NULL;
  if (!copy)
    exit(1);
  memcpy(copy, text, len);
  copy[len] = 0;
  c->texts[c->n++] = copy;
  c->bytes += len;
}

static void read_file(corpus *c, const char *path) {
  FILE *file = fopen(path, "r");
  char *line = NULL;
  size_t cap = 0;
  ssize_t n;
  if (!file) {
    perror(path);
    exit(1);
  }
  while ((n = getline(&line, &cap, file)) > 0) {
    if (line[n - 1] == '\n')
      line[--n] = 0;
    const char *tab = strrchr(line, '\t');
    const char *text = tab ? tab + 1 : line;
    size_t len = strlen(text);
    if (len)
      add_text(c, text, len);
  }
  free(line);
  fclose(file);
}

/* Words by Zipf's law, so that some are common and most are rare. */
static void make_texts(corpus *c, size_t n) {
  static const char *const words[] = {"退款", "手机", "订单", "是否", "refund", "order", "快递", "催单",
                                      "发票", "客服", "质量", "杭州", "return", "late",  "坏了", "谢谢"};
  uint64_t seed = 1;
  for (size_t i = 0; i < n; i++) {
    char text[1024] = "";
    for (int k = 0; k < 24; k++) {
      seed = seed * UINT64_C(6364136223846793005) + 1;
      uint32_t r = (uint32_t)(seed >> 33);
      uint32_t rank = (uint32_t)(1 / (1e-5 + (double)(r % 100000) / 1e5));
      size_t at = strlen(text);
      if (rank < 200)
        snprintf(text + at, sizeof text - at, "%s ", words[rank % 16]);
      else
        snprintf(text + at, sizeof text - at, "%u ", rank);
    }
    add_text(c, text, strlen(text));
  }
}

/* ---- a driver that counts rows written ---- */

static uint64_t rows_written;
static aft_sql_driver counting;
static const aft_sql_driver *plain;

typedef struct counted {
  void *stmt;
  bool writes;
} counted;

static aft_status count_prepare(void *conn, const char *sql, size_t size, void **stmt, aft_error *error) {
  counted *c = calloc(1, sizeof *c);
  if (!c)
    return AFT_E_NOMEM;
  aft_status status = plain->prepare(conn, sql, size, &c->stmt, error);
  c->writes =
      size > 6 && (!strncmp(sql, "INSERT", 6) || !strncmp(sql, "UPDATE", 6) || !strncmp(sql, "DELETE", 6));
  *stmt = c;
  if (status < 0 || !c->stmt) {
    free(c);
    *stmt = NULL;
  }
  return status;
}

static void count_finalize(void *stmt) {
  if (stmt)
    plain->finalize(((counted *)stmt)->stmt);
  free(stmt);
}

static aft_status count_bind(void *stmt, uint32_t index, const aft_sql_value *value, aft_error *error) {
  return plain->bind(((counted *)stmt)->stmt, index, value, error);
}

static aft_status count_step(void *stmt, aft_error *error) {
  counted *c = stmt;
  rows_written += c->writes;
  return plain->step(c->stmt, error);
}

static aft_status count_column(void *stmt, uint32_t index, aft_sql_value *out, aft_error *error) {
  return plain->column(((counted *)stmt)->stmt, index, out, error);
}

static void count_reset(void *stmt) { plain->reset(((counted *)stmt)->stmt); }

static const aft_sql_driver *counting_driver(void) {
  plain = aft_sql_sqlite();
  counting = *plain;
  counting.prepare = count_prepare;
  counting.finalize = count_finalize;
  counting.bind = count_bind;
  counting.step = count_step;
  counting.column = count_column;
  counting.reset = count_reset;
  return &counting;
}

/* ---- the desk ---- */

typedef struct desk {
  char path[200];
  aft_env *env;
  aft_store *store;
  aft_session *session;
  aft_call system, buyer;
  aft_id shop;
} desk;

static int64_t bench_now = INT64_C(1795000000000);
static int64_t bench_clock(void *user) {
  (void)user;
  return bench_now;
}

static void open_desk(desk *d, const char *folder) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  snprintf(d->path, sizeof d->path, "%s/desk.db", folder);
  aft_env_options env = {.size = sizeof env, .clock = {.size = sizeof(aft_clock), .now_ms = bench_clock}};
  aft_store_options options = {.size = sizeof options,
                               .dsn = AFT_STR(d->path),
                               .driver = counting_driver(),
                               .flags = AFT_STORE_CREATE | AFT_STORE_RELAXED};
  must(aft_env_new(&env, &d->env, &error), &error);
  must(aft_store_open(d->env, &options, &d->store, &error), &error);
  must(aft_session_open(d->store, &d->session, &error), &error);
  d->system = (aft_call){.size = sizeof d->system, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in tenant = {.size = sizeof tenant, .external = AFT_STR("bench")};
  must(aft_tenant_put(d->session, &d->system, &tenant, &made, &error), &error);
  d->system.tenant = aft_tenant_id(made);
  aft_record_free(made);
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("shop")};
  must(aft_shop_put(d->session, &d->system, &shop, &made, &error), &error);
  d->shop = aft_shop_id(made);
  aft_record_free(made);
  d->buyer = d->system;
  d->buyer.role = AFT_ROLE_BUYER;
}

/* Two minutes pass between messages. */
static void fill_desk(desk *d, const corpus *c, size_t n) {
  aft_error error = AFT_ERROR_INIT;
  for (size_t i = 0; i < n; i++) {
    char handle[24];
    aft_record *message;
    snprintf(handle, sizeof handle, "h%zu", i);
    aft_message_in in = {.size = sizeof in, .shop = d->shop, .channel = AFT_STR("chat")};
    in.handle = AFT_STR(handle);
    in.text = AFT_STR(c->texts[i % c->n]);
    bench_now += 120000;
    must(aft_intake(d->session, &d->system, &in, &message, &error), &error);
    if (i == n / 2)
      d->buyer.actor = aft_message_customer(message);
    aft_record_free(message);
  }
}

static void number_events(desk *d) {
  aft_error error = AFT_ERROR_INIT;
  uint32_t n = 1;
  while (n)
    must(aft__feed_assign(d->session, 10000, &n, &error), &error);
}

/* As ticks would: some events at a time. Returns the events. */
static uint64_t index_all(desk *d, uint32_t rows) {
  aft_error error = AFT_ERROR_INIT;
  uint64_t all = 0;
  for (uint32_t n = 1; n; all += n) {
    bench_now += 60000;
    must(aft__search_tick(d->session, rows, 10000, &n, &error), &error);
  }
  return all;
}

static int64_t sql_number(const char *path, const char *sql) {
  sqlite3 *db;
  sqlite3_stmt *stmt;
  must_sql(NULL, sqlite3_open(path, &db));
  must_sql(db, sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
  must_sql(db, sqlite3_step(stmt));
  int64_t number = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return number;
}

/* ---- SQLite's index ---- */

typedef struct fts {
  char path[220];
  sqlite3 *db;
  double index_ms;
  int64_t bytes;
} fts;

static void exec(sqlite3 *db, const char *sql) { must_sql(db, sqlite3_exec(db, sql, NULL, NULL, NULL)); }

/* Without a copy of the texts, committed as often as our tick commits. */
static void fill_fts(fts *f, const char *folder, const char *tokenizer, const corpus *c, size_t n) {
  char sql[200];
  sqlite3_stmt *stmt;
  snprintf(f->path, sizeof f->path, "%s/%s.db", folder, tokenizer);
  must_sql(NULL, sqlite3_open(f->path, &f->db));
  exec(f->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL");
  snprintf(sql, sizeof sql, "CREATE VIRTUAL TABLE t USING fts5(x, content='', tokenize='%s')", tokenizer);
  exec(f->db, sql);
  must_sql(f->db, sqlite3_prepare_v2(f->db, "INSERT INTO t(rowid, x) VALUES (?, ?)", -1, &stmt, NULL));
  double began = now_ms();
  for (size_t i = 0; i < n; i++) {
    if (i % 128 == 0)
      exec(f->db, i ? "COMMIT; BEGIN" : "BEGIN");
    sqlite3_bind_int64(stmt, 1, (int64_t)i + 1);
    sqlite3_bind_text(stmt, 2, c->texts[i % c->n], -1, SQLITE_STATIC);
    must_sql(f->db, sqlite3_step(stmt));
    sqlite3_reset(stmt);
  }
  exec(f->db, "COMMIT");
  f->index_ms = now_ms() - began;
  sqlite3_finalize(stmt);
  exec(f->db, "PRAGMA wal_checkpoint(TRUNCATE)");
  f->bytes = sql_number(f->path, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
}

/* ---- queries ---- */

typedef struct timing {
  double median;
  uint32_t found;
} timing;

static timing median_of(double *times, uint32_t found) {
  qsort(times, REPEATS, sizeof *times, by_size);
  return (timing){times[REPEATS / 2], found};
}

static timing ask_desk(desk *d, const aft_call *call, const char *query) {
  aft_error error = AFT_ERROR_INIT;
  double times[REPEATS];
  uint32_t found = 0;
  for (int i = 0; i < REPEATS; i++) {
    aft_cursor *cursor;
    aft_record *ticket;
    aft_status status = AFT_OK;
    aft_search_in in = {.size = sizeof in, .query = AFT_STR(query)};
    double began = now_ms();
    must(aft_ticket_search(d->session, call, &in, &cursor, &error), &error);
    for (found = 0; found < 64 && (status = aft_cursor_next(cursor, &ticket, &error)) == AFT_OK;)
      found++;
    must(status, &error);
    times[i] = now_ms() - began;
    aft_cursor_free(cursor);
  }
  return median_of(times, found);
}

static timing ask_fts(fts *f, const char *match) {
  double times[REPEATS];
  uint32_t found = 0;
  sqlite3_stmt *stmt;
  must_sql(f->db,
           sqlite3_prepare_v2(f->db, "SELECT rowid FROM t WHERE t MATCH ? ORDER BY rowid DESC LIMIT 64", -1,
                              &stmt, NULL));
  for (int i = 0; i < REPEATS; i++) {
    double began = now_ms();
    sqlite3_bind_text(stmt, 1, match, -1, SQLITE_STATIC);
    for (found = 0; sqlite3_step(stmt) == SQLITE_ROW;)
      found++;
    sqlite3_reset(stmt);
    times[i] = now_ms() - began;
  }
  sqlite3_finalize(stmt);
  return median_of(times, found);
}

/* What is left without an index: every text. */
static timing ask_like(desk *d, const char *part) {
  double times[REPEATS];
  uint32_t found = 0;
  sqlite3 *db;
  sqlite3_stmt *stmt;
  must_sql(NULL, sqlite3_open(d->path, &db));
  must_sql(db, sqlite3_prepare_v2(
                   db, "SELECT id FROM aft_message WHERE text LIKE '%'||?||'%' ORDER BY id DESC LIMIT 64", -1,
                   &stmt, NULL));
  for (int i = 0; i < REPEATS; i++) {
    double began = now_ms();
    sqlite3_bind_text(stmt, 1, part, -1, SQLITE_STATIC);
    for (found = 0; sqlite3_step(stmt) == SQLITE_ROW;)
      found++;
    sqlite3_reset(stmt);
    times[i] = now_ms() - began;
  }
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return median_of(times, found);
}

static void show(const char *what, timing t, double beside) {
  if (beside > 0)
    printf("  %-22s %9.3f ms %4u found %8.2fx\n", what, t.median, t.found, t.median / beside);
  else
    printf("  %-22s %9.3f ms %4u found\n", what, t.median, t.found);
}

static void compare(desk *d, fts *trigram, fts *words, const char *query, const char *match,
                    const char *like) {
  printf("%s\n", query);
  timing ours = ask_desk(d, &d->system, query);
  show("aft_ticket_search", ours, 0);
  show("FTS5 trigram", ask_fts(trigram, match), ours.median);
  show("FTS5 unicode61", ask_fts(words, match), ours.median);
  show("LIKE over all texts", ask_like(d, like), ours.median);
}

static const char table_bytes[] = "SELECT sum(length(data) + 2 * length(first_key) + 40) FROM aft_term_block";

int main(int argc, char **argv) {
  size_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
  char folder[] = "/tmp/aftersales-bench-XXXXXX", command[80];
  corpus c = {0};
  desk d;
  fts trigram, words;
  if (!n || !mkdtemp(folder))
    return 1;
  for (int i = 2; i < argc; i++)
    read_file(&c, argv[i]);
  if (!c.n)
    make_texts(&c, n);
  open_desk(&d, folder);
  double began = now_ms();
  fill_desk(&d, &c, n);
  double intake_ms = now_ms() - began;
  began = now_ms();
  number_events(&d);
  double feed_ms = now_ms() - began;
  rows_written = 0;
  began = now_ms();
  uint64_t events = index_all(&d, 1000);
  double index_ms = now_ms() - began;
  fill_fts(&trigram, folder, "trigram", &c, n);
  fill_fts(&words, folder, "unicode61", &c, n);
  int64_t bytes = sql_number(d.path, table_bytes);
  int64_t text = sql_number(d.path, "SELECT sum(length(CAST(text AS BLOB))) FROM aft_message");
  printf("%zu tickets, %.0f bytes of text each, %llu events\n", n, (double)text / (double)n,
         (unsigned long long)events);
  printf("a message costs: intake %.1f us, feed %.1f us, index %.1f us (FTS5 trigram %.1f, unicode61 %.1f)\n",
         intake_ms * 1e3 / (double)n, feed_ms * 1e3 / (double)n, index_ms * 1e3 / (double)n,
         trigram.index_ms * 1e3 / (double)n, words.index_ms * 1e3 / (double)n);
  printf("index of a message: %.1f bytes (trigram %.1f, unicode61 %.1f), %.2f rows written\n",
         (double)bytes / (double)n, (double)trigram.bytes / (double)n, (double)words.bytes / (double)n,
         (double)rows_written / (double)n);
  printf("segments: %lld, blocks: %lld\n",
         (long long)sql_number(d.path, "SELECT count(*) FROM aft_term_segment WHERE state = 0"),
         (long long)sql_number(d.path, "SELECT count(*) FROM aft_term_block"));
  printf("the first 64 results, median of %d; x: of our time\n", REPEATS);
  compare(&d, &trigram, &words, "退款", "\"退款\"", "退款");
  compare(&d, &trigram, &words, "质量 客服", "\"质量\" AND \"客服\"", "质量");
  compare(&d, &trigram, &words, "杭州西湖", "\"杭州西湖\"", "杭州西湖");
  compare(&d, &trigram, &words, "\"快递小哥\" 态度", "\"快递小哥\" AND \"态度\"", "快递小哥");
  compare(&d, &trigram, &words, "好", "\"好\"", "好");
  compare(&d, &trigram, &words, "refund", "\"refund\"", "refund");
  compare(&d, &trigram, &words, "不存在的词语组合", "\"不存在的词语组合\"", "不存在的词语组合");
  printf("a buyer asks for 好\n");
  show("aft_ticket_search", ask_desk(&d, &d.buyer, "好"), 0);
  sqlite3_close(trigram.db);
  sqlite3_close(words.db);
  aft_session_close(d.session);
  aft_store_unref(d.store);
  aft_env_unref(d.env);
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  for (size_t i = 0; i < c.n; i++)
    free(c.texts[i]);
  free(c.texts);
  return system(command) != 0;
}

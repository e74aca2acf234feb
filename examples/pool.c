/* A host with a connection pool of its own: the desk borrows from it, and orders and tickets commit together.
 */
#include <aftersales.h>

#include <stdio.h>
#include <stdlib.h>

#include "pool_driver.h"

typedef struct shop {
  pool *pool;
  aft_env *env;
  aft_store *store;
  aft_session *desk; /* on a connection that the library borrowed */
  aft_call call;
  aft_id shop;
} shop;

static void must(aft_status status, const aft_error *error) {
  if (status < 0) {
    fprintf(stderr, "%s: %s: %s\n", aft_status_name(status), error->where, error->message);
    exit(1);
  }
}

static void must_sql(sqlite3 *db, const char *sql) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
    fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    exit(1);
  }
}

static int64_t number_of(sqlite3 *db, const char *sql) {
  sqlite3_stmt *stmt;
  int64_t n = -1;
  if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
    n = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return n;
}

static void open_desk(shop *s, const aft_sql_driver *driver) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *tenant, *phones;
  aft_store_options o = {.size = sizeof o, .driver = driver, .flags = AFT_STORE_CREATE};
  o.dsn = AFT_STR(pool_path(s->pool));
  must(aft_env_new(NULL, &s->env, &error), &error);
  must(aft_store_open(s->env, &o, &s->store, &error), &error);
  must(aft_session_open(s->store, &s->desk, &error), &error);
  s->call = (aft_call){.size = sizeof s->call, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in acme = {.size = sizeof acme, .external = AFT_STR("acme")};
  must(aft_tenant_put(s->desk, &s->call, &acme, &tenant, &error), &error);
  s->call.tenant = aft_tenant_id(tenant);
  aft_shop_in in = {.size = sizeof in, .external = AFT_STR("phones")};
  must(aft_shop_put(s->desk, &s->call, &in, &phones, &error), &error);
  s->shop = aft_shop_id(phones);
  aft_record_free(tenant);
  aft_record_free(phones);
}

/* The host's own transaction on a connection of its pool: an order of its own table, and the desk's message.
 */
static void order_with_message(shop *s, const char *number, const char *text, const char *end) {
  char sql[128];
  aft_error error = AFT_ERROR_INIT;
  aft_session *guest;
  sqlite3 *db = pool_take(s->pool, 5000);
  if (!db) {
    fprintf(stderr, "every connection of the pool is in use\n");
    exit(1);
  }
  must_sql(db, "BEGIN IMMEDIATE");
  snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO orders VALUES ('%s')", number);
  must_sql(db, sql);

  must(aft_session_attach(s->store, db, &guest, &error), &error);
  aft_message_in in = {.size = sizeof in, .shop = s->shop, .channel = AFT_STR("web")};
  in.external = AFT_STR(number);
  in.handle = AFT_STR(number);
  in.text = AFT_STR(text);
  must(aft_intake(guest, &s->call, &in, NULL, &error), &error);
  aft_session_close(guest); /* before the transaction ends and the connection goes back */

  must_sql(db, end);
  printf("%-8s  order %s and its message\n", end, number);
  pool_give(s->pool, db);
}

static void show(shop *s) {
  sqlite3 *db = pool_take(s->pool, 5000);
  if (!db)
    return;
  printf("          the database now holds %d orders and %d tickets\n",
         (int)number_of(db, "SELECT count(*) FROM orders"),
         (int)number_of(db, "SELECT count(*) FROM aft_ticket"));
  pool_give(s->pool, db);
}

static void show_inbox(shop *s) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *inbox;
  aft_record *ticket;
  aft_status status;
  must(aft_ticket_inbox(s->desk, &s->call, NULL, &inbox, &error), &error);
  puts("\nThe desk's inbox, read over a connection that the library borrowed:");
  while ((status = aft_cursor_next(inbox, &ticket, &error)) == AFT_OK)
    printf("  %s  %s, %s\n", aft_ticket_code(ticket), aft_ticket_category(ticket),
           aft_ticket_priority(ticket));
  must(status, &error);
  aft_cursor_free(inbox);
}

int main(int argc, char **argv) {
  shop s = {.pool = pool_new(argc > 1 ? argv[1] : "pool.db", 4)};
  if (!s.pool) {
    fprintf(stderr, "the database cannot be opened\n");
    return 1;
  }
  sqlite3 *db = pool_take(s.pool, 0);
  must_sql(db, "CREATE TABLE IF NOT EXISTS orders (number TEXT PRIMARY KEY)");
  pool_give(s.pool, db);

  aft_sql_driver driver = pool_driver(s.pool); /* lives as long as the store */
  open_desk(&s, &driver);
  puts("One transaction of the host holds a row of its own and a message of the desk:\n");
  order_with_message(&s, "A-1001", "Where is my parcel? It should have come on Monday.", "COMMIT");
  show(&s);
  order_with_message(&s, "A-1002", "The screen is broken, I want my money back!", "ROLLBACK");
  show(&s);
  order_with_message(&s, "A-1003", "I was charged twice for my order.", "COMMIT");
  show(&s);
  show_inbox(&s);

  pool_numbers n = pool_count(s.pool);
  printf("\nThe pool has %d connections of at most %d; %d were lent at the same time, %d times in all.\n",
         n.open, n.size, n.most, (int)n.times);
  aft_session_close(s.desk);
  aft_store_unref(s.store);
  aft_env_unref(s.env);
  n = pool_count(s.pool);
  printf("After the store was closed %d are in anybody's hands.\n", n.lent);
  pool_free(s.pool);
  return n.lent != 0;
}

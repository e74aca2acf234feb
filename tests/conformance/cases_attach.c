/* Attach: work on a connection that the host owns, inside the host's transaction. */
#include "suite.h"

typedef struct guest {
  void *native; /* the host's */
  void *conn;   /* the driver's wrapping */
} guest;

static bool possible(suite *s) {
  if (!s->driver->attach)
    return suite_skip(s, "the driver has no attach") && false;
  if (!s->how->host)
    return suite_skip(s, "no host connections were given") && false;
  return true;
}

static bool host_exec(suite *s, const guest *g, const char *sql) {
  return s->how->host->exec(s->how->host->user, g->native, sql) == 0 ||
         suite_fail(s, "the host's own \"%s\" failed", sql);
}

static bool host_open(suite *s, guest *g) {
  g->conn = NULL;
  g->native = s->how->host->open(s->how->host->user, s->how->dsn);
  return g->native || suite_fail(s, "the host could not open a connection");
}

static bool attach(suite *s, guest *g) {
  s->error = (aft_error)AFT_ERROR_INIT;
  if (!suite_is(s, "attach", s->driver->attach(s->driver->user, g->native, &g->conn, &s->error), AFT_OK))
    return false;
  return suite_keep(s, g->conn);
}

/* The host's connection with a transaction open, and one of its rows in it. */
static bool begin_as_guest(suite *s, guest *g) {
  return host_open(s, g) && host_exec(s, g, s->dialect->begin) &&
         host_exec(s, g, "INSERT INTO aftc_unit (id, code, amount) VALUES (1, 1, 1)") && attach(s, g);
}

static bool leave(suite *s, guest *g, bool good) {
  if (g->conn)
    suite_close(s, g->conn);
  if (g->native)
    s->how->host->close(s->how->host->user, g->native);
  return good;
}

static bool ends_with(suite *s, const char *end, int64_t rows) {
  guest g = {0};
  if (!possible(s))
    return s->skipped;
  bool good = begin_as_guest(s, &g) && suite_add_unit(s, g.conn, 2) && suite_units(s, g.conn, 2) &&
              suite_units(s, s->conn, 0);
  if (good) {
    suite_close(s, g.conn);
    g.conn = NULL;
    good = host_exec(s, &g, end) && suite_units(s, s->conn, rows);
  }
  return leave(s, &g, good);
}

static bool host_commits(suite *s) { return ends_with(s, "COMMIT", 2); }

static bool host_rolls_back(suite *s) { return ends_with(s, "ROLLBACK", 0); }

static bool close_leaves_the_host(suite *s) {
  guest g = {0};
  if (!possible(s))
    return s->skipped;
  bool good = begin_as_guest(s, &g);
  for (int64_t i = 2; good && i <= 4; i++) {
    good = suite_add_unit(s, g.conn, i);
    s->driver->rollback(g.conn); /* not the guest's to roll back: nothing happens */
    suite_close(s, g.conn);
    g.conn = NULL;
    good = good && host_exec(s, &g, "UPDATE aftc_unit SET amount = amount + 1") && attach(s, &g);
  }
  good = good && suite_units(s, g.conn, 4) && suite_units(s, s->conn, 0);
  if (good) {
    suite_close(s, g.conn);
    g.conn = NULL;
    good = host_exec(s, &g, "COMMIT") && suite_units(s, s->conn, 4);
  }
  return leave(s, &g, good);
}

static bool savepoints_in_the_hosts_transaction(suite *s) {
  guest g = {0};
  if (!possible(s))
    return s->skipped;
  bool good = begin_as_guest(s, &g) && suite_exec(s, g.conn, "SAVEPOINT aftc_a") &&
              suite_add_unit(s, g.conn, 2) && suite_exec(s, g.conn, "ROLLBACK TO SAVEPOINT aftc_a") &&
              suite_exec(s, g.conn, "RELEASE SAVEPOINT aftc_a") && suite_units(s, g.conn, 1);
  if (good) {
    suite_close(s, g.conn);
    g.conn = NULL;
    good = host_exec(s, &g, "COMMIT") && suite_units(s, s->conn, 1);
  }
  return leave(s, &g, good);
}

static bool wants_a_transaction(suite *s) {
  guest g = {0};
  if (!possible(s))
    return s->skipped;
  if (!host_open(s, &g))
    return false;
  s->error = (aft_error)AFT_ERROR_INIT;
  aft_status status = s->driver->attach(s->driver->user, g.native, &g.conn, &s->error);
  if (status == AFT_OK && suite_keep(s, g.conn)) {
    status = s->driver->exec(g.conn, "INSERT INTO aftc_unit (id, code, amount) VALUES (1, 1, 1)", &s->error);
  }
  bool good = suite_is(s, "attach without a transaction, or the first statement", status, AFT_E_INVALID);
  return leave(s, &g, good) && suite_units(s, s->conn, 0);
}

static const suite_case cases[] = {
    {"attach.commit", "what was written is committed with the host's own rows", host_commits},
    {"attach.rollback", "what was written vanishes with the host's own rows", host_rolls_back},
    {"attach.close", "rollback does nothing, and close leaves the host's connection and transaction alone",
     close_leaves_the_host},
    {"attach.savepoint", "savepoints work inside the host's transaction",
     savepoints_in_the_hosts_transaction},
    {"attach.no_transaction", "a connection without a transaction gives AFT_E_INVALID", wants_a_transaction},
};
const suite_group suite_attach = {cases, COUNT(cases), false};

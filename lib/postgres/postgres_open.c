/* The PostgreSQL driver: opening a connection, wrapping the host's, closing. */
#include "postgres/postgres_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ignore(void *user, const PGresult *notice) {
  (void)user;
  (void)notice;
}

static aft__pg *new_conn(PGconn *pg) {
  aft__pg *c = calloc(1, sizeof *c);
  if (c)
    c->pg = pg;
  return c;
}

static void name_place(aft__pg *c) {
  const char *host = PQhost(c->pg), *port = PQport(c->pg), *database = PQdb(c->pg);
  snprintf(c->place, sizeof c->place, "%.40s:%.8s/%.40s", host ? host : "", port ? port : "",
           database ? database : "");
}

/* A text that libpq cannot read may hold a password anywhere, so nothing of it is shown. */
static aft_status check_dsn(const char *dsn, aft_error *error) {
  if (!dsn || !*dsn)
    return aft__pg_fail(error, AFT_E_INVALID, "dsn", "expected a connection string, found none");
  char *words = NULL;
  PQconninfoOption *options = PQconninfoParse(dsn, &words);
  if (words)
    PQfreemem(words);
  if (!options)
    return aft__pg_fail(
        error, AFT_E_INVALID, "dsn",
        "expected \"postgresql://user@host/database\" or \"host=… dbname=…\", found something that "
        "libpq cannot read (other characters in a URI are written as %%41)");
  PQconninfoFree(options);
  return AFT_OK;
}

static PGconn *connect_to(const char *dsn) {
  /* What stands before the connection string is a default, what stands behind it holds always. */
  static const char *const names[] = {"connect_timeout", "tcp_user_timeout", "fallback_application_name",
                                      "dbname",          "client_encoding",  NULL};
  const char *const values[] = {"10", "30000", "aftersales", dsn, "UTF8", NULL};
  return PQconnectdbParams(names, values, 1);
}

static aft_status check_encoding(const aft__pg *c, const char *name, aft_error *error) {
  const char *found = PQparameterStatus(c->pg, name);
  if (found && !strcmp(found, "UTF8"))
    return AFT_OK;
  return aft__pg_fail(error, AFT_E_INVALID, c->place, "expected the %s to be UTF8, found %.32s", name,
                      found ? found : "none");
}

/* What a role or database may have set to less than the store promises. */
static aft_status ask_durability(aft__pg *c, aft_error *error) {
  PGresult *result = NULL;
  aft_status status = aft__pg_fly(
      c, "SELECT pg_catalog.current_setting('synchronous_commit')::pg_catalog.text", &result, error);
  if (status == AFT_OK && PQntuples(result) == 1 && !strcmp(PQgetvalue(result, 0, 0), "off"))
    c->sync = "on";
  PQclear(result);
  return status;
}

static aft_status set_up(aft__pg *c, const aft_sql_open *how, aft_error *error) {
  PQsetNoticeReceiver(c->pg, ignore, NULL);
  c->cancel = PQgetCancel(c->pg);
  if (!c->cancel)
    return aft__pg_nomem(error);
  aft_status status = check_encoding(c, "server_encoding", error);
  if (status < 0)
    return status;
  if (how->flags & AFT_SQL_OPEN_RELAXED)
    c->sync = "off";
  else if (!(how->flags & AFT_SQL_OPEN_READ_ONLY))
    status = ask_durability(c, error);
  return status;
}

aft_status aft__pg_open(void *user, const aft_sql_open *how, void **conn, aft_error *error) {
  (void)user;
  aft_status status = check_dsn(how->dsn, error);
  if (status < 0)
    return status;
  PGconn *pg = connect_to(how->dsn);
  aft__pg *c = pg ? new_conn(pg) : NULL;
  if (!c) {
    PQfinish(pg);
    return aft__pg_nomem(error);
  }
  c->busy_ms = how->busy_ms;
  c->read_only = (how->flags & AFT_SQL_OPEN_READ_ONLY) != 0;
  name_place(c);
  if (PQstatus(pg) != CONNECTION_OK)
    status = aft__pg_refused(c, error);
  if (status == AFT_OK)
    status = set_up(c, how, error);
  if (status < 0)
    aft__pg_close(c);
  else
    *conn = c;
  return status;
}

static const char *state_of(PGconn *pg) {
  switch (PQtransactionStatus(pg)) {
  case PQTRANS_IDLE:
    return "none open";
  case PQTRANS_INERROR:
    return "one that has failed";
  case PQTRANS_ACTIVE:
    return "a command that is still running";
  default:
    return "a broken connection";
  }
}

aft_status aft__pg_attach(void *user, void *native, void **conn, aft_error *error) {
  (void)user;
  if (!native)
    return aft__pg_fail(error, AFT_E_INVALID, "connection", "expected a connection, found NULL");
  if (PQpipelineStatus(native) != PQ_PIPELINE_OFF)
    return aft__pg_fail(error, AFT_E_INVALID, "connection",
                        "expected a connection out of pipeline mode, found one in it");
  if (PQtransactionStatus(native) != PQTRANS_INTRANS)
    return aft__pg_fail(error, AFT_E_INVALID, "connection",
                        "expected a connection with a transaction open, found %s", state_of(native));
  aft__pg *c = new_conn(native);
  if (!c)
    return aft__pg_nomem(error);
  c->attached = true;
  name_place(c);
  aft_status status = check_encoding(c, "server_encoding", error);
  if (status == AFT_OK)
    status = check_encoding(c, "client_encoding", error);
  if (status == AFT_OK && !(c->cancel = PQgetCancel(native)))
    status = aft__pg_nomem(error);
  if (status < 0)
    aft__pg_close(c);
  else
    *conn = c;
  return status;
}

void aft__pg_close(void *conn) {
  aft__pg *c = conn;
  if (!c)
    return;
  PQfreeCancel(c->cancel);
  if (!c->attached)
    PQfinish(c->pg);
  free(c->unused);
  free(c);
}

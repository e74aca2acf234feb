/* The PostgreSQL driver with a host's own connections, for aft-driver-conformance to load. */
#include <aftersales/postgres.h>
#include <aftersales/sys/conformance.h>

#include <libpq-fe.h>

const aft_sql_driver *postgres(void);
const aft_conformance_host *postgres_host(void);

static void *host_open(void *user, const char *dsn) {
  PGconn *pg = PQconnectdb(dsn);
  (void)user;
  if (PQstatus(pg) == CONNECTION_OK)
    return pg;
  PQfinish(pg);
  return NULL;
}

static int host_exec(void *user, void *native, const char *sql) {
  PGresult *result = PQexec(native, sql);
  ExecStatusType status = PQresultStatus(result);
  (void)user;
  PQclear(result);
  return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

static void host_close(void *user, void *native) {
  (void)user;
  PQfinish(native);
}

const aft_sql_driver *postgres(void) { return aft_sql_postgres(); }

const aft_conformance_host *postgres_host(void) {
  static const aft_conformance_host host = {NULL, host_open, host_exec, host_close};
  return &host;
}

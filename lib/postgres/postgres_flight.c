/* The PostgreSQL driver: round trips. Commands travel together in libpq's pipeline mode, and one wait reads
 * all of their results. */
#include "postgres/postgres_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

aft_status aft__pg_still_open(const aft__pg *c, aft_error *error) {
  if (PQstatus(c->pg) == CONNECTION_BAD)
    return aft__pg_error(c, NULL, error);
  if (PQpipelineStatus(c->pg) != PQ_PIPELINE_OFF)
    return aft__pg_fail(error, AFT_E_LOST, c->place, "an earlier command was left half sent");
  if (PQtransactionStatus(c->pg) != PQTRANS_IDLE)
    return AFT_OK;
  if (c->attached)
    return aft__pg_fail(error, AFT_E_INVALID, "connection",
                        "expected the host's transaction to be open, found that it has ended");
  if (c->in_transaction && !c->n_queue)
    return aft__pg_fail(error, AFT_E_LOST, c->place, "the server has ended the transaction");
  return AFT_OK;
}

aft_status aft__pg_queue(aft__pg *c, const char *sql, aft_error *error) {
  if (c->n_queue == AFT__PG_MOST_QUEUED) {
    aft_status status = aft__pg_fly(c, NULL, NULL, error);
    if (status < 0)
      return status;
  }
  snprintf(c->queue[c->n_queue++], sizeof c->queue[0], "%s", sql);
  return AFT_OK;
}

/* What was sent of the flight is brought to its end, so that the connection stays of use. */
aft_status aft__pg_abandon(aft__pg *c, aft_error *error) {
  aft_status status = aft__pg_error(c, NULL, error);
  c->n_queue = 0;
  if (PQpipelineSync(c->pg))
    aft__pg_arrive(c);
  return status;
}

aft_status aft__pg_board(aft__pg *c, aft_error *error) {
  aft__pg_make_way(c);
  aft_status status = aft__pg_still_open(c, error);
  if (status < 0) {
    c->n_queue = 0;
    return status;
  }
  bool good = PQenterPipelineMode(c->pg) == 1;
  for (uint32_t i = 0; good && i < c->n_queue; i++)
    good = PQsendQueryParams(c->pg, c->queue[i], 0, NULL, NULL, NULL, NULL, 1) == 1;
  return good ? AFT_OK : aft__pg_abandon(c, error);
}

aft_status aft__pg_send(aft__pg *c, aft_error *error) {
  bool good = PQpipelineSync(c->pg) == 1;
  if (!good)
    return aft__pg_abandon(c, error);
  c->n_queue = 0;
  return AFT_OK;
}

/* Until the end of the command. */
static void skip(aft__pg *c) {
  PGresult *rest;
  while ((rest = PQgetResult(c->pg)) != NULL)
    PQclear(rest);
}

aft_status aft__pg_land(aft__pg *c, PGresult **keep, aft_error *error) {
  PGresult *result = PQgetResult(c->pg);
  ExecStatusType kind = PQresultStatus(result);
  if (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK) {
    skip(c);
    if (keep)
      *keep = result;
    else
      PQclear(result);
    return AFT_OK;
  }
  if (kind == PGRES_SINGLE_TUPLE) {
    *keep = result; /* more follow */
    return AFT_OK;
  }
  aft_status status = aft__pg_error(c, result, error);
  PQclear(result);
  return status;
}

aft_status aft__pg_land_queue(aft__pg *c, uint32_t n, aft_error *error) {
  for (uint32_t i = 0; i < n; i++) {
    aft_status status = aft__pg_land(c, NULL, error);
    if (status < 0) {
      aft__pg_arrive(c);
      return status;
    }
  }
  return AFT_OK;
}

/* Nothing twice in a row: a server that died has sent its last, which libpq does not always note by itself.
 */
static void read_to_sync(aft__pg *c) {
  bool over = PQpipelineStatus(c->pg) == PQ_PIPELINE_OFF;
  for (int nothing = 0; !over && nothing < 2 && PQstatus(c->pg) != CONNECTION_BAD;) {
    PGresult *result = PQgetResult(c->pg);
    over = result && PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    nothing = result ? 0 : nothing + 1;
    PQclear(result);
  }
  if (!over)
    PQconsumeInput(c->pg);
}

void aft__pg_arrive(aft__pg *c) {
  read_to_sync(c);
  PQexitPipelineMode(c->pg);
}

/* In one trip; each for itself, as a pooler may have forgotten one already. */
void aft__pg_forget(aft__pg *c) {
  char sql[48];
  size_t sent = 0;
  if (!c->n_unused || PQpipelineStatus(c->pg) != PQ_PIPELINE_OFF || !PQenterPipelineMode(c->pg))
    return;
  for (; sent < c->n_unused; sent++) {
    snprintf(sql, sizeof sql, "DEALLOCATE aft_%" PRIu64, c->unused[sent]);
    if (!PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 1) || !PQpipelineSync(c->pg))
      break;
  }
  while (sent--)
    read_to_sync(c);
  PQexitPipelineMode(c->pg);
  c->n_unused = 0;
}

aft_status aft__pg_fly(aft__pg *c, const char *sql, PGresult **keep, aft_error *error) {
  uint32_t n = c->n_queue;
  aft_status status = aft__pg_board(c, error);
  if (status == AFT_OK && sql && !PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 1))
    status = aft__pg_abandon(c, error);
  if (status == AFT_OK)
    status = aft__pg_send(c, error);
  if (status == AFT_OK)
    status = aft__pg_land_queue(c, n, error);
  if (status < 0)
    return status;
  if (sql)
    status = aft__pg_land(c, keep, error);
  aft__pg_arrive(c);
  return status;
}

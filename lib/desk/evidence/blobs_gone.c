/* Telling the host which bytes of parts it may remove: they are its own, kept under its own ids. */
#include "desk/privacy/retention.h"

#define MOST_BLOBS 200 /* named by one effect */

void aft__blobs_begin(aft__blobs_gone *gone, aft__cmd *cmd, aft_id ticket) {
  *gone = (aft__blobs_gone){.cmd = cmd, .ticket = ticket};
  aft__buf_init(&gone->list, cmd->env);
}

void aft__blobs_end(aft__blobs_gone *gone) { aft__buf_done(&gone->list); }

aft_status aft__blobs_send(aft__blobs_gone *gone, aft_error *error) {
  if (!gone->n)
    return AFT_OK;
  aft__buf_puts(&gone->list, "]}");
  if (gone->list.failed)
    return aft__nomem(error);
  gone->n = 0;
  return aft__outbox_add(gone->cmd->tx, gone->cmd->call.tenant, gone->ticket, aft__cstr(AFT__TOPIC_BLOBS),
                         aft__buf_view(&gone->list), AFT__OUT_AUTO, gone->cmd->now, NULL, error);
}

/* An answer to an incident goes to many with the same file. */
static aft_status is_shared(const aft__blobs_gone *gone, const aft__value *row, bool *out, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__part_table,
                    .index = AFT__PART_BY_BLOB,
                    .n_equal = 2,
                    .equal = {aft__int(gone->cmd->call.tenant), row[AFT__PART_BLOB]},
                    .limit = 2};
  AFT__TRY(aft__scan_all(gone->cmd->tx, &scan, &rows, &n, error));
  *out = n > 1;
  return AFT_OK;
}

aft_status aft__blobs_add(aft__blobs_gone *gone, const aft__value *row, aft_error *error) {
  aft__json json;
  bool shared;
  if (aft__row_null(row, AFT__PART_BLOB) || !aft__row_str(row, AFT__PART_BLOB).len)
    return AFT_OK;
  AFT__TRY(is_shared(gone, row, &shared, error));
  if (shared)
    return AFT_OK;
  if (gone->n == 0) {
    aft__buf_clear(&gone->list);
    aft__buf_printf(&gone->list, "{\"ticket\":\"%lld\",\"blobs\":[", (long long)gone->ticket);
  } else {
    aft__buf_char(&gone->list, ',');
  }
  aft__json_init(&json, &gone->list);
  aft__json_str(&json, aft__row_str(row, AFT__PART_BLOB));
  gone->n++;
  return gone->n == MOST_BLOBS ? aft__blobs_send(gone, error) : AFT_OK;
}

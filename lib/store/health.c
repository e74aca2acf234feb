/* The state of the store for those who run it, from a few short index scans. */
#include "store/store_priv.h"

#define MOST_COUNT 1000

aft_status aft__tick_mark(aft__tx *tx, aft_error *error) {
  return aft__meta_put(tx, AFT__META_TICK, aft__tx_now(tx), error);
}

/* ---- counting ---- */

typedef struct tally {
  uint32_t column; /* of the time */
  uint32_t n;
  int64_t first; /* the earliest */
} tally;

static aft_status add_row(void *user, const aft__value *row, aft_error *error) {
  tally *t = user;
  (void)error;
  if (!t->n++)
    t->first = row[t->column].number;
  return AFT_OK;
}

static aft_status count(aft__tx *tx, const aft__table *table, uint32_t index, int64_t equal, bool due,
                        tally *out, aft_error *error) {
  aft__value now = aft__int(aft__tx_now(tx));
  aft__scan scan = {.table = table,
                    .index = index,
                    .n_equal = 1,
                    .equal = {aft__int(equal)},
                    .high = due ? &now : NULL,
                    .limit = MOST_COUNT};
  return aft__scan_each(tx, &scan, add_row, out, error);
}

/* name, and where lag is given the age of the earliest row */
static aft_status show(aft__tx *tx, aft__json *json, const char *name, const char *lag,
                       const aft__table *table, uint32_t index, uint32_t column, int64_t state,
                       aft_error *error) {
  tally t = {.column = column};
  AFT__TRY(count(tx, table, index, state, lag != NULL, &t, error));
  aft__json_key(json, name);
  aft__json_i64(json, t.n);
  if (lag) {
    aft__json_key(json, lag);
    aft__json_i64(json, t.n ? aft__tx_now(tx) - t.first : 0);
  }
  return AFT_OK;
}

static aft_status show_outbox(aft__tx *tx, aft__json *json, aft_error *error) {
  static const struct {
    const char *name, *lag;
    int64_t state;
  } states[] = {{"outbox_ready", "outbox_lag_ms", AFT__OUT_READY},
                {"outbox_queued", NULL, AFT__OUT_QUEUED},
                {"outbox_leased", NULL, AFT__OUT_LEASED},
                {"outbox_unknown", NULL, AFT__OUT_UNKNOWN},
                {"outbox_dead", NULL, AFT__OUT_DEAD}};
  for (size_t i = 0; i < AFT__COUNT(states); i++)
    AFT__TRY(show(tx, json, states[i].name, states[i].lag, &aft__outbox_table, AFT__OB_BY_STATE, AFT__OB_AT,
                  states[i].state, error));
  return AFT_OK;
}

static void number_or_null(aft__json *json, const char *name, bool known, int64_t number) {
  aft__json_key(json, name);
  if (known)
    aft__json_i64(json, number);
  else
    aft__json_null(json);
}

static aft_status show_times(aft__tx *tx, aft__json *json, aft_error *error) {
  static const struct {
    const char *name, *meta;
  } times[] = {{"last_tick", AFT__META_TICK},
               {"last_retention", AFT__META_RETENTION},
               {"last_backup", AFT__META_BACKUP},
               {"restored", AFT__META_RESTORED}};
  for (size_t i = 0; i < AFT__COUNT(times); i++) {
    bool known;
    int64_t at = 0;
    AFT__TRY(aft__meta_get(tx, times[i].meta, &known, &at, error));
    number_or_null(json, times[i].name, known, at);
  }
  return AFT_OK;
}

static aft_status show_head(aft__tx *tx, aft__json *json, aft_error *error) {
  aft_store *store = tx->session->store;
  aft__json_key(json, "schema");
  aft__json_i64(json, store->version);
  aft__json_key(json, "node");
  aft__json_i64(json, aft__node_of(store));
  return show_times(tx, json, error);
}

static aft_status show_sizes(aft__tx *tx, aft__json *json, aft_error *error) {
  aft_sql_sizes sizes = {.size = sizeof sizes, .database = -1, .free = -1, .log = -1};
  if (tx->ops->sizes)
    AFT__TRY(aft__tx_saw(tx, tx->ops->sizes(tx->session->conn, &sizes, error)));
  number_or_null(json, "database_bytes", sizes.database >= 0, sizes.database);
  number_or_null(json, "free_bytes", sizes.free >= 0, sizes.free);
  number_or_null(json, "log_bytes", sizes.log >= 0, sizes.log);
  return AFT_OK;
}

static aft_status show_search(aft__tx *tx, aft__json *json, aft_error *error) {
  aft__lag lags[16];
  uint32_t n = 0;
  int64_t events = 0;
  aft_id after = 0;
  do {
    AFT__TRY(aft__terms_lagging(tx, AFT__TERMS_SEARCH, AFT__TERMS_SEARCH_FORMAT, after, lags,
                                AFT__COUNT(lags), &n, error));
    for (uint32_t i = 0; i < n && events < MOST_COUNT; i++)
      events += lags[i].events < MOST_COUNT - events ? lags[i].events : MOST_COUNT - events;
    after = n ? lags[n - 1].tenant : after;
  } while (n == AFT__COUNT(lags) && events < MOST_COUNT);
  aft__json_key(json, "search_pending");
  aft__json_i64(json, events);
  return AFT_OK;
}

static aft_status examine(aft__tx *tx, void *user, aft_error *error) {
  aft_buf *out = user;
  aft__json json;
  aft__buf_clear(out);
  aft__json_init(&json, out);
  aft__json_open(&json, '{');
  AFT__TRY(show_head(tx, &json, error));
  AFT__TRY(show(tx, &json, "due", "due_lag_ms", &aft__due_table, AFT__DU_BY_STATE, AFT__DU_AT,
                AFT__DUE_WAITING, error));
  AFT__TRY(show(tx, &json, "due_parked", NULL, &aft__due_table, AFT__DU_BY_STATE, AFT__DU_AT, AFT__DUE_PARKED,
                error));
  AFT__TRY(show_outbox(tx, &json, error));
  AFT__TRY(show(tx, &json, "feed_pending", NULL, &aft__event_table, AFT__EV_PENDING, AFT__EV_AT, 0, error));
  AFT__TRY(show_search(tx, &json, error));
  AFT__TRY(show_sizes(tx, &json, error));
  aft__json_close(&json, '}');
  return out->failed ? aft__nomem(error) : AFT_OK;
}

aft_status aft_store_health(aft_session *session, aft_buf **out, aft_error *error) {
  aft__tx_options options = {.name = "store_health", .read = true};
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  if (!out)
    return aft__error(error, AFT_E_NULL_HANDLE, "out", "there is no place for the report");
  aft_buf *buf = aft__buf_new(session->store->env);
  if (!buf)
    return aft__nomem(error);
  aft_status status = aft__tx_run(session, &options, examine, buf, error);
  if (status < 0)
    aft_buf_free(buf);
  else
    *out = buf;
  return status;
}

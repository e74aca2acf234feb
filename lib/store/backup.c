/* Copies of a whole store while others write, through the driver; checked on demand before they get their
 * name. */
#include "store/store_priv.h"

#define OPTIONS_V1  (offsetof(aft_backup_options, user) + sizeof(void *))
#define FLAGS       (AFT_BACKUP_REPLACE | AFT_BACKUP_VERIFY)
#define STEP_PAGES  256
#define MOST_PAGES  1000000
#define MOST_PAUSE  10000
#define CHAINS_SEEN 64
#define MOST_TARGET 4095

static aft_status check_options(const aft_backup_options *given, aft_backup_options *o, aft_error *error) {
  AFT__TRY(aft__abi_copy(o, sizeof *o, given, OPTIONS_V1, "aft_backup_options", error));
  o->target = aft__str(o->target.data, o->target.len);
  if (!o->target.len || o->target.len > MOST_TARGET || memchr(o->target.data, 0, o->target.len))
    return aft__error(error, AFT_E_INVALID, "backup.target", "expected 1 to %d bytes without NUL, found %zu",
                      MOST_TARGET, o->target.len);
  if (o->flags & ~FLAGS)
    return aft__error(error, AFT_E_INVALID, "backup.flags", "expected AFT_BACKUP_… flags, found 0x%x",
                      o->flags);
  if (o->step_pages > MOST_PAGES)
    return aft__error(error, AFT_E_INVALID, "backup.step_pages", "expected at most %d, found %u", MOST_PAGES,
                      o->step_pages);
  if (o->pause_ms > MOST_PAUSE)
    return aft__error(error, AFT_E_INVALID, "backup.pause_ms", "expected at most %d, found %u", MOST_PAUSE,
                      o->pause_ms);
  o->step_pages = o->step_pages ? o->step_pages : STEP_PAGES;
  return AFT_OK;
}

/* ---- verifying the copy ---- */

typedef struct last_subjects {
  aft_id tenant[CHAINS_SEEN], subject[CHAINS_SEEN];
  uint32_t n;
} last_subjects;

static aft_status see_subject(void *user, const aft__value *row, aft_error *error) {
  last_subjects *last = user;
  (void)error;
  for (uint32_t i = 0; i < last->n; i++)
    if (last->subject[i] == row[AFT__EV_SUBJECT].number)
      return AFT_OK;
  last->tenant[last->n] = row[AFT__EV_TENANT].number;
  last->subject[last->n] = row[AFT__EV_SUBJECT].number;
  return ++last->n == CHAINS_SEEN ? AFT_DONE : AFT_OK;
}

/* The records that something happened to last are those that a careless copy would tear. */
static aft_status verify_chains(aft__tx *tx, void *user, aft_error *error) {
  last_subjects last = {.n = 0};
  aft__chain chain;
  (void)user;
  aft__scan scan = {
      .table = &aft__event_table, .index = AFT__BY_ID, .descending = true, .limit = 16 * CHAINS_SEEN};
  AFT__TRY(aft__scan_each(tx, &scan, see_subject, &last, error));
  for (uint32_t i = 0; i < last.n; i++)
    AFT__TRY(aft__event_verify(tx, last.tenant[i], last.subject[i], &chain, error));
  return AFT_OK;
}

static aft_status verify_session(aft_session *session, aft_error *error) {
  aft__tx_options options = {.name = "backup_verify", .read = true};
  const aft__backend_ops *ops = session->store->backend->ops;
  AFT__TRY(aft__session_connect(session, error));
  AFT__TRY(ops->verify(session->conn, error));
  return aft__tx_run(session, &options, verify_chains, NULL, error);
}

typedef struct backup_run {
  aft_session *session;
  aft_backup_options o;
} backup_run;

static int show_progress(void *user, int64_t done, int64_t left) {
  const backup_run *run = user;
  bool stop = atomic_load_explicit(&run->session->interrupted, memory_order_relaxed);
  return stop || (run->o.progress && run->o.progress(run->o.user, done, left) != 0);
}

static aft_status verify_copy(void *user, const char *dsn, aft_error *error) {
  const backup_run *run = user;
  aft_store *copy;
  aft_session *session;
  AFT__TRY(aft__store_of_copy(run->session->store, aft__cstr(dsn), &copy, error));
  aft_status status = aft_session_open(copy, &session, error);
  if (status >= 0) {
    status = verify_session(session, error);
    aft_session_close(session);
  }
  aft_store_unref(copy);
  return status;
}

/* ---- the call ---- */

static aft_status note_backup(aft__tx *tx, void *user, aft_error *error) {
  return aft__meta_put(tx, AFT__META_BACKUP, *(const aft_time *)user, error);
}

/* The copy stands, whatever becomes of the note. */
static void note(aft_session *session, aft_time at) {
  aft__tx_options options = {.name = "backup_note"};
  aft_status status = AFT_OK;
  if (!(session->store->flags & AFT_STORE_READ_ONLY))
    status = aft__tx_run(session, &options, note_backup, &at, NULL);
  if (status < 0)
    aft__log(session->store->env, AFT_LOG_WARN, "the time of a backup could not be kept: %s",
             aft_status_name(status));
}

static aft_status copy_store(backup_run *run, char *target, aft_error *error) {
  aft_session *session = run->session;
  const aft__backend_ops *ops = session->store->backend->ops;
  aft_sql_backup how = {.size = sizeof how,
                        .target = target,
                        .replace = (run->o.flags & AFT_BACKUP_REPLACE) != 0,
                        .pages = run->o.step_pages,
                        .pause_ms = run->o.pause_ms,
                        .progress = show_progress,
                        .check = run->o.flags & AFT_BACKUP_VERIFY ? verify_copy : NULL,
                        .user = run};
  if (!ops->backup)
    return aft__error(error, AFT_E_DRIVER, "store",
                      "a store in memory ends with its process: there is no backup of it");
  AFT__TRY(aft__session_connect(session, error));
  return ops->backup(session->conn, &how, error);
}

static aft_status run_backup(backup_run *run, aft_error *error) {
  aft_session *session = run->session;
  aft_env *env = session->store->env;
  char target[MOST_TARGET + 1];
  memcpy(target, run->o.target.data, run->o.target.len);
  target[run->o.target.len] = '\0';
  int64_t began = aft__mono(env);
  aft_time at = aft_env_now(env);
  aft_status status = copy_store(run, target, error);
  aft__trace(env, "store_backup", began, status, 0);
  if (status == AFT_E_LOST)
    aft__session_cut(session);
  if (status >= 0 && run->o.blobs)
    status = aft_blob_copy(session->store->blobs, run->o.blobs, NULL, error);
  if (status >= 0)
    note(session, at);
  return status < 0 ? status : AFT_OK;
}

aft_status aft_store_backup(aft_session *session, const aft_backup_options *options, aft_error *error) {
  backup_run run = {.session = session};
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  AFT__TRY(check_options(options, &run.o, error));
  if (session->attached)
    return aft__error(error, AFT_E_INVALID, "session",
                      "a backup needs a session of its own, not one in the host's transaction");
  if (run.o.blobs && !session->store->blobs)
    return aft__error(error, AFT_E_INVALID, "backup.blobs",
                      "the store was opened without a blob store: there are no contents to copy");
  if (run.o.blobs && run.o.blobs == session->store->blobs)
    return aft__error(error, AFT_E_INVALID, "backup.blobs",
                      "expected another blob store than the store's own");
  AFT__TRY(aft__session_enter(session, error));
  aft_status status = run_backup(&run, error);
  aft__session_leave(session);
  return status;
}

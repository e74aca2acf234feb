/* Cursors: lists read in keyset pages, each page in a short transaction of its own. */
#include "desk/desk_priv.h"

struct aft__page {
  uint32_t kind;
  aft_env *env;
  uint32_t n, cap;
  aft_record **records;
  aft__place *places; /* of each record */
};

struct aft_cursor {
  aft_env *env;
  aft_session *session;
  aft__list list;
  aft__place next; /* where the page after this one begins */
  bool last;       /* there is none */
  bool listed;     /* pages come from the list; otherwise all records are here */
  bool ended;      /* no page follows */
  bool used_up;    /* AFT_DONE was told */
  bool moved;      /* a record was read: there is a position */
  uint32_t at;
  aft__page page;
};

static void clear_page(aft__page *page) {
  for (uint32_t i = 0; i < page->n; i++)
    aft_record_free(page->records[i]);
  page->n = 0;
}

static void free_page(aft__page *page) {
  clear_page(page);
  aft__release(page->env, page->records, page->cap * sizeof *page->records);
  aft__release(page->env, page->places, page->cap * sizeof *page->places);
}

static void free_list(aft_env *env, const aft__list *list) {
  if (list->source)
    list->source->release(env, list->state);
}

void aft_cursor_free(aft_cursor *cursor) {
  if (!cursor)
    return;
  aft_env *env = cursor->env;
  free_page(&cursor->page);
  free_list(env, &cursor->list);
  aft__session_drop(cursor->session);
  aft__release(env, cursor, sizeof *cursor);
  aft_env_unref(env);
}

static aft_status make_page(aft_env *env, uint32_t cap, aft__page *page, aft_error *error) {
  page->env = env;
  page->cap = cap;
  page->records = aft__zalloc(env, cap * sizeof *page->records);
  page->places = aft__zalloc(env, cap * sizeof *page->places);
  return page->records && page->places ? AFT_OK : aft__nomem(error);
}

static aft_status cursor_new(aft_session *session, uint32_t cap, aft_cursor **out, aft_error *error) {
  aft_env *env = aft__session_env(session);
  aft_cursor *cursor = aft__zalloc(env, sizeof *cursor);
  if (!cursor)
    return aft__nomem(error);
  cursor->env = aft_env_ref(env);
  cursor->session = session;
  aft__session_hold(session);
  aft_status status = make_page(env, cap, &cursor->page, error);
  if (status < 0)
    aft_cursor_free(cursor);
  else
    *out = cursor;
  return status;
}

/* ---- pages ---- */

/* The column that orders the list after its equal ones, or the id where there is none. */
static uint32_t order_column(const aft__list *list) {
  if (list->index == AFT__BY_ID)
    return AFT__COL_ID;
  const aft__index *index = &list->table->indexes[list->index];
  return list->n_equal < index->n ? index->columns[list->n_equal] : AFT__COL_ID;
}

aft_status aft__page_add(aft__page *page, const aft__value *row, aft__place place, aft_error *error) {
  if (page->n == page->cap)
    return aft__error(error, AFT_E_INTERNAL, "cursor", "a page has more than %u records", page->cap);
  AFT__TRY(aft__record_make(page->env, page->kind, row, &page->records[page->n], error));
  page->places[page->n++] = place;
  return AFT_OK;
}

static aft_status scan_page(aft__tx *tx, aft_cursor *cursor, aft_error *error) {
  const aft__list *list = &cursor->list;
  aft__scan scan = {.table = list->table,
                    .index = list->index,
                    .n_equal = list->n_equal,
                    .descending = list->descending,
                    .after = list->after.set,
                    .after_value = aft__int(list->after.value),
                    .after_id = list->after.id,
                    .limit = AFT__PAGE};
  for (uint32_t i = 0; i < list->n_equal; i++)
    scan.equal[i] = aft__int(list->equal[i]);
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  uint32_t column = order_column(list);
  for (uint32_t i = 0; i < n; i++) {
    cursor->next = (aft__place){true, rows[i][column].number, rows[i][AFT__COL_ID].number};
    if (list->shows && !list->shows(list, rows[i]))
      continue;
    if (list->hide)
      AFT__TRY(list->hide(tx, list, rows[i], error));
    AFT__TRY(aft__page_add(&cursor->page, rows[i], cursor->next, error));
  }
  cursor->last = n < AFT__PAGE;
  return AFT_OK;
}

static aft_status read_page(aft__tx *tx, void *user, aft_error *error) {
  aft_cursor *cursor = user;
  const aft__list *list = &cursor->list;
  clear_page(&cursor->page);
  if (!list->source)
    return scan_page(tx, cursor, error);
  return list->source->page(tx, list->state, &list->after, &cursor->page, &cursor->next, &cursor->last,
                            error);
}

/* The deadline of a call counts for all the pages that it passes over. */
static aft_status time_left(const aft_cursor *cursor, int64_t began, int64_t *ms, aft_error *error) {
  *ms = 0;
  if (cursor->list.deadline_ms <= 0)
    return AFT_OK;
  *ms = cursor->list.deadline_ms - (aft__mono(cursor->env) - began) / 1000000;
  return *ms > 0
             ? AFT_OK
             : aft__error(error, AFT_E_DEADLINE, NULL, "the call's deadline passed; calling again goes on");
}

static aft_status read_until_seen(aft_cursor *cursor, aft_error *error) {
  aft__tx_options options = {.name = "cursor_page", .read = true};
  int64_t began = aft__mono(cursor->env);
  while (!cursor->ended && !cursor->page.n) {
    AFT__TRY(time_left(cursor, began, &options.deadline_ms, error));
    AFT__TRY(aft__tx_run(cursor->session, &options, read_page, cursor, error));
    cursor->ended = cursor->last;
    cursor->list.after = cursor->next;
  }
  return AFT_OK;
}

/* A page on which nothing may be seen is passed over. The list moves on once a page was read for good, since
 * its transaction may have to run again. An interrupt ends all of it. */
static aft_status next_page(aft_cursor *cursor, aft_error *error) {
  clear_page(&cursor->page);
  cursor->at = 0;
  AFT__TRY(aft__session_enter(cursor->session, error));
  aft_status status = read_until_seen(cursor, error);
  aft__session_leave(cursor->session);
  if (status < 0)
    clear_page(&cursor->page);
  return status;
}

aft_status aft_cursor_next(aft_cursor *cursor, aft_record **out, aft_error *error) {
  if (!cursor || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, cursor ? "out" : "cursor", "the handle is NULL");
  if (cursor->used_up)
    return aft__error(error, AFT_E_CURSOR_END, "cursor", "the cursor told AFT_DONE before: open a new one");
  if (cursor->at == cursor->page.n && cursor->listed && !cursor->ended)
    AFT__TRY(next_page(cursor, error));
  if (cursor->at == cursor->page.n) {
    cursor->used_up = true;
    return AFT_DONE;
  }
  cursor->moved = true;
  *out = cursor->page.records[cursor->at++];
  return AFT_OK;
}

aft_status aft_cursor_token(const aft_cursor *cursor, aft_buf **out, aft_error *error) {
  if (!cursor || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, cursor ? "out" : "cursor", "the handle is NULL");
  if (!cursor->moved || !cursor->at || !cursor->listed)
    return aft__error(error, AFT_E_INVALID, "cursor",
                      "no record of a page was read: there is no position yet");
  aft_buf *buf = aft__buf_new(cursor->env);
  if (!buf)
    return aft__nomem(error);
  const aft__place *place = &cursor->page.places[cursor->at - 1];
  aft__value value = aft__int(place->value);
  aft__page_encode(buf, cursor->list.scope, &value, place->id);
  if (buf->failed) {
    aft_buf_free(buf);
    return aft__nomem(error);
  }
  *out = buf;
  return AFT_OK;
}

/* ---- opening ---- */

static uint64_t scope_of(const aft__list *list) {
  int64_t parts[3 + AFT__MOST_KEYS] = {list->kind, list->index, list->actor};
  for (uint32_t i = 0; i < list->n_equal; i++)
    parts[3 + i] = list->equal[i];
  return aft__hash64(parts, sizeof parts, list->scope);
}

static aft_status take_token(aft_cursor *cursor, aft_str token, aft_error *error) {
  aft__arena arena;
  aft__arena_init(&arena, cursor->env);
  aft__value value;
  aft__list *list = &cursor->list;
  aft_status status = aft__page_decode(token, list->scope, &arena, &value, &list->after.id, error);
  list->after.set = true;
  list->after.value = status >= 0 ? value.number : 0;
  aft__arena_done(&arena);
  return status;
}

aft_status aft__cursor_open(aft_session *session, const aft__list *list, aft_str token, aft_cursor **out,
                            aft_error *error) {
  aft_cursor *cursor;
  aft_status status = out ? cursor_new(session, AFT__PAGE, &cursor, error)
                          : aft__error(error, AFT_E_NULL_HANDLE, "out", "the place for the cursor is NULL");
  if (status < 0) {
    free_list(aft__session_env(session), list);
    return status;
  }
  cursor->listed = true;
  cursor->page.kind = list->kind;
  cursor->list = *list;
  cursor->list.scope = scope_of(list);
  if (token.len)
    status = take_token(cursor, token, error);
  if (status < 0)
    aft_cursor_free(cursor);
  else
    *out = cursor;
  return status;
}

aft_status aft__cursor_of(aft_session *session, aft_record **records, uint32_t n, aft_cursor **out,
                          aft_error *error) {
  aft_cursor *cursor;
  aft_status status = out ? cursor_new(session, n ? n : 1, &cursor, error)
                          : aft__error(error, AFT_E_NULL_HANDLE, "out", "the place for the cursor is NULL");
  if (status < 0) {
    for (uint32_t i = 0; i < n; i++)
      aft_record_free(records[i]);
    return status;
  }
  if (n)
    memcpy(cursor->page.records, records, n * sizeof *records);
  cursor->page.n = n;
  cursor->ended = true;
  *out = cursor;
  return AFT_OK;
}

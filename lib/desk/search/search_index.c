/* The tick's part of the search: it follows the tenants' feeds and puts the terms of what they tell of into
 * the index. Intake pays nothing for it. */
#include "desk/search/search_priv.h"

#include <stdio.h>

#define LEASE_MS    (30 * AFT__SECOND)
#define MOST_EVENTS 256              /* of one batch */
#define MOST_BYTES  (4 * (1u << 20)) /* of texts and postings of one batch, beyond which no event is begun */
#define TENANTS     64               /* of one round, each of which gets one batch */

/* ---- what an event brought ---- */

typedef enum brings {
  BRINGS_NOTHING,
  BRINGS_MESSAGE, /* the one that its facts name */
  BRINGS_TICKET,  /* likewise, and the ticket itself */
  BRINGS_EDIT,    /* a message that was changed */
  BRINGS_ALL      /* something about messages that this version does not know */
} brings;

static const char message_fact[] = "\"message\":\"";

static const char *find_fact(aft_str facts) {
  const size_t n = sizeof message_fact - 1;
  for (size_t i = 0; i + n < facts.len; i++)
    if (memcmp(facts.data + i, message_fact, n) == 0)
      return facts.data + i + n;
  return NULL;
}

aft_id aft__event_message(aft_str facts) {
  const char *p = find_fact(facts);
  aft_id id = 0;
  for (; p && p < facts.data + facts.len && *p >= '0' && *p <= '9' && id < INT64_MAX / 10 - 1; p++)
    id = id * 10 + (*p - '0');
  return id;
}

static bool begins(aft_str text, const char *with) {
  size_t n = strlen(with);
  return text.len >= n && memcmp(text.data, with, n) == 0;
}

static brings what_brings(const aft__value *event) {
  aft_str verb = aft__value_str(&event[AFT__EV_VERB]);
  if (event[AFT__EV_KIND].number != AFT__KIND_TICKET || aft__str_eq(verb, aft__cstr("message.recalled")))
    return BRINGS_NOTHING;
  if (aft__str_eq(verb, aft__cstr("ticket.opened")) || aft__str_eq(verb, aft__cstr("ticket.invited")))
    return BRINGS_TICKET;
  if (aft__event_message(aft__value_str(&event[AFT__EV_FACTS])))
    return BRINGS_MESSAGE;
  if (aft__str_eq(verb, aft__cstr("message.edited")))
    return BRINGS_EDIT;
  return begins(verb, "message.") ? BRINGS_ALL : BRINGS_NOTHING;
}

bool aft__search_matters(const aft__value *event) { return what_brings(event) != BRINGS_NOTHING; }

/* ---- terms ---- */

aft_str aft__search_term_of(char what, aft_id id, char out[AFT__TERM_OF_BYTES]) {
  int n = snprintf(out, AFT__TERM_OF_BYTES, "\1%c%lld", what, (long long)id);
  return aft__str(out, (size_t)n);
}

typedef struct indexing {
  aft__tx *tx;
  aft_id tenant;
  aft__terms_batch batch;
  aft__buf form;
  aft_id ticket; /* that the terms belong to */
  uint64_t bytes;
} indexing;

static bool add_term(void *user, aft_str term) {
  indexing *x = user;
  aft__terms_batch_add(&x->batch, term, x->ticket);
  return true;
}

static aft_status add_text(indexing *x, aft_str text, aft_error *error) {
  if (!text.len)
    return AFT_OK;
  x->bytes += text.len;
  aft__buf_clear(&x->form);
  AFT__TRY(aft__terms_form(&x->form, text, error));
  aft__terms_each(aft__buf_view(&x->form), add_term, x);
  return AFT_OK;
}

static void add_person(indexing *x, char what, aft_id id) {
  char bytes[AFT__TERM_OF_BYTES];
  add_term(x, aft__search_term_of(what, id, bytes));
}

/* What has been collected goes into a segment of its own, so that no ticket is too long for the memory. */
static aft_status make_room(indexing *x, aft_error *error) {
  if (aft__terms_batch_size(&x->batch) < 4 * (size_t)MOST_BYTES)
    return AFT_OK;
  return aft__terms_batch_write(x->tx, &x->batch, x->tenant, AFT__TERMS_SEARCH, error);
}

/* ---- messages ---- */

static aft_status add_part(void *user, const aft__value *row, aft_error *error) {
  AFT__TRY(add_text(user, aft__row_str(row, AFT__PART_NAME), error));
  return add_text(user, aft__row_str(row, AFT__PART_TEXT), error);
}

static aft_status add_parts(indexing *x, aft_id message, aft_error *error) {
  aft__scan scan = {.table = &aft__part_table,
                    .index = AFT__PART_BY_MESSAGE,
                    .n_equal = 2,
                    .equal = {aft__int(x->tenant), aft__int(message)}};
  AFT__TRY(aft__scan_each(x->tx, &scan, add_part, x, error));
  return make_room(x, error);
}

static aft_status add_message(indexing *x, aft_id id, aft_error *error) {
  aft__value *row;
  aft_status status = aft__get(x->tx, &aft__message_table, id, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  if (aft__row_int(row, AFT__MESSAGE_TENANT) != x->tenant)
    return AFT_OK;
  AFT__TRY(add_text(x, aft__row_str(row, AFT__MESSAGE_TEXT), error));
  return aft__row_int(row, AFT__MESSAGE_PARTS) ? add_parts(x, id, error) : AFT_OK;
}

#define CHUNK 64

typedef struct chunk {
  indexing *x;
  bool edited; /* those alone that were edited */
  aft_id last, with_parts[CHUNK];
  uint32_t scanned, n;
} chunk;

static aft_status add_row(void *user, const aft__value *row, aft_error *error) {
  chunk *c = user;
  c->last = aft__row_int(row, AFT__MESSAGE_ID);
  c->scanned++;
  if (c->edited && aft__row_int(row, AFT__MESSAGE_VERSION) < 2)
    return AFT_OK;
  if (!c->edited && aft__row_int(row, AFT__MESSAGE_PARTS))
    c->with_parts[c->n++] = c->last;
  return add_text(c->x, aft__row_str(row, AFT__MESSAGE_TEXT), error);
}

static aft_status add_messages(indexing *x, aft_id ticket, bool edited, aft_error *error) {
  chunk c = {.x = x, .edited = edited};
  aft__scan scan = {.table = &aft__message_table,
                    .index = AFT__MESSAGE_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(x->tenant), aft__int(ticket)},
                    .limit = CHUNK};
  do {
    c.scanned = c.n = 0;
    AFT__TRY(aft__scan_each(x->tx, &scan, add_row, &c, error));
    AFT__TRY(make_room(x, error));
    for (uint32_t i = 0; i < c.n; i++)
      AFT__TRY(add_parts(x, c.with_parts[i], error));
    scan.after = true;
    scan.after_id = c.last;
  } while (c.scanned == CHUNK);
  return AFT_OK;
}

/* ---- tickets ---- */

static aft_status add_participant(void *user, const aft__value *row, aft_error *error) {
  (void)error;
  add_person(user, AFT__TERM_CUSTOMER, aft__row_int(row, AFT__PARTICIPANT_CUSTOMER));
  return AFT_OK;
}

static aft_status add_order(indexing *x, aft_id order, aft_error *error) {
  aft__value *row;
  if (!order)
    return AFT_OK;
  aft_status status = aft__get(x->tx, &aft__order_table, order, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  return add_text(x, aft__row_str(row, AFT__ORDER_NUMBER), error);
}

static aft_status add_ticket(indexing *x, aft_error *error) {
  aft__value *row;
  aft_status status = aft__get(x->tx, &aft__ticket_table, x->ticket, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  add_term(x, aft__cstr(AFT__TERM_ALL));
  add_person(x, AFT__TERM_SHOP, aft__row_int(row, AFT__TICKET_SHOP));
  add_person(x, AFT__TERM_CUSTOMER, aft__row_int(row, AFT__TICKET_CUSTOMER));
  AFT__TRY(add_text(x, aft__row_str(row, AFT__TICKET_SUBJECT), error));
  AFT__TRY(add_text(x, aft__row_str(row, AFT__TICKET_CODE), error));
  AFT__TRY(add_order(x, aft__row_int(row, AFT__TICKET_ORDER), error));
  aft__scan scan = {.table = &aft__participant_table,
                    .index = AFT__PARTICIPANT_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(x->tenant), aft__int(x->ticket)}};
  return aft__scan_each(x->tx, &scan, add_participant, x, error);
}

static aft_status add_event(indexing *x, const aft__value *event, aft_error *error) {
  brings what = what_brings(event);
  aft_id message = aft__event_message(aft__value_str(&event[AFT__EV_FACTS]));
  x->ticket = event[AFT__EV_SUBJECT].number;
  if (what == BRINGS_TICKET)
    AFT__TRY(add_ticket(x, error));
  if ((what == BRINGS_TICKET || what == BRINGS_MESSAGE) && message)
    return add_message(x, message, error);
  if (what == BRINGS_EDIT || what == BRINGS_ALL)
    return add_messages(x, x->ticket, what == BRINGS_EDIT, error);
  return AFT_OK;
}

/* ---- one batch ---- */

typedef struct batch {
  aft_id tenant;
  uint32_t most, n; /* events */
} batch;

/* An index of an older format is begun again; one of a newer is left to a newer library. */
static aft_status where_to_begin(aft__tx *tx, aft_id tenant, int64_t *covered, bool *ours, aft_error *error) {
  int64_t format;
  AFT__TRY(aft__terms_covered(tx, tenant, AFT__TERMS_SEARCH, covered, &format, error));
  *ours = format <= AFT__TERMS_SEARCH_FORMAT;
  if (format >= AFT__TERMS_SEARCH_FORMAT)
    return AFT_OK;
  *covered = 0;
  return aft__terms_drop(tx, tenant, AFT__TERMS_SEARCH, error);
}

static aft_status add_events(indexing *x, batch *b, int64_t *covered, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_FEED,
                    .n_equal = 1,
                    .equal = {aft__int(x->tenant)},
                    .after = true,
                    .after_value = aft__int(*covered),
                    .after_id = INT64_MAX,
                    .limit = b->most};
  AFT__TRY(aft__scan_all(x->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n && x->bytes < MOST_BYTES && aft__terms_batch_size(&x->batch) < 4 * MOST_BYTES;
       i++) {
    AFT__TRY(add_event(x, rows[i], error));
    *covered = rows[i][AFT__EV_FEED].number;
    b->n++;
  }
  return AFT_OK;
}

/* Of all tenants with a backlog the next one's turn comes first. It is remembered where no tenant is. */
#define TURN 0

static aft_status index_some(aft__tx *tx, void *user, aft_error *error) {
  batch *b = user;
  int64_t covered;
  bool ours;
  aft_str owner = aft__store_owner(aft__session_store(aft__tx_session(tx)));
  b->n = 0;
  AFT__TRY(aft__lease_hold(tx, aft__cstr("search"), owner, LEASE_MS, error));
  AFT__TRY(where_to_begin(tx, b->tenant, &covered, &ours, error));
  if (!ours)
    return AFT_OK;
  indexing x = {.tx = tx, .tenant = b->tenant};
  const aft_env *env = aft__session_env(aft__tx_session(tx));
  aft__terms_batch_init(&x.batch, env);
  aft__buf_init(&x.form, env);
  aft_status status = add_events(&x, b, &covered, error);
  if (status >= 0)
    status = aft__terms_batch_write(tx, &x.batch, b->tenant, AFT__TERMS_SEARCH, error);
  if (status >= 0)
    status = aft__terms_cover(tx, b->tenant, AFT__TERMS_SEARCH, covered, AFT__TERMS_SEARCH_FORMAT, error);
  if (status >= 0)
    status = aft__terms_cover(tx, TURN, AFT__TERMS_SEARCH, b->tenant, AFT__TERMS_SEARCH_FORMAT, error);
  aft__buf_done(&x.form);
  aft__terms_batch_done(&x.batch);
  return status;
}

/* ---- beginning anew ---- */

#define DUE_RENEW "search"

/* One moment for all that is asked for in a day, so that the index is built again once. */
aft_status aft__search_renew_soon(aft__cmd *cmd, aft_error *error) {
  aft_time at = cmd->now - cmd->now % AFT__DAY + AFT__DAY;
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_TENANT, cmd->call.tenant, aft__cstr(DUE_RENEW), at,
                      error);
}

/* No format: what is there belongs to an older one. */
aft_status aft__search_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  (void)due;
  return aft__terms_cover(cmd->tx, cmd->call.tenant, AFT__TERMS_SEARCH, 0, 0, error);
}

/* ---- rounds ---- */

typedef struct round {
  aft__lag lags[TENANTS];
  uint32_t n;
  bool idle; /* the index is in shape */
} round;

static aft_status find_work(aft__tx *tx, void *user, aft_error *error) {
  round *r = user;
  int64_t turn, format;
  uint32_t more = 0;
  AFT__TRY(aft__terms_idle(tx, &r->idle, error));
  AFT__TRY(aft__terms_covered(tx, TURN, AFT__TERMS_SEARCH, &turn, &format, error));
  AFT__TRY(aft__terms_lagging(tx, AFT__TERMS_SEARCH, AFT__TERMS_SEARCH_FORMAT, turn, r->lags, TENANTS, &r->n,
                              error));
  if (r->n || !turn)
    return AFT_OK;
  AFT__TRY(
      aft__terms_lagging(tx, AFT__TERMS_SEARCH, AFT__TERMS_SEARCH_FORMAT, 0, r->lags, TENANTS, &more, error));
  r->n = more;
  return AFT_OK;
}

static aft_status tend(aft__tx *tx, void *user, aft_error *error) {
  aft_str owner = aft__store_owner(aft__session_store(aft__tx_session(tx)));
  AFT__TRY(aft__lease_hold(tx, aft__cstr("search"), owner, LEASE_MS, error));
  return aft__terms_tend(tx, user, error);
}

/* A step whose outcome is unknown was taken or not: the next one looks. */
static aft_status take_step(aft_session *session, const char *name, bool read, aft__tx_fn fn, void *user,
                            aft_error *error) {
  aft__tx_options options = {.name = name, .read = read};
  aft_status status = aft__tx_run(session, &options, fn, user, error);
  return status == AFT_E_UNKNOWN ? AFT_OK : status;
}

typedef struct budget {
  const aft_env *env;
  int64_t ends; /* on the monotonic clock */
  uint32_t rows;
} budget;

static bool spent(const budget *left) { return !left->rows || aft__mono(left->env) >= left->ends; }

static aft_status index_round(aft_session *session, const round *r, budget *left, uint32_t *indexed,
                              aft_error *error) {
  for (uint32_t i = 0; i < r->n && !spent(left); i++) {
    batch b = {.tenant = r->lags[i].tenant, .most = left->rows < MOST_EVENTS ? left->rows : MOST_EVENTS};
    AFT__TRY(take_step(session, "search_index", false, index_some, &b, error));
    *indexed += b.n;
    left->rows -= b.n < left->rows ? b.n : left->rows;
  }
  return AFT_OK;
}

/* Merging is bounded by the time alone: its steps are few for each batch. */
static aft_status work(aft_session *session, budget *left, uint32_t *indexed, aft_error *error) {
  round r = {.n = 1};
  for (uint32_t before = UINT32_MAX; r.n && !spent(left) && before != *indexed;) {
    before = *indexed;
    r.n = 0;
    AFT__TRY(take_step(session, "search_look", true, find_work, &r, error));
    AFT__TRY(index_round(session, &r, left, indexed, error));
  }
  aft_status status = r.idle ? AFT_DONE : AFT_OK;
  for (uint32_t blocks; status == AFT_OK && aft__mono(left->env) < left->ends;)
    status = take_step(session, "search_tend", false, tend, &blocks, error);
  return status;
}

aft_status aft__search_tick(aft_session *session, uint32_t most, int64_t ms, uint32_t *indexed,
                            aft_error *error) {
  const aft_env *env = aft__session_env(session);
  budget left = {env, INT64_MAX, most};
  int64_t span;
  uint32_t n = 0;
  if (aft__mul_i64(ms, 1000000, &span) || aft__add_i64(aft__mono(env), span, &left.ends))
    left.ends = INT64_MAX;
  AFT__TRY(aft__session_enter(session, error));
  aft_status status = work(session, &left, &n, error);
  aft__session_leave(session);
  *indexed = n;
  return status < 0 && status != AFT_E_LEASE_LOST ? status : AFT_OK;
}

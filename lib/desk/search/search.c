/* Text search: candidates come from the index and from events that it does not cover yet, each is matched
 * against the texts as they are now. */
#include "desk/search/search_priv.h"

#include <stdlib.h>

#define SEARCH_V1    (offsetof(aft_search_in, token) + sizeof(aft_str))
#define QUERY_BYTES  4096
#define MOST_NEEDS   16               /* terms that are asked of the index */
#define MOST_SHOPS   8                /* of an agent; those who have more are checked ticket by ticket */
#define TAIL_EVENTS  4096             /* that the index does not cover yet */
#define PAGE_TICKETS 256              /* looked at for one page */
#define PAGE_BYTES   (4 * (1u << 20)) /* likewise, of text */

/* ---- the tail: tickets of events that are not indexed yet ---- */

typedef struct tail {
  aft_id *tickets; /* the latest first */
  uint32_t n, scanned;
} tail;

static aft_status add_to_tail(void *user, const aft__value *event, aft_error *error) {
  tail *t = user;
  (void)error;
  t->scanned++;
  aft_id ticket = event[AFT__EV_SUBJECT].number;
  if (aft__search_matters(event) && (!t->n || t->tickets[t->n - 1] != ticket))
    t->tickets[t->n++] = ticket;
  return AFT_OK;
}

static int latest_first(const void *a, const void *b) {
  const aft_id *x = a, *y = b;
  return (*x < *y) - (*x > *y);
}

/* The newest events: first those without a feed number, then those with the greatest. */
static aft_status read_tail(aft__tx *tx, aft_id tenant, int64_t covered, tail *t, aft_error *error) {
  aft__value none = aft__int(0), from = aft__int(covered + 1);
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_FEED,
                    .n_equal = 1,
                    .equal = {aft__int(tenant)},
                    .low = &none,
                    .high = &none,
                    .descending = true,
                    .limit = TAIL_EVENTS};
  *t = (tail){.tickets = aft__arena_alloc(aft__tx_arena(tx), TAIL_EVENTS * sizeof(aft_id))};
  if (!t->tickets)
    return aft__nomem(error);
  AFT__TRY(aft__scan_each(tx, &scan, add_to_tail, t, error));
  if (t->scanned < TAIL_EVENTS) {
    scan.limit = TAIL_EVENTS - t->scanned;
    scan.low = &from;
    scan.high = NULL;
    AFT__TRY(aft__scan_each(tx, &scan, add_to_tail, t, error));
  }
  qsort(t->tickets, t->n, sizeof *t->tickets, latest_first);
  return AFT_OK;
}

static aft_id latest_in(const tail *t, aft_id at_most) {
  for (uint32_t i = 0; i < t->n; i++)
    if (t->tickets[i] <= at_most)
      return t->tickets[i];
  return 0;
}

/* ---- what is asked of the index ---- */

typedef struct need {
  aft_str term;
  bool range;
} need;

typedef struct needs {
  need *items;
  uint32_t n;
} needs;

static void add_need(void *user, aft_str term, bool range) {
  needs *all = user;
  for (uint32_t i = 0; i < all->n; i++)
    if (all->items[i].range == range && aft__str_eq(all->items[i].term, term))
      return;
  all->items[all->n++] = (need){term, range};
}

/* Terms of a query are at most as many as its characters. */
static aft_status collect_needs(aft__tx *tx, const aft__query *query, needs *all, aft_error *error) {
  size_t most = 0;
  for (uint32_t i = 0; i < query->n; i++)
    most += query->words[i].text.len;
  *all = (needs){.items = aft__arena_alloc(aft__tx_arena(tx), (most + 1) * sizeof *all->items)};
  if (!all->items)
    return aft__nomem(error);
  for (uint32_t i = 0; i < query->n; i++)
    if (!query->words[i].excluded)
      aft__query_needs(&query->words[i], add_need, all);
  return AFT_OK;
}

/* Of many terms some from everywhere are enough: matching has the last word. */
static aft_status ask_terms(aft__terms_find *find, const needs *all, bool *asked, aft_error *error) {
  uint32_t some = all->n < MOST_NEEDS ? all->n : MOST_NEEDS;
  for (uint32_t i = 0; i < some; i++) {
    const need *item = &all->items[(size_t)i * all->n / some];
    bool kept = true;
    if (item->range)
      AFT__TRY(aft__terms_need_range(find, item->term, &kept, error));
    else
      AFT__TRY(aft__terms_need(find, &item->term, 1, error));
    *asked |= kept;
  }
  return AFT_OK;
}

static aft_status ask_ids(aft__tx *tx, aft__terms_find *find, char what, const aft_id *ids, uint32_t n,
                          aft_error *error) {
  aft_str terms[MOST_SHOPS];
  for (uint32_t i = 0; i < n; i++) {
    char *bytes = aft__arena_alloc(aft__tx_arena(tx), AFT__TERM_OF_BYTES);
    if (!bytes)
      return aft__nomem(error);
    terms[i] = aft__search_term_of(what, ids[i], bytes);
  }
  return aft__terms_need(find, terms, n, error);
}

static aft_status ask(aft__tx *tx, const aft__search *search, aft__terms_find *find, aft_error *error) {
  const aft_str all_tickets = aft__cstr(AFT__TERM_ALL);
  needs all;
  bool asked = false;
  AFT__TRY(collect_needs(tx, &search->query, &all, error));
  AFT__TRY(ask_terms(find, &all, &asked, error));
  if (search->call.role == AFT_ROLE_BUYER)
    AFT__TRY(ask_ids(tx, find, AFT__TERM_CUSTOMER, &search->call.actor, 1, error));
  if (search->customer)
    AFT__TRY(ask_ids(tx, find, AFT__TERM_CUSTOMER, &search->customer, 1, error));
  if (search->shop)
    AFT__TRY(ask_ids(tx, find, AFT__TERM_SHOP, &search->shop, 1, error));
  else if (search->shops && search->n_shops <= MOST_SHOPS)
    AFT__TRY(ask_ids(tx, find, AFT__TERM_SHOP, search->shops, search->n_shops, error));
  if (asked)
    return AFT_OK;
  return aft__terms_need(find, &all_tickets, 1, error);
}

/* ---- candidates ---- */

typedef struct candidates {
  aft__terms_find *find;
  tail tail;
} candidates;

static aft_status open_candidates(aft__tx *tx, const aft__search *search, candidates *c, aft_error *error) {
  int64_t covered, format;
  aft_id tenant = search->call.tenant;
  AFT__TRY(aft__terms_covered(tx, tenant, AFT__TERMS_SEARCH, &covered, &format, error));
  bool ours = format == AFT__TERMS_SEARCH_FORMAT;
  c->find = NULL;
  AFT__TRY(read_tail(tx, tenant, ours ? covered : 0, &c->tail, error));
  if (!ours)
    return AFT_OK;
  AFT__TRY(aft__terms_open(tx, tenant, AFT__TERMS_SEARCH, &c->find, error));
  return ask(tx, search, c->find, error);
}

/* The latest candidate at or before one; *paused: it is only where the next page begins. */
static aft_status next_candidate(candidates *c, aft_id at_most, aft_id *out, bool *paused, aft_error *error) {
  *paused = false;
  *out = 0;
  if (c->find)
    AFT__TRY(aft__terms_next(c->find, at_most, out, paused, error));
  aft_id fresh = latest_in(&c->tail, at_most);
  if (fresh >= *out && fresh) {
    *paused = false;
    *out = fresh;
  }
  return AFT_OK;
}

/* ---- pages ---- */

/* Places of tickets: value and id are the ticket's. Of messages: value is the ticket's, id the message's, or
 * 0 when the ticket is done with. */
typedef struct page_run {
  aft__match_run run;
  candidates from;
  aft__page *page;
  uint32_t room, looked;
  aft__place *next;
} page_run;

static bool is_full(const page_run *p) {
  return !p->room || p->looked >= PAGE_TICKETS || p->run.bytes >= PAGE_BYTES;
}

static aft_status add_ticket(page_run *p, const aft__value *ticket, aft_error *error) {
  bool matches;
  AFT__TRY(aft__match_ticket(&p->run, ticket, &matches, error));
  if (!matches)
    return AFT_OK;
  p->room--;
  aft_id id = ticket[AFT__TICKET_ID].number;
  return aft__page_add(p->page, ticket, (aft__place){true, id, id}, error);
}

static aft_status add_found(page_run *p, aft_id ticket, const aft_id *found, uint32_t n, aft_error *error) {
  for (uint32_t i = 0; i < n && p->room; i++, p->room--) {
    aft__value *row;
    AFT__TRY(aft__get(p->run.tx, &aft__message_table, found[i], &row, error));
    if (p->run.search->call.role == AFT_ROLE_BUYER)
      row[AFT__MESSAGE_SUGGESTIONS] = aft__null();
    *p->next = (aft__place){true, ticket, found[i]};
    AFT__TRY(aft__page_add(p->page, row, *p->next, error));
  }
  return AFT_OK;
}

/* Messages of one ticket before one of them. p->next is where to go on; its id is 0 when all were looked at.
 */
static aft_status add_messages(page_run *p, aft_id ticket, aft_id before, aft_error *error) {
  do {
    aft_id found[AFT__MATCH_MESSAGES];
    uint32_t n;
    AFT__TRY(aft__match_messages(&p->run, ticket, before, found, &n, &before, error));
    uint32_t room = p->room;
    AFT__TRY(add_found(p, ticket, found, n, error));
    if (n > room)
      return AFT_OK;
    *p->next = (aft__place){true, ticket, before};
  } while (before && !is_full(p));
  return AFT_OK;
}

static aft_status add_candidate(page_run *p, aft_id id, aft_id before, aft_error *error) {
  aft__value *ticket;
  p->looked++;
  *p->next = (aft__place){true, id, 0};
  AFT__TRY(aft__match_load(&p->run, id, &ticket, error));
  if (!ticket)
    return AFT_OK;
  return p->run.search->messages ? add_messages(p, id, before, error) : add_ticket(p, ticket, error);
}

/* Tickets are never opened before the time in their id, so that no older one can pass. */
static bool too_old(const aft__search *search, aft_id ticket) {
  return !search->messages && search->from && aft_id_time(ticket) < search->from;
}

static aft_status fill_page(page_run *p, const aft__place *from, bool *ended, aft_error *error) {
  const aft__search *search = p->run.search;
  bool inside = search->messages && from->set && from->id > 0; /* a ticket was left in the middle */
  aft_id before = inside ? from->id : 0;
  aft_id at = !from->set ? INT64_MAX : inside ? from->value : from->value - 1;
  while (!is_full(p) && at > 0) {
    bool paused;
    aft_id id;
    AFT__TRY(next_candidate(&p->from, at, &id, &paused, error));
    if (!id || too_old(search, id))
      break;
    if (paused) {
      *p->next = (aft__place){true, id + 1, 0};
      return AFT_OK;
    }
    AFT__TRY(add_candidate(p, id, inside && id == from->value ? before : 0, error));
    at = id - 1;
  }
  *ended = !is_full(p);
  return AFT_OK;
}

static aft_status search_page(aft__tx *tx, void *state, const aft__place *from, aft__page *page,
                              aft__place *next, bool *ended, aft_error *error) {
  const aft__search *search = state;
  page_run p = {.page = page, .room = AFT__PAGE, .next = next};
  *ended = false;
  *next = *from;
  if (search->shops && !search->n_shops) {
    *ended = true;
    return AFT_OK;
  }
  AFT__TRY(open_candidates(tx, search, &p.from, error));
  aft__match_begin(&p.run, tx, search);
  aft_status status = fill_page(&p, from, ended, error);
  aft__match_end(&p.run);
  return status;
}

static void release(aft_env *env, void *state) {
  aft__search *search = state;
  if (!search)
    return;
  aft__arena_done(&search->arena);
  aft__release(env, search, sizeof *search);
}

/* ---- opening ---- */

static aft_status check(aft__cmd *cmd, void *in, aft_error *error) {
  aft__search *search = in;
  aft_id *shops;
  uint32_t n;
  bool buyer = cmd->call.role == AFT_ROLE_BUYER;
  cmd->subject = search->shop;
  if (search->shop && !buyer)
    AFT__TRY(aft__may_shop(cmd, search->shop, error));
  if (search->customer)
    AFT__TRY(aft__may_customer(cmd, search->customer, error));
  search->call = cmd->call;
  search->call.key = (aft_str){0};
  search->shops = NULL;
  if (cmd->call.role != AFT_ROLE_AGENT)
    return AFT_OK;
  AFT__TRY(aft__agent_shops(cmd, &shops, &n, error));
  search->shops = aft__arena_alloc(&search->arena, (n + 1) * sizeof *shops);
  if (!search->shops)
    return aft__nomem(error);
  if (n)
    memcpy(search->shops, shops, n * sizeof *shops);
  search->n_shops = n;
  return AFT_OK;
}

static aft_status check_in(aft_search_in *in, aft_error *error) {
  AFT__TRY(aft__in_text(&in->query, QUERY_BYTES, "search.query", error));
  AFT__TRY(aft__in_text(&in->token, 512, "search.token", error));
  if (in->shop < 0)
    return aft__in_id(in->shop, "search.shop", error);
  if (in->customer < 0)
    return aft__in_id(in->customer, "search.customer", error);
  if (in->from < 0 || in->to < 0)
    return aft__error(error, AFT_E_INVALID, in->from < 0 ? "search.from" : "search.to",
                      "expected a time, or 0 for none");
  if (in->flags & ~AFT_SEARCH_OPEN)
    return aft__error(error, AFT_E_INVALID, "search.flags", "expected AFT_SEARCH_…, found %u", in->flags);
  return AFT_OK;
}

/* A token belongs to one query with its filters. */
static uint64_t scope_of(const aft__search *search) {
  const int64_t numbers[] = {search->call.tenant, search->call.role, search->shop, search->customer,
                             search->from,        search->to,        search->open};
  uint64_t scope = aft__hash64(numbers, sizeof numbers, 0);
  for (uint32_t i = 0; i < search->query.n; i++) {
    const aft__query_word *word = &search->query.words[i];
    scope = aft__hash64(word->text.data, word->text.len, scope + 1 + word->excluded + 2 * word->prefix);
  }
  return scope;
}

static aft_status prepare(const aft_search_in *given, bool messages, aft_str *token, aft__search *search,
                          aft_error *error) {
  aft_search_in in;
  AFT__TRY(aft__abi_copy(&in, sizeof in, given, SEARCH_V1, "aft_search_in", error));
  AFT__TRY(check_in(&in, error));
  AFT__TRY(aft__query_parse(&search->query, &search->arena, in.query.data ? in.query : aft__cstr(""), error));
  search->messages = messages;
  search->shop = in.shop;
  search->customer = in.customer;
  search->from = in.from;
  search->to = in.to;
  search->open = in.flags & AFT_SEARCH_OPEN;
  *token = in.token;
  return AFT_OK;
}

static aft_status start(aft_session *session, const aft_call *call, const aft__command *command,
                        const aft_search_in *in, aft_cursor **out, aft_error *error) {
  static const aft__source source = {search_page, release};
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  if (!in)
    return aft__error(error, AFT_E_INVALID, "search.query", "required");
  aft_env *env = aft__session_env(session);
  aft__search *search = aft__zalloc(env, sizeof *search);
  if (!search)
    return aft__nomem(error);
  search->env = env;
  aft__arena_init(&search->arena, env);
  bool messages = command->returns == AFT_KIND_MESSAGE;
  aft_str token = {0};
  aft_status status = prepare(in, messages, &token, search, error);
  if (status >= 0)
    status = aft__command_run(session, call, command, search, NULL, error);
  if (status < 0) {
    release(env, search);
    return status;
  }
  aft__list list = {.kind = command->returns,
                    .source = &source,
                    .state = search,
                    .actor = search->call.actor,
                    .deadline_ms = search->call.deadline_ms,
                    .scope = scope_of(search)};
  return aft__cursor_open(session, &list, token, out, error);
}

aft_status aft_ticket_search(aft_session *session, const aft_call *call, const aft_search_in *in,
                             aft_cursor **out, aft_error *error) {
  static const aft__command command = {.verb = "ticket.search",
                                       .name = "ticket_search",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_TICKET,
                                       .read = true,
                                       .run = check};
  return start(session, call, &command, in, out, error);
}

aft_status aft_message_search(aft_session *session, const aft_call *call, const aft_search_in *in,
                              aft_cursor **out, aft_error *error) {
  static const aft__command command = {.verb = "message.search",
                                       .name = "message_search",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_MESSAGE,
                                       .read = true,
                                       .run = check};
  return start(session, call, &command, in, out, error);
}

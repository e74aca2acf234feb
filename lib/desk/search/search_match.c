/* Whether a ticket or a message, as it is now and as the actor may see it, has what is looked for. */
#include "desk/search/search_priv.h"

void aft__match_begin(aft__match_run *run, aft__tx *tx, const aft__search *search) {
  *run = (aft__match_run){.tx = tx, .search = search};
  aft__buf_init(&run->form, search->env);
  for (uint32_t i = 0; i < search->query.n; i++)
    *(search->query.words[i].excluded ? &run->barred : &run->wanted) |= UINT32_C(1) << i;
}

void aft__match_end(aft__match_run *run) { aft__buf_done(&run->form); }

/* ---- texts ---- */

/* Adds the words that a text contains. */
static aft_status look(aft__match_run *run, aft_str text, uint32_t *has, aft_error *error) {
  const aft__query *query = &run->search->query;
  if (!text.len)
    return AFT_OK;
  run->bytes += text.len;
  aft__buf_clear(&run->form);
  AFT__TRY(aft__terms_form(&run->form, text, error));
  for (uint32_t i = 0; i < query->n; i++)
    if (!(*has & UINT32_C(1) << i) &&
        aft__terms_contain(aft__buf_view(&run->form), query->words[i].text, query->words[i].prefix))
      *has |= UINT32_C(1) << i;
  return AFT_OK;
}

static bool passes(const aft__match_run *run, uint32_t has) {
  return (has & run->wanted) == run->wanted && !(has & run->barred);
}

/* Nothing that is still to be looked at could change the answer. */
static bool settled(const aft__match_run *run, uint32_t has) {
  return (has & run->barred) || ((has & run->wanted) == run->wanted && !run->barred);
}

typedef struct looking {
  aft__match_run *run;
  uint32_t has;
} looking;

static aft_status look_at_part(void *user, const aft__value *row, aft_error *error) {
  looking *l = user;
  AFT__TRY(look(l->run, aft__row_str(row, AFT__PART_NAME), &l->has, error));
  AFT__TRY(look(l->run, aft__row_str(row, AFT__PART_TEXT), &l->has, error));
  return settled(l->run, l->has) ? AFT_DONE : AFT_OK;
}

static aft_status look_at_parts(aft__match_run *run, aft_id message, uint32_t *has, aft_error *error) {
  looking l = {run, *has};
  aft__scan scan = {.table = &aft__part_table,
                    .index = AFT__PART_BY_MESSAGE,
                    .n_equal = 2,
                    .equal = {aft__int(run->search->call.tenant), aft__int(message)}};
  AFT__TRY(aft__scan_each(run->tx, &scan, look_at_part, &l, error));
  *has = l.has;
  return AFT_OK;
}

/* ---- messages ---- */

/* A message whose text was looked at while the scan was open; its parts are looked at afterwards. */
typedef struct seen {
  aft_id id;
  uint32_t has;
  bool parts;
} seen;

typedef struct messages {
  aft__match_run *run;
  bool together; /* the words of all count together */
  uint32_t has;  /* of all of them */
  seen *seen;
  uint32_t n;
  aft_id last; /* that the scan came to */
  uint32_t scanned;
} messages;

static bool visible(const aft__search *search, const aft__value *message) {
  return search->call.role != AFT_ROLE_BUYER || aft__row_int(message, AFT__MESSAGE_VISIBILITY) == AFT_PUBLIC;
}

static bool in_time(const aft__search *search, aft_time at) {
  return (!search->from || at >= search->from) && (!search->to || at < search->to);
}

static aft_status look_at_message(void *user, const aft__value *row, aft_error *error) {
  messages *m = user;
  const aft__search *search = m->run->search;
  m->last = aft__row_int(row, AFT__MESSAGE_ID);
  m->scanned++;
  if (!visible(search, row))
    return AFT_OK;
  if (!m->together && !in_time(search, aft__row_int(row, AFT__MESSAGE_CREATED)))
    return AFT_OK;
  uint32_t has = m->together ? m->has : 0;
  AFT__TRY(look(m->run, aft__row_str(row, AFT__MESSAGE_TEXT), &has, error));
  m->has = has;
  m->seen[m->n++] = (seen){m->last, has, aft__row_int(row, AFT__MESSAGE_PARTS) > 0};
  return m->together && settled(m->run, has) ? AFT_DONE : AFT_OK;
}

static aft_status scan_messages(messages *m, aft_id ticket, aft_id before, aft_error *error) {
  aft__scan scan = {.table = &aft__message_table,
                    .index = AFT__MESSAGE_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(m->run->search->call.tenant), aft__int(ticket)},
                    .descending = true,
                    .after = before != 0,
                    .after_id = before,
                    .limit = AFT__MATCH_MESSAGES};
  m->n = m->scanned = 0;
  m->last = 0;
  return aft__scan_each(m->run->tx, &scan, look_at_message, m, error);
}

aft_status aft__match_messages(aft__match_run *run, aft_id ticket, aft_id before,
                               aft_id found[AFT__MATCH_MESSAGES], uint32_t *n, aft_id *last,
                               aft_error *error) {
  seen all[AFT__MATCH_MESSAGES];
  messages m = {.run = run, .seen = all};
  *n = 0;
  AFT__TRY(scan_messages(&m, ticket, before, error));
  for (uint32_t i = 0; i < m.n; i++) {
    if (all[i].parts && !settled(run, all[i].has))
      AFT__TRY(look_at_parts(run, all[i].id, &all[i].has, error));
    if (passes(run, all[i].has))
      found[(*n)++] = all[i].id;
  }
  *last = m.scanned == AFT__MATCH_MESSAGES ? m.last : 0;
  return AFT_OK;
}

/* ---- tickets ---- */

static bool filtered(const aft__search *search, const aft__value *ticket) {
  aft_id shop = aft__row_int(ticket, AFT__TICKET_SHOP);
  return aft__row_int(ticket, AFT__TICKET_TENANT) == search->call.tenant &&
         (!search->shop || search->shop == shop) &&
         (!search->shops || aft__has_shop(search->shops, search->n_shops, shop)) &&
         (!search->open || aft__row_int(ticket, AFT__TICKET_OPEN) == 2) &&
         (search->messages || in_time(search, aft__row_int(ticket, AFT__TICKET_OPENED)));
}

aft_status aft__match_load(aft__match_run *run, aft_id ticket, aft__value **row, aft_error *error) {
  const aft__search *search = run->search;
  bool part = true;
  *row = NULL;
  aft__value *found;
  aft_status status = aft__get(run->tx, &aft__ticket_table, ticket, &found, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  if (!filtered(search, found))
    return AFT_OK;
  aft__cmd cmd = {.tx = run->tx, .call = search->call};
  if (search->call.role == AFT_ROLE_BUYER)
    AFT__TRY(aft__takes_part(&cmd, found, search->call.actor, &part, error));
  if (part && search->customer && search->customer != search->call.actor)
    AFT__TRY(aft__takes_part(&cmd, found, search->customer, &part, error));
  *row = part ? found : NULL;
  return AFT_OK;
}

static aft_status look_at_order(aft__match_run *run, aft_id order, uint32_t *has, aft_error *error) {
  aft__value *row;
  if (!order)
    return AFT_OK;
  aft_status status = aft__get(run->tx, &aft__order_table, order, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  return look(run, aft__row_str(row, AFT__ORDER_NUMBER), has, error);
}

static aft_status look_at_messages(aft__match_run *run, aft_id ticket, uint32_t *has, aft_error *error) {
  seen some[AFT__MATCH_MESSAGES];
  messages m = {.run = run, .together = true, .has = *has, .seen = some};
  aft_id before = 0;
  do {
    AFT__TRY(scan_messages(&m, ticket, before, error));
    before = m.last;
    for (uint32_t i = 0; i < m.n && !settled(run, m.has); i++)
      if (some[i].parts)
        AFT__TRY(look_at_parts(run, some[i].id, &m.has, error));
  } while (m.scanned == AFT__MATCH_MESSAGES && !settled(run, m.has));
  *has = m.has;
  return AFT_OK;
}

aft_status aft__match_ticket(aft__match_run *run, const aft__value *ticket, bool *out, aft_error *error) {
  uint32_t has = 0;
  AFT__TRY(look(run, aft__row_str(ticket, AFT__TICKET_SUBJECT), &has, error));
  AFT__TRY(look(run, aft__row_str(ticket, AFT__TICKET_CODE), &has, error));
  AFT__TRY(look_at_order(run, aft__row_int(ticket, AFT__TICKET_ORDER), &has, error));
  if (!settled(run, has))
    AFT__TRY(look_at_messages(run, aft__row_int(ticket, AFT__TICKET_ID), &has, error));
  *out = passes(run, has);
  return AFT_OK;
}

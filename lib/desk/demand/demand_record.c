/* Demand from a shop's own records: its tickets of some days, and its agents with their shifts. */
#include "desk/demand/demand_priv.h"
#include "desk/routing/routing_priv.h"

#define SPAN_V1      (offsetof(aft_demand_span, longest_ms) + sizeof(int64_t))
#define PAGE         128u
#define MOST_TICKETS 100000u
#define MOST_STEPS   512u /* of one ticket */

typedef struct record {
  aft_demand_span in;
  aft_demand *demand;
  aft__works works;
  aft_id after; /* the last ticket of the pages before */
} record;

/* Of one ticket; in the arena of a read that may run again. */
typedef struct found {
  aft__arrival ticket;
  aft__matter kind;
  aft__step steps[MOST_STEPS];
  uint32_t n;
} found;

typedef struct page {
  record *r;
  aft__arena arena; /* of texts */
  found *list;      /* PAGE of them */
  uint32_t n;
  aft_id last;
  bool ended;
} page;

/* ---- one ticket ---- */

static aft_status add_message(void *user, const aft__value *row, aft_error *error) {
  found *f = user;
  bool inbound = aft__row_int(row, AFT__MESSAGE_INBOUND) != 0;
  bool answer = aft__str_eq(aft__row_str(row, AFT__MESSAGE_DISPOSITION), aft__cstr("answer"));
  (void)error;
  if (f->n == MOST_STEPS)
    return AFT_DONE;
  if (inbound || answer)
    f->steps[f->n++] =
        (aft__step){aft__row_int(row, AFT__MESSAGE_CREATED), inbound ? AFT__STEP_WROTE : AFT__STEP_ANSWERED,
                    aft__row_int(row, AFT__MESSAGE_ACTOR)};
  return AFT_OK;
}

static aft_status add_event(void *user, const aft__value *row, aft_error *error) {
  static const char *const verbs[] = {"ticket.claimed", "ticket.pushed", "ticket.assign"};
  found *f = user;
  (void)error;
  for (size_t i = 0; i < AFT__COUNT(verbs); i++)
    if (f->n < MOST_STEPS && aft__str_eq(aft__row_str(row, AFT__EV_VERB), aft__cstr(verbs[i])))
      f->steps[f->n++] = (aft__step){aft__row_int(row, AFT__EV_AT), AFT__STEP_TAKEN, 0};
  return f->n < MOST_STEPS ? AFT_OK : AFT_DONE;
}

static aft_status read_steps(aft__cmd *cmd, aft_id ticket, found *f, aft_error *error) {
  aft__scan messages = {.table = &aft__message_table,
                        .index = AFT__MESSAGE_BY_TICKET,
                        .n_equal = 2,
                        .equal = {aft__int(cmd->call.tenant), aft__int(ticket)}};
  aft__scan events = {.table = &aft__event_table,
                      .index = AFT__EV_BY_SUBJECT,
                      .n_equal = 2,
                      .equal = {aft__int(cmd->call.tenant), aft__int(ticket)}};
  AFT__TRY(aft__scan_each(cmd->tx, &messages, add_message, f, error));
  return aft__scan_each(cmd->tx, &events, add_event, f, error);
}

static aft_status keep_kind(page *p, const aft__value *row, const aft__value *customer, aft__matter *to,
                            aft_error *error) {
  *to = (aft__matter){.category = aft__row_str(row, AFT__TICKET_CATEGORY),
                      .topic = aft__row_str(row, AFT__TICKET_TOPIC),
                      .tier = aft__row_str(customer, AFT__CUSTOMER_TIER),
                      .channel = aft__row_str(row, AFT__TICKET_CHANNEL),
                      .language = aft__row_str(row, AFT__TICKET_LANGUAGE),
                      .priority = aft__row_str(row, AFT__TICKET_PRIORITY),
                      .queue = aft__row_str(row, AFT__TICKET_QUEUE),
                      .tone = (int32_t)aft__row_int(row, AFT__TICKET_TONE)};
  aft_str *const parts[] = {&to->category, &to->topic,    &to->tier, &to->channel,
                            &to->language, &to->priority, &to->queue};
  return aft__arena_keep(&p->arena, parts, AFT__COUNT(parts), error);
}

static aft_status read_ticket(aft__cmd *cmd, page *p, const aft__value *row, aft_error *error) {
  aft__value *customer;
  found *f = &p->list[p->n];
  aft_time opened = aft__row_int(row, AFT__TICKET_OPENED);
  p->last = row[AFT__TICKET_ID].number;
  p->ended = opened >= p->r->in.until;
  bool other = aft__row_int(row, AFT__TICKET_SHOP) != p->r->in.shop || opened < p->r->in.from ||
               !aft__row_null(row, AFT__TICKET_MERGED_INTO);
  if (p->ended || other)
    return AFT_OK;
  AFT__TRY(
      aft__get(cmd->tx, &aft__customer_table, aft__row_int(row, AFT__TICKET_CUSTOMER), &customer, error));
  *f = (found){.ticket = {.at = opened, .id = (uint64_t)p->last, .patience_ms = -1}};
  AFT__TRY(keep_kind(p, row, customer, &f->kind, error));
  p->n++;
  return read_steps(cmd, p->last, f, error);
}

static aft_status read_page(aft__cmd *cmd, void *given, aft_error *error) {
  page *p = given;
  aft__value **rows;
  uint32_t n;
  p->n = 0;
  p->ended = false;
  aft__arena_reset(&p->arena);
  AFT__TRY(aft__may_shop(cmd, p->r->in.shop, error));
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_OPENED,
                    .n_equal = 1,
                    .equal = {aft__int(cmd->call.tenant)},
                    .after = true,
                    .after_id = p->r->after,
                    .limit = PAGE};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n && !p->ended; i++)
    AFT__TRY(read_ticket(cmd, p, rows[i], error));
  p->ended |= n < PAGE;
  return AFT_OK;
}

static aft_status take_page(page *p, aft_error *error) {
  record *r = p->r;
  for (uint32_t i = 0; i < p->n; i++) {
    found *f = &p->list[i];
    if (r->demand->n == MOST_TICKETS)
      return aft__error(error, AFT_E_TOO_LARGE, "demand", "expected at most %u tickets, found one more",
                        MOST_TICKETS);
    AFT__TRY(aft__demand_kind(r->demand, &f->kind, &f->ticket.kind, error));
    AFT__TRY(aft__works_add(&r->works, r->demand, &f->ticket, f->steps, f->n, error));
    AFT__TRY(aft__demand_add(r->demand, &f->ticket, error));
  }
  r->after = p->last;
  return AFT_OK;
}

static aft_status read_tickets(record *r, aft_session *session, const aft_call *call, aft_error *error) {
  static const aft__command command = {.verb = "demand.record",
                                       .name = "demand_record",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = read_page};
  page p = {.r = r, .list = aft__alloc(r->works.env, PAGE * sizeof *p.list)};
  aft_status status = p.list ? AFT_OK : aft__nomem(error);
  aft__arena_init(&p.arena, r->works.env);
  r->after = aft__id_first_at(r->in.from) - 1;
  while (status >= 0 && !p.ended) {
    status = aft__command_run(session, call, &command, &p, NULL, error);
    if (status >= 0)
      status = take_page(&p, error);
  }
  aft__arena_done(&p.arena);
  aft__release(r->works.env, p.list, PAGE * sizeof *p.list);
  return status;
}

/* ---- the crew ---- */

static aft_status keep_words(aft_demand *demand, const aft__value *agent, aft__worker *to, aft_error *error) {
  *to =
      (aft__worker){.name = aft__row_str(agent, AFT__AGENT_EXTERNAL),
                    .taker = {aft__row_str(agent, AFT__AGENT_LANGUAGES),
                              aft__row_str(agent, AFT__AGENT_SKILLS), aft__row_str(agent, AFT__AGENT_TEAMS)},
                    .capacities = aft__row_str(agent, AFT__AGENT_CAPACITIES),
                    .capacity = aft__row_int(agent, AFT__AGENT_CAPACITY),
                    .hands = 1};
  aft_str *const words[] = {&to->name, &to->taker.languages, &to->taker.skills, &to->taker.teams,
                            &to->capacities};
  return aft__arena_keep(&demand->arena, words, AFT__COUNT(words), error);
}

static aft_status shifts_after(aft__cmd *cmd, aft_id agent, const aft_demand_span *in, aft__value ***rows,
                               uint32_t *n, aft_error *error) {
  aft__value low = aft__int(in->from + 1), high = aft__int(in->until);
  aft__scan scan = {.table = &aft__shift_table,
                    .index = AFT__SHIFT_BY_AGENT,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(agent)},
                    .low = &low,
                    .high = &high,
                    .limit = AFT__MOST_SHIFTS - 1};
  return aft__scan_all(cmd->tx, &scan, rows, n, error);
}

/* As much of a shift as a simulation may look at. */
static void add_shift(aft__span *list, aft__worker *to, const aft_demand_span *in, const aft__value *row) {
  aft_time from = aft__row_int(row, AFT__SHIFT_FROM), until = aft__row_int(row, AFT__SHIFT_TO);
  aft_time first = in->from - AFT__MOST_SPAN, last = in->until + AFT__MOST_SPAN;
  aft__span_add(list, &to->n_shifts, from < first ? first : from, until > last ? last : until);
}

/* An agent without any shift always works; one with others than these does not. */
static aft_status keep_shifts(aft__cmd *cmd, const record *r, aft_id agent, aft__worker *to,
                              aft_error *error) {
  aft__value **rows, *running;
  uint32_t n;
  bool any;
  AFT__TRY(aft__shift_at(cmd, agent, r->in.from, &running, &any, error));
  AFT__TRY(shifts_after(cmd, agent, &r->in, &rows, &n, error));
  aft__span *list = aft__arena_alloc(&r->demand->arena, ((size_t)n + 1) * sizeof *list);
  if (!list)
    return aft__nomem(error);
  if (running)
    add_shift(list, to, &r->in, running);
  for (uint32_t i = 0; i < n; i++)
    add_shift(list, to, &r->in, rows[i]);
  if (!any)
    aft__span_add(list, &to->n_shifts, r->in.from, r->in.until);
  to->shifts = list;
  return AFT_OK;
}

static aft_status read_crew(aft__cmd *cmd, void *given, aft_error *error) {
  record *r = given;
  aft__crew *crew = &r->demand->crew;
  aft__value **rows, *shop, *agent;
  uint32_t n;
  cmd->subject = r->in.shop;
  AFT__TRY(aft__load(cmd, &aft__shop_table, AFT__SHOP_TENANT, r->in.shop, "demand.shop", &shop, error));
  AFT__TRY(aft__may_shop(cmd, r->in.shop, error));
  AFT__TRY(aft__load_rows(cmd, &aft__membership_table, AFT__MEMBERSHIP_BY_SHOP, r->in.shop,
                          AFT__MOST_CREW + 1, &rows, &n, error));
  if (n > AFT__MOST_CREW)
    return aft__error(error, AFT_E_TOO_LARGE, "demand.shop", "expected at most %u agents", AFT__MOST_CREW);
  crew->n = 0;
  crew->list = aft__arena_alloc(&r->demand->arena, (n + 1) * sizeof *crew->list);
  if (!crew->list)
    return aft__nomem(error);
  for (uint32_t i = 0; i < n; i++) {
    aft__worker *to = &crew->list[crew->n];
    aft_id id = aft__row_int(rows[i], AFT__MEMBERSHIP_AGENT);
    AFT__TRY(aft__get(cmd->tx, &aft__agent_table, id, &agent, error));
    AFT__TRY(keep_words(r->demand, agent, to, error));
    AFT__TRY(keep_shifts(cmd, r, id, to, error));
    crew->n += aft__row_int(agent, AFT__AGENT_ACTIVE) && to->n_shifts;
  }
  return AFT_OK;
}

/* ---- the call ---- */

static aft_status check_in(const aft_demand_span *given, aft_demand_span *in, aft_error *error) {
  AFT__TRY(aft__abi_copy(in, sizeof *in, given, SPAN_V1, "aft_demand_span", error));
  AFT__TRY(aft__in_id(in->shop, "demand.shop", error));
  if (in->from <= 0 || in->until <= in->from || in->until > AFT__TIME_MOST ||
      in->until - in->from > AFT__MOST_SPAN)
    return aft__error(error, AFT_E_INVALID, "demand.from", "expected a period of at most 92 days");
  if (in->longest_ms < 0 || in->longest_ms > AFT__DAY)
    return aft__error(error, AFT_E_INVALID, "demand.longest_ms", "expected 0 to %lld, found %lld",
                      (long long)AFT__DAY, (long long)in->longest_ms);
  return AFT_OK;
}

static aft_status read_all(record *r, aft_session *session, const aft_call *call, aft_error *error) {
  static const aft__command command = {.verb = "demand.record",
                                       .name = "demand_record",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = read_crew};
  r->demand->from = r->in.from;
  r->demand->until = r->in.until;
  AFT__TRY(aft__command_run(session, call, &command, r, NULL, error));
  AFT__TRY(read_tickets(r, session, call, error));
  aft__works_settle(&r->works, r->demand);
  aft__demand_sort(r->demand);
  return AFT_OK;
}

aft_status aft_demand_record(aft_session *session, const aft_call *call, const aft_demand_span *in,
                             aft_demand **out, aft_error *error) {
  record r = {0};
  if (!session || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "out" : "session", "the handle is NULL");
  AFT__TRY(check_in(in, &r.in, error));
  r.works = (aft__works){.env = aft__session_env(session),
                         .longest_ms = r.in.longest_ms ? r.in.longest_ms : AFT__HOUR};
  AFT__TRY(aft__demand_new(r.works.env, &r.demand, error));
  aft_status status = read_all(&r, session, call, error);
  aft__works_done(&r.works);
  if (status < 0)
    aft_demand_free(r.demand);
  else
    *out = r.demand;
  return status;
}

/* Lists of tickets. */
#include "desk/list/list_filter.h"

#define INBOX_V1  (offsetof(aft_inbox_in, token) + sizeof(aft_str))
#define FILTER_V1 (offsetof(aft_ticket_filter, token) + sizeof(aft_str))

static const aft__way ways[] = {
    {AFT__TICKET_BY_ORDER, 1, {AFT__TICKET_ORDER}, AFT_BY_CREATED},
    {AFT__TICKET_BY_CUSTOMER, 1, {AFT__TICKET_CUSTOMER}, AFT_BY_UPDATED},
    {AFT__TICKET_BY_ASSIGNEE, 2, {AFT__TICKET_ASSIGNEE, AFT__TICKET_OPEN}, AFT_BY_CREATED},
    {AFT__TICKET_BY_ASSIGNEE, 1, {AFT__TICKET_ASSIGNEE}, AFT__BY_NOTHING},
    {AFT__TICKET_BY_QUEUE, 2, {AFT__TICKET_QUEUE, AFT__TICKET_OPEN}, AFT_BY_URGENCY},
    {AFT__TICKET_BY_STATE, 1, {AFT__TICKET_STATE}, AFT_BY_CREATED},
    {AFT__TICKET_BY_INBOX, 1, {AFT__TICKET_OPEN}, AFT_BY_URGENCY},
    {AFT__TICKET_BY_UPDATED, 0, {0}, AFT_BY_UPDATED},
    {AFT__TICKET_BY_OPENED, 0, {0}, AFT_BY_CREATED},
};

const aft__listed aft__listed_tickets = {.kind = AFT__LABELS_TICKET,
                                         .table = &aft__ticket_table,
                                         .tenant = AFT__TICKET_TENANT,
                                         .shop = AFT__TICKET_SHOP,
                                         .updated = AFT__TICKET_UPDATED,
                                         .place = AFT__TICKET_PLACE,
                                         .ways = ways,
                                         .n_ways = AFT__COUNT(ways)};

typedef struct ticket_list {
  aft_ticket_filter in;
  aft__label_filter labels;
  aft__pick *pick;
} ticket_list;

static aft_status unknown(const char *where, const char *what, aft_str name, aft_error *error) {
  return aft__error(error, AFT_E_INVALID, where, "the policy has no %s '%.*s'", what,
                    (int)aft__utf8_cut(name, 60), name.data);
}

/* A name that the policy lacks is more likely a slip than a wish for nothing. */
static aft_status check_names(aft__cmd *cmd, const aft_ticket_filter *in, aft_error *error) {
  aft_str found;
  aft__priority priority;
  const aft__flow *flow = aft__policy_machine(cmd->policy, "ticket");
  if (in->queue.len && aft__policy_queue_rank(cmd->policy, in->queue) < 0)
    return unknown("filter.queue", "queue", in->queue, error);
  if (in->state.len && aft__flow_state_find(flow, in->state) == AFT__FLOW_NONE)
    return unknown("filter.state", "state of a ticket", in->state, error);
  if (in->category.len && !aft__policy_category_find(cmd->policy, in->category, &found))
    return unknown("filter.category", "category", in->category, error);
  if (in->priority.len && !aft__policy_priority_find(cmd->policy, in->priority, &priority))
    return unknown("filter.priority", "priority", in->priority, error);
  return AFT_OK;
}

/* The column: 2 work goes on, 1 it may come back, 0 the end. */
static void want_open(aft__pick *pick, uint32_t open) {
  if (open == AFT_OPEN_ENDED)
    aft__pick_want_zero(pick, AFT__TICKET_OPEN);
  else if (open)
    aft__pick_want_number(pick, AFT__TICKET_OPEN, open == AFT_OPEN_WORK ? 2 : 1);
}

static aft_status fill(aft__cmd *cmd, void *given, aft_error *error) {
  ticket_list *list = given;
  const aft_ticket_filter *in = &list->in;
  aft__pick *pick = list->pick;
  bool buyer = cmd->call.role == AFT_ROLE_BUYER;
  bool more = in->assignee || in->unassigned || in->queue.len || in->category.len || in->priority.len ||
              in->channel.len || in->by == AFT_BY_URGENCY ||
              (in->customer && in->customer != cmd->call.actor);
  AFT__TRY(aft__pick_denied(cmd, &list->labels, more, error));
  AFT__TRY(check_names(cmd, in, error));
  AFT__TRY(aft__pick_begin(cmd, pick, &list->labels, error));
  want_open(pick, in->open);
  aft__pick_want_number(pick, AFT__TICKET_CUSTOMER, buyer ? cmd->call.actor : in->customer);
  aft__pick_want_number(pick, AFT__TICKET_ORDER, in->order);
  aft__pick_want_number(pick, AFT__TICKET_ASSIGNEE, in->assignee);
  if (in->unassigned)
    aft__pick_want_null(pick, AFT__TICKET_ASSIGNEE);
  aft__pick_want_text(pick, AFT__TICKET_QUEUE, in->queue);
  aft__pick_want_text(pick, AFT__TICKET_STATE, in->state);
  aft__pick_want_text(pick, AFT__TICKET_CATEGORY, in->category);
  aft__pick_want_text(pick, AFT__TICKET_PRIORITY, in->priority);
  aft__pick_want_text(pick, AFT__TICKET_CHANNEL, in->channel);
  return AFT_OK;
}

static aft_status check_texts(aft_ticket_filter *in, aft_error *error) {
  const struct {
    aft_str *text;
    const char *where;
  } texts[] = {{&in->queue, "filter.queue"},
               {&in->state, "filter.state"},
               {&in->category, "filter.category"},
               {&in->priority, "filter.priority"},
               {&in->channel, "filter.channel"}};
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    AFT__TRY(aft__in_text(texts[i].text, AFT__NAME_BYTES, texts[i].where, error));
  return AFT_OK;
}

static aft_status check_numbers(const aft_ticket_filter *in, aft_error *error) {
  const struct {
    aft_id id;
    const char *where;
  } ids[] = {{in->shop, "filter.shop"},
             {in->customer, "filter.customer"},
             {in->order, "filter.order"},
             {in->assignee, "filter.assignee"}};
  for (size_t i = 0; i < AFT__COUNT(ids); i++)
    if (ids[i].id)
      AFT__TRY(aft__in_id(ids[i].id, ids[i].where, error));
  if (in->open > AFT_OPEN_ENDED)
    return aft__error(error, AFT_E_INVALID, "filter.open", "expected AFT_OPEN_…, found %u", in->open);
  if (in->by > AFT_BY_ATTRIBUTE)
    return aft__error(error, AFT_E_INVALID, "filter.by", "expected AFT_BY_…, found %u", in->by);
  if (in->unassigned > 1 || (in->unassigned && in->assignee))
    return aft__error(error, AFT_E_INVALID, "filter.unassigned",
                      in->assignee ? "a ticket that somebody has is not unassigned" : "expected 0 or 1");
  if (in->by == AFT_BY_URGENCY && in->open > AFT_OPEN_WORK)
    return aft__error(error, AFT_E_INVALID, "filter.by", "only tickets in work have an order of urgency");
  return AFT_OK;
}

static aft_status run(aft_session *session, const aft_call *call, const aft__command *command,
                      ticket_list *list, aft_cursor **out, aft_error *error) {
  aft_ticket_filter *in = &list->in;
  AFT__TRY(check_texts(in, error));
  AFT__TRY(check_numbers(in, error));
  list->labels = (aft__label_filter){in->tag,   in->attribute, in->text,    in->from, in->to,
                                     in->least, in->most,      in->reverse, in->token};
  AFT__TRY(aft__label_filter_check(&list->labels, error));
  if (!in->open && (in->queue.len || in->by == AFT_BY_URGENCY))
    in->open = AFT_OPEN_WORK;
  const aft_str texts[] = {in->queue, in->state, in->category, in->priority, in->channel};
  AFT__TRY(aft__pick_new(aft__session_env(session), &aft__listed_tickets, &list->labels, texts,
                         AFT__COUNT(texts), &list->pick, error));
  list->pick->shop = in->shop;
  list->pick->by = in->by ? in->by : AFT_BY_UPDATED;
  return aft__pick_list(session, call, command, AFT_KIND_TICKET, list->pick, list, list->labels.token, out,
                        error);
}

aft_status aft_ticket_list(aft_session *session, const aft_call *call, const aft_ticket_filter *in,
                           aft_cursor **out, aft_error *error) {
  static const aft__command command = {
      .verb = "ticket.list", .name = "ticket_list", .roles = AFT__ROLES_ALL, .read = true, .run = fill};
  ticket_list list = {.in = {.size = sizeof list.in}};
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  if (in)
    AFT__TRY(aft__abi_copy(&list.in, sizeof list.in, in, FILTER_V1, "aft_ticket_filter", error));
  return run(session, call, &command, &list, out, error);
}

/* The list that most work begins with: what is most urgent, and for a buyer what is theirs. */
aft_status aft_ticket_inbox(aft_session *session, const aft_call *call, const aft_inbox_in *in,
                            aft_cursor **out, aft_error *error) {
  static const aft__command command = {
      .verb = "ticket.inbox", .name = "ticket_inbox", .roles = AFT__ROLES_ALL, .read = true, .run = fill};
  aft_inbox_in local = {.size = sizeof local};
  if (!session || !call)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "call" : "session", "the handle is NULL");
  if (in)
    AFT__TRY(aft__abi_copy(&local, sizeof local, in, INBOX_V1, "aft_inbox_in", error));
  ticket_list list = {.in = {.size = sizeof list.in, .shop = local.shop, .token = local.token}};
  list.in.by = call->role == AFT_ROLE_BUYER ? AFT_BY_UPDATED : AFT_BY_URGENCY;
  return run(session, call, &command, &list, out, error);
}

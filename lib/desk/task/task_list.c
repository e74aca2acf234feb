/* Lists of tasks. */
#include "desk/list/list_filter.h"
#include "desk/task/task_priv.h"

#include <aftersales/list.h>

#define FILTER_V1 (offsetof(aft_task_filter, token) + sizeof(aft_str))

static const aft__way ways[] = {
    {AFT__TASK_BY_TICKET, 1, {AFT__TASK_TICKET}, AFT_BY_CREATED},
    {AFT__TASK_BY_CASE, 1, {AFT__TASK_CASE}, AFT_BY_CREATED},
    {AFT__TASK_BY_ASSIGNEE, 2, {AFT__TASK_ASSIGNEE, AFT__TASK_OPEN}, AFT_BY_URGENCY},
    {AFT__TASK_BY_PARTY, 2, {AFT__TASK_PARTY, AFT__TASK_OPEN}, AFT_BY_URGENCY},
    {AFT__TASK_BY_PLACE, 1, {AFT__TASK_OPEN}, AFT_BY_URGENCY},
    {AFT__TASK_BY_TENANT, 0, {0}, AFT_BY_CREATED},
};

static const aft__listed listed = {.table = &aft__task_table,
                                   .tenant = AFT__TASK_TENANT,
                                   .shop = AFT__TASK_SHOP,
                                   .place = AFT__TASK_PLACE,
                                   .ways = ways,
                                   .n_ways = AFT__COUNT(ways)};

typedef struct task_list {
  aft_task_filter in;
  aft__label_filter labels;
  aft__pick *pick;
} task_list;

static const char *const states[] = {"open", "claimed", "done", "failed", "cancelled"};
#define GOING_ON 2u /* the first states */

static uint32_t state_of(aft_str name) {
  uint32_t i = 0;
  while (i < AFT__COUNT(states) && !aft__str_eq(name, aft__cstr(states[i])))
    i++;
  return i;
}

/* A name that the policy lacks is more likely a slip than a wish for nothing. */
static aft_status check_names(const aft__cmd *cmd, const aft_task_filter *in, aft_error *error) {
  aft__policy_task policy;
  if (in->name.len && !aft__policy_task_find(cmd->policy, in->name, &policy))
    return aft__error(error, AFT_E_INVALID, "filter.name", "the policy has no task '%.*s'",
                      (int)aft__utf8_cut(in->name, 60), in->name.data);
  if (in->party.len && !aft__policy_task_party(cmd->policy, in->party))
    return aft__error(error, AFT_E_INVALID, "filter.party", "no task of the policy is of '%.*s'",
                      (int)aft__utf8_cut(in->party, 60), in->party.data);
  return AFT_OK;
}

/* The warehouse sees its own work in every shop. */
static aft_status begin(aft__cmd *cmd, task_list *list, aft_error *error) {
  const aft_task_filter *in = &list->in;
  bool warehouse = cmd->call.role == AFT_ROLE_WAREHOUSE;
  if (warehouse && in->party.len && !aft__str_eq(in->party, aft__cstr("warehouse")))
    return aft__denied(cmd, "the tasks are another party's", error);
  list->pick->shop = warehouse ? 0 : in->shop;
  AFT__TRY(aft__pick_begin(cmd, list->pick, &list->labels, error));
  list->pick->shop = in->shop;
  aft__pick_want_text(list->pick, AFT__TASK_PARTY, warehouse ? aft__cstr("warehouse") : in->party);
  return AFT_OK;
}

static aft_status fill(aft__cmd *cmd, void *given, aft_error *error) {
  task_list *list = given;
  const aft_task_filter *in = &list->in;
  AFT__TRY(check_names(cmd, in, error));
  AFT__TRY(begin(cmd, list, error));
  if (in->open == AFT_OPEN_WORK)
    aft__pick_want_number(list->pick, AFT__TASK_OPEN, 2);
  else if (in->open == AFT_OPEN_ENDED)
    aft__pick_want_zero(list->pick, AFT__TASK_OPEN);
  aft__pick_want_number(list->pick, AFT__TASK_TICKET, in->ticket);
  aft__pick_want_number(list->pick, AFT__TASK_CASE, in->case_id);
  aft__pick_want_number(list->pick, AFT__TASK_ASSIGNEE, in->assignee);
  aft__pick_want_text(list->pick, AFT__TASK_NAME, in->name);
  aft__pick_want_text(list->pick, AFT__TASK_STATE, in->state);
  return AFT_OK;
}

static aft_status check_ids(const aft_task_filter *in, aft_error *error) {
  const struct {
    aft_id id;
    const char *where;
  } ids[] = {{in->shop, "filter.shop"},
             {in->ticket, "filter.ticket"},
             {in->case_id, "filter.case_id"},
             {in->assignee, "filter.assignee"}};
  for (size_t i = 0; i < AFT__COUNT(ids); i++)
    if (ids[i].id)
      AFT__TRY(aft__in_id(ids[i].id, ids[i].where, error));
  return AFT_OK;
}

/* A state says by itself whether work goes on. */
static aft_status settle_open(aft_task_filter *in, aft_error *error) {
  uint32_t state = state_of(in->state);
  if (in->state.len && state == AFT__COUNT(states))
    return aft__error(error, AFT_E_INVALID, "filter.state",
                      "expected open, claimed, done, failed or cancelled, found '%.*s'",
                      (int)aft__utf8_cut(in->state, 60), in->state.data);
  if (in->open != 0 && in->open != AFT_OPEN_WORK && in->open != AFT_OPEN_ENDED)
    return aft__error(error, AFT_E_INVALID, "filter.open",
                      "expected AFT_OPEN_WORK or AFT_OPEN_ENDED, found %u", in->open);
  if (in->by != 0 && in->by != AFT_BY_URGENCY && in->by != AFT_BY_CREATED)
    return aft__error(error, AFT_E_INVALID, "filter.by",
                      "expected AFT_BY_URGENCY or AFT_BY_CREATED, found %u", in->by);
  if (!in->open && in->state.len)
    in->open = state < GOING_ON ? AFT_OPEN_WORK : AFT_OPEN_ENDED;
  if (!in->by)
    in->by = in->open == AFT_OPEN_ENDED ? AFT_BY_CREATED : AFT_BY_URGENCY;
  if (!in->open && in->by == AFT_BY_URGENCY)
    in->open = AFT_OPEN_WORK;
  if (in->by == AFT_BY_URGENCY && in->open != AFT_OPEN_WORK)
    return aft__error(error, AFT_E_INVALID, "filter.by", "only tasks that go on have an order of urgency");
  return AFT_OK;
}

static aft_status check_filter(aft_task_filter *in, aft_error *error) {
  AFT__TRY(aft__in_text(&in->name, 64, "filter.name", error));
  AFT__TRY(aft__in_text(&in->party, 64, "filter.party", error));
  AFT__TRY(aft__in_text(&in->state, 64, "filter.state", error));
  AFT__TRY(check_ids(in, error));
  return settle_open(in, error);
}

aft_status aft_task_list(aft_session *session, const aft_call *call, const aft_task_filter *in,
                         aft_cursor **out, aft_error *error) {
  static const aft__command command = {.verb = "task.list",
                                       .name = "task_list",
                                       .roles = AFT__ROLES_STAFF | AFT__ROLE(AFT_ROLE_WAREHOUSE),
                                       .read = true,
                                       .run = fill};
  task_list list = {.in = {.size = sizeof list.in}};
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  if (in)
    AFT__TRY(aft__abi_copy(&list.in, sizeof list.in, in, FILTER_V1, "aft_task_filter", error));
  AFT__TRY(check_filter(&list.in, error));
  list.labels = (aft__label_filter){.reverse = list.in.reverse, .token = list.in.token};
  AFT__TRY(aft__label_filter_check(&list.labels, error));
  const aft_str texts[] = {list.in.name, list.in.state, list.in.party, aft__cstr("warehouse")};
  AFT__TRY(aft__pick_new(aft__session_env(session), &listed, &list.labels, texts, AFT__COUNT(texts),
                         &list.pick, error));
  list.pick->by = list.in.by;
  return aft__pick_list(session, call, &command, AFT_KIND_TASK, list.pick, &list, list.labels.token, out,
                        error);
}

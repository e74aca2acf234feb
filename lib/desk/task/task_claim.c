/* Who does a task: the next one of an agent, and giving one to somebody or back. */
#include "desk/routing/routing_priv.h"
#include "desk/task/task_priv.h"

#define CLAIM_V1 (offsetof(aft_task_claim_in, name) + sizeof(aft_str))
#define PAGE     256u /* tasks that are read at once */

static aft_status give(aft__task *task, aft_id agent, const char *verb, aft_error *error) {
  char *more = aft__arena_printf(task->cmd->arena, ",\"agent\":\"%lld\"", (long long)agent);
  if (!more)
    return aft__nomem(error);
  aft__task_give(task, agent);
  return aft__task_note(task, verb, agent ? more : "", (aft_str){0}, error);
}

/* ---- the next one ---- */

typedef struct search {
  aft__cmd *cmd;
  const aft_task_claim_in *in;
  aft__fit fit;
  aft_id task; /* the best so far; 0: none */
  int64_t place;
  aft_id last; /* that was looked at */
  int64_t last_place;
  uint32_t looks; /* at this page; 0 once the shop has no better */
} search;

static bool fits(const search *s, const aft__value *row) {
  aft__policy_task policy;
  const aft__value *agent = s->fit.agent;
  aft_str name = aft__row_str(row, AFT__TASK_NAME);
  if ((s->in->name.len && !aft__str_eq(s->in->name, name)) ||
      !aft__fit_speaks(&s->fit, aft__row_str(row, AFT__TASK_LANGUAGE)))
    return false;
  return !aft__policy_task_find(s->cmd->policy, name, &policy) || /* of an earlier policy: anybody's */
         aft__policy_task_fits(s->cmd->policy, &policy, aft__row_str(row, AFT__TASK_QUEUE),
                               aft__row_str(agent, AFT__AGENT_TEAMS), aft__row_str(agent, AFT__AGENT_SKILLS));
}

/* The index gives them by place: the first that fits is the shop's, and none behind a better one is. */
static aft_status look(void *user, const aft__value *row, aft_error *error) {
  search *s = user;
  (void)error;
  s->last = row[AFT__TASK_ID].number;
  s->last_place = aft__row_int(row, AFT__TASK_PLACE);
  s->looks++;
  bool better = !s->task || aft__place_before(s->last_place, s->last, s->place, s->task);
  if (better && !fits(s, row))
    return AFT_OK;
  if (better) {
    s->task = s->last;
    s->place = s->last_place;
  }
  s->looks = 0;
  return AFT_DONE;
}

/* However many are for others: no number of them hides one that fits. */
static aft_status look_in(search *s, aft_id shop, aft_error *error) {
  aft__scan scan = {.table = &aft__task_table,
                    .index = AFT__TASK_BY_FREE,
                    .n_equal = 2,
                    .equal = {aft__int(s->cmd->call.tenant), aft__int(shop)},
                    .limit = PAGE};
  do {
    s->looks = 0;
    AFT__TRY(aft__scan_each(s->cmd->tx, &scan, look, s, error));
    scan.after = true;
    scan.after_value = aft__int(s->last_place);
    scan.after_id = s->last;
  } while (s->looks == PAGE);
  return AFT_OK;
}

static aft_status look_everywhere(search *s, aft_error *error) {
  for (uint32_t i = 0; i < s->fit.n_shops; i++)
    if (!s->in->shop || s->in->shop == s->fit.shops[i])
      AFT__TRY(look_in(s, s->fit.shops[i], error));
  return AFT_OK;
}

static aft_status take(aft__task *task, void *in, aft_error *error) {
  const search *s = in;
  AFT__TRY(aft__anchor(task->cmd->tx, &aft__agent_table, s->fit.agent, error));
  return give(task, s->fit.id, "task.claimed", error);
}

static aft_status check_name(const aft__cmd *cmd, aft_str name, aft_error *error) {
  aft__policy_task policy;
  return !name.len || aft__policy_task_find(cmd->policy, name, &policy)
             ? AFT_OK
             : aft__error(error, AFT_E_INVALID, "claim.name", "the policy has no task '%.*s'",
                          (int)aft__utf8_cut(name, 60), name.data);
}

static aft_status run_claim(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_task_claim_in *in = given;
  search s = {.cmd = cmd, .in = in};
  aft__value *row;
  bool agent = cmd->call.role == AFT_ROLE_AGENT;
  if (agent && in->agent && in->agent != cmd->call.actor)
    return aft__denied(cmd, "agents claim for themselves", error);
  AFT__TRY(check_name(cmd, in->name, error));
  AFT__TRY(aft__fit_load(cmd, agent ? cmd->call.actor : in->agent, &s.fit, error));
  AFT__TRY(aft__fit_present(cmd, s.fit.agent, error));
  AFT__TRY(look_everywhere(&s, error));
  if (!s.task)
    return AFT_DONE;
  AFT__TRY(aft__get(cmd->tx, &aft__task_table, s.task, &row, error));
  cmd->ids[0] = s.task;
  cmd->row = row;
  return aft__task_change(cmd, row, take, &s, error);
}

static void claim_digest(aft__sha256 *sha, const void *given) {
  const aft_task_claim_in *in = given;
  aft__digest_i64(sha, in->agent);
  aft__digest_i64(sha, in->shop);
  aft__digest_str(sha, in->name);
}

aft_status aft_task_claim(aft_session *session, const aft_call *call, const aft_task_claim_in *in,
                          aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "task.claim",
                                       .name = "task_claim",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_TASK,
                                       .digest = claim_digest,
                                       .run = run_claim};
  aft_task_claim_in local = {.size = sizeof local};
  if (in)
    AFT__TRY(aft__abi_copy(&local, sizeof local, in, CLAIM_V1, "aft_task_claim_in", error));
  AFT__TRY(aft__in_text(&local.name, 64, "claim.name", error));
  if (local.shop)
    AFT__TRY(aft__in_id(local.shop, "claim.shop", error));
  return aft__command_run(session, call, &command, &local, out, error);
}

/* ---- giving one ---- */

typedef struct assigning {
  aft_id task, agent;
} assigning;

static aft_status assign(aft__task *task, void *in, aft_error *error) {
  const assigning *a = in;
  aft_id before = aft__row_null(task->row, AFT__TASK_ASSIGNEE) ? 0 : aft__task_int(task, AFT__TASK_ASSIGNEE);
  AFT__TRY(aft__task_going_on(task->row, error));
  if (!aft__task_is(task->row, AFT__TASK_PARTY, AFT__PARTY_AGENT))
    return aft__error(error, AFT_E_TRANSITION, "task", "the task is not for agents");
  if (before == a->agent)
    return AFT_IGNORED;
  if (!a->agent)
    return give(task, 0, "task.released", error);
  AFT__TRY(aft__works_for(task->cmd, a->agent, aft__task_int(task, AFT__TASK_SHOP), "task.agent", error));
  return give(task, a->agent, "task.assigned", error);
}

static aft_status run_assign(aft__cmd *cmd, void *given, aft_error *error) {
  assigning *a = given;
  aft__value *row;
  AFT__TRY(aft__task_load(cmd, a->task, &row, error));
  cmd->row = row;
  return aft__task_change(cmd, row, assign, a, error);
}

static void assign_digest(aft__sha256 *sha, const void *given) {
  const assigning *a = given;
  aft__digest_i64(sha, a->task);
  aft__digest_i64(sha, a->agent);
}

aft_status aft_task_assign(aft_session *session, const aft_call *call, aft_id task, aft_id agent,
                           aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "task.assign",
                                       .name = "task_assign",
                                       .roles = AFT__ROLES_STAFF,
                                       .returns = AFT_KIND_TASK,
                                       .digest = assign_digest,
                                       .run = run_assign};
  assigning a = {task, agent};
  if (agent)
    AFT__TRY(aft__in_id(agent, "task.agent", error));
  return aft__command_run(session, call, &command, &a, out, error);
}

/* ---- giving back ---- */

static aft_status give_back(aft__task *task, void *in, aft_error *error) {
  (void)in;
  return give(task, 0, "task.released", error);
}

typedef struct batch {
  const aft_id *keeps; /* shops */
  uint32_t n_keeps, most, n;
  aft_id *ids;
} batch;

static aft_status collect(void *user, const aft__value *row, aft_error *error) {
  batch *b = user;
  (void)error;
  if (aft__has_shop(b->keeps, b->n_keeps, aft__row_int(row, AFT__TASK_SHOP)))
    return AFT_OK;
  b->ids[b->n++] = row[AFT__TASK_ID].number;
  return b->n == b->most ? AFT_DONE : AFT_OK;
}

aft_status aft__tasks_give_back(aft__cmd *cmd, aft_id agent, const aft_id *keeps, uint32_t n_keeps,
                                uint32_t most, bool *more, aft_error *error) {
  aft__value *row;
  batch b = {keeps, n_keeps, most, 0, aft__arena_alloc(cmd->arena, most * sizeof(aft_id))};
  aft__scan scan = {.table = &aft__task_table,
                    .index = AFT__TASK_BY_ASSIGNEE,
                    .n_equal = 3,
                    .equal = {aft__int(cmd->call.tenant), aft__int(agent), aft__int(2)}};
  if (!b.ids)
    return aft__nomem(error);
  AFT__TRY(aft__scan_each(cmd->tx, &scan, collect, &b, error));
  for (uint32_t i = 0; i < b.n; i++) {
    AFT__TRY(aft__get(cmd->tx, &aft__task_table, b.ids[i], &row, error));
    AFT__TRY(aft__task_change(cmd, row, give_back, NULL, error));
  }
  *more = b.n == most;
  return AFT_OK;
}

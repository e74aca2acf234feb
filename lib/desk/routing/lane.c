/* Lanes: tickets that any agent either may or may not take together wait in one, in the order of their
 * places. */
#include "desk/routing/routing_priv.h"

/* With `since`, a ticket of an older store finds its lane with the next thing that happens to it. */
#define WATCHED                                                                                             \
  (UINT64_C(1) << AFT__TICKET_STATE | UINT64_C(1) << AFT__TICKET_OPEN | UINT64_C(1) << AFT__TICKET_PAUSED | \
   UINT64_C(1) << AFT__TICKET_ASSIGNEE | UINT64_C(1) << AFT__TICKET_QUEUE |                                 \
   UINT64_C(1) << AFT__TICKET_LANGUAGE | UINT64_C(1) << AFT__TICKET_SINCE)

#define WAKE_MS AFT__DAY        /* a lane notes its use that often at most: entering one costs no write */
#define OLD_MS  (30 * AFT__DAY) /* that nothing came to for so long, goes */
#define SWEPT   4u              /* lanes that are looked at where one is made */

typedef struct lane_key {
  aft_str skills, text;
  aft_id agent;
} lane_key;

/* What waits for a customer or somebody else waits for no agent. */
static bool waits(const aft__ticket *ticket) {
  return aft__ticket_int(ticket, AFT__TICKET_OPEN) == 2 && aft__row_null(ticket->row, AFT__TICKET_PAUSED) &&
         aft__row_null(ticket->row, AFT__TICKET_ASSIGNEE);
}

static aft_status skills_of(aft__ticket *ticket, aft_str *out, aft_error *error) {
  aft__buf buf;
  aft__buf_init(&buf, ticket->cmd->env);
  aft__policy_queue_skills(ticket->cmd->policy, aft__ticket_str(ticket, AFT__TICKET_QUEUE), &buf);
  *out = buf.failed ? (aft_str){0} : aft__arena_dup(ticket->cmd->arena, aft__buf_view(&buf));
  aft__buf_done(&buf);
  return out->data ? AFT_OK : aft__nomem(error);
}

/* The customer's own agent, or the one whom the policy names for the tier. */
static aft_status agent_of(aft__ticket *ticket, const aft__value *customer, aft_id *out, aft_error *error) {
  aft_str name = aft__policy_tier_agent(ticket->cmd->policy, aft__row_str(customer, AFT__CUSTOMER_TIER));
  aft__value keys[] = {aft__int(ticket->cmd->call.tenant), aft__text(name)}, *row;
  *out = aft__row_int(customer, AFT__CUSTOMER_AGENT);
  if (*out || !name.len)
    return AFT_OK;
  aft_status status =
      aft__find(ticket->cmd->tx, &aft__agent_table, AFT__AGENT_BY_EXTERNAL, keys, &row, error);
  if (status >= 0)
    *out = row[AFT__AGENT_ID].number;
  return status == AFT_E_NOT_FOUND ? AFT_OK : status;
}

/* Names may hold anything but a NUL, so their lengths stand before them. */
static aft_status key_of(aft__ticket *ticket, lane_key *key, aft_error *error) {
  aft__value *customer;
  AFT__TRY(aft__ticket_customer(ticket, &customer, error));
  AFT__TRY(skills_of(ticket, &key->skills, error));
  AFT__TRY(agent_of(ticket, customer, &key->agent, error));
  aft_str queue = aft__ticket_str(ticket, AFT__TICKET_QUEUE);
  aft_str channel = aft__ticket_str(ticket, AFT__TICKET_CHANNEL);
  aft_str language = aft__ticket_str(ticket, AFT__TICKET_LANGUAGE);
  char *text = aft__arena_printf(ticket->cmd->arena, "%lld:%lld:%zu:%.*s:%zu:%.*s:%zu:%.*s:%s",
                                 (long long)aft__ticket_int(ticket, AFT__TICKET_SHOP), (long long)key->agent,
                                 queue.len, (int)queue.len, queue.len ? queue.data : "", channel.len,
                                 (int)channel.len, channel.len ? channel.data : "", language.len,
                                 (int)language.len, language.len ? language.data : "", key->skills.data);
  if (!text)
    return aft__nomem(error);
  key->text = aft__cstr(text);
  return AFT_OK;
}

static aft_status note_use(aft__cmd *cmd, aft__value *lane, aft_error *error) {
  lane[AFT__LANE_USED] = aft__int(cmd->now);
  return aft__update(cmd->tx, &aft__lane_table, lane, UINT64_C(1) << AFT__LANE_USED, error);
}

/* A ticket that enters an old lane at the same time writes to it, so one of both comes too late. */
static aft_status drop_if_empty(aft__cmd *cmd, aft__value *lane, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_LANE,
                    .n_equal = 3,
                    .equal = {lane[AFT__LANE_TENANT], lane[AFT__LANE_SHOP], lane[AFT__LANE_ID]},
                    .limit = 1};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  return n ? note_use(cmd, lane, error)
           : aft__remove(cmd->tx, &aft__lane_table, lane[AFT__LANE_ID].number, lane[AFT__LANE_REV].number,
                         error);
}

/* More go than come, so that as many lanes stay as are in use. */
static aft_status sweep(aft__cmd *cmd, aft_error *error) {
  aft__value **rows, before = aft__int(cmd->now - OLD_MS);
  uint32_t n;
  aft__scan scan = {.table = &aft__lane_table,
                    .index = AFT__LANE_BY_USED,
                    .n_equal = 1,
                    .equal = {aft__int(cmd->call.tenant)},
                    .high = &before,
                    .limit = SWEPT};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(drop_if_empty(cmd, rows[i], error));
  return AFT_OK;
}

static aft_status make(aft__ticket *ticket, const lane_key *key, aft_id *out, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft_str queue = aft__ticket_str(ticket, AFT__TICKET_QUEUE);
  *out = aft__tx_id(cmd->tx);
  aft__value row[AFT__LANE_COLUMNS] = {
      [AFT__LANE_ID] = aft__int(*out),
      [AFT__LANE_REV] = aft__int(1),
      [AFT__LANE_TENANT] = aft__int(cmd->call.tenant),
      [AFT__LANE_SHOP] = ticket->row[AFT__TICKET_SHOP],
      [AFT__LANE_QUEUE] = aft__text(queue.data ? queue : aft__cstr("")),
      [AFT__LANE_CHANNEL] = ticket->row[AFT__TICKET_CHANNEL],
      [AFT__LANE_LANGUAGE] = ticket->row[AFT__TICKET_LANGUAGE],
      [AFT__LANE_SKILLS] = aft__text(key->skills),
      [AFT__LANE_AGENT] = aft__id_or_null(key->agent),
      [AFT__LANE_KEY] = aft__text(key->text),
      [AFT__LANE_USED] = aft__int(cmd->now),
  };
  AFT__TRY(sweep(cmd, error));
  aft_status status = aft__insert(cmd->tx, &aft__lane_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(cmd->tx, "lane", error);
  return status;
}

static aft_status find(aft__ticket *ticket, aft_id *out, aft_error *error) {
  lane_key key;
  aft__value *row;
  AFT__TRY(key_of(ticket, &key, error));
  aft__value keys[] = {aft__int(ticket->cmd->call.tenant), aft__text(key.text)};
  aft_status status = aft__find(ticket->cmd->tx, &aft__lane_table, AFT__LANE_BY_KEY, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return make(ticket, &key, out, error);
  AFT__TRY(status);
  *out = row[AFT__LANE_ID].number;
  bool lately = ticket->cmd->now - aft__row_int(row, AFT__LANE_USED) < WAKE_MS;
  return lately ? AFT_OK : note_use(ticket->cmd, row, error);
}

/* What a ticket leaves behind may be room for another. */
static aft_status freed(aft__ticket *ticket, aft_error *error) {
  const aft__value *agent = &ticket->row[AFT__TICKET_ASSIGNEE];
  bool works =
      aft__ticket_int(ticket, AFT__TICKET_OPEN) == 2 && aft__row_null(ticket->row, AFT__TICKET_PAUSED);
  if (agent->type == AFT_SQL_NULL || works || !aft__policy_pushes(ticket->cmd->policy))
    return AFT_OK;
  return aft__agent_due(ticket->cmd, agent->number, AFT__DUE_SERVE, ticket->cmd->now, error);
}

static aft_status enter(aft__ticket *ticket, bool anew, aft_error *error) {
  aft_id lane;
  aft__assign then;
  AFT__TRY(find(ticket, &lane, error));
  if (!anew && aft__ticket_int(ticket, AFT__TICKET_LANE) == lane)
    return AFT_OK;
  if (aft__ticket_int(ticket, AFT__TICKET_LANE) != lane)
    aft__ticket_set(ticket, AFT__TICKET_LANE, aft__int(lane));
  if (aft__policy_assign(ticket->cmd->policy, aft__ticket_str(ticket, AFT__TICKET_QUEUE), &then) ==
      AFT__ASSIGN_CLAIM)
    return AFT_OK;
  return aft__ticket_due(ticket, aft__cstr(AFT__DUE_PUSH), ticket->cmd->now, error);
}

aft_status aft__ticket_lane(aft__ticket *ticket, bool anew, aft_error *error) {
  if (!ticket->fresh && !anew && !(ticket->mask & WATCHED))
    return AFT_OK;
  if (waits(ticket))
    return enter(ticket, anew, error);
  if (!aft__row_null(ticket->row, AFT__TICKET_LANE))
    aft__ticket_set(ticket, AFT__TICKET_LANE, aft__null());
  AFT__TRY(freed(ticket, error));
  return aft__ticket_kept(ticket, anew, error);
}

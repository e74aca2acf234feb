/* Followers: agents who are told what happens to a ticket that need not be theirs. */
#include "desk/collaboration/collaborate_priv.h"

/* ---- following and no longer ---- */

static void count(aft__ticket *ticket, int64_t more) {
  int64_t n = aft__ticket_int(ticket, AFT__TICKET_FOLLOWERS) + more;
  aft__ticket_set(ticket, AFT__TICKET_FOLLOWERS, n > 0 ? aft__int(n) : aft__null());
}

static aft_status set_follows(aft__cmd *cmd, aft__value *row, bool follows, aft_error *error) {
  row[AFT__WATCHER_FOLLOWS] = aft__int(follows);
  row[AFT__WATCHER_SINCE] = follows ? aft__int(cmd->now) : aft__null();
  return aft__update(cmd->tx, &aft__watcher_table, row, 1u << AFT__WATCHER_FOLLOWS | 1u << AFT__WATCHER_SINCE,
                     error);
}

static aft_status add(aft__cmd *cmd, aft_id ticket, aft_id agent, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__watcher_make(cmd, ticket, agent, &row, error));
  row[AFT__WATCHER_FOLLOWS] = aft__int(1);
  row[AFT__WATCHER_SINCE] = aft__int(cmd->now);
  return aft__watcher_insert(cmd, row, error);
}

aft_status aft__follow(aft__ticket *ticket, aft_id agent, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *row;
  AFT__TRY(aft__watcher_of(cmd, aft__ticket_id(ticket), agent, &row, error));
  if (row && aft__row_int(row, AFT__WATCHER_FOLLOWS))
    return AFT_IGNORED;
  if (aft__ticket_int(ticket, AFT__TICKET_FOLLOWERS) >= AFT__MOST_FOLLOWERS)
    return aft__error(error, AFT_E_TOO_LARGE, "ticket.followers", "the ticket has %d followers already",
                      AFT__MOST_FOLLOWERS);
  AFT__TRY(row ? set_follows(cmd, row, true, error) : add(cmd, aft__ticket_id(ticket), agent, error));
  count(ticket, 1);
  return AFT_OK;
}

/* Whoever looks at the ticket still is kept until the look is over. */
static aft_status unfollow(aft__ticket *ticket, aft_id agent, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *row;
  AFT__TRY(aft__watcher_of(cmd, aft__ticket_id(ticket), agent, &row, error));
  if (!row || !aft__row_int(row, AFT__WATCHER_FOLLOWS))
    return AFT_IGNORED;
  if (aft__row_null(row, AFT__WATCHER_UNTIL))
    AFT__TRY(
        aft__remove(cmd->tx, &aft__watcher_table, row[AFT__COL_ID].number, row[AFT__COL_REV].number, error));
  else
    AFT__TRY(set_follows(cmd, row, false, error));
  count(ticket, -1);
  return AFT_OK;
}

/* ---- the commands ---- */

typedef struct following {
  aft_id ticket, agent;
  bool follows;
} following;

static aft_status check(aft__ticket *ticket, const following *in, aft_id agent, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *row;
  aft_id shop = aft__ticket_int(ticket, AFT__TICKET_SHOP);
  AFT__TRY(aft__may_shop(cmd, shop, error));
  if (in->follows)
    return aft__agent_of_shop(cmd, agent, shop, "agent", &row, error);
  if (cmd->call.role == AFT_ROLE_AGENT && agent != cmd->call.actor)
    return aft__denied(cmd, "agents end what they follow for themselves alone", error);
  return AFT_OK;
}

static aft_status change(aft__ticket *ticket, const following *in, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft_id agent;
  AFT__TRY(aft__watching_agent(cmd, in->agent, "agent", &agent, error));
  AFT__TRY(check(ticket, in, agent, error));
  aft_status status = (in->follows ? aft__follow : unfollow)(ticket, agent, error);
  if (status != AFT_OK)
    return status;
  char *facts = aft__arena_printf(cmd->arena, "{\"agent\":\"%lld\"}", (long long)agent);
  if (!facts)
    return aft__nomem(error);
  AFT__TRY(aft__ticket_note(ticket, in->follows ? "ticket.followed" : "ticket.unfollowed", aft__cstr(facts),
                            (aft_str){0}, error));
  return aft__ticket_save(ticket, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const following *in = given;
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, in->ticket, &ticket, error);
  if (status >= 0)
    status = change(&ticket, in, error);
  aft__ticket_done(&ticket);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const following *in = given;
  aft__digest_i64(sha, in->ticket);
  aft__digest_i64(sha, in->agent);
}

aft_status aft_ticket_follow(aft_session *session, const aft_call *call, aft_id ticket, aft_id agent,
                             aft_error *error) {
  static const aft__command command = {.verb = "ticket.follow",
                                       .name = "ticket_follow",
                                       .roles = AFT__ROLES_STAFF,
                                       .digest = digest,
                                       .run = run};
  following in = {ticket, agent, true};
  return aft__command_run(session, call, &command, &in, NULL, error);
}

aft_status aft_ticket_unfollow(aft_session *session, const aft_call *call, aft_id ticket, aft_id agent,
                               aft_error *error) {
  static const aft__command command = {.verb = "ticket.unfollow",
                                       .name = "ticket_unfollow",
                                       .roles = AFT__ROLES_STAFF,
                                       .digest = digest,
                                       .run = run};
  following in = {ticket, agent, false};
  return aft__command_run(session, call, &command, &in, NULL, error);
}

/* ---- a merge ---- */

static aft_status move(aft__ticket *from, aft__ticket *to, aft__value *row, aft_error *error) {
  if (!aft__row_int(row, AFT__WATCHER_FOLLOWS) ||
      aft__ticket_int(to, AFT__TICKET_FOLLOWERS) >= AFT__MOST_FOLLOWERS)
    return AFT_OK;
  AFT__TRY(set_follows(from->cmd, row, false, error));
  count(from, -1);
  aft_status status = aft__follow(to, aft__row_int(row, AFT__WATCHER_AGENT), error);
  return status < 0 ? status : AFT_OK;
}

aft_status aft__followers_move(aft__ticket *from, aft__ticket *to, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  if (!aft__ticket_int(from, AFT__TICKET_FOLLOWERS))
    return AFT_OK;
  aft__scan scan = {.table = &aft__watcher_table,
                    .index = AFT__WATCHER_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(from->cmd->call.tenant), aft__int(aft__ticket_id(from))},
                    .limit = AFT__MOST_WATCHERS};
  AFT__TRY(aft__scan_all(from->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(move(from, to, rows[i], error));
  return AFT_OK;
}

/* ---- who follows ---- */

static aft_status check_ticket(aft__cmd *cmd, void *given, aft_error *error) {
  aft__value *row;
  cmd->subject = *(aft_id *)given;
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, cmd->subject, "ticket", &row, error));
  return aft__may_ticket(cmd, row, error);
}

static bool follows(const aft__list *list, const aft__value *row) {
  (void)list;
  return aft__row_int(row, AFT__WATCHER_FOLLOWS) != 0;
}

aft_status aft_follower_list(aft_session *session, const aft_call *call, aft_id ticket, aft_cursor **out,
                             aft_error *error) {
  static const aft__command command = {.verb = "follower.list",
                                       .name = "follower_list",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = check_ticket};
  AFT__TRY(aft__command_run(session, call, &command, &ticket, NULL, error));
  aft__list list = {.kind = AFT_KIND_WATCHER,
                    .table = &aft__watcher_table,
                    .index = AFT__WATCHER_BY_TICKET,
                    .n_equal = 2,
                    .equal = {call->tenant, ticket},
                    .shows = follows,
                    .deadline_ms = call->deadline_ms};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}

/* Who looks at a ticket now. A look is no event of the ticket: it is one row for each agent who is there,
 * written when something changed or a third of its time is over, and taken away by the tick when it ended. */
#include "desk/collaboration/collaborate_priv.h"

#define LOOK_V1  (offsetof(aft_look_in, lasts_ms) + sizeof(int64_t))
#define USUAL    (30 * AFT__SECOND)
#define SHORTEST (5 * AFT__SECOND)
#define LONGEST  (10 * AFT__MINUTE)
#define DUE_GONE "gone"

static const char *const doings[] = {"", "viewing", "typing", "left"};

typedef struct looking {
  aft_look_in in;
  aft_id agent;
  aft_time now;
} looking;

#define LOOK_COLUMNS (1u << AFT__WATCHER_DOING | 1u << AFT__WATCHER_LOOKED | 1u << AFT__WATCHER_UNTIL)

static aft_status gone_due(aft__cmd *cmd, const aft__value *row, aft_error *error) {
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_WATCHER, row[AFT__WATCHER_ID].number,
                      aft__cstr(DUE_GONE), aft__row_int(row, AFT__WATCHER_UNTIL), error);
}

static void set_look(aft__cmd *cmd, const aft_look_in *in, aft__value *row) {
  row[AFT__WATCHER_DOING] = aft__text(aft__cstr(doings[in->doing]));
  row[AFT__WATCHER_LOOKED] = aft__int(cmd->now);
  row[AFT__WATCHER_UNTIL] = aft__int(cmd->now + in->lasts_ms);
}

/* One that was there a moment ago says nothing new. */
static bool is_news(aft__cmd *cmd, const aft_look_in *in, const aft__value *row) {
  bool same = aft__str_eq(aft__row_str(row, AFT__WATCHER_DOING), aft__cstr(doings[in->doing]));
  return !same || aft__row_int(row, AFT__WATCHER_UNTIL) < cmd->now + in->lasts_ms - in->lasts_ms / 3;
}

static aft_status write_look(aft__cmd *cmd, aft__value *row, aft_error *error) {
  AFT__TRY(aft__update(cmd->tx, &aft__watcher_table, row, LOOK_COLUMNS, error));
  aft__tx_proof_value(cmd->tx, &aft__watcher_table, row[AFT__WATCHER_ID].number, AFT__WATCHER_UNTIL,
                      aft__row_int(row, AFT__WATCHER_UNTIL));
  return AFT_OK;
}

static aft_status stays(aft__cmd *cmd, const looking *l, aft__value *row, aft_error *error) {
  if (!row) {
    AFT__TRY(aft__watcher_make(cmd, l->in.ticket, l->agent, &row, error));
    set_look(cmd, &l->in, row);
    AFT__TRY(aft__watcher_insert(cmd, row, error));
    aft__tx_proof(cmd->tx, &aft__watcher_table, row[AFT__WATCHER_ID].number);
    return gone_due(cmd, row, error);
  }
  bool looked = !aft__row_null(row, AFT__WATCHER_UNTIL);
  if (looked && !is_news(cmd, &l->in, row))
    return AFT_OK;
  set_look(cmd, &l->in, row);
  AFT__TRY(write_look(cmd, row, error));
  return looked ? AFT_OK : gone_due(cmd, row, error);
}

/* The look ends now; the tick takes the row away. */
static aft_status leaves(aft__cmd *cmd, aft__value *row, aft_error *error) {
  if (!row || aft__row_int(row, AFT__WATCHER_UNTIL) <= cmd->now)
    return AFT_OK;
  row[AFT__WATCHER_UNTIL] = aft__int(cmd->now);
  return write_look(cmd, row, error);
}

static aft_status look(aft__cmd *cmd, void *given, aft_error *error) {
  looking *l = given;
  aft__value *ticket, *agent, *row;
  aft_id shop;
  cmd->subject = l->in.ticket;
  AFT__TRY(
      aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, l->in.ticket, "look.ticket", &ticket, error));
  shop = aft__row_int(ticket, AFT__TICKET_SHOP);
  AFT__TRY(aft__may_shop(cmd, shop, error));
  if (cmd->call.role == AFT_ROLE_AGENT && l->in.agent && l->in.agent != cmd->call.actor)
    return aft__denied(cmd, "agents look for themselves alone", error);
  AFT__TRY(aft__watching_agent(cmd, l->in.agent, "look.agent", &l->agent, error));
  AFT__TRY(aft__agent_of_shop(cmd, l->agent, shop, "look.agent", &agent, error));
  AFT__TRY(aft__watcher_of(cmd, l->in.ticket, l->agent, &row, error));
  return l->in.doing == AFT_LOOK_LEFT ? leaves(cmd, row, error) : stays(cmd, l, row, error);
}

static void digest(aft__sha256 *sha, const void *given) {
  const looking *l = given;
  aft__digest_i64(sha, l->in.ticket);
  aft__digest_i64(sha, l->in.agent);
  aft__digest_i64(sha, l->in.doing);
  aft__digest_i64(sha, l->in.lasts_ms);
}

static aft_status take_in(const aft_look_in *given, aft_look_in *in, aft_error *error) {
  AFT__TRY(aft__abi_copy(in, sizeof *in, given, LOOK_V1, "aft_look_in", error));
  AFT__TRY(aft__in_id(in->ticket, "look.ticket", error));
  if (in->agent)
    AFT__TRY(aft__in_id(in->agent, "look.agent", error));
  if (in->doing < AFT_LOOK_VIEWING || in->doing > AFT_LOOK_LEFT)
    return aft__error(error, AFT_E_INVALID, "look.doing", "expected AFT_LOOK_…, found %u", in->doing);
  if (!in->lasts_ms)
    in->lasts_ms = USUAL;
  if (in->lasts_ms < SHORTEST || in->lasts_ms > LONGEST)
    return aft__error(error, AFT_E_INVALID, "look.lasts_ms", "expected 5000 to 600000, found %lld",
                      (long long)in->lasts_ms);
  return AFT_OK;
}

static bool is_there(const aft__list *list, const aft__value *row) {
  return aft__row_int(row, AFT__WATCHER_AGENT) != list->actor && !aft__row_null(row, AFT__WATCHER_UNTIL) &&
         aft__row_int(row, AFT__WATCHER_UNTIL) > (aft_time)list->want[0];
}

aft_status aft_ticket_look(aft_session *session, const aft_call *call, const aft_look_in *in,
                           aft_cursor **out, aft_error *error) {
  static const aft__command command = {.verb = "ticket.look",
                                       .name = "ticket_look",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .digest = digest,
                                       .run = look};
  looking l = {0};
  AFT__TRY(take_in(in, &l.in, error));
  aft_status status = aft__command_run(session, call, &command, &l, NULL, error);
  if (status < 0 || !out)
    return status;
  l.agent = l.in.agent ? l.in.agent : call->actor; /* also when it was replayed */
  l.now = aft_env_now(aft__session_env(session));
  aft__list list = {.kind = AFT_KIND_WATCHER,
                    .table = &aft__watcher_table,
                    .index = AFT__WATCHER_BY_TICKET,
                    .n_equal = 2,
                    .equal = {call->tenant, l.in.ticket},
                    .shows = is_there,
                    .actor = l.agent,
                    .want = {(uint64_t)l.now},
                    .deadline_ms = call->deadline_ms};
  aft_status opened = aft__cursor_open(session, &list, (aft_str){0}, out, error);
  return opened < 0 ? opened : status;
}

/* ---- when its time is over ---- */

/* Whoever follows the ticket goes on following it. */
static aft_status leave(aft__cmd *cmd, aft__value *row, aft_error *error) {
  if (!aft__row_int(row, AFT__WATCHER_FOLLOWS))
    return aft__remove(cmd->tx, &aft__watcher_table, row[AFT__COL_ID].number, row[AFT__COL_REV].number,
                       error);
  row[AFT__WATCHER_DOING] = row[AFT__WATCHER_LOOKED] = row[AFT__WATCHER_UNTIL] = aft__null();
  return aft__update(cmd->tx, &aft__watcher_table, row, LOOK_COLUMNS, error);
}

aft_status aft__watcher_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  aft__value *row;
  aft_status status = aft__get(cmd->tx, &aft__watcher_table, due[AFT__DU_SUBJECT].number, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  if (aft__row_null(row, AFT__WATCHER_UNTIL))
    return AFT_OK;
  return aft__row_int(row, AFT__WATCHER_UNTIL) > cmd->now ? gone_due(cmd, row, error)
                                                          : leave(cmd, row, error);
}

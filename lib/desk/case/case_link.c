/* What a case is tied to: its ticket, the case it disputes, and those that follow from it. */
#include "desk/case/case_priv.h"

/* ---- the ticket ---- */

static aft_status fire_ticket(aft__ticket *ticket, const char *what, aft_error *error) {
  bool resolve = strcmp(what, "resolve") == 0, lets;
  const char *event = resolve ? "resolve" : "customer_reply";
  AFT__TRY(aft__ticket_lets(ticket, event, AFT_ROLE_SYSTEM, &lets, error));
  if (!lets)
    return AFT_OK;
  aft__fire fire = {.event = event,
                    .role = AFT_ROLE_SYSTEM,
                    .verb = resolve ? "ticket.case_opened" : "ticket.case_in_trouble"};
  AFT__TRY(aft__ticket_fire(ticket, &fire, error));
  if (resolve)
    aft__ticket_set(ticket, AFT__TICKET_RESOLUTION, aft__text(aft__cstr("case")));
  return AFT_OK;
}

aft_status aft__case_ticket(aft__case *c, const char *what, aft_error *error) {
  aft__ticket ticket;
  aft_id subject = c->cmd->subject;
  if (aft__row_null(c->row, AFT__CASE_TICKET))
    return AFT_OK;
  aft_status status = aft__ticket_load(c->cmd, aft__case_int(c, AFT__CASE_TICKET), &ticket, error);
  if (status >= 0)
    status = fire_ticket(&ticket, what, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  c->cmd->subject = subject;
  return status;
}

/* What the ticket has open already is asked for in the usual way: it may be about another case. */
static aft_status open_task(aft__case *c, aft__ticket *ticket, const char *name, bool *opened,
                            aft_error *error) {
  aft__task_new in = {.name = aft__cstr(name), .cause = "machine", .of_case = c->row};
  aft_id task;
  if (aft__ticket_int(ticket, AFT__TICKET_CUSTOMER) != aft__case_int(c, AFT__CASE_CUSTOMER))
    return AFT_OK;
  aft_status status = aft__task_open(ticket, &in, &task, error);
  *opened = status == AFT_OK;
  return status < 0 ? status : AFT_OK;
}

aft_status aft__case_task(aft__case *c, const char *name, bool *opened, aft_error *error) {
  aft__ticket ticket;
  aft__policy_task policy;
  aft_id subject = c->cmd->subject;
  *opened = false;
  if (aft__row_null(c->row, AFT__CASE_TICKET) ||
      !aft__policy_task_find(c->cmd->policy, aft__cstr(name), &policy))
    return AFT_OK;
  aft_status status = aft__ticket_load(c->cmd, aft__case_int(c, AFT__CASE_TICKET), &ticket, error);
  if (status >= 0)
    status = open_task(c, &ticket, name, opened, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  c->cmd->subject = subject;
  return status;
}

/* ---- the parent ---- */

static int64_t share_lines(aft__case *c, int64_t share) {
  int64_t total = 0;
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__case_line *l = &c->lines[i];
    int64_t given = aft__row_int(l->row, AFT__CASE_LINE_GIVEN);
    int64_t rest = aft__row_int(l->row, AFT__CASE_LINE_AMOUNT) - given;
    if (rest > 0) /* what was given back is in no dispute */
      aft__case_line_set(l, AFT__CASE_LINE_AMOUNT, given + aft__share_of(rest, 1000, 0, share));
    total += aft__row_int(l->row, AFT__CASE_LINE_AMOUNT);
  }
  return total;
}

/* What a funder gives is of no line. */
void aft__case_share_amounts(aft__case *c) {
  int64_t share = aft__case_int(c, AFT__CASE_SHARE);
  if (!aft__case_is(c, AFT__CASE_VERDICT, "shared") || share <= 0 || share >= 1000)
    return;
  int64_t agreed = aft__case_basis(c) == AFT__BASIS_FUND
                       ? aft__share_of(aft__case_int(c, AFT__CASE_AGREED), 1000, 0, share)
                       : share_lines(c, share);
  aft__case_set(c, AFT__CASE_AGREED, aft__int(agreed));
}

static void hand_over(const aft__case *child, aft__case *parent) {
  if (aft__row_null(child->row, AFT__CASE_VERDICT))
    return;
  aft__case_set(parent, AFT__CASE_VERDICT, child->row[AFT__CASE_VERDICT]);
  aft__case_set(parent, AFT__CASE_SHARE, child->row[AFT__CASE_SHARE]);
  aft__case_share_amounts(parent);
}

aft_status aft__case_tell_parent(aft__case *c, const char *event, aft_error *error) {
  aft__case parent;
  aft_id subject = c->cmd->subject;
  if (aft__row_null(c->row, AFT__CASE_PARENT))
    return AFT_OK;
  bool verdict = strncmp(event, "verdict_", 8) == 0;
  if (verdict)
    AFT__TRY(aft__share_binds(c, error));
  aft_status status = aft__case_load(c->cmd, aft__case_int(c, AFT__CASE_PARENT), &parent, error);
  if (status >= 0 && verdict) /* an offer that was not taken is none */
    hand_over(c, &parent);
  if (status >= 0) /* one that has ended meanwhile has no move for it */
    status = aft__case_tell(&parent, event, error);
  if (status >= 0)
    status = aft__case_save(&parent, error);
  aft__case_done(&parent);
  c->cmd->subject = subject;
  return status;
}

/* ---- becoming another kind ---- */

static uint32_t place_column(const char *kind) {
  if (strcmp(kind, "exchange") == 0)
    return AFT__LINE_IN_EXCHANGE;
  return strcmp(kind, "repair") == 0 ? AFT__LINE_IN_REPAIR : AFT__LINE_IN_RETURN;
}

static const char *place_name(uint32_t column) {
  return column == AFT__LINE_IN_EXCHANGE ? "in_exchange"
         : column == AFT__LINE_IN_REPAIR ? "in_repair"
                                         : "in_return";
}

/* Units that are held are counted under the new kind from now on. */
static aft_status move_place(aft__case *c, const char *kind, aft_error *error) {
  uint32_t to = place_column(kind), from = 0;
  static const uint32_t columns[] = {AFT__LINE_IN_RETURN, AFT__LINE_IN_EXCHANGE, AFT__LINE_IN_REPAIR};
  for (size_t i = 0; i < AFT__COUNT(columns); i++)
    if (aft__case_is(c, AFT__CASE_HOLDS, place_name(columns[i])))
      from = columns[i];
  if (!from || from == to)
    return AFT_OK;
  for (uint32_t i = 0; i < c->n_lines; i++)
    AFT__TRY(aft__units_move(c, &c->lines[i], from, to, aft__units_held(&c->lines[i]), error));
  aft__case_set(c, AFT__CASE_HOLDS, aft__text(aft__cstr(place_name(to))));
  return AFT_OK;
}

static aft_status set_state(aft__case *c, const char *state, aft_error *error) {
  uint32_t index = aft__flow_state_find(c->flow, aft__cstr(state));
  if (index == AFT__FLOW_NONE)
    return aft__error(error, AFT_E_POLICY_MACHINE, c->flow->name,
                      "the machine has no state '%s' to go over to", state);
  const aft__flow_state *to = &c->flow->states[index];
  aft__case_set(c, AFT__CASE_STATE, aft__text(aft__cstr(c->flow->texts + to->name)));
  aft__case_set(c, AFT__CASE_OPEN, aft__int(aft__state_open(to)));
  return aft__case_deadline(c, to, error);
}

/* to: "return.approved". */
aft_status aft__case_convert(aft__case *c, aft_str to, aft_error *error) {
  char *kind = aft__arena_printf(c->cmd->arena, "%.*s", (int)to.len, to.data);
  if (!kind)
    return aft__nomem(error);
  char *dot = strchr(kind, '.');
  if (!dot)
    return aft__error(error, AFT_E_POLICY_MACHINE, c->flow->name, "expected a kind and a state, found '%s'",
                      kind);
  *dot = 0;
  AFT__TRY(aft__case_machine(c->policy, aft__cstr(kind), &c->flow, error));
  AFT__TRY(move_place(c, kind, error));
  aft__case_set(c, AFT__CASE_KIND, aft__text(aft__cstr(kind)));
  return set_state(c, dot + 1, error);
}

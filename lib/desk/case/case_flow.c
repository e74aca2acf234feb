/* Events of a case's machine: what state, units, legs, deadline and audit event follow. */
#include "desk/case/case_priv.h"

#include <stdio.h>

static aft_status state_of(const aft__case *c, uint32_t *state, aft_error *error) {
  aft_str name = aft__case_str(c, AFT__CASE_STATE);
  *state = aft__flow_state_find(c->flow, name);
  if (*state != AFT__FLOW_NONE)
    return AFT_OK;
  return aft__error(error, AFT_E_CORRUPT, "case.state", "the case is in state '%.*s', which its policy lacks",
                    (int)name.len, name.data);
}

static aft_status ask(aft__case *c, const char *name, uint32_t role, aft__flow_step_out *step,
                      aft_error *error) {
  uint32_t state, event = aft__flow_event_find(c->flow, aft__cstr(name));
  aft__facts facts;
  if (event == AFT__FLOW_NONE)
    return aft__error(error, AFT_E_TRANSITION, "case.event", "the machine '%s' has no event '%.60s'",
                      c->flow->name, name);
  AFT__TRY(state_of(c, &state, error));
  AFT__TRY(aft__case_facts(c, &facts, error));
  aft__guarded of = {c->policy, &facts};
  return aft__flow_step(c->flow, state, event, (uint16_t)AFT__ROLE(role), aft__guard, &of, step, error);
}

/* ---- entering a state ---- */

/* At an end nothing is held, nothing is planned and no settlement waits, whatever the shop's machine says. */
static aft_status end(aft__case *c, aft_error *error) {
  uint32_t reason = aft__row_null(c->row, AFT__CASE_FOUND) ? AFT__CASE_REASON : AFT__CASE_FOUND;
  aft__case_set(c, AFT__CASE_FINAL, c->row[reason]);
  aft__case_set(c, AFT__CASE_CLOSED, aft__int(c->cmd->now));
  aft__case_set(c, AFT__CASE_DUE, aft__null());
  AFT__TRY(aft__units_free(c, error));
  AFT__TRY(aft__legs_void(c, error));
  AFT__TRY(aft__appointments_end(c, error));
  AFT__TRY(aft__settlement_free(c, error));
  AFT__TRY(aft__survey_case_ended(c, error));
  return aft__due_clear_all(c->cmd->tx, aft__case_id(c), error);
}

/* Hours of business are those of today's policy, whichever governs the order. */
aft_status aft__case_deadline(aft__case *c, const aft__flow_state *state, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  if (state->deadline_event == AFT__FLOW_NONE)
    return AFT_OK;
  aft_time at = aft__policy_deadline(cmd->policy, c->policy, c->flow, state, NULL, cmd->now,
                                     aft__order_offset(cmd, c->order), &c->reasons);
  at = aft__season_end(c, state, at);
  aft__case_set(c, AFT__CASE_DUE, aft__int(at));
  return aft__due_set(cmd->tx, cmd->call.tenant, AFT__KIND_CASE, aft__case_id(c), aft__cstr(AFT__DUE_STATE),
                      at, error);
}

/* Where a marketplace decides, its own deadlines count. */
static aft_status set_deadline(aft__case *c, const aft__flow_step_out *step, aft_error *error) {
  if (aft__case_is(c, AFT__CASE_AUTHORITY, "external"))
    return AFT_OK;
  const aft__flow_state *to = &c->flow->states[step->to];
  bool own = step->move->event == to->deadline_event;
  return step->from == step->to && !own ? AFT_OK : aft__case_deadline(c, to, error);
}

static void enter(aft__case *c, const aft__flow_step_out *step) {
  const aft__flow_state *to = &c->flow->states[step->to];
  if (step->from == step->to)
    return;
  aft__case_set(c, AFT__CASE_STATE, aft__text(aft__cstr(c->flow->texts + to->name)));
  aft__case_set(c, AFT__CASE_OPEN, aft__int(aft__state_open(to)));
}

/* ---- the audit event ---- */

static void put_text(aft__json *json, const char *key, aft_str text) {
  if (!text.len)
    return;
  aft__json_key(json, key);
  aft__json_str(json, text);
}

static void put_lines(aft__json *json, const aft__case_input *in) {
  if (!in->n_lines)
    return;
  aft__json_key(json, "lines");
  aft__json_open(json, '[');
  for (size_t i = 0; i < in->n_lines; i++) {
    aft__json_open(json, '{');
    aft__json_key(json, "line");
    aft__json_id(json, in->lines[i].line);
    aft__json_key(json, "quantity");
    aft__json_i64(json, in->lines[i].quantity);
    put_text(json, "condition", in->lines[i].condition);
    put_text(json, "disposition", in->lines[i].disposition);
    aft__json_close(json, '}');
  }
  aft__json_close(json, ']');
}

static void put_input(aft__json *json, const aft__case_input *in) {
  const struct {
    const char *key;
    aft_str text;
  } texts[] = {{"kind", in->kind},       {"reason", in->reason},   {"liable", in->liable},
               {"freight", in->freight}, {"carrier", in->carrier}, {"waybill", in->waybill},
               {"verdict", in->verdict}};
  put_lines(json, in);
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    put_text(json, texts[i].key, texts[i].text);
  if (in->amount.currency[0]) {
    aft__json_key(json, "amount");
    aft__json_i64(json, in->amount.minor);
  }
}

void aft__case_moved(aft__case *c, aft_id id, const char *from, const char *to, int64_t n) {
  aft__moved moved = {id, from, to, n};
  aft__buf_add(&c->moved, &moved, sizeof moved);
}

static void put_moved(aft__json *json, const aft__case *c) {
  size_t n = c->moved.len / sizeof(aft__moved);
  if (!n)
    return;
  aft__json_key(json, "moved");
  aft__json_open(json, '[');
  for (size_t i = 0; i < n; i++) {
    aft__moved moved;
    memcpy(&moved, c->moved.data + i * sizeof moved, sizeof moved);
    aft__json_open(json, '[');
    aft__json_id(json, moved.id);
    aft__json_str(json, aft__cstr(moved.from));
    aft__json_str(json, aft__cstr(moved.to));
    aft__json_i64(json, moved.n);
    aft__json_close(json, ']');
  }
  aft__json_close(json, ']');
}

/* What the event brought, and what it did to units and legs. */
static aft_status facts_of(aft__case *c, aft_str *out, aft_error *error) {
  aft__buf buf;
  aft__json json;
  aft__buf_init(&buf, c->cmd->env);
  aft__json_init(&json, &buf);
  aft__json_open(&json, '{');
  if (c->in)
    put_input(&json, c->in);
  if (c->mask >> AFT__CASE_EXCLUDED & 1)
    put_text(&json, "exception", aft__case_str(c, AFT__CASE_EXCLUDED));
  put_moved(&json, c);
  aft__json_close(&json, '}');
  *out = buf.failed || c->moved.failed ? (aft_str){0} : aft__arena_dup(c->cmd->arena, aft__buf_view(&buf));
  aft__buf_done(&buf);
  return out->data ? AFT_OK : aft__nomem(error);
}

aft_status aft__case_note_moved(aft__case *c, const char *verb, aft_error *error) {
  aft_str facts;
  AFT__TRY(facts_of(c, &facts, error));
  aft__buf_clear(&c->moved);
  return aft__case_note(c, verb, facts, (aft_str){0}, error);
}

/* flow: the machine that the event was one of; a case may be of another kind by now. */
static aft_status audit(aft__case *c, const aft__flow *flow, const char *name, const aft__flow_step_out *step,
                        aft_error *error) {
  char verb[80];
  snprintf(verb, sizeof verb, "case.%s", name);
  aft__event entry = {.verb = aft__cstr(verb),
                      .from = aft__cstr(flow->texts + flow->states[step->from].name),
                      .to = aft__case_str(c, AFT__CASE_STATE)};
  AFT__TRY(facts_of(c, &entry.facts, error));
  if (c->in)
    entry.personal = c->in->text;
  return aft__case_audit(c, &entry, error);
}

/* ---- one event ---- */

/* Where the machine itself says what the case becomes, no proposal makes it yet another kind. */
static void forget_other_kinds(aft__case *c) {
  for (uint32_t i = 0; i < c->n_pending; i++)
    if (strncmp(c->pending[i], "to_", 3) == 0)
      c->pending[i] = "";
}

static aft_status carry_out(aft__case *c, const char *name, const aft__flow_step_out *step,
                            aft_error *error) {
  const aft__flow *flow = c->flow;
  bool over = flow->states[step->to].flags & AFT__FLOW_TERMINAL;
  aft__buf_clear(&c->moved);
  enter(c, step);
  if (!over) /* notices tell until when the new state lasts */
    AFT__TRY(set_deadline(c, step, error));
  for (uint32_t i = 0; i < step->n_effects; i++)
    AFT__TRY(aft__case_effect(c, &step->effects[i], error));
  bool elsewhere = c->flow != flow; /* the case has become another kind, which set its own deadline */
  if (elsewhere)
    forget_other_kinds(c);
  else if (over)
    AFT__TRY(end(c, error));
  AFT__TRY(audit(c, flow, name, step, error));
  return aft__season_note(c, error);
}

aft_status aft__case_follow_move(aft__case *c, const aft__flow_move *move, aft_error *error) {
  aft__flow_step_out step = {.from = move->from,
                             .to = move->to,
                             .effects = move->effects ? c->flow->effects + move->effect : NULL,
                             .n_effects = move->effects,
                             .move = move};
  c->n_pending = 0;
  aft_status status = carry_out(c, c->flow->texts + c->flow->events[move->event].name, &step, error);
  c->n_pending = 0; /* what would follow, the marketplace says */
  return status;
}

static aft_status fire_one(aft__case *c, const aft__case_event *fire, aft_error *error) {
  aft__flow_step_out step;
  uint32_t role = fire->role ? fire->role : c->cmd->call.role;
  const aft__case_input *before = c->in;
  uint32_t role_before = c->role;
  c->in = fire->in; /* conditions may look at what comes with the event */
  c->role = role;
  aft_status status = ask(c, fire->event, role, &step, error);
  if (status == AFT_OK)
    status = carry_out(c, fire->event, &step, error);
  c->in = before;
  c->role = role_before;
  return status;
}

aft_status aft__case_then(aft__case *c, const char *event, aft_error *error) {
  for (uint32_t i = 0; i < c->n_pending; i++)
    if (strcmp(c->pending[i], event) == 0)
      return AFT_OK;
  if (c->n_pending == AFT__MOST_PENDING)
    return aft__error(error, AFT_E_POLICY_MACHINE, c->flow->name,
                      "the event '%s' follows after %u others: the machine goes round in a circle", event,
                      AFT__MOST_PENDING);
  c->pending[c->n_pending++] = event;
  return AFT_OK;
}

/* Whether an error says that the machine has no such move here. */
static bool no_move(const aft__case *c, aft_status status, const aft_error *error) {
  if (status != AFT_E_TRANSITION && status != AFT_E_DENIED)
    return false;
  return strcmp(error->where, c->flow->name) == 0 || strcmp(error->where, "case.event") == 0;
}

static aft_status tell_one(aft__case *c, const char *event, aft_error *error) {
  aft__case_event fire = {.event = event, .role = AFT_ROLE_SYSTEM};
  bool lets = false;
  if (*event)
    AFT__TRY(aft__case_lets(c, event, AFT_ROLE_SYSTEM, &lets, error));
  if (!lets)
    return AFT_OK;
  aft_status status = fire_one(c, &fire, error);
  return status < 0 ? status : AFT_OK;
}

/* Events that follow are the system's; each may make others follow. */
static aft_status fire_pending(aft__case *c, aft_error *error) {
  for (uint32_t i = 0; i < c->n_pending; i++)
    AFT__TRY(tell_one(c, c->pending[i], error));
  c->n_pending = 0;
  return AFT_OK;
}

aft_status aft__case_ask_machine(aft__case *c, const char *event, uint32_t role, aft__flow_step_out *step,
                                 aft_error *error) {
  aft_error own = AFT_ERROR_INIT;
  *step = (aft__flow_step_out){0};
  aft_status status = ask(c, event, role, step, &own);
  if (status >= 0)
    return status;
  if (no_move(c, status, &own))
    return AFT_OK;
  return aft__error_pass(error, &own);
}

aft_status aft__case_lets(aft__case *c, const char *event, uint32_t role, bool *out, aft_error *error) {
  aft__flow_step_out step;
  aft_status status = aft__case_ask_machine(c, event, role, &step, error);
  *out = status == AFT_OK && step.move;
  return status < 0 ? status : AFT_OK;
}

aft_status aft__case_tell(aft__case *c, const char *event, aft_error *error) {
  AFT__TRY(tell_one(c, event, error));
  return fire_pending(c, error);
}

aft_status aft__case_fire(aft__case *c, const aft__case_event *fire, aft_error *error) {
  aft_status status = fire_one(c, fire, error);
  if (status != AFT_OK)
    return status;
  return fire_pending(c, error);
}

/* ---- time ---- */

static aft_status state_deadline(aft__case *c, aft_error *error) {
  uint32_t state;
  AFT__TRY(state_of(c, &state, error));
  uint32_t event = c->flow->states[state].deadline_event;
  if (event == AFT__FLOW_NONE)
    return AFT_OK;
  aft__case_event fire = {.event = c->flow->texts + c->flow->events[event].name, .role = AFT_ROLE_SYSTEM};
  return aft__case_fire(c, &fire, error);
}

aft_status aft__case_due(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  aft__case c;
  aft_status status = aft__case_load(cmd, due[AFT__DU_SUBJECT].number, &c, error);
  if (status >= 0)
    status = aft__str_eq(aft__value_str(&due[AFT__DU_NAME]), aft__cstr(AFT__DUE_REFUND))
                 ? aft__legal_due(&c, error)
                 : state_deadline(&c, error);
  if (status >= 0)
    status = aft__case_save(&c, error);
  aft__case_done(&c);
  return status;
}

static aft_status tell_people(aft__case *c, aft_str why, aft_error *error) {
  AFT__TRY(aft__case_work(c, "stuck", "why", why, error));
  AFT__TRY(aft__case_ticket(c, "trouble", error));
  AFT__TRY(aft__case_note(c, "case.stuck", (aft_str){0}, why, error));
  return aft__case_save(c, error);
}

aft_status aft__case_stuck(aft__cmd *cmd, const aft__value *due, aft_error *error) {
  aft__case c;
  aft_status status = aft__case_load(cmd, due[AFT__DU_SUBJECT].number, &c, error);
  if (status >= 0)
    status = tell_people(&c, aft__value_str(&due[AFT__DU_ERROR]), error);
  aft__case_done(&c);
  return status;
}

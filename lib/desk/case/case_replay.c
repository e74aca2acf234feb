/* Replaying a case: its audit events, carried through the machines of its policy, must come to the state, the
 * units and the legs that the records show. */
#include "desk/case/case_priv.h"

typedef struct tally {
  aft_id id;   /* of a line or leg */
  int64_t net; /* units that came into the case's hands less those that left */
  char state[16];
} tally;

typedef struct replay {
  aft__case *c;
  tally *tallies;
  uint32_t n, most;
  char state[65]; /* after the last event */
  int64_t seq;
} replay;

static aft_status broken(const replay *r, const char *what, aft_error *error) {
  return aft__error(error, AFT_E_CORRUPT, "case.events", "event %lld: %s", (long long)r->seq, what);
}

/* ---- what an event moved: [["id","from","to",n],...] in our own canonical JSON ---- */

typedef struct reader {
  const char *at, *end;
} reader;

static bool take(reader *in, char c) {
  if (in->at == in->end || *in->at != c)
    return false;
  in->at++;
  return true;
}

static bool word(reader *in, char *out, size_t size) {
  size_t n = 0;
  if (!take(in, '"'))
    return false;
  while (in->at < in->end && *in->at != '"' && n + 1 < size)
    out[n++] = *in->at++;
  out[n] = 0;
  return take(in, '"');
}

static bool number(reader *in, int64_t *out) {
  bool digits = false;
  *out = 0;
  for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++, digits = true)
    if (aft__mul_i64(*out, 10, out) || aft__add_i64(*out, *in->at - '0', out))
      return false;
  return digits;
}

static bool whole(const char *text, aft_id *out) {
  reader in = {text, text + strlen(text)};
  return number(&in, out) && in.at == in.end;
}

typedef struct step {
  aft_id id;
  char from[16], to[16];
  int64_t n;
} step;

static bool read_step(reader *in, step *out) {
  char id[24];
  return take(in, '[') && word(in, id, sizeof id) && whole(id, &out->id) && take(in, ',') &&
         word(in, out->from, sizeof out->from) && take(in, ',') && word(in, out->to, sizeof out->to) &&
         take(in, ',') && number(in, &out->n) && take(in, ']');
}

/* ---- the tallies ---- */

static tally *tally_of(replay *r, aft_id id) {
  for (uint32_t i = 0; i < r->n; i++)
    if (r->tallies[i].id == id)
      return &r->tallies[i];
  if (r->n == r->most)
    return NULL;
  r->tallies[r->n] = (tally){.id = id};
  return &r->tallies[r->n++];
}

static bool is_hand(const char *place) { return strncmp(place, "in_", 3) == 0; }

static aft_status add(replay *r, const step *s, aft_error *error) {
  tally *t = tally_of(r, s->id);
  if (!t)
    return broken(r, "it moves something that the case does not have", error);
  if (is_hand(s->to))
    t->net += s->n;
  if (is_hand(s->from))
    t->net -= s->n;
  if (t->net < 0)
    return broken(r, "more units leave the case than came into it", error);
  memcpy(t->state, s->to, sizeof t->state);
  return AFT_OK;
}

static aft_status read_moved(replay *r, aft_str facts, aft_error *error) {
  static const char key[] = "\"moved\":[";
  const char *at = NULL;
  for (size_t i = 0; i + sizeof key - 1 <= facts.len && !at; i++)
    if (memcmp(facts.data + i, key, sizeof key - 1) == 0)
      at = facts.data + i + sizeof key - 1;
  if (!at)
    return AFT_OK;
  reader in = {at, facts.data + facts.len};
  do {
    step s;
    if (!read_step(&in, &s))
      return broken(r, "what it moved cannot be read", error);
    AFT__TRY(add(r, &s, error));
  } while (take(&in, ','));
  return take(&in, ']') ? AFT_OK : broken(r, "what it moved cannot be read", error);
}

/* ---- the machine ---- */

static bool leads(const aft__flow *flow, const aft__flow_move *move, aft_str to) {
  if (move->to != AFT__FLOW_IGNORE && aft__str_eq(aft__cstr(flow->texts + flow->states[move->to].name), to))
    return true;
  for (uint32_t i = 0; i < move->effects; i++) {
    const aft__flow_effect *effect = &flow->effects[move->effect + i];
    if (strcmp(flow->texts + effect->verb, "convert") == 0)
      return true; /* another machine goes on */
  }
  return false;
}

/* Whether some case machine of the policy goes from one state to the other on an event: a case may have been
 * of another kind then. */
static bool is_move(const aft_policy *policy, aft_str from, aft_str event, aft_str to) {
  const aft__flow *flow;
  for (uint32_t m = 0; (flow = aft__policy_machine_at(policy, m)); m++) {
    uint32_t state = aft__flow_state_find(flow, from), named = aft__flow_event_find(flow, event);
    for (uint32_t i = 0; state != AFT__FLOW_NONE && named != AFT__FLOW_NONE && i < flow->n_moves; i++)
      if (flow->moves[i].from == state && flow->moves[i].event == named && leads(flow, &flow->moves[i], to))
        return true;
  }
  return false;
}

static aft_status check_move(replay *r, const aft__value *row, aft_error *error) {
  aft_str verb = aft__row_str(row, AFT__EV_VERB), from = aft__row_str(row, AFT__EV_FROM);
  aft_str to = aft__row_str(row, AFT__EV_TO);
  const size_t prefix = sizeof "case." - 1;
  if (r->state[0] && !aft__str_eq(from, aft__cstr(r->state)))
    return broken(r, "it does not begin where the one before ended", error);
  if (!is_move(r->c->policy, from, aft__str(verb.data + prefix, verb.len - prefix), to))
    return broken(r, "no machine of the policy has this move", error);
  if (to.len >= sizeof r->state)
    return broken(r, "its state is no name", error);
  memcpy(r->state, to.data, to.len);
  r->state[to.len] = 0;
  return AFT_OK;
}

static aft_status replay_event(void *user, const aft__value *row, aft_error *error) {
  replay *r = user;
  r->seq = aft__row_int(row, AFT__EV_SEQ);
  AFT__TRY(read_moved(r, aft__row_str(row, AFT__EV_FACTS), error));
  return aft__row_null(row, AFT__EV_TO) || !aft__row_str(row, AFT__EV_TO).len ? AFT_OK
                                                                              : check_move(r, row, error);
}

/* ---- the records ---- */

static aft_status differs(const char *what, aft_id id, aft_error *error) {
  return aft__error(error, AFT_E_CORRUPT, what, "the events of the case say otherwise of %lld",
                    (long long)id);
}

static aft_status compare(replay *r, aft_error *error) {
  aft__case *c = r->c;
  if (!aft__str_eq(aft__case_str(c, AFT__CASE_STATE), aft__cstr(r->state)))
    return differs("case.state", aft__case_id(c), error);
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft_id id = c->lines[i].line[AFT__LINE_ID].number;
    const tally *t = tally_of(r, id);
    if (!t || t->net != aft__units_held(&c->lines[i]))
      return differs("case_line.held", id, error);
  }
  for (uint32_t i = 0; i < c->n_legs; i++) {
    aft_id id = c->legs[i].row[AFT__LEG_ID].number;
    const tally *t = tally_of(r, id);
    bool frozen = aft__leg_is(&c->legs[i], AFT__LEG_STATE, "frozen"); /* by its payment, not by the case */
    if (!t || (!frozen && !aft__leg_is(&c->legs[i], AFT__LEG_STATE, t->state)))
      return differs("leg.state", id, error);
  }
  return AFT_OK;
}

static aft_status verify(aft__case *c, aft_error *error) {
  replay r = {.c = c, .most = c->n_lines + AFT__MOST_LEGS};
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), c->row[AFT__CASE_ID]}};
  AFT__TRY(aft__may_case(c->cmd, c->row, error));
  AFT__TRY(aft__legs_load(c, error));
  r.tallies = aft__arena_alloc(c->cmd->arena, r.most * sizeof *r.tallies);
  if (!r.tallies)
    return aft__nomem(error);
  AFT__TRY(aft__scan_each(c->cmd->tx, &scan, replay_event, &r, error));
  return compare(&r, error);
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  aft__case c;
  aft_status status = aft__case_load(cmd, *(aft_id *)given, &c, error);
  if (status >= 0)
    status = verify(&c, error);
  aft__case_done(&c);
  return status;
}

aft_status aft_case_verify(aft_session *session, const aft_call *call, aft_id case_id, aft_error *error) {
  static const aft__command command = {
      .verb = "case.verify", .name = "case_verify", .roles = AFT__ROLES_STAFF, .read = true, .run = run};
  return aft__command_run(session, call, &command, &case_id, NULL, error);
}

/* A marketplace decides and we mirror: its statuses come late, twice and out of order; one that is unknown is
 * kept and shown. A known one moves the case along its machine by the shortest way, so that units and legs
 * follow as if we had decided ourselves; nothing is asked of the host, which the marketplace has served. */
#include "desk/case_priv.h"

#include <stdio.h>

#define MIRROR_V1 (offsetof(aft_mirror_in, amount) + sizeof(aft_money))
#define FARTHEST  24u

/* ---- what is kept ---- */

static aft_status keep(aft__case *c, const aft_mirror_in *in, const char *fate, aft_str state,
                       aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft__value row[AFT__MIRROR_COLUMNS] = {
      [AFT__MIRROR_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__MIRROR_REV] = aft__int(1),
      [AFT__MIRROR_TENANT] = aft__int(cmd->call.tenant),
      [AFT__MIRROR_CASE] = c->row[AFT__CASE_ID],
      [AFT__MIRROR_STATUS] = aft__text(in->status),
      [AFT__MIRROR_VERSION] = in->version ? aft__int(in->version) : aft__null(),
      [AFT__MIRROR_STATE] = state.len ? aft__text(state) : aft__null(),
      [AFT__MIRROR_FATE] = aft__text(aft__cstr(fate)),
      [AFT__MIRROR_AMOUNT] = in->amount.currency[0] ? aft__int(in->amount.minor) : aft__null(),
      [AFT__MIRROR_DEADLINE] = in->due ? aft__int(in->due) : aft__null(),
      [AFT__MIRROR_AT] = aft__int(in->at),
      [AFT__MIRROR_CREATED] = aft__int(cmd->now),
  };
  aft__tx_proof(cmd->tx, &aft__mirror_table, row[AFT__MIRROR_ID].number);
  return aft__insert(cmd->tx, &aft__mirror_table, row, NULL, error);
}

/* Versions order statuses where the marketplace gives them, times where it does not. */
static int64_t order_of(const aft_mirror_in *in) { return in->version ? in->version : in->at; }

static const char *fate_of(const aft__case *c, const aft_mirror_in *in) {
  int64_t last = aft__case_int(c, AFT__CASE_EXTERNAL_VERSION), now = order_of(in);
  if (aft__row_null(c->row, AFT__CASE_EXTERNAL_VERSION) || now > last)
    return NULL;
  return now == last && aft__str_eq(in->status, aft__case_str(c, AFT__CASE_EXTERNAL_STATUS)) ? "repeated"
                                                                                             : "late";
}

/* ---- the way there ---- */

typedef struct route {
  uint16_t move[FARTHEST]; /* numbers of moves */
  uint32_t n;
} route;

static bool usable(const aft__flow_move *move) {
  return move->to != AFT__FLOW_IGNORE && move->to != move->from;
}

/* Breadth first over the machine's moves, whoever they are for. */
static bool find_route(const aft__flow *flow, uint32_t from, uint32_t to, aft__arena *arena, route *out) {
  uint32_t *by = aft__arena_alloc(arena, flow->n_states * sizeof *by);
  uint32_t *queue = aft__arena_alloc(arena, flow->n_states * sizeof *queue);
  uint32_t head = 0, tail = 0;
  out->n = 0;
  if (!by || !queue)
    return false;
  queue[tail++] = from;
  while (head < tail) {
    uint32_t state = queue[head++];
    for (uint32_t i = 0; i < flow->n_moves; i++) {
      const aft__flow_move *move = &flow->moves[i];
      if (move->from != state || !usable(move) || move->to == from || by[move->to])
        continue;
      by[move->to] = i + 1;
      queue[tail++] = move->to;
    }
  }
  for (uint32_t at = to; at != from; at = flow->moves[by[at] - 1].from) {
    if (!by[at] || out->n == FARTHEST)
      return false;
    out->move[out->n++] = (uint16_t)(by[at] - 1);
  }
  return true;
}

/* Money of a mirrored case has moved when the marketplace says that the case is at its end. */
static aft_status confirm_all(aft__case *c, aft_error *error) {
  AFT__TRY(aft__legs_load(c, error));
  AFT__TRY(aft__pots_load(c, error));
  for (uint32_t i = 0; i < c->n_legs; i++) {
    aft__leg *leg = &c->legs[i];
    int64_t requested = aft__row_int(leg->row, AFT__LEG_REQUESTED);
    if (!aft__leg_is(leg, AFT__LEG_STATE, "sent"))
      continue;
    aft__pot *pot = aft__leg_pot(c, leg);
    if (pot) {
      AFT__TRY(aft__pot_add(pot, AFT__POT_PLANNED(pot), -requested, error));
      AFT__TRY(aft__pot_add(pot, AFT__POT_PAID(pot), requested, error));
      if (pot->table == &aft__payment_table)
        AFT__TRY(aft__pot_add(pot, AFT__PAYMENT_REFUNDS, 1, error));
    }
    aft__leg_change(c, leg, "confirmed");
    aft__leg_set(leg, AFT__LEG_CONFIRMED, aft__int(requested));
    aft__leg_set(leg, AFT__LEG_SETTLED, aft__int(c->cmd->now));
    AFT__TRY(aft__due_clear(c->cmd->tx, leg->row[AFT__LEG_ID].number, aft__cstr(AFT__DUE_RECONCILE), error));
  }
  aft__legs_sum(c);
  return AFT_OK;
}

static aft_status walk(aft__case *c, const route *way, aft_error *error) {
  for (uint32_t i = way->n; i-- > 0;) {
    const aft__flow *flow = c->flow;
    if (flow->states[flow->moves[way->move[i]].to].flags & AFT__FLOW_TERMINAL)
      AFT__TRY(confirm_all(c, error));
    AFT__TRY(aft__case_follow_move(c, &flow->moves[way->move[i]], error));
    if (c->flow != flow)
      return AFT_OK;
  }
  return AFT_OK;
}

/* ---- taking it over ---- */

static void set_amount(aft__case *c, const aft_mirror_in *in) {
  if (in->amount.currency[0])
    aft__case_set(c, AFT__CASE_AGREED, aft__int(in->amount.minor));
}

/* A deadline of the marketplace stands in the place of the machine's. */
static void set_due(aft__case *c, const aft_mirror_in *in) {
  if (in->due && aft__case_int(c, AFT__CASE_OPEN))
    aft__case_set(c, AFT__CASE_DUE, aft__int(in->due));
}

static aft_status apply(aft__case *c, const aft_mirror_in *in, aft_str state, const char **fate,
                        aft_error *error) {
  route way;
  uint32_t from = aft__flow_state_find(c->flow, aft__case_str(c, AFT__CASE_STATE));
  uint32_t to = aft__flow_state_find(c->flow, state);
  *fate = "applied";
  if (to == from)
    return AFT_OK;
  if (to == AFT__FLOW_NONE || !find_route(c->flow, from, to, c->cmd->arena, &way)) {
    *fate = "refused"; /* no way leads there: a person must look */
    return aft__case_ask(c, "work.order", NULL, NULL, error);
  }
  c->mirrored = true;
  set_amount(c, in);
  aft_status status = walk(c, &way, error);
  c->mirrored = false;
  return status;
}

static aft_status take_over(aft__case *c, const aft_mirror_in *in, aft_error *error) {
  const char *fate = fate_of(c, in);
  aft_str state = {0};
  if (fate) {
    AFT__TRY(keep(c, in, fate, state, error));
    return AFT_IGNORED;
  }
  aft__case_set(c, AFT__CASE_EXTERNAL_STATUS, aft__text(in->status));
  aft__case_set(c, AFT__CASE_EXTERNAL_VERSION, aft__int(order_of(in)));
  aft__case_set(c, AFT__CASE_INTENT, aft__null());
  fate = "unknown";
  if (aft__case_platform_state(c, in->status, &state))
    AFT__TRY(apply(c, in, state, &fate, error));
  set_due(c, in);
  AFT__TRY(keep(c, in, fate, state, error));
  AFT__TRY(aft__case_note(c, "case.mirrored", (aft_str){0}, in->status, error));
  return aft__case_save(c, error);
}

/* ---- the command ---- */

static aft_status find_case(aft__cmd *cmd, const aft_mirror_in *in, aft_id *id, aft_error *error) {
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(in->platform), aft__text(in->external)}, *row;
  *id = in->case_id;
  if (*id)
    return AFT_OK;
  aft_status status = aft__find(cmd->tx, &aft__case_table, AFT__CASE_BY_EXTERNAL, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, status, "mirror.external", "no case has the number '%.*s' of %.*s",
                      (int)in->external.len, in->external.data, (int)in->platform.len, in->platform.data);
  AFT__TRY(status);
  *id = row[AFT__CASE_ID].number;
  return AFT_OK;
}

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_mirror_in *in = given;
  aft__case c = {.cmd = cmd};
  aft_id id;
  AFT__TRY(find_case(cmd, in, &id, error));
  aft_status status = aft__case_load(cmd, id, &c, error);
  if (status >= 0)
    status = aft__may_case(cmd, c.row, error);
  if (status >= 0 && !aft__case_is(&c, AFT__CASE_AUTHORITY, "external"))
    status = aft__error(error, AFT_E_INVALID, "mirror.case_id", "the shop decides this case itself");
  if (status >= 0)
    status = take_over(&c, in, error);
  cmd->ids[0] = cmd->subject = id;
  cmd->row = status == AFT_OK ? c.row : NULL;
  aft__case_done(&c);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_mirror_in *in = given;
  const int64_t numbers[] = {in->case_id, in->version, in->at, in->due, in->amount.minor};
  const aft_str texts[] = {in->platform, in->external, in->status};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    aft__digest_str(sha, texts[i]);
}

static aft_status check_input(aft_mirror_in *in, aft_error *error) {
  AFT__TRY(aft__in_text(&in->platform, 64, "mirror.platform", error));
  AFT__TRY(aft__in_text(&in->external, AFT__NAME_BYTES, "mirror.external", error));
  AFT__TRY(aft__in_name(&in->status, AFT__NAME_BYTES, "mirror.status", error));
  AFT__TRY(aft__case_money_check(&in->amount, error));
  if (!in->platform.len || !in->external.len || in->case_id)
    AFT__TRY(aft__in_id(in->case_id, "mirror.case_id", error));
  const struct {
    const char *where;
    int64_t number, least;
  } numbers[] = {
      {"mirror.at", in->at, 1}, {"mirror.version", in->version, 0}, {"mirror.deadline", in->due, 0}};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    if (numbers[i].number < numbers[i].least)
      return aft__error(error, AFT_E_INVALID, numbers[i].where, "expected %lld or more, found %lld",
                        (long long)numbers[i].least, (long long)numbers[i].number);
  return AFT_OK;
}

aft_status aft_case_mirror(aft_session *session, const aft_call *call, const aft_mirror_in *in,
                           aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "case.mirror",
                                       .name = "case_mirror",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_CASE,
                                       .audits = true,
                                       .digest = digest,
                                       .run = run};
  aft_mirror_in local;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, MIRROR_V1, "aft_mirror_in", error));
  aft_status status = check_input(&local, error);
  if (status >= 0)
    return aft__command_run(session, call, &command, &local, out, error);
  aft__command_refused(session, call, &command, local.case_id, status);
  return status;
}

/* A marketplace decides and we mirror: its statuses come late, twice and out of order; one that is unknown is
 * kept and shown. A known one moves the case along its machine (case_way.c), so that units and legs follow as
 * if we had decided ourselves; nothing is asked of the host, which the marketplace has served. One that the
 * case cannot come to is kept and shown as well, and a person looks. So is one whose meaning is a guess: it
 * moves no money until a person, or a status that is better known, says the same. */
#include "desk/case/case_priv.h"

#include <stdio.h>

#define MIRROR_V1 (offsetof(aft_mirror_in, amount) + sizeof(aft_money))
#define FARTHEST  24u /* moves of one way */

/* What a status means, and what becomes of it. */
typedef struct reading {
  aft__platform_state means; /* state and certainty: empty where the policy does not know it */
  bool guess;                /* nobody is sure of it, and no person has said it */
  bool waits;                /* … and money would count as moved by it */
  const char *fate;
} reading;

static bool by_person(const aft__case *c) { return c->cmd->call.role == AFT_ROLE_AGENT; }

/* ---- what is kept ---- */

static aft_status keep(aft__case *c, const aft_mirror_in *in, const reading *r, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft__value row[AFT__MIRROR_COLUMNS] = {
      [AFT__MIRROR_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__MIRROR_REV] = aft__int(1),
      [AFT__MIRROR_TENANT] = aft__int(cmd->call.tenant),
      [AFT__MIRROR_CASE] = c->row[AFT__CASE_ID],
      [AFT__MIRROR_STATUS] = aft__text(in->status),
      [AFT__MIRROR_VERSION] = in->version ? aft__int(in->version) : aft__null(),
      [AFT__MIRROR_STATE] = r->means.state.len ? aft__text(r->means.state) : aft__null(),
      [AFT__MIRROR_CERTAINTY] = r->means.certainty.len ? aft__text(r->means.certainty) : aft__null(),
      [AFT__MIRROR_FATE] = aft__text(aft__cstr(r->fate)),
      [AFT__MIRROR_AMOUNT] = in->amount.currency[0] ? aft__int(in->amount.minor) : aft__null(),
      [AFT__MIRROR_DEADLINE] = in->due ? aft__int(in->due) : aft__null(),
      [AFT__MIRROR_AT] = aft__int(in->at),
      [AFT__MIRROR_CREATED] = aft__int(cmd->now),
  };
  aft__tx_proof(cmd->tx, &aft__mirror_table, row[AFT__MIRROR_ID].number);
  return aft__insert(cmd->tx, &aft__mirror_table, row, NULL, error);
}

/* ---- what came before ---- */

/* Of the statuses that were taken over. */
typedef struct past {
  bool any;
  int64_t version; /* the highest; 0: none had one */
  aft_time at;     /* the latest */
  bool waits;      /* the last one waits for a person */
  bool stated;
  aft_money amount; /* the last that was stated with a status that counted, or may yet */
} past;

static aft_status see(void *user, const aft__value *row, aft_error *error) {
  past *p = user;
  aft_str fate = aft__row_str(row, AFT__MIRROR_FATE);
  (void)error;
  if (aft__str_eq(fate, aft__cstr("late")) || aft__str_eq(fate, aft__cstr("repeated")))
    return AFT_OK;
  int64_t version = aft__row_int(row, AFT__MIRROR_VERSION), at = aft__row_int(row, AFT__MIRROR_AT);
  p->any = true;
  p->version = version > p->version ? version : p->version;
  p->at = at > p->at ? at : p->at;
  p->waits = aft__str_eq(fate, aft__cstr("waiting"));
  if ((p->waits || aft__str_eq(fate, aft__cstr("applied"))) && !aft__row_null(row, AFT__MIRROR_AMOUNT)) {
    p->amount.minor = aft__row_int(row, AFT__MIRROR_AMOUNT);
    p->stated = true;
  }
  return AFT_OK;
}

static aft_status look_back(aft__case *c, past *out, aft_error *error) {
  aft__scan scan = {.table = &aft__mirror_table,
                    .index = AFT__MIRROR_BY_CASE,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), c->row[AFT__CASE_ID]}};
  *out = (past){0};
  return aft__scan_each(c->cmd->tx, &scan, see, out, error);
}

/* A version is newer than every lower one, whenever they happened. Where either status has none, the one is
 * newer that happened later than all before it; so is a person's word on one that waits for it. NULL for what
 * is new. */
static const char *fate_of(const aft__case *c, const past *p, const aft_mirror_in *in) {
  bool versions = in->version && p->version;
  int64_t now = versions ? in->version : in->at, last = versions ? p->version : p->at;
  if (!p->any || now > last)
    return NULL;
  bool same = now == last && aft__str_eq(in->status, aft__case_str(c, AFT__CASE_EXTERNAL_STATUS));
  if (same && p->waits && by_person(c))
    return NULL;
  return same ? "repeated" : "late";
}

/* ---- the way there ---- */

/* What an exchange stated to give back, it gives with the new goods. */
static bool gives_nothing(const aft__case *c) {
  for (uint32_t i = 0; c->stated && i < c->n_lines; i++)
    if (!aft__row_null(c->lines[i].row, AFT__CASE_LINE_REPLACEMENT))
      return false;
  return aft__case_is(c, AFT__CASE_MONEY, "none");
}

/* A guess ends the way where money would count as moved by it. */
static aft_status moves(aft__case *c, reading *r, aft_status (*move)(aft__case *c, aft_error *error),
                        aft_error *error) {
  if (r->guess)
    AFT__TRY(aft__stated_moves(c, &r->waits, error));
  if (!r->waits)
    return move(c, error);
  return aft__error(error, AFT_E_TRANSITION, "mirror.status", "what the status means is a guess");
}

/* Money has moved where the machine hears that it did; at any other end, what was promised is kept or dropped
 * as the machine says. */
static aft_status money_of(aft__case *c, const aft__flow_move *move, reading *r, aft_error *error) {
  const char *event = c->flow->texts + c->flow->events[move->event].name;
  bool end = c->flow->states[move->to].flags & AFT__FLOW_TERMINAL;
  if (strcmp(event, "money_confirmed") == 0)
    return moves(c, r, aft__stated_moved, error);
  if (strcmp(event, "paid") == 0)
    return moves(c, r, aft__stated_paid, error);
  if (!end)
    return AFT_OK;
  if (aft__move_does(c->flow, move, "void") || gives_nothing(c))
    return aft__stated_dropped(c, error);
  return moves(c, r, aft__stated_moved, error);
}

static aft_status no_way(const aft__case *c, const aft_mirror_in *in, aft_error *error) {
  return aft__error(error, AFT_E_TRANSITION, "mirror.status",
                    "the machine '%s' has no way from '%.*s' to what '%.*s' means", c->flow->name,
                    (int)c->row[AFT__CASE_STATE].size, c->row[AFT__CASE_STATE].data,
                    (int)aft__utf8_cut(in->status, 60), in->status.data);
}

static aft_status walk(aft__case *c, const aft_mirror_in *in, uint32_t to, reading *r, aft_error *error) {
  uint32_t origin = aft__flow_state_find(c->flow, aft__case_str(c, AFT__CASE_STATE)), at = origin;
  for (uint32_t n = 0; !aft__case_is_at(c, at, to); n++) {
    const aft__flow_move *move;
    AFT__TRY(aft__case_way(c, origin, to, &move, error));
    if (!move || n == FARTHEST)
      return no_way(c, in, error);
    AFT__TRY(money_of(c, move, r, error));
    AFT__TRY(aft__case_follow_move(c, move, error));
    at = move->to;
  }
  return AFT_OK;
}

/* ---- whose case it is ---- */

static aft_status differs(const char *where, aft_str expected, aft_str found, aft_error *error) {
  return aft__error(error, AFT_E_INVALID, where, "expected '%.*s', as the case has it; found '%.*s'",
                    (int)aft__utf8_cut(expected, 60), expected.data ? expected.data : "",
                    (int)aft__utf8_cut(found, 60), found.data);
}

/* A case that was filed before its number was known gets it with the first status that has it. */
static aft_status check_number(const aft__case *c, aft_str number, aft_error *error) {
  aft_str own = aft__case_str(c, AFT__CASE_EXTERNAL);
  aft__value keys[] = {aft__int(c->cmd->call.tenant), c->row[AFT__CASE_PLATFORM], aft__text(number)}, *row;
  if (!number.len || aft__str_eq(number, own))
    return AFT_OK;
  if (own.len)
    return differs("mirror.external", own, number, error);
  aft_status status = aft__find(c->cmd->tx, &aft__case_table, AFT__CASE_BY_EXTERNAL, keys, &row, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  AFT__TRY(status);
  return aft__error(error, AFT_E_EXISTS, "mirror.external", "the marketplace's case %lld has this number",
                    (long long)row[AFT__CASE_ID].number);
}

static aft_status check_case(const aft__case *c, const aft_mirror_in *in, aft_error *error) {
  aft_str platform = aft__case_str(c, AFT__CASE_PLATFORM);
  aft_str own = aft__row_str(c->order, AFT__ORDER_PLATFORM);
  if (!aft__case_is(c, AFT__CASE_AUTHORITY, "external"))
    return aft__error(error, AFT_E_INVALID, "mirror.case_id", "the shop decides this case itself");
  if (in->platform.len && !aft__str_eq(in->platform, platform))
    return differs("mirror.platform", platform, in->platform, error);
  if (own.len && !aft__str_eq(own, platform))
    return aft__error(error, AFT_E_INVALID, "mirror.platform",
                      "expected '%.*s', where the order is from; found '%.*s'", (int)aft__utf8_cut(own, 60),
                      own.data, (int)aft__utf8_cut(platform, 60), platform.data);
  return check_number(c, in->external, error);
}

/* ---- taking it over ---- */

/* The marketplace's deadline stands in the place of the machine's; a status that names none has none. */
static void set_due(aft__case *c, const aft_mirror_in *in) {
  bool set = in->due && aft__case_int(c, AFT__CASE_OPEN);
  aft__case_set(c, AFT__CASE_DUE, set ? aft__int(in->due) : aft__null());
}

/* What is stated once the case has agreed counts at once; once it has paid, it has paid that. */
static aft_status restate(aft__case *c, reading *r, aft_error *error) {
  bool ended = !aft__case_int(c, AFT__CASE_OPEN);
  if (aft__row_null(c->row, AFT__CASE_AGREED) || !c->stated)
    return AFT_OK;
  if (ended && aft__case_is(c, AFT__CASE_MONEY, "confirmed"))
    return moves(c, r, aft__stated_moved, error);
  if (!ended)
    aft__stated_agree(c);
  return AFT_OK;
}

static aft_status go(aft__case *c, const aft_mirror_in *in, reading *r, aft_error *error) {
  uint32_t to = aft__flow_state_find(c->flow, r->means.state);
  if (to == AFT__FLOW_NONE)
    return no_way(c, in, error);
  c->mirrored = true;
  aft_status status = walk(c, in, to, r, error);
  if (status >= 0)
    status = restate(c, r, error);
  c->mirrored = false;
  return status;
}

/* Refusals of the machine, of its effects and of the checks of the store: not what ends the command. */
static bool is_no_way(aft_status status) {
  static const aft_status refusals[] = {AFT_E_TRANSITION, AFT_E_CHECK, AFT_E_INVALID, AFT_E_INELIGIBLE,
                                        AFT_E_POLICY_MACHINE};
  for (size_t i = 0; i < AFT__COUNT(refusals); i++)
    if (status == refusals[i])
      return true;
  return false;
}

/* A way that ends halfway was none: everything is as it was before. */
static aft_status undo(aft__case *c, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft_id id = aft__case_id(c);
  AFT__TRY(aft__tx_savepoint_undo(cmd->tx, error));
  aft__case_done(c);
  return aft__case_load(cmd, id, c, error);
}

static aft_status apply(aft__case *c, const aft_mirror_in *in, reading *r, aft_error *error) {
  aft_error own = AFT_ERROR_INIT;
  AFT__TRY(aft__tx_savepoint(c->cmd->tx, error));
  aft_status status = go(c, in, r, &own);
  r->fate = "applied";
  if (status >= 0)
    return aft__tx_savepoint_keep(c->cmd->tx, error);
  if (!is_no_way(status))
    return aft__error_pass(error, &own);
  r->fate = r->waits ? "waiting" : "refused";
  AFT__TRY(undo(c, error));
  return r->waits ? AFT_OK : aft__case_work(c, "follow_status", "status", in->status, error);
}

/* People look at what is a guess, whether the case moved by it or waits for their word. */
static aft_status tell_guess(aft__case *c, const aft_mirror_in *in, const reading *r, aft_error *error) {
  const char *key = r->waits ? "explain.case.status.waiting" : "explain.case.status.unsure";
  aft__arg args[] = {{"status", in->status}, {"state", r->means.state}};
  if (!r->guess)
    return AFT_OK;
  aft__reason_add(&c->reasons, "status", key, args, AFT__COUNT(args));
  return aft__case_work(c, "check_status", "status", in->status, error);
}

static aft_status interpret(aft__case *c, const aft_mirror_in *in, reading *r, aft_error *error) {
  if (!aft__case_platform_state(c, in->status, &r->means))
    return AFT_OK;
  r->guess = aft__str_eq(r->means.certainty, aft__cstr("unsure")) && !by_person(c);
  AFT__TRY(apply(c, in, r, error));
  return tell_guess(c, in, r, error);
}

static void set_status(aft__case *c, const aft_mirror_in *in) {
  if (in->external.len)
    aft__case_set(c, AFT__CASE_EXTERNAL, aft__text(in->external));
  aft__case_set(c, AFT__CASE_EXTERNAL_STATUS, aft__text(in->status));
  aft__case_set(c, AFT__CASE_EXTERNAL_VERSION, in->version ? aft__int(in->version) : aft__null());
  aft__case_set(c, AFT__CASE_INTENT, aft__null());
}

static aft_status take_over(aft__case *c, const aft_mirror_in *in, const past *p, aft_error *error) {
  reading r = {.fate = "unknown"};
  if (in->amount.currency[0] || p->stated)
    c->stated = in->amount.currency[0] ? &in->amount : &p->amount;
  if (in->amount.currency[0])
    AFT__TRY(aft__stated_check(c, &in->amount, error));
  AFT__TRY(interpret(c, in, &r, error));
  set_status(c, in);
  set_due(c, in);
  AFT__TRY(keep(c, in, &r, error));
  AFT__TRY(aft__case_note(c, "case.mirrored", (aft_str){0}, in->status, error));
  return aft__case_save(c, error);
}

static aft_status take_in(aft__case *c, const aft_mirror_in *in, aft_error *error) {
  past p;
  AFT__TRY(check_case(c, in, error));
  AFT__TRY(look_back(c, &p, error));
  reading r = {.fate = fate_of(c, &p, in)};
  if (!r.fate)
    return take_over(c, in, &p, error);
  AFT__TRY(keep(c, in, &r, error));
  return AFT_IGNORED;
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
  if (status >= 0)
    status = take_in(&c, in, error);
  cmd->ids[0] = cmd->subject = id;
  cmd->row = status == AFT_OK ? c.row : NULL;
  aft__case_done(&c);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_mirror_in *in = given;
  const int64_t numbers[] = {in->case_id, in->version, in->at, in->due, in->amount.minor};
  const aft_str texts[] = {in->platform, in->external, in->status,
                           aft__str(in->amount.currency, sizeof in->amount.currency)};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    aft__digest_i64(sha, numbers[i]);
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    aft__digest_str(sha, texts[i]);
}

static aft_status check_input(aft_mirror_in *in, aft_error *error) {
  AFT__TRY(aft__in_text(&in->platform, 64, "mirror.platform", error));
  AFT__TRY(aft__in_text(&in->external, AFT__NAME_BYTES, "mirror.external", error));
  AFT__TRY(aft__in_name(&in->status, AFT__NAME_BYTES, "mirror.status", error));
  if (!in->platform.len || !in->external.len || in->case_id)
    AFT__TRY(aft__in_id(in->case_id, "mirror.case_id", error));
  const struct {
    const char *where;
    int64_t number, least;
  } numbers[] = {{"mirror.at", in->at, 1},
                 {"mirror.version", in->version, 0},
                 {"mirror.deadline", in->due, 0},
                 {"mirror.amount", in->amount.currency[0] ? in->amount.minor : 0, 0}};
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    if (numbers[i].number < numbers[i].least)
      return aft__error(error, AFT_E_INVALID, numbers[i].where, "expected %lld or more, found %lld",
                        (long long)numbers[i].least, (long long)numbers[i].number);
  return aft__case_money_check(&in->amount, error);
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

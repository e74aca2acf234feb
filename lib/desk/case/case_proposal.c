/* What is asked and offered: versions of one proposal. The buyer amends, the seller counters and may only
 * lower, the arbiter rules; the one that is agreed binds. Lines that a proposal names have its units and its
 * article; the others are as they were. */
#include "desk/case/case_priv.h"

#include <stdio.h>

static aft_str or_else(aft_str given, aft_str present) { return given.len ? given : present; }

/* ---- reading the newest ---- */

static aft_status nothing_open(aft_error *error) {
  return aft__error(error, AFT_E_TRANSITION, "case.proposal",
                    "nothing is on the table that could be agreed on");
}

/* The newest first. */
static aft_status load_all(aft__case *c, aft__value ***rows, uint32_t *n, aft_error *error) {
  aft__scan scan = {.table = &aft__proposal_table,
                    .index = AFT__PROPOSAL_BY_CASE,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), c->row[AFT__CASE_ID]},
                    .descending = true,
                    .limit = AFT__MOST_LEGS};
  return aft__scan_all(c->cmd->tx, &scan, rows, n, error);
}

/* The newest that is open; NULL where none is newer than the one that binds. */
static aft_status newest(aft__case *c, aft__value **out, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(load_all(c, &rows, &n, error));
  *out = NULL;
  for (uint32_t i = 0; i < n; i++) {
    aft_str state = aft__row_str(rows[i], AFT__PROPOSAL_STATE);
    if (aft__str_eq(state, aft__cstr("accepted")))
      return AFT_OK;
    if (aft__str_eq(state, aft__cstr("open"))) {
      *out = rows[i];
      return AFT_OK;
    }
  }
  return AFT_OK;
}

static bool by_the_buyer(const aft__value *row) {
  return aft__row_int(row, AFT__PROPOSAL_ROLE) == AFT_ROLE_BUYER;
}

/* The first one is of the case's own kind. */
aft_status aft__proposed(aft__case *c, aft_str *kind, aft_error *error) {
  aft__value *row;
  *kind = aft__case_str(c, AFT__CASE_KIND);
  if (aft__case_int(c, AFT__CASE_PROPOSALS) < 2)
    return AFT_OK;
  AFT__TRY(newest(c, &row, error));
  if (row)
    *kind = aft__row_str(row, AFT__PROPOSAL_KIND);
  return AFT_OK;
}

static aft_status change_state(aft__case *c, aft__value *row, const char *state, aft_error *error) {
  row[AFT__PROPOSAL_STATE] = aft__text(aft__cstr(state));
  return aft__update(c->cmd->tx, &aft__proposal_table, row, UINT64_C(1) << AFT__PROPOSAL_STATE, error);
}

/* ---- making one ---- */

static int64_t amount_now(const aft__case *c) {
  return aft__case_int(c, aft__row_null(c->row, AFT__CASE_AGREED) ? AFT__CASE_ASKED : AFT__CASE_AGREED);
}

/* What is said of a line; NULL where nothing is. */
static const aft_case_line_in *named(const aft__case_input *in, const aft__case_line *l) {
  for (size_t i = 0; i < in->n_lines; i++)
    if (in->lines[i].line == l->line[AFT__LINE_ID].number)
      return &in->lines[i];
  return NULL;
}

static int64_t units_of(const aft__case_input *in, const aft__case_line *l) {
  const aft_case_line_in *said = named(in, l);
  return said ? said->quantity : aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
}

/* What those units come to, of what the line comes to. */
static int64_t amount_of(const aft__case_input *in, const aft__case_line *l) {
  int64_t all = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
  int64_t amount = aft__row_int(l->row, AFT__CASE_LINE_AMOUNT), units = units_of(in, l);
  return units >= all ? amount : aft__share_of(amount, all, 0, units);
}

static int64_t amounts_of(const aft__case *c, const aft__case_input *in) {
  int64_t total = 0;
  for (uint32_t i = 0; i < c->n_lines; i++)
    total += amount_of(in, &c->lines[i]);
  return total;
}

static aft_status add_line(aft__case *c, aft_id proposal, const aft__case_line *l, const aft__case_input *in,
                           int64_t amount, aft_error *error) {
  const aft_case_line_in *said = named(in, l);
  aft__value row[AFT__PROPOSAL_LINE_COLUMNS] = {
      [AFT__PROPOSAL_LINE_ID] = aft__int(aft__tx_id(c->cmd->tx)),
      [AFT__PROPOSAL_LINE_REV] = aft__int(1),
      [AFT__PROPOSAL_LINE_TENANT] = aft__int(c->cmd->call.tenant),
      [AFT__PROPOSAL_LINE_PROPOSAL] = aft__int(proposal),
      [AFT__PROPOSAL_LINE_LINE] = l->line[AFT__LINE_ID],
      [AFT__PROPOSAL_LINE_QUANTITY] = aft__int(units_of(in, l)),
      [AFT__PROPOSAL_LINE_AMOUNT] = aft__int(amount),
      [AFT__PROPOSAL_LINE_WANTS] =
          said && said->wants.len ? aft__text(said->wants) : l->row[AFT__CASE_LINE_WANTS],
      [AFT__PROPOSAL_LINE_WANTS_PRICE] =
          said && said->wants_price ? aft__int(said->wants_price) : l->row[AFT__CASE_LINE_WANTS_PRICE],
  };
  return aft__insert(c->cmd->tx, &aft__proposal_line_table, row, NULL, error);
}

/* The amount of a proposal spreads over its lines as the case's own amounts do. */
static aft_status add_lines(aft__case *c, aft_id proposal, const aft__case_input *in, int64_t amount,
                            aft_error *error) {
  int64_t total = amounts_of(c, in), before = 0, given = 0;
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__case_line *l = &c->lines[i];
    before += amount_of(in, l);
    int64_t upto = total ? aft__share_of(amount < total ? amount : total, total, 0, before) : 0;
    AFT__TRY(add_line(c, proposal, l, in, upto - given, error));
    given = upto;
  }
  return AFT_OK;
}

static aft_status add(aft__case *c, const aft__case_input *in, int64_t amount, aft_error *error) {
  aft__cmd *cmd = c->cmd;
  aft_id id = aft__tx_id(cmd->tx);
  int64_t version = aft__case_int(c, AFT__CASE_PROPOSALS) + 1;
  aft__value row[AFT__PROPOSAL_COLUMNS] = {
      [AFT__PROPOSAL_ID] = aft__int(id),
      [AFT__PROPOSAL_REV] = aft__int(1),
      [AFT__PROPOSAL_TENANT] = aft__int(cmd->call.tenant),
      [AFT__PROPOSAL_CASE] = c->row[AFT__CASE_ID],
      [AFT__PROPOSAL_VERSION] = aft__int(version),
      [AFT__PROPOSAL_ROLE] = aft__int(c->role),
      [AFT__PROPOSAL_ACTOR] = aft__id_or_null(cmd->call.actor),
      [AFT__PROPOSAL_KIND] = aft__text(or_else(in->kind, aft__case_str(c, AFT__CASE_KIND))),
      [AFT__PROPOSAL_AMOUNT] = aft__int(amount),
      [AFT__PROPOSAL_CURRENCY] = c->row[AFT__CASE_CURRENCY],
      [AFT__PROPOSAL_FREIGHT] = aft__text(or_else(in->freight, aft__case_str(c, AFT__CASE_FREIGHT))),
      [AFT__PROPOSAL_ADDRESS] = aft__text_or_null(in->address),
      [AFT__PROPOSAL_TEXT] = in->text.len ? aft__text(in->text) : aft__null(),
      [AFT__PROPOSAL_PROOF] = aft__id_or_null(in->proof),
      [AFT__PROPOSAL_STATE] = aft__text(aft__cstr("open")),
      [AFT__PROPOSAL_CREATED] = aft__int(cmd->now),
  };
  AFT__TRY(aft__insert(cmd->tx, &aft__proposal_table, row, NULL, error));
  aft__case_set(c, AFT__CASE_PROPOSALS, aft__int(version));
  return add_lines(c, id, in, amount, error);
}

aft_status aft__propose_first(aft__case *c, aft_error *error) {
  aft__case_input in = {.text = aft__case_str(c, AFT__CASE_NOTE)};
  return add(c, &in, aft__case_int(c, AFT__CASE_ASKED), error);
}

/* ---- who may offer what ---- */

static aft_status check_currency(const aft__case *c, const aft_money *amount, aft_error *error) {
  aft_str own = aft__case_str(c, AFT__CASE_CURRENCY);
  if (aft__str_eq(aft__cstr(amount->currency), own))
    return AFT_OK;
  return aft__error(error, AFT_E_CURRENCY, "case.amount", "expected %.*s, as the order; found %s",
                    (int)own.len, own.data, amount->currency);
}

/* So often as the policy says. */
static aft_status take_round(aft__case *c, aft_error *error) {
  int64_t rounds = aft__case_int(c, AFT__CASE_ROUNDS), most = aft__policy_counter_rounds(c->policy);
  if (rounds >= most)
    return aft__error(error, AFT_E_INELIGIBLE, "case.rounds",
                      "the seller has made the %lld counter-offers there are", (long long)most);
  aft__case_set(c, AFT__CASE_ROUNDS, aft__int(rounds + 1));
  return AFT_OK;
}

/* What is refused is not asked for again and again. */
static aft_status check_amendments(aft__case *c, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  int64_t made = 0, most = aft__policy_amendments(c->policy);
  AFT__TRY(load_all(c, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    made += aft__row_int(rows[i], AFT__PROPOSAL_VERSION) > 1 && by_the_buyer(rows[i]);
  return made < most ? AFT_OK
                     : aft__error(error, AFT_E_INELIGIBLE, "case.proposals",
                                  "the buyer has made the %lld amendments there are", (long long)most);
}

/* A seller who counters may lower what is asked, and does so in the host's name too. */
static aft_status check_seller(aft__case *c, int64_t amount, aft_error *error) {
  int64_t now = amount_now(c);
  if (amount > now)
    return aft__error(error, AFT_E_INVALID, "case.amount",
                      "a counter-offer may only lower the amount: expected at most %lld, found %lld",
                      (long long)now, (long long)amount);
  return take_round(c, error);
}

/* A case of one kind becomes another's only where its machine says how; and a buyer gets no further by that
 * than by filing it. */
static aft_status check_kind(aft__case *c, const aft__case_input *in, aft_error *error) {
  const aft__flow *flow;
  if (!in->kind.len || aft__str_eq(in->kind, aft__case_str(c, AFT__CASE_KIND)))
    return AFT_OK;
  AFT__TRY(aft__case_machine(c->policy, in->kind, &flow, error));
  char event[80];
  snprintf(event, sizeof event, "to_%.*s", (int)aft__utf8_cut(in->kind, 64), in->kind.data);
  if (aft__flow_event_find(c->flow, aft__cstr(event)) == AFT__FLOW_NONE)
    return aft__error(error, AFT_E_INVALID, "case.kind",
                      "a case of kind '%s' cannot become one of kind '%.*s'", c->flow->name,
                      (int)aft__utf8_cut(in->kind, 60), in->kind.data);
  return c->role == AFT_ROLE_BUYER ? aft__case_may_become(c, in->kind, error) : AFT_OK;
}

/* ---- which units ---- */

static aft_status check_line(aft__case *c, const aft__case_input *in, size_t i, aft_error *error) {
  const aft_case_line_in *said = &in->lines[i];
  char where[48];
  const aft__case_line *l = aft__case_line_of(c, said->line, i, error);
  if (!l)
    return AFT_E_INVALID;
  snprintf(where, sizeof where, "case.lines[%zu].line", i);
  if (named(in, l) != said)
    return aft__error(error, AFT_E_INVALID, where, "line %lld is named twice", (long long)said->line);
  snprintf(where, sizeof where, "case.lines[%zu].quantity", i);
  int64_t most = aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
  if (said->quantity > most)
    return aft__error(
        error, AFT_E_CHECK, where,
        "expected at most the %lld units that the case is about, found %lld; file another for more",
        (long long)most, (long long)said->quantity);
  return aft__exchange_price_check(c->cmd, said, i, error);
}

static aft_status check_lines(aft__case *c, const aft__case_input *in, aft_error *error) {
  int64_t units = 0;
  for (size_t i = 0; i < in->n_lines; i++)
    AFT__TRY(check_line(c, in, i, error));
  for (uint32_t i = 0; i < c->n_lines; i++)
    units += aft__line_is_extra(c->lines[i].line) ? 0 : units_of(in, &c->lines[i]);
  return units ? AFT_OK
               : aft__error(error, AFT_E_INVALID, "case.lines", "no unit is left: cancel the case instead");
}

static aft_status take_line(aft__case *c, aft__case_line *l, int64_t units, aft_str wants, int64_t price,
                            aft_error *error) {
  if (units < aft__row_int(l->row, AFT__CASE_LINE_QUANTITY))
    AFT__TRY(aft__units_shrink(c, l, units, error));
  if (!aft__str_eq(wants, aft__row_str(l->row, AFT__CASE_LINE_WANTS)) ||
      price != aft__row_int(l->row, AFT__CASE_LINE_WANTS_PRICE))
    aft__exchange_wants(c, l, wants, price);
  return AFT_OK;
}

/* What the buyer asks for is theirs to change; another article has no price until the shop says it. */
static aft_status amend_lines(aft__case *c, const aft__case_input *in, aft_error *error) {
  for (uint32_t i = 0; i < c->n_lines; i++) {
    aft__case_line *l = &c->lines[i];
    const aft_case_line_in *said = named(in, l);
    if (!said)
      continue;
    bool other = said->wants.len && !aft__str_eq(said->wants, aft__row_str(l->row, AFT__CASE_LINE_WANTS));
    aft_str wants = other ? said->wants : aft__row_str(l->row, AFT__CASE_LINE_WANTS);
    int64_t price = other ? 0 : aft__row_int(l->row, AFT__CASE_LINE_WANTS_PRICE);
    AFT__TRY(take_line(c, l, said->quantity, wants, price, error));
  }
  return AFT_OK;
}

/* An amended case asks for what it comes to anew. Who pays the way back is the policy's to say, or the
 * seller's. */
static aft_status amend(aft__case *c, const aft__case_input *in, aft_error *error) {
  if (in->freight.len)
    return aft__error(error, AFT_E_INVALID, "case.freight",
                      "a buyer does not say who pays the freight: expected none, found '%.*s'",
                      (int)aft__utf8_cut(in->freight, 40), in->freight.data);
  AFT__TRY(amend_lines(c, in, error));
  AFT__TRY(aft__case_quote(c, in->amount.currency[0] ? &in->amount : NULL, error));
  AFT__TRY(aft__case_deduct(c, error));
  aft__exchange_reckon(c);
  return AFT_OK;
}

/* ---- a share of what is in dispute ---- */

/* The last offer or verdict that stands; NULL where there is none. */
static aft_status standing(aft__case *c, aft__value **out, aft_error *error) {
  AFT__TRY(newest(c, out, error));
  if (*out && by_the_buyer(*out))
    *out = NULL;
  return AFT_OK;
}

static aft_status share_in_dispute(aft__case *c, int64_t *out, aft_error *error) {
  aft__value *parent;
  AFT__TRY(aft__get(c->cmd->tx, &aft__case_table, aft__case_int(c, AFT__CASE_PARENT), &parent, error));
  bool agreed = !aft__row_null(parent, AFT__CASE_AGREED);
  int64_t amount = aft__row_int(parent, agreed ? AFT__CASE_AGREED : AFT__CASE_ASKED);
  *out = aft__share_of(amount, 1000, 0, aft__case_int(c, AFT__CASE_SHARE));
  return AFT_OK;
}

aft_status aft__propose_share(aft__case *c, aft_error *error) {
  aft__case_input in = {0};
  aft__value *before;
  int64_t amount;
  if (aft__row_null(c->row, AFT__CASE_PARENT))
    return AFT_OK;
  if (c->role == AFT_ROLE_AGENT && aft__case_is(c, AFT__CASE_VERDICT, "shared"))
    AFT__TRY(take_round(c, error));
  AFT__TRY(standing(c, &before, error));
  if (before)
    AFT__TRY(change_state(c, before, "superseded", error));
  AFT__TRY(share_in_dispute(c, &amount, error));
  if (c->in) {
    in.text = c->in->text;
    in.proof = c->in->proof;
  }
  return add(c, &in, amount, error);
}

aft_status aft__share_binds(aft__case *c, aft_error *error) {
  aft__value *row;
  AFT__TRY(standing(c, &row, error));
  return row ? change_state(c, row, "accepted", error) : AFT_OK;
}

/* ---- proposing ---- */

aft_status aft__propose(aft__case *c, aft_error *error) {
  aft__case_input none = {0};
  const aft__case_input *in = c->in ? c->in : &none;
  bool given = in->amount.currency[0];
  AFT__TRY(given ? check_currency(c, &in->amount, error) : AFT_OK);
  AFT__TRY(check_lines(c, in, error));
  AFT__TRY(check_kind(c, in, error));
  if (c->role != AFT_ROLE_BUYER)
    AFT__TRY(aft__case_party_check(c, in->freight, "case.freight", error));
  int64_t amount = given ? in->amount.minor : in->n_lines ? amounts_of(c, in) : amount_now(c);
  if (c->role == AFT_ROLE_BUYER) {
    AFT__TRY(check_amendments(c, error));
    AFT__TRY(amend(c, in, error));
    amount = aft__case_int(c, AFT__CASE_ASKED);
  } else if (!c->mirrored) {
    AFT__TRY(check_seller(c, amount, error));
  }
  return add(c, in, amount, error);
}

/* ---- agreeing ---- */

static aft_status take_lines(aft__case *c, const aft__value *proposal, aft_error *error) {
  aft__scan scan = {.table = &aft__proposal_line_table,
                    .index = AFT__PROPOSAL_LINE_BY_PROPOSAL,
                    .n_equal = 2,
                    .equal = {aft__int(c->cmd->call.tenant), proposal[AFT__PROPOSAL_ID]},
                    .limit = AFT__MOST_CASE_LINES};
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__scan_all(c->cmd->tx, &scan, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    aft__case_line *l = aft__case_line_of(c, aft__row_int(rows[i], AFT__PROPOSAL_LINE_LINE), i, error);
    if (!l)
      return AFT_E_INVALID;
    AFT__TRY(take_line(c, l, aft__row_int(rows[i], AFT__PROPOSAL_LINE_QUANTITY),
                       aft__row_str(rows[i], AFT__PROPOSAL_LINE_WANTS),
                       aft__row_int(rows[i], AFT__PROPOSAL_LINE_WANTS_PRICE), error));
    aft__case_line_set(l, AFT__CASE_LINE_AMOUNT, aft__row_int(rows[i], AFT__PROPOSAL_LINE_AMOUNT));
  }
  return AFT_OK;
}

/* Where goods are sent back, people of the shop name the place; everywhere else an address is where something
 * goes to the buyer. */
static void take_address(aft__case *c, aft_str kind, uint32_t role, aft_str address) {
  bool out = aft__str_eq(kind, aft__cstr("exchange")) || aft__str_eq(kind, aft__cstr("reissue")) ||
             aft__case_is(c, AFT__CASE_ROUTE, "on_site");
  if (address.len)
    aft__case_set(c, out || role == AFT_ROLE_BUYER ? AFT__CASE_ADDRESS : AFT__CASE_RETURN_TO,
                  aft__text(address));
}

static void fix_addresses(aft__case *c, const aft__value *proposal) {
  aft_str kind = aft__row_str(proposal, AFT__PROPOSAL_KIND);
  take_address(c, kind, (uint32_t)aft__row_int(proposal, AFT__PROPOSAL_ROLE),
               aft__row_str(proposal, AFT__PROPOSAL_ADDRESS));
  if (c->in)
    take_address(c, kind, c->role, c->in->address);
  aft__case_set(c, AFT__CASE_RETURN_TO, aft__text_or_null(aft__goods_back_to(c)));
}

/* An offer that was made before the reason was found speaks of the claimed one. */
static aft_status fix_freight(aft__case *c, const aft__value *proposal, aft_error *error) {
  aft__bearer bearer;
  aft__case_set(c, AFT__CASE_FREIGHT, proposal[AFT__PROPOSAL_FREIGHT]);
  if (aft__row_null(c->row, AFT__CASE_FOUND))
    return AFT_OK;
  return aft__case_freight_by(c, aft__case_str(c, AFT__CASE_REASON), aft__case_str(c, AFT__CASE_FOUND),
                              &bearer, error);
}

/* The addresses and the payer of the freight are fixed here; a proposal of another kind is followed by the
 * event of its name ("to_return"), which says how the machine goes over. What was agreed on before binds
 * until something newer is. */
aft_status aft__agree(aft__case *c, aft_error *error) {
  aft__value *row;
  AFT__TRY(newest(c, &row, error));
  if (!row)
    return aft__row_null(c->row, AFT__CASE_AGREED) ? nothing_open(error) : AFT_OK;
  AFT__TRY(change_state(c, row, "accepted", error));
  AFT__TRY(take_lines(c, row, error));
  AFT__TRY(aft__exchange_set_prices(c, error));
  aft__case_set(c, AFT__CASE_AGREED, row[AFT__PROPOSAL_AMOUNT]);
  AFT__TRY(fix_freight(c, row, error));
  fix_addresses(c, row);
  aft__case_share_amounts(c);
  aft__stated_agree(c);
  aft_str kind = aft__row_str(row, AFT__PROPOSAL_KIND);
  if (aft__str_eq(kind, aft__case_str(c, AFT__CASE_KIND)))
    return AFT_OK;
  const char *event = aft__arena_printf(c->cmd->arena, "to_%.*s", (int)kind.len, kind.data);
  return event ? aft__case_then(c, event, error) : aft__nomem(error);
}

aft_status aft__decline(aft__case *c, aft_error *error) {
  aft__value *row;
  AFT__TRY(newest(c, &row, error));
  return row ? change_state(c, row, "declined", error) : nothing_open(error);
}

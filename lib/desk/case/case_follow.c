/* A case that follows from another: about the same units, which pass from the one to the other. It is judged
 * as if it had been filed, takes over what was shown and found, and stands where its parent stood: goods that
 * are here are not sent in again, and what was agreed on or ruled is not asked for once more. */
#include "desk/case/case_priv.h"

#define MOST_EVIDENCE 100u

/* What the case that follows has of its parent; taken down before the units pass over. */
typedef struct heritage {
  char *kind;
  aft_str reason;
  bool own_reason; /* the machine says it, and so who answers for it; otherwise it is the parent's */
  bool here;       /* the goods are with the shop */
  bool agreed;
  bool ruled;     /* the verdict that is being carried out */
  bool of_a_part; /* the parent sent parts of units that the buyer kept */
} heritage;

/* A part of a unit that the buyer kept has no price of its own: the unit is at issue, as it was before. */
static aft_status sent_a_part(const aft__case *parent, const aft__case_line *l, bool *out, aft_error *error) {
  aft__value *made;
  *out = false;
  if (aft__row_null(l->row, AFT__CASE_LINE_REPLACEMENT) || !aft__case_is(parent, AFT__CASE_KIND, "reissue"))
    return AFT_OK;
  AFT__TRY(aft__get(parent->cmd->tx, &aft__line_table, aft__row_int(l->row, AFT__CASE_LINE_REPLACEMENT),
                    &made, error));
  *out = aft__row_int(made, AFT__LINE_PRICE) == 0;
  return AFT_OK;
}

/* Of what was sent in place of the first units the new ones are at issue. */
static aft_status name_replacement(const aft__case *parent, const aft__case_line *l, aft_case_line_in *in,
                                   aft_error *error) {
  aft__value *made;
  AFT__TRY(aft__get(parent->cmd->tx, &aft__line_table, aft__row_int(l->row, AFT__CASE_LINE_REPLACEMENT),
                    &made, error));
  *in = (aft_case_line_in){.size = sizeof *in,
                           .line = made[AFT__LINE_ID].number,
                           .quantity = aft__row_int(made, AFT__LINE_QUANTITY),
                           .amount = aft__line_worth(made, aft__row_int(made, AFT__LINE_QUANTITY))};
  return AFT_OK;
}

static aft_status name_line(const aft__case *parent, const aft__case_line *l, int64_t units,
                            const heritage *h, aft_case_line_in *in, aft_error *error) {
  bool own = h->of_a_part && strcmp(h->kind, "reissue") != 0;
  if (!own && !aft__row_null(l->row, AFT__CASE_LINE_REPLACEMENT))
    return name_replacement(parent, l, in, error);
  *in = (aft_case_line_in){.size = sizeof *in,
                           .line = aft__row_int(l->row, AFT__CASE_LINE_LINE),
                           .quantity = units,
                           .amount = aft__line_worth(l->line, units),
                           .wants = aft__row_str(l->row, AFT__CASE_LINE_WANTS),
                           .wants_price = aft__row_int(l->row, AFT__CASE_LINE_WANTS_PRICE),
                           .serial = units == 1 ? aft__row_str(l->row, AFT__CASE_LINE_SERIAL) : (aft_str){0}};
  return AFT_OK;
}

/* What the parent still holds, or all that it was about where it holds nothing. A case that gives units back
 * works out itself what they come to; any other asks for what they are worth. */
static aft_status name_lines(const aft__case *parent, const heritage *h, aft_case_line_in *lines, size_t *n,
                             aft_error *error) {
  aft__basis basis = aft__kind_basis(aft__cstr(h->kind));
  int64_t held = 0;
  *n = 0;
  for (uint32_t i = 0; i < parent->n_lines; i++)
    held += aft__units_held(&parent->lines[i]);
  for (uint32_t i = 0; i < parent->n_lines; i++) {
    const aft__case_line *l = &parent->lines[i];
    int64_t units = held ? aft__units_held(l) : aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
    if (units && !aft__line_is_extra(l->line))
      AFT__TRY(name_line(parent, l, units, h, &lines[(*n)++], error));
  }
  for (size_t i = 0; i < *n; i++) {
    if (basis != AFT__BASIS_PART && basis != AFT__BASIS_FUND)
      lines[i].amount = 0;
  }
  return AFT_OK;
}

/* Units pass over to a case that holds them itself: they are free for that moment. */
static aft_status hand_units_over(aft__case *parent, const char *kind, aft_error *error) {
  const aft__flow *flow;
  AFT__TRY(aft__case_machine(parent->policy, aft__cstr(kind), &flow, error));
  if (aft__case_holds_units(flow))
    AFT__TRY(aft__units_free(parent, error));
  return aft__case_save(parent, error);
}

/* ---- what is taken over ---- */

static aft_status take_down(const aft__case *parent, const char *arg, heritage *out, aft_error *error) {
  const char *dot = strchr(arg, '.');
  int64_t held = 0;
  *out = (heritage){
      .kind = aft__arena_printf(parent->cmd->arena, "%.*s", dot ? (int)(dot - arg) : (int)strlen(arg), arg),
      .own_reason = dot != NULL,
      .agreed = !aft__row_null(parent->row, AFT__CASE_AGREED),
      /* a dispute hands its verdict over with the event that carries it out */
      .ruled = parent->mask >> AFT__CASE_VERDICT & 1};
  if (!out->kind)
    return aft__nomem(error);
  for (uint32_t i = 0; i < parent->n_lines && !out->of_a_part; i++)
    AFT__TRY(sent_a_part(parent, &parent->lines[i], &out->of_a_part, error));
  /* what became of the part is no reason to give the unit's price back */
  out->own_reason &= !out->of_a_part || aft__kind_basis(aft__cstr(out->kind)) != AFT__BASIS_PRICE;
  bool found = !aft__row_null(parent->row, AFT__CASE_FOUND);
  out->reason = out->own_reason ? aft__cstr(dot + 1)
                                : aft__case_str(parent, found ? AFT__CASE_FOUND : AFT__CASE_REASON);
  for (uint32_t i = 0; i < parent->n_lines; i++)
    held += aft__units_held(&parent->lines[i]);
  out->here = held > 0 && (aft__case_is(parent, AFT__CASE_GOODS, "arrived") ||
                           aft__case_is(parent, AFT__CASE_GOODS, "counted"));
  return AFT_OK;
}

static bool sends_out(aft_str kind) {
  return aft__str_eq(kind, aft__cstr("exchange")) || aft__str_eq(kind, aft__cstr("reissue"));
}

/* The address of new goods is the buyer's, that of old ones the shop's. */
static aft_str address_for(const aft__case *parent, const char *kind) {
  bool same = sends_out(aft__case_str(parent, AFT__CASE_KIND)) == sends_out(aft__cstr(kind));
  return same ? aft__case_str(parent, AFT__CASE_ADDRESS) : (aft_str){0};
}

/* The same contents stand in both cases from now on. */
static aft_status take_evidence(aft__case *child, const aft__case *parent, aft_error *error) {
  aft__tx *tx = child->cmd->tx;
  aft__value **rows;
  uint32_t n;
  int64_t taken = 0;
  char *from = aft__arena_printf(child->cmd->arena, "%lld", (long long)aft__case_id(parent));
  if (!from)
    return aft__nomem(error);
  AFT__TRY(aft__load_rows(child->cmd, &aft__evidence_table, AFT__EVIDENCE_BY_CASE, aft__case_id(parent),
                          MOST_EVIDENCE, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    if (!aft__row_null(rows[i], AFT__EVIDENCE_REMOVED))
      continue;
    rows[i][AFT__EVIDENCE_ID] = aft__int(aft__tx_id(tx));
    rows[i][AFT__EVIDENCE_REV] = aft__int(1);
    rows[i][AFT__EVIDENCE_CASE] = child->row[AFT__CASE_ID];
    rows[i][AFT__EVIDENCE_SEEN] = aft__text(aft__cstr(from));
    rows[i][AFT__EVIDENCE_HELD] = aft__null();
    AFT__TRY(aft__insert(tx, &aft__evidence_table, rows[i], NULL, error));
    taken++;
  }
  aft__case_set(child, AFT__CASE_EVIDENCE, aft__int(taken));
  return AFT_OK;
}

/* Before it is judged. */
static aft_status inherit(aft__case *child, const aft__case *parent, const heritage *h, aft_error *error) {
  if (h->here)
    aft__case_set(child, AFT__CASE_GOODS, aft__text(aft__cstr("arrived")));
  if (h->ruled) {
    aft__case_set(child, AFT__CASE_VERDICT, parent->row[AFT__CASE_VERDICT]);
    aft__case_set(child, AFT__CASE_SHARE, parent->row[AFT__CASE_SHARE]);
  }
  child->vouched = h->agreed;
  return take_evidence(child, parent, error);
}

/* What people found out about the parent is so of the child too, unless it has a reason of its own. */
static aft_status judge(aft__case *child, const aft__case *parent, const aft_case_in *in, const heritage *h,
                        aft_error *error) {
  AFT__TRY(aft__case_judge(child, in, error));
  if (h->own_reason)
    return AFT_OK;
  aft__case_set(child, AFT__CASE_LIABLE, parent->row[AFT__CASE_LIABLE]);
  aft__case_set(child, AFT__CASE_FREIGHT, parent->row[AFT__CASE_FREIGHT]);
  return AFT_OK;
}

/* ---- opening it ---- */

static aft_status file(aft__case *child, const aft__case *parent, const aft_case_in *in, const heritage *h,
                       aft_error *error) {
  aft__case_input input = {.text = in->text, .reason = in->reason};
  aft__case_event fire = {.event = "file", .role = AFT_ROLE_SYSTEM, .in = &input};
  AFT__TRY(inherit(child, parent, h, error));
  AFT__TRY(judge(child, parent, in, h, error));
  AFT__TRY(aft__propose_first(child, error));
  AFT__TRY(aft__case_fire(child, &fire, error));
  AFT__TRY(aft__legal_begin(child, error));
  return aft__case_save(child, error);
}

static aft_status open_child(aft__case *parent, const aft_case_in *in, const heritage *h, aft_error *error) {
  aft__case child;
  aft_status status = aft__case_prepare(parent->cmd, in, &child, error);
  if (status >= 0)
    status = file(&child, parent, in, h, error);
  aft__case_done(&child);
  return status;
}

aft_status aft__case_follow(aft__case *parent, const char *arg, aft_error *error) {
  aft_case_line_in *lines =
      aft__arena_alloc(parent->cmd->arena, (parent->n_lines ? parent->n_lines : 1) * sizeof *lines);
  heritage h;
  if (!lines)
    return aft__nomem(error);
  AFT__TRY(take_down(parent, arg, &h, error));
  aft_case_in in = {.size = sizeof in,
                    .order = aft__case_int(parent, AFT__CASE_ORDER),
                    .kind = aft__cstr(h.kind),
                    .reason = h.reason,
                    .lines = lines,
                    .customer = aft__case_int(parent, AFT__CASE_CUSTOMER),
                    .ticket = aft__case_int(parent, AFT__CASE_TICKET),
                    .parent = aft__case_id(parent),
                    .address = address_for(parent, h.kind),
                    .fault = aft__case_str(parent, AFT__CASE_FAULT),
                    .in_spite = 1}; /* the machine has decided that it follows */
  aft_id subject = parent->cmd->subject;
  AFT__TRY(name_lines(parent, &h, lines, &in.n_lines, error));
  AFT__TRY(hand_units_over(parent, h.kind, error));
  uint32_t role = parent->cmd->call.role;
  parent->cmd->call.role = AFT_ROLE_SYSTEM; /* what follows is the desk's own doing */
  aft_status status = open_child(parent, &in, &h, error);
  parent->cmd->call.role = role;
  parent->cmd->subject = subject;
  return status;
}

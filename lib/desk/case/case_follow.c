/* A case that follows from another: about the same units, which pass from the one to the other. */
#include "desk/case/case_priv.h"

/* Of what was sent in place of the first units the new ones are at issue. */
static aft_status name_replacement(const aft__case *parent, const aft__case_line *l, aft_case_line_in *in,
                                   aft_error *error) {
  aft__value *made;
  AFT__TRY(aft__get(parent->cmd->tx, &aft__line_table, aft__row_int(l->row, AFT__CASE_LINE_REPLACEMENT),
                    &made, error));
  *in = (aft_case_line_in){.size = sizeof *in,
                           .line = made[AFT__LINE_ID].number,
                           .quantity = aft__row_int(made, AFT__LINE_QUANTITY)};
  return AFT_OK;
}

static aft_status name_line(const aft__case *parent, const aft__case_line *l, int64_t units,
                            aft_case_line_in *in, aft_error *error) {
  if (!aft__row_null(l->row, AFT__CASE_LINE_REPLACEMENT))
    return name_replacement(parent, l, in, error);
  *in = (aft_case_line_in){.size = sizeof *in,
                           .line = aft__row_int(l->row, AFT__CASE_LINE_LINE),
                           .quantity = units,
                           .wants = aft__row_str(l->row, AFT__CASE_LINE_WANTS),
                           .wants_price = aft__row_int(l->row, AFT__CASE_LINE_WANTS_PRICE)};
  return AFT_OK;
}

/* What the parent still holds, or all that it was about where it holds nothing. */
static aft_status name_lines(const aft__case *parent, aft_case_line_in *lines, size_t *n, aft_error *error) {
  int64_t held = 0;
  *n = 0;
  for (uint32_t i = 0; i < parent->n_lines; i++)
    held += aft__units_held(&parent->lines[i]);
  for (uint32_t i = 0; i < parent->n_lines; i++) {
    const aft__case_line *l = &parent->lines[i];
    int64_t units = held ? aft__units_held(l) : aft__row_int(l->row, AFT__CASE_LINE_QUANTITY);
    if (units && !aft__line_is_extra(l->line))
      AFT__TRY(name_line(parent, l, units, &lines[(*n)++], error));
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

static aft_status open_child(aft__case *parent, const aft_case_in *in, aft_error *error) {
  aft__case child;
  aft__case_input input = {.text = in->text, .reason = in->reason};
  aft__case_event fire = {.event = "file", .role = AFT_ROLE_SYSTEM, .in = &input};
  aft_status status = aft__case_prepare(parent->cmd, in, &child, error);
  if (status >= 0)
    status = aft__propose_first(&child, error);
  if (status >= 0)
    status = aft__case_fire(&child, &fire, error);
  if (status >= 0)
    status = aft__case_save(&child, error);
  aft__case_done(&child);
  return status;
}

aft_status aft__case_follow(aft__case *parent, const char *kind, aft_error *error) {
  aft_case_line_in *lines =
      aft__arena_alloc(parent->cmd->arena, (parent->n_lines ? parent->n_lines : 1) * sizeof *lines);
  aft_case_in in = {.size = sizeof in,
                    .order = aft__case_int(parent, AFT__CASE_ORDER),
                    .kind = aft__cstr(kind),
                    .reason = aft__case_str(parent, AFT__CASE_REASON),
                    .lines = lines,
                    .customer = aft__case_int(parent, AFT__CASE_CUSTOMER),
                    .ticket = aft__case_int(parent, AFT__CASE_TICKET),
                    .parent = aft__case_id(parent),
                    .address = aft__case_str(parent, AFT__CASE_ADDRESS)};
  aft_id subject = parent->cmd->subject;
  if (!lines)
    return aft__nomem(error);
  AFT__TRY(name_lines(parent, lines, &in.n_lines, error));
  AFT__TRY(hand_units_over(parent, kind, error));
  uint32_t role = parent->cmd->call.role;
  parent->cmd->call.role = AFT_ROLE_SYSTEM; /* what follows is the desk's own doing */
  aft_status status = open_child(parent, &in, error);
  parent->cmd->call.role = role;
  parent->cmd->subject = subject;
  return status;
}

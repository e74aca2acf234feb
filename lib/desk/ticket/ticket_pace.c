/* What the clocks of a ticket run by, beside its level of today: the times that it was on hold, and the
 * priorities that it rose from. Each is kept as a short text in the ticket's own row. */
#include "desk/desk_priv.h"

/* ---- reading ---- */

/* Digits up to a mark or the end, which are taken off. */
static bool take_number(aft_str *rest, char mark, int64_t *out) {
  size_t i = 0;
  int64_t n = 0;
  while (i < rest->len && rest->data[i] >= '0' && rest->data[i] <= '9' && i < 18)
    n = n * 10 + (rest->data[i++] - '0');
  bool ends = i == rest->len || rest->data[i] == mark;
  if (!i || !ends)
    return false;
  size_t taken = i < rest->len ? i + 1 : i;
  *rest = aft__str(rest->data + taken, rest->len - taken);
  *out = n;
  return true;
}

static bool take_name(aft_str *rest, char mark, aft_str *out) {
  const char *end = rest->len ? memchr(rest->data, mark, rest->len) : NULL;
  if (!end)
    return false;
  *out = aft__str(rest->data, (size_t)(end - rest->data));
  *rest = aft__str(end + 1, rest->len - out->len - 1);
  return true;
}

/* "1795000000000+3600000 …" */
static bool read_holds(aft_str text, aft__pace *pace) {
  while (text.len && pace->n_holds < AFT__MOST_HOLDS) {
    aft__hold *hold = &pace->holds[pace->n_holds++];
    int64_t length;
    if (!take_number(&text, '+', &hold->from) || !take_number(&text, ' ', &length))
      return false;
    hold->to = hold->from + length;
  }
  return !text.len;
}

/* "normal@1795000000000 …" */
static bool read_rises(aft_str text, aft__pace *pace) {
  while (text.len && pace->n_rises < AFT__MOST_RISES) {
    aft__rise *rise = &pace->rises[pace->n_rises++];
    if (!take_name(&text, '@', &rise->priority) || !take_number(&text, ' ', &rise->at))
      return false;
  }
  return !text.len;
}

aft_status aft__ticket_pace(const aft__ticket *ticket, aft__pace *out, aft_error *error) {
  out->n_holds = out->n_rises = 0;
  if (!read_holds(aft__ticket_str(ticket, AFT__TICKET_HOLDS), out))
    return aft__error(error, AFT_E_CORRUPT, "ticket.holds", "expected times on hold of a ticket");
  if (!read_rises(aft__ticket_str(ticket, AFT__TICKET_RISES), out))
    return aft__error(error, AFT_E_CORRUPT, "ticket.rises", "expected priorities of a ticket");
  if (!out->n_rises)
    out->rises[out->n_rises++] = (aft__rise){aft__ticket_str(ticket, AFT__TICKET_PRIORITY),
                                             aft__ticket_int(ticket, AFT__TICKET_OPENED)};
  return AFT_OK;
}

/* ---- writing ---- */

static aft_status set_text(aft__ticket *ticket, uint32_t column, const aft__buf *text, aft_error *error) {
  aft_str copy = aft__arena_dup(ticket->cmd->arena, aft__buf_view(text));
  if (text->failed || !copy.data)
    return aft__nomem(error);
  aft__ticket_set(ticket, column, aft__text(copy));
  return AFT_OK;
}

static aft_status write_holds(aft__ticket *ticket, const aft__pace *pace, aft_error *error) {
  aft__buf text;
  aft__buf_init(&text, ticket->cmd->env);
  for (uint32_t i = 0; i < pace->n_holds; i++)
    aft__buf_printf(&text, "%s%lld+%lld", i ? " " : "", (long long)pace->holds[i].from,
                    (long long)(pace->holds[i].to - pace->holds[i].from));
  aft_status status = set_text(ticket, AFT__TICKET_HOLDS, &text, error);
  aft__buf_done(&text);
  return status;
}

static aft_status write_rises(aft__ticket *ticket, const aft__pace *pace, aft_error *error) {
  aft__buf text;
  aft__buf_init(&text, ticket->cmd->env);
  for (uint32_t i = 0; i < pace->n_rises; i++)
    aft__buf_printf(&text, "%s%.*s@%lld", i ? " " : "", (int)pace->rises[i].priority.len,
                    pace->rises[i].priority.data, (long long)pace->rises[i].at);
  aft_status status = set_text(ticket, AFT__TICKET_RISES, &text, error);
  aft__buf_done(&text);
  return status;
}

/* Where there is no room for another, the two that are least apart become one, with what lies between. */
static void join_nearest(aft__pace *pace) {
  uint32_t at = 0;
  for (uint32_t i = 1; i + 1 < pace->n_holds; i++)
    if (pace->holds[i + 1].from - pace->holds[i].to < pace->holds[at + 1].from - pace->holds[at].to)
      at = i;
  pace->holds[at].to = pace->holds[at + 1].to;
  pace->n_holds--;
  memmove(&pace->holds[at + 1], &pace->holds[at + 2], (pace->n_holds - at - 1) * sizeof *pace->holds);
}

/* Two of which the second begins where the first ended are one. */
static void add_hold(aft__pace *pace, aft_time from, aft_time to) {
  aft__hold *last = pace->n_holds ? &pace->holds[pace->n_holds - 1] : NULL;
  if (last && from <= last->to) {
    last->to = to > last->to ? to : last->to;
    return;
  }
  if (pace->n_holds == AFT__MOST_HOLDS)
    join_nearest(pace);
  pace->holds[pace->n_holds++] = (aft__hold){from, to};
}

aft_status aft__ticket_held(aft__ticket *ticket, aft_time from, aft_time to, aft_error *error) {
  aft__pace pace;
  if (to <= from)
    return AFT_OK;
  AFT__TRY(aft__ticket_pace(ticket, &pace, error));
  add_hold(&pace, from, to);
  aft__ticket_set(ticket, AFT__TICKET_PAUSED_MS,
                  aft__int(aft__ticket_int(ticket, AFT__TICKET_PAUSED_MS) + (to - from)));
  return write_holds(ticket, &pace, error);
}

aft_status aft__ticket_ranked(aft__ticket *ticket, aft_str priority, bool rose, aft_error *error) {
  aft__pace pace;
  AFT__TRY(aft__ticket_pace(ticket, &pace, error));
  aft__ticket_set(ticket, AFT__TICKET_PRIORITY, aft__text(priority));
  if (ticket->fresh)
    return AFT_OK;
  if (!rose) {
    if (!aft__row_null(ticket->row, AFT__TICKET_RISES))
      aft__ticket_set(ticket, AFT__TICKET_RISES, aft__null());
    return AFT_OK;
  }
  if (pace.n_rises == AFT__MOST_RISES) {
    pace.n_rises--;
    memmove(&pace.rises[0], &pace.rises[1], pace.n_rises * sizeof *pace.rises);
  }
  pace.rises[pace.n_rises++] = (aft__rise){priority, ticket->cmd->now};
  return write_rises(ticket, &pace, error);
}

/* Tickets in which messages of a ticket were before: those that were merged into it, the one that it was
 * split from, and theirs. What was written beside a message, as subjects, effects and events, stays where it
 * was. */
#include "desk/privacy/person.h"

#define MOST_PAST 256u

typedef struct past {
  aft__cmd *cmd;
  aft_id ticket;
  aft__value **rows;
  uint32_t n;
} past;

/* A ticket that was split off and merged back leads to itself. */
static aft_status add(past *p, aft__value *row, aft_error *error) {
  aft_id id = row[AFT__TICKET_ID].number;
  bool known = id == p->ticket;
  for (uint32_t i = 0; i < p->n && !known; i++)
    known = p->rows[i][AFT__TICKET_ID].number == id;
  if (known)
    return AFT_OK;
  if (p->n == MOST_PAST)
    return aft__error(error, AFT_E_TOO_LARGE, "ticket", "more than %u tickets were merged or split into it",
                      MOST_PAST);
  p->rows[p->n++] = row;
  return AFT_OK;
}

static aft_status add_those_of(past *p, const aft__value *ticket, aft_error *error) {
  aft__value **rows, *from;
  uint32_t n;
  AFT__TRY(aft__load_rows(p->cmd, &aft__ticket_table, AFT__TICKET_BY_MERGED, ticket[AFT__TICKET_ID].number,
                          MOST_PAST + 1, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(add(p, rows[i], error));
  if (aft__row_null(ticket, AFT__TICKET_SPLIT_FROM))
    return AFT_OK;
  aft_status status =
      aft__get(p->cmd->tx, &aft__ticket_table, aft__row_int(ticket, AFT__TICKET_SPLIT_FROM), &from, error);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  return status < 0 ? status : add(p, from, error);
}

aft_status aft__ticket_past(aft__cmd *cmd, const aft__value *ticket, aft__value ***rows, uint32_t *n,
                            aft_error *error) {
  past p = {.cmd = cmd,
            .ticket = ticket[AFT__TICKET_ID].number,
            .rows = aft__arena_alloc(cmd->arena, MOST_PAST * sizeof *p.rows)};
  if (!p.rows)
    return aft__nomem(error);
  AFT__TRY(add_those_of(&p, ticket, error));
  for (uint32_t i = 0; i < p.n; i++)
    AFT__TRY(add_those_of(&p, p.rows[i], error));
  *rows = p.rows;
  *n = p.n;
  return AFT_OK;
}

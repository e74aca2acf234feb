/* How far a ticket is from being taken: what stands before it in its lane. */
#include "desk/routing/routing_priv.h"

#define POSITION_V1 (offsetof(aft_position, wait_ms) + sizeof(int64_t))
#define MOST_AHEAD  1000u

typedef struct asked {
  aft_id ticket;
  aft_position *out;
} asked;

typedef struct count {
  int64_t place;
  aft_id id;
  uint32_t n;
} count;

static aft_status add(void *user, const aft__value *row, aft_error *error) {
  count *c = user;
  (void)error;
  if (aft__row_int(row, AFT__TICKET_PLACE) == c->place && row[AFT__TICKET_ID].number >= c->id)
    return AFT_DONE;
  c->n++;
  return AFT_OK;
}

static aft_status count_ahead(aft__cmd *cmd, const aft__value *row, aft_position *out, aft_error *error) {
  count c = {aft__row_int(row, AFT__TICKET_PLACE), row[AFT__TICKET_ID].number, 0};
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_LANE,
                    .n_equal = 3,
                    .equal = {aft__int(cmd->call.tenant), row[AFT__TICKET_SHOP], row[AFT__TICKET_LANE]},
                    .high = &row[AFT__TICKET_PLACE],
                    .limit = MOST_AHEAD + 1};
  AFT__TRY(aft__scan_each(cmd->tx, &scan, add, &c, error));
  out->more = c.n > MOST_AHEAD;
  out->ahead = out->more ? MOST_AHEAD : c.n;
  return AFT_OK;
}

static aft_status expect(aft__cmd *cmd, const aft__value *row, aft_position *out, aft_error *error) {
  aft__value *lane;
  AFT__TRY(aft__get(cmd->tx, &aft__lane_table, aft__row_int(row, AFT__TICKET_LANE), &lane, error));
  out->wait_ms = -1;
  if (aft__row_null(lane, AFT__LANE_WAIT))
    return AFT_OK;
  int64_t left = aft__row_int(lane, AFT__LANE_WAIT) - (cmd->now - aft__row_int(row, AFT__TICKET_SINCE));
  out->wait_ms = left > 0 ? left : 0;
  return AFT_OK;
}

static aft_status position(aft__cmd *cmd, void *given, aft_error *error) {
  asked *a = given;
  aft__value *row;
  *a->out = (aft_position){.size = sizeof *a->out};
  cmd->subject = a->ticket;
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, a->ticket, "ticket", &row, error));
  AFT__TRY(aft__may_ticket(cmd, row, error));
  if (aft__row_null(row, AFT__TICKET_LANE))
    return AFT_OK;
  a->out->waits = 1;
  AFT__TRY(count_ahead(cmd, row, a->out, error));
  return expect(cmd, row, a->out, error);
}

aft_status aft_ticket_position(aft_session *session, const aft_call *call, aft_id ticket, aft_position *out,
                               aft_error *error) {
  static const aft__command command = {.verb = "ticket.position",
                                       .name = "ticket_position",
                                       .roles = AFT__ROLES_ALL,
                                       .read = true,
                                       .run = position};
  aft_position found;
  asked a = {ticket, &found};
  if (!out)
    return aft__error(error, AFT_E_NULL_HANDLE, "out", "the position is NULL");
  AFT__TRY(aft__command_run(session, call, &command, &a, NULL, error));
  return aft__abi_give(out, &found, sizeof found, POSITION_V1, "aft_position", error);
}

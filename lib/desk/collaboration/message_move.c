/* Messages that come to another ticket, by a merge or a split. They keep their ids, so replies to them thread
 * to the ticket in which they are. */
#include "desk/collaboration/collaborate_priv.h"

#define MOST_ATTACHED 64u /* labels and mentions of one message: fewer than that can be made */

/* What names both a message and its ticket. */
static const struct {
  const aft__table *table;
  uint32_t index; /* begins with the tenant and the message */
  uint32_t ticket;
} attached[] = {{&aft__correction_table, AFT__CORRECTION_BY_MESSAGE, AFT__CORRECTION_TICKET},
                {&aft__mention_table, AFT__MENTION_BY_MESSAGE, AFT__MENTION_TICKET}};

static aft_status move_attached(aft__cmd *cmd, size_t i, aft_id message, aft_id to, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(
      aft__load_rows(cmd, attached[i].table, attached[i].index, message, MOST_ATTACHED, &rows, &n, error));
  for (uint32_t k = 0; k < n; k++) {
    rows[k][attached[i].ticket] = aft__int(to);
    AFT__TRY(aft__update(cmd->tx, attached[i].table, rows[k], UINT64_C(1) << attached[i].ticket, error));
  }
  return AFT_OK;
}

aft_status aft__message_move(aft__cmd *cmd, aft__value *message, aft_id to, aft_error *error) {
  for (size_t i = 0; i < AFT__COUNT(attached); i++)
    AFT__TRY(move_attached(cmd, i, message[AFT__MESSAGE_ID].number, to, error));
  message[AFT__MESSAGE_TICKET] = aft__int(to);
  return aft__update(cmd->tx, &aft__message_table, message, UINT64_C(1) << AFT__MESSAGE_TICKET, error);
}

/* What is wanted as evidence is what was said, wherever it stands now. */
aft_status aft__hold_follow(const aft__ticket *from, aft__ticket *to, aft_error *error) {
  if (aft__row_null(from->row, AFT__TICKET_HELD) || !aft__row_null(to->row, AFT__TICKET_HELD))
    return AFT_OK;
  char *facts = aft__arena_printf(to->cmd->arena, "{\"from\":\"%lld\"}", (long long)aft__ticket_id(from));
  if (!facts)
    return aft__nomem(error);
  aft__ticket_set(to, AFT__TICKET_HELD, from->row[AFT__TICKET_HELD]);
  return aft__ticket_note(to, "ticket.held", aft__cstr(facts), (aft_str){0}, error);
}

/* The verb makes the search look through the ticket's messages anew. */
aft_status aft__messages_came(aft__ticket *ticket, aft_id from, uint32_t n, aft_error *error) {
  char *facts =
      aft__arena_printf(ticket->cmd->arena, "{\"from\":\"%lld\",\"messages\":%u}", (long long)from, n);
  if (!facts)
    return aft__nomem(error);
  return aft__ticket_note(ticket, "message.moved", aft__cstr(facts), (aft_str){0}, error);
}

/* Reading messages, their parts, and what they said before. */
#include "desk/desk_priv.h"

static bool is_public(const aft__list *list, const aft__value *row) {
  (void)list;
  return aft__row_int(row, AFT__MESSAGE_VISIBILITY) == AFT_PUBLIC;
}

aft_status aft__message_hide(aft__cmd *cmd, aft__value *row, aft_error *error) {
  (void)error;
  if (cmd->call.role == AFT_ROLE_BUYER)
    row[AFT__MESSAGE_SUGGESTIONS] = aft__null();
  return AFT_OK;
}

static aft_status hide_from_buyer(aft__tx *tx, const aft__list *list, aft__value *row, aft_error *error) {
  (void)tx;
  (void)list;
  (void)error;
  row[AFT__MESSAGE_SUGGESTIONS] = aft__null();
  return AFT_OK;
}

static aft_status check_ticket(aft__cmd *cmd, void *in, aft_error *error) {
  aft__value *row;
  cmd->subject = *(aft_id *)in;
  AFT__TRY(aft__load(cmd, &aft__ticket_table, AFT__TICKET_TENANT, cmd->subject, "ticket", &row, error));
  return aft__may_ticket(cmd, row, error);
}

aft_status aft_message_list(aft_session *session, const aft_call *call, aft_id ticket, aft_cursor **out,
                            aft_error *error) {
  static const aft__command command = {.verb = "message.list",
                                       .name = "message_list",
                                       .roles = AFT__ROLES_ALL,
                                       .read = true,
                                       .run = check_ticket};
  AFT__TRY(aft__command_run(session, call, &command, &ticket, NULL, error));
  aft__list list = {.kind = AFT_KIND_MESSAGE,
                    .table = &aft__message_table,
                    .index = AFT__MESSAGE_BY_TICKET,
                    .n_equal = 2,
                    .equal = {call->tenant, ticket},
                    .shows = call->role == AFT_ROLE_BUYER ? is_public : NULL,
                    .hide = call->role == AFT_ROLE_BUYER ? hide_from_buyer : NULL};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}

static aft_status check_message(aft__cmd *cmd, void *in, aft_error *error) {
  aft__value *row;
  aft_id id = *(aft_id *)in;
  cmd->subject = id;
  AFT__TRY(aft__load(cmd, &aft__message_table, AFT__MESSAGE_TENANT, id, "message", &row, error));
  if (cmd->call.role == AFT_ROLE_BUYER && !is_public(NULL, row))
    return aft__denied(cmd, "the message is private", error);
  aft_id ticket = row[AFT__MESSAGE_TICKET].number;
  aft_status status = check_ticket(cmd, &ticket, error);
  cmd->subject = id;
  return status;
}

aft_status aft_part_list(aft_session *session, const aft_call *call, aft_id message, aft_cursor **out,
                         aft_error *error) {
  static const aft__command command = {
      .verb = "part.list", .name = "part_list", .roles = AFT__ROLES_ALL, .read = true, .run = check_message};
  AFT__TRY(aft__command_run(session, call, &command, &message, NULL, error));
  aft__list list = {.kind = AFT_KIND_PART,
                    .table = &aft__part_table,
                    .index = AFT__PART_BY_MESSAGE,
                    .n_equal = 2,
                    .equal = {call->tenant, message}};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}

aft_status aft_revision_list(aft_session *session, const aft_call *call, aft_id message, aft_cursor **out,
                             aft_error *error) {
  static const aft__command command = {.verb = "revision.list",
                                       .name = "revision_list",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = check_message};
  AFT__TRY(aft__command_run(session, call, &command, &message, NULL, error));
  aft__list list = {.kind = AFT_KIND_REVISION,
                    .table = &aft__revision_table,
                    .index = AFT__REVISION_BY_MESSAGE,
                    .n_equal = 2,
                    .equal = {call->tenant, message}};
  return aft__cursor_open(session, &list, (aft_str){0}, out, error);
}

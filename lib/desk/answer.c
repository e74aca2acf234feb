/* Answers to customers and notes between agents. */
#include "desk/desk_priv.h"

#define ANSWER_V1 (offsetof(aft_answer_in, n_parts) + sizeof(size_t))

static aft_status keep_answer(aft__ticket *ticket, const aft_answer_in *in, aft_id id, aft__value **row,
                              aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  bool note = in->visibility == AFT_PRIVATE;
  aft__message message = {.ticket = aft__ticket_id(ticket),
                          .customer = aft__ticket_int(ticket, AFT__TICKET_CUSTOMER),
                          .visibility = in->visibility,
                          .channel = aft__ticket_str(ticket, AFT__TICKET_CHANNEL),
                          .account = aft__ticket_str(ticket, AFT__TICKET_ACCOUNT),
                          .text = in->text,
                          .language = aft__language(in->text),
                          .sent = cmd->now,
                          .disposition = note ? "note" : "answer",
                          .parts = in->parts,
                          .n_parts = in->n_parts};
  return aft__message_add(cmd, &message, id, row, NULL, error);
}

static aft_status send_answer(aft__ticket *ticket, const aft_answer_in *in, aft_id id, aft_str facts,
                              aft_error *error) {
  aft__fire fire = {.event = "answer", .facts = facts, .personal = in->text};
  aft_status status = aft__ticket_fire(ticket, &fire, error);
  if (status == AFT_IGNORED)
    return aft__error(error, AFT_E_TRANSITION, "answer.ticket",
                      "the ticket takes no answer in its present state");
  AFT__TRY(status);
  AFT__TRY(aft__ticket_answered(ticket, error));
  return aft__ticket_send(ticket, "message.send", NULL, in->text, id, error);
}

static aft_status check_reader(aft__ticket *ticket, aft_error *error) {
  aft__value *customer;
  AFT__TRY(aft__ticket_customer(ticket, &customer, error));
  return aft__customer_stays(ticket->cmd, customer, error);
}

aft_status aft__ticket_say(aft__ticket *ticket, const aft_answer_in *in, aft_id id, aft__value **row,
                           aft_error *error) {
  if (in->visibility == AFT_PUBLIC)
    AFT__TRY(check_reader(ticket, error));
  AFT__TRY(keep_answer(ticket, in, id, row, error));
  char *facts = aft__arena_printf(ticket->cmd->arena, "{\"message\":\"%lld\"}", (long long)id);
  if (!facts)
    return aft__nomem(error);
  if (in->visibility == AFT_PRIVATE)
    return aft__ticket_note(ticket, "ticket.noted", aft__cstr(facts), in->text, error);
  return send_answer(ticket, in, id, aft__cstr(facts), error);
}

static aft_status write_answer(aft__ticket *ticket, const aft_answer_in *in, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  AFT__TRY(aft__may_shop(cmd, aft__ticket_int(ticket, AFT__TICKET_SHOP), error));
  cmd->ids[0] = aft__tx_id(cmd->tx);
  cmd->ids[1] = aft__ticket_id(ticket);
  AFT__TRY(aft__ticket_say(ticket, in, cmd->ids[0], &cmd->row, error));
  return aft__ticket_save(ticket, error);
}

static aft_status answer(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_answer_in *in = given;
  aft__ticket ticket;
  aft_status status = aft__ticket_load(cmd, in->ticket, &ticket, error);
  if (status >= 0)
    status = write_answer(&ticket, in, error);
  aft__ticket_done(&ticket);
  return status;
}

static void answer_digest(aft__sha256 *sha, const void *given) {
  const aft_answer_in *in = given;
  aft__digest_i64(sha, in->ticket);
  aft__digest_str(sha, in->text);
  aft__digest_i64(sha, in->visibility);
  for (size_t i = 0; i < in->n_parts; i++) {
    aft__digest_i64(sha, in->parts[i].kind);
    aft__digest_str(sha, in->parts[i].text);
    aft__digest_str(sha, in->parts[i].blob);
  }
}

static aft_status take_in(aft__arena *arena, const aft_env *env, const aft_answer_in *given,
                          aft_answer_in *in, aft_error *error) {
  aft_part_in *parts;
  AFT__TRY(aft__abi_copy(in, sizeof *in, given, ANSWER_V1, "aft_answer_in", error));
  AFT__TRY(aft__in_id(in->ticket, "answer.ticket", error));
  AFT__TRY(aft__in_text(&in->text, env->o.limits.text_bytes, "answer.text", error));
  if (!in->text.len && !in->n_parts)
    return aft__error(error, AFT_E_INVALID, "answer.text", "required unless there are parts");
  if (!in->text.data)
    in->text = aft__cstr("");
  if (!in->visibility)
    in->visibility = AFT_PUBLIC;
  if (in->visibility != AFT_PUBLIC && in->visibility != AFT_PRIVATE)
    return aft__error(error, AFT_E_INVALID, "answer.visibility",
                      "expected AFT_PUBLIC or AFT_PRIVATE, found %u", in->visibility);
  AFT__TRY(aft__parts_copy(arena, env, in->parts, in->n_parts, &parts, error));
  in->parts = parts;
  return AFT_OK;
}

aft_status aft_ticket_answer(aft_session *session, const aft_call *call, const aft_answer_in *in,
                             aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "ticket.answer",
                                       .name = "ticket_answer",
                                       .roles = AFT__ROLES_STAFF,
                                       .returns = AFT_KIND_MESSAGE,
                                       .digest = answer_digest,
                                       .run = answer};
  aft_answer_in local;
  aft__arena arena;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  aft__arena_init(&arena, aft__session_env(session));
  aft_status status = take_in(&arena, aft__session_env(session), in, &local, error);
  if (status >= 0)
    status = aft__command_run(session, call, &command, &local, out, error);
  aft__arena_done(&arena);
  return status;
}

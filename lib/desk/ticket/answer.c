/* Answers to customers and notes between agents. */
#include "desk/collaboration/collaborate_priv.h"

#include <aftersales/value.h>

#define ANSWER_V1 (offsetof(aft_answer_in, n_parts) + sizeof(size_t))

static aft_status keep_reply(aft__ticket *ticket, const aft__answer *reply, aft__value **row,
                             aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  bool note = reply->visibility == AFT_PRIVATE;
  aft__message message = {.ticket = aft__ticket_id(ticket),
                          .customer = aft__ticket_int(ticket, AFT__TICKET_CUSTOMER),
                          .visibility = reply->visibility,
                          .role = reply->role,
                          .actor = reply->actor,
                          .channel = aft__ticket_str(ticket, AFT__TICKET_CHANNEL),
                          .account = aft__ticket_str(ticket, AFT__TICKET_ACCOUNT),
                          .text = reply->text,
                          .language = aft__language(reply->text),
                          .sent = cmd->now,
                          .disposition = note ? "note" : "answer",
                          .parts = reply->parts,
                          .n_parts = reply->n_parts};
  return aft__message_add(cmd, &message, aft__tx_id(cmd->tx), row, NULL, error);
}

static aft_status send_reply(aft__ticket *ticket, const aft__answer *reply, aft_str facts, aft_id message,
                             aft_error *error) {
  aft__fire fire = {.event = "answer", .role = reply->role, .facts = facts, .personal = reply->text};
  aft_status status = aft__ticket_fire(ticket, &fire, error);
  if (status == AFT_IGNORED)
    return aft__error(error, AFT_E_TRANSITION, "answer.ticket",
                      "the ticket takes no answer in its present state");
  AFT__TRY(status);
  AFT__TRY(aft__ticket_answered(ticket, error));
  return aft__ticket_say(ticket, reply->text, message, error);
}

static aft_status check_reader(aft__ticket *ticket, aft_error *error) {
  aft__value *customer;
  AFT__TRY(aft__ticket_customer(ticket, &customer, error));
  return aft__customer_stays(ticket->cmd, customer, error);
}

aft_status aft__ticket_reply(aft__ticket *ticket, const aft__answer *reply, aft__value **row,
                             aft_error *error) {
  if (reply->visibility == AFT_PUBLIC && !reply->for_others)
    AFT__TRY(check_reader(ticket, error));
  AFT__TRY(keep_reply(ticket, reply, row, error));
  aft_id message = (*row)[AFT__MESSAGE_ID].number;
  char *facts = aft__arena_printf(ticket->cmd->arena, "{\"message\":\"%lld\"}", (long long)message);
  if (!facts)
    return aft__nomem(error);
  if (reply->visibility == AFT_PRIVATE)
    return aft__ticket_note(ticket, "ticket.noted", aft__cstr(facts), reply->text, error);
  return send_reply(ticket, reply, aft__cstr(facts), message, error);
}

/* ---- what came meanwhile ---- */

typedef struct unseen {
  const aft_call *call;
  aft_id seen;
  /* the latest that the author has not read and did not write */
  bool any, inbound;
  aft_id message, actor;
  int64_t role;
  aft_time at;
} unseen;

static aft_status see(void *user, const aft__value *row, aft_error *error) {
  unseen *u = user;
  (void)error;
  bool own = !aft__row_int(row, AFT__MESSAGE_INBOUND) &&
             aft__row_int(row, AFT__MESSAGE_ROLE) == u->call->role &&
             aft__row_int(row, AFT__MESSAGE_ACTOR) == u->call->actor;
  if (aft__row_int(row, AFT__MESSAGE_ID) <= u->seen)
    return AFT_DONE;
  if (own || aft__row_int(row, AFT__MESSAGE_VISIBILITY) != AFT_PUBLIC)
    return AFT_OK;
  u->any = true;
  u->inbound = aft__row_int(row, AFT__MESSAGE_INBOUND) != 0;
  u->message = aft__row_int(row, AFT__MESSAGE_ID);
  u->actor = aft__row_int(row, AFT__MESSAGE_ACTOR);
  u->role = aft__row_int(row, AFT__MESSAGE_ROLE);
  u->at = aft__row_int(row, AFT__MESSAGE_CREATED);
  return AFT_DONE;
}

static aft_status collision(const unseen *u, aft_error *error) {
  char at[AFT_TIME_ISO_SIZE] = "";
  aft_time_iso(u->at, NULL, at, NULL);
  if (!u->actor)
    return aft__error(error, AFT_E_CONFLICT, "answer.seen", "the shop wrote message %lld at %s",
                      (long long)u->message, at);
  const char *who = u->inbound ? "customer" : u->role == AFT_ROLE_AGENT ? "agent" : "arbiter";
  return aft__error(error, AFT_E_CONFLICT, "answer.seen", "%s %lld wrote message %lld at %s", who,
                    (long long)u->actor, (long long)u->message, at);
}

/* The ticket is written with the answer: of two at once, the second runs again and sees the first. */
static aft_status check_seen(aft__ticket *ticket, const aft_answer_in *in, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *row;
  if (!in->seen || in->force || in->visibility == AFT_PRIVATE)
    return AFT_OK;
  AFT__TRY(aft__load(cmd, &aft__message_table, AFT__MESSAGE_TENANT, in->seen, "answer.seen", &row, error));
  if (aft__row_int(row, AFT__MESSAGE_TICKET) != aft__ticket_id(ticket))
    return aft__error(error, AFT_E_INVALID, "answer.seen", "message %lld is not of this ticket",
                      (long long)in->seen);
  unseen u = {.call = &cmd->call, .seen = in->seen};
  aft__scan scan = {.table = &aft__message_table,
                    .index = AFT__MESSAGE_BY_TICKET,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(aft__ticket_id(ticket))},
                    .descending = true};
  AFT__TRY(aft__scan_each(cmd->tx, &scan, see, &u, error));
  return u.any ? collision(&u, error) : AFT_OK;
}

static aft_status write_answer(aft__ticket *ticket, const aft_answer_in *in, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__answer reply = {
      .text = in->text, .visibility = in->visibility, .parts = in->parts, .n_parts = in->n_parts};
  AFT__TRY(aft__may_shop(cmd, aft__ticket_int(ticket, AFT__TICKET_SHOP), error));
  AFT__TRY(check_seen(ticket, in, error));
  AFT__TRY(aft__ticket_reply(ticket, &reply, &cmd->row, error));
  cmd->ids[0] = cmd->row[AFT__MESSAGE_ID].number;
  cmd->ids[1] = aft__ticket_id(ticket);
  AFT__TRY(aft__mention_all(ticket, in, cmd->ids[0], error));
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
  aft__digest_i64(sha, in->seen);
  aft__digest_i64(sha, in->force);
  for (size_t i = 0; i < in->n_mentions; i++)
    aft__digest_i64(sha, in->mentions[i]);
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
  if (in->seen)
    AFT__TRY(aft__in_id(in->seen, "answer.seen", error));
  if (in->force > 1)
    return aft__error(error, AFT_E_INVALID, "answer.force", "expected 0 or 1, found %u", in->force);
  AFT__TRY(aft__in_mentions(in->mentions, in->n_mentions, error));
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

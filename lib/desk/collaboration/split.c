/* Splitting: messages of a ticket that are another matter make a ticket of their own. */
#include "desk/collaboration/collaborate_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define SPLIT_V1     (offsetof(aft_split_in, subject) + sizeof(aft_str))
#define MOST_SPLIT   256u
#define SUBJECT_TEXT 120
#define MOST_HANDLES 64

typedef struct splitting {
  aft_split_in in;
  aft_id ids[MOST_SPLIT]; /* ascending */
  aft__value *rows[MOST_SPLIT];
  uint32_t n;
  const aft__value *first; /* the oldest of the customer's */
} splitting;

/* ---- what is taken out ---- */

static aft_status load(aft__ticket *ticket, splitting *s, uint32_t i, aft_error *error) {
  const char *where = "split.messages";
  AFT__TRY(
      aft__load(ticket->cmd, &aft__message_table, AFT__MESSAGE_TENANT, s->ids[i], where, &s->rows[i], error));
  if (aft__row_int(s->rows[i], AFT__MESSAGE_TICKET) != aft__ticket_id(ticket))
    return aft__error(error, AFT_E_INVALID, where, "message %lld is not of ticket %lld", (long long)s->ids[i],
                      (long long)aft__ticket_id(ticket));
  if (!s->first && aft__row_int(s->rows[i], AFT__MESSAGE_INBOUND))
    s->first = s->rows[i];
  return AFT_OK;
}

/* Ids are in the order in which messages came. One message more than are taken shows that one stays. */
static aft_status check(aft__ticket *ticket, splitting *s, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  s->first = NULL;
  AFT__TRY(aft__may_shop(ticket->cmd, aft__ticket_int(ticket, AFT__TICKET_SHOP), error));
  if (!aft__ticket_int(ticket, AFT__TICKET_OPEN))
    return aft__error(error, AFT_E_TRANSITION, "split.ticket", "the ticket has come to its end");
  for (uint32_t i = 0; i < s->n; i++)
    AFT__TRY(load(ticket, s, i, error));
  if (!s->first)
    return aft__error(error, AFT_E_INVALID, "split.messages",
                      "expected a message of the customer among them");
  AFT__TRY(aft__load_rows(ticket->cmd, &aft__message_table, AFT__MESSAGE_BY_TICKET, aft__ticket_id(ticket),
                          s->n + 1, &rows, &n, error));
  if (n == s->n)
    return aft__error(error, AFT_E_INVALID, "split.messages", "expected that a message of the ticket stays");
  return AFT_OK;
}

/* ---- the new ticket ---- */

static aft_str subject(const splitting *s) {
  aft_str text = s->in.subject;
  if (text.len)
    return text;
  text = aft__row_str(s->first, AFT__MESSAGE_TEXT);
  text.len = aft__utf8_cut(text, SUBJECT_TEXT);
  const char *end = text.len ? memchr(text.data, '\n', text.len) : NULL;
  if (end)
    text.len = (size_t)(end - text.data);
  return text;
}

/* The handle under which the customer wrote the first message; empty where it is not known. */
static aft_status handle_of(aft__cmd *cmd, const aft__value *first, aft__value *out, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  AFT__TRY(aft__load_rows(cmd, &aft__identity_table, AFT__IDENTITY_BY_CUSTOMER,
                          aft__row_int(first, AFT__MESSAGE_CUSTOMER), MOST_HANDLES, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__row_str(rows[i], AFT__IDENTITY_CHANNEL),
                    aft__row_str(first, AFT__MESSAGE_CHANNEL)) &&
        aft__str_eq(aft__row_str(rows[i], AFT__IDENTITY_ACCOUNT), aft__row_str(first, AFT__MESSAGE_ACCOUNT)))
      *out = rows[i][AFT__IDENTITY_HANDLE];
  return AFT_OK;
}

/* Channel, account and handle are one address: that of the first message where its handle is known, else the
 * old ticket's. Where nobody ever gave a handle, the channel alone says where the customer asked. */
static aft_status fill_address(const splitting *s, const aft__ticket *from, aft__ticket *to,
                               aft_error *error) {
  static const uint32_t address[] = {AFT__TICKET_CHANNEL, AFT__TICKET_ACCOUNT, AFT__TICKET_HANDLE};
  aft__value found[] = {s->first[AFT__MESSAGE_CHANNEL], s->first[AFT__MESSAGE_ACCOUNT],
                        aft__text(aft__cstr(""))};
  bool own = aft__row_int(s->first, AFT__MESSAGE_CUSTOMER) == aft__ticket_int(from, AFT__TICKET_CUSTOMER);
  bool same = aft__str_eq(aft__value_str(&found[0]), aft__ticket_str(from, AFT__TICKET_CHANNEL)) &&
              aft__str_eq(aft__value_str(&found[1]), aft__ticket_str(from, AFT__TICKET_ACCOUNT));
  if (own && !same)
    AFT__TRY(handle_of(from->cmd, s->first, &found[2], error));
  bool known = found[2].size > 0 || !aft__ticket_str(from, AFT__TICKET_HANDLE).len;
  for (size_t i = 0; i < AFT__COUNT(address); i++)
    to->row[address[i]] = own && !same && known ? found[i] : from->row[address[i]];
  return AFT_OK;
}

static void fill(const splitting *s, const aft__ticket *from, aft__ticket *to) {
  static const uint32_t same[] = {AFT__TICKET_CATEGORY, AFT__TICKET_TOPIC,  AFT__TICKET_CONFIDENCE,
                                  AFT__TICKET_PRIORITY, AFT__TICKET_POINTS, AFT__TICKET_ORDER};
  for (size_t i = 0; i < AFT__COUNT(same); i++)
    to->row[same[i]] = from->row[same[i]];
  to->row[AFT__TICKET_LANGUAGE] = s->first[AFT__MESSAGE_LANGUAGE];
  to->row[AFT__TICKET_SUBJECT] = aft__text(subject(s));
  to->row[AFT__TICKET_OPENED] = s->first[AFT__MESSAGE_CREATED];
  to->row[AFT__TICKET_SPLIT_FROM] = aft__int(aft__ticket_id(from));
  /* A matter of its own: what kind of one, a person has seen already. */
  to->row[AFT__TICKET_UNSURE] = aft__int(0);
}

/* What was said after the customer asked: answers met the first response, and a question after one is owed
 * one. */
static aft_status take_answers_over(const splitting *s, aft__ticket *to, aft_error *error) {
  const aft__value *answer = NULL, *asked = NULL;
  for (uint32_t i = 0; i < s->n; i++) {
    const aft__value *row = s->rows[i];
    bool inbound = aft__row_int(row, AFT__MESSAGE_INBOUND) != 0;
    bool after = aft__row_int(row, AFT__MESSAGE_ID) > aft__row_int(s->first, AFT__MESSAGE_ID);
    if (!after || aft__row_int(row, AFT__MESSAGE_VISIBILITY) != AFT_PUBLIC)
      continue;
    if (!inbound && !answer)
      answer = row;
    asked = inbound ? (asked || !answer ? asked : row) : NULL;
  }
  if (!answer)
    return AFT_OK;
  aft__ticket_set(to, AFT__TICKET_FIRST_RESPONSE, answer[AFT__MESSAGE_CREATED]);
  AFT__TRY(aft__ticket_clocks(to, error));
  return asked ? aft__ticket_await_since(to, aft__row_int(asked, AFT__MESSAGE_CREATED), error) : AFT_OK;
}

static aft_status open_ticket(const splitting *s, aft__ticket *from, aft__ticket *to, aft_error *error) {
  aft__cmd *cmd = from->cmd;
  aft__value *customer;
  aft__facts about;
  AFT__TRY(aft__ticket_customer(from, &customer, error));
  AFT__TRY(aft__ticket_start(cmd, aft__ticket_int(from, AFT__TICKET_SHOP), customer, to, error));
  fill(s, from, to);
  AFT__TRY(fill_address(s, from, to, error));
  AFT__TRY(aft__ticket_facts(to, &about, error));
  AFT__TRY(aft__ticket_prioritise(to, &about, true, error)); /* which puts it into its queue */
  char *facts = aft__arena_printf(cmd->arena, "{\"split_from\":\"%lld\"}", (long long)aft__ticket_id(from));
  if (!facts)
    return aft__nomem(error);
  AFT__TRY(aft__ticket_note(to, "ticket.opened", aft__cstr(facts), aft__ticket_str(to, AFT__TICKET_SUBJECT),
                            error));
  aft__fire triage = {.event = "triage", .role = AFT_ROLE_SYSTEM};
  aft_status status = aft__ticket_fire(to, &triage, error);
  if (status < 0)
    return status;
  return take_answers_over(s, to, error);
}

/* Whoever else wrote one of the messages takes part in the new ticket too. */
static aft_status let_authors_in(const splitting *s, aft__ticket *to, aft_error *error) {
  bool any = false;
  for (uint32_t i = 0; i < s->n; i++) {
    aft_id author = aft__row_int(s->rows[i], AFT__MESSAGE_CUSTOMER);
    if (author == aft__ticket_int(to, AFT__TICKET_CUSTOMER))
      continue;
    aft_status status = aft__participant_add(to->cmd, aft__ticket_id(to), author, error);
    if (status < 0 && status != AFT_E_EXISTS)
      return status;
    any = true;
  }
  return any ? aft__ticket_note(to, "ticket.invited", (aft_str){0}, (aft_str){0}, error) : AFT_OK;
}

/* ---- the command ---- */

static bool have_answers(const splitting *s) {
  bool any = false;
  for (uint32_t i = 0; i < s->n; i++)
    any |= aft__message_answers(s->rows[i]);
  return any;
}

static aft_status take_out(aft__ticket *from, splitting *s, aft__ticket *to, aft_error *error) {
  aft__cmd *cmd = from->cmd;
  AFT__TRY(check(from, s, error));
  AFT__TRY(open_ticket(s, from, to, error));
  AFT__TRY(aft__messages_came(to, aft__ticket_id(from), s->n, error));
  AFT__TRY(let_authors_in(s, to, error));
  AFT__TRY(aft__ticket_save(to, error));
  for (uint32_t i = 0; i < s->n; i++)
    AFT__TRY(aft__message_move(cmd, s->rows[i], aft__ticket_id(to), error));
  char *facts = aft__arena_printf(cmd->arena, "{\"ticket\":\"%lld\",\"messages\":%u}",
                                  (long long)aft__ticket_id(to), s->n);
  if (!facts)
    return aft__nomem(error);
  AFT__TRY(aft__ticket_note(from, "ticket.split", aft__cstr(facts), (aft_str){0}, error));
  AFT__TRY(aft__split_owed(from, s->ids, s->n, have_answers(s), error));
  cmd->ids[0] = aft__ticket_id(to);
  cmd->ids[1] = aft__ticket_id(from);
  cmd->row = to->row;
  return aft__ticket_save(from, error);
}

static aft_status split(aft__cmd *cmd, void *given, aft_error *error) {
  splitting *s = given;
  aft__ticket from, to = {0};
  aft_status status = aft__ticket_load(cmd, s->in.ticket, &from, error);
  if (status >= 0)
    status = take_out(&from, s, &to, error);
  cmd->subject = s->in.ticket;
  if (to.cmd)
    aft__ticket_done(&to);
  aft__ticket_done(&from);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const splitting *s = given;
  aft__digest_i64(sha, s->in.ticket);
  aft__digest_str(sha, s->in.subject);
  for (uint32_t i = 0; i < s->n; i++)
    aft__digest_i64(sha, s->ids[i]);
}

static int by_id(const void *a, const void *b) {
  aft_id x = *(const aft_id *)a, y = *(const aft_id *)b;
  return (x > y) - (x < y);
}

static aft_status take_ids(splitting *s, aft_error *error) {
  char where[40];
  if (!s->in.n_messages || s->in.n_messages > MOST_SPLIT || !s->in.messages)
    return aft__error(error, AFT_E_INVALID, "split.messages", "expected 1 to %u messages, found %zu",
                      MOST_SPLIT, s->in.messages ? s->in.n_messages : 0);
  s->n = (uint32_t)s->in.n_messages;
  for (uint32_t i = 0; i < s->n; i++) {
    snprintf(where, sizeof where, "split.messages[%u]", i);
    s->ids[i] = s->in.messages[i];
    AFT__TRY(aft__in_id(s->ids[i], where, error));
  }
  qsort(s->ids, s->n, sizeof *s->ids, by_id);
  for (uint32_t i = 1; i < s->n; i++)
    if (s->ids[i] == s->ids[i - 1])
      return aft__error(error, AFT_E_INVALID, "split.messages", "message %lld stands twice",
                        (long long)s->ids[i]);
  return AFT_OK;
}

aft_status aft_ticket_split(aft_session *session, const aft_call *call, const aft_split_in *in,
                            aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "ticket.split",
                                       .name = "ticket_split",
                                       .roles = AFT__ROLES_STAFF,
                                       .returns = AFT_KIND_TICKET,
                                       .digest = digest,
                                       .run = split};
  splitting s = {0};
  AFT__TRY(aft__abi_copy(&s.in, sizeof s.in, in, SPLIT_V1, "aft_split_in", error));
  AFT__TRY(aft__in_id(s.in.ticket, "split.ticket", error));
  AFT__TRY(aft__in_text(&s.in.subject, 1024, "split.subject", error));
  AFT__TRY(take_ids(&s, error));
  return aft__command_run(session, call, &command, &s, out, error);
}

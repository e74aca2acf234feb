/* What is said and done at an incident comes to the tickets below it: its answers to all, and its resolution.
 * The tick brings them, some at a time, in the transaction that keeps on each child's record that it has it;
 * so each has it once, and whoever is put below meanwhile, or later, is found by the same look. */
#include "desk/collaboration/collaborate_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define ANSWER_V1 (offsetof(aft_incident_answer_in, n_parts) + sizeof(size_t))
#define MOST_DUES 64u /* of one ticket */

static bool begins(aft_str text, const char *with) {
  size_t n = strlen(with);
  return text.len >= n && memcmp(text.data, with, n) == 0;
}

/* ---- due rows of an incident ---- */

static aft_status dues_of(aft__cmd *cmd, aft_id incident, aft__value ***rows, uint32_t *n, aft_error *error) {
  aft__scan scan = {.table = &aft__due_table,
                    .index = AFT__DU_BY_NAME,
                    .n_equal = 1,
                    .equal = {aft__int(incident)},
                    .limit = MOST_DUES};
  return aft__scan_all(cmd->tx, &scan, rows, n, error);
}

static aft_id message_of(aft_str name) {
  char text[32];
  size_t n = sizeof AFT__DUE_TELL - 1;
  snprintf(text, sizeof text, "%.*s", (int)(name.len - n), name.data + n);
  return strtoll(text, NULL, 10);
}

aft_status aft__incident_running(aft__cmd *cmd, aft_id incident, aft_id *message, bool *any,
                                 aft_error *error) {
  aft__value **rows;
  uint32_t n;
  *message = 0;
  *any = false;
  AFT__TRY(dues_of(cmd, incident, &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    aft_str name = aft__row_str(rows[i], AFT__DU_NAME);
    *any |= begins(name, AFT__DUE_INCIDENT);
    if (begins(name, AFT__DUE_TELL))
      *message = message_of(name);
  }
  return AFT_OK;
}

aft_status aft__incident_ended(aft__ticket *ticket, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__cmd *cmd = ticket->cmd;
  AFT__TRY(dues_of(cmd, aft__ticket_id(ticket), &rows, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    aft_str name = aft__row_str(rows[i], AFT__DU_NAME);
    if (!begins(name, AFT__DUE_INCIDENT))
      AFT__TRY(aft__due_clear(cmd->tx, aft__ticket_id(ticket), name, error));
  }
  return AFT_OK;
}

static aft_status tell_due(aft__ticket *incident, aft_id message, aft_error *error) {
  char *name = aft__arena_printf(incident->cmd->arena, AFT__DUE_TELL "%lld", (long long)message);
  if (!name)
    return aft__nomem(error);
  return aft__ticket_due(incident, aft__cstr(name), incident->cmd->now, error);
}

aft_status aft__incident_last(aft__cmd *cmd, aft_id incident, aft_id *message, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__child_table,
                    .index = AFT__CHILD_BY_TOLD,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__int(incident)},
                    .descending = true,
                    .limit = 1};
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &n, error));
  *message = n ? aft__row_int(rows[0], AFT__CHILD_TOLD) : 0;
  return AFT_OK;
}

aft_status aft__incident_tell_more(aft__ticket *incident, aft_error *error) {
  aft_id running, last;
  bool any;
  AFT__TRY(aft__incident_running(incident->cmd, aft__ticket_id(incident), &running, &any, error));
  AFT__TRY(aft__incident_last(incident->cmd, aft__ticket_id(incident), &last, error));
  return running || !last ? AFT_OK : tell_due(incident, last, error);
}

/* A resolution waits for the answer that is on its way. */
aft_status aft__incident_resolved(aft__ticket *incident, aft_error *error) {
  aft_id running;
  bool any;
  AFT__TRY(aft__incident_running(incident->cmd, aft__ticket_id(incident), &running, &any, error));
  return running ? AFT_OK : aft__ticket_due(incident, aft__cstr(AFT__DUE_SETTLE), incident->cmd->now, error);
}

/* ---- the answer ---- */

/* With translations, the text as it was given comes first among them: it is for all other languages. */
static aft_status all_texts(aft__ticket *incident, const aft_incident_answer_in *in, aft__answer *reply,
                            aft_error *error) {
  bool translated = false;
  aft_part_in *parts = aft__arena_alloc(incident->cmd->arena, (in->n_parts + 1) * sizeof *parts);
  if (!parts)
    return aft__nomem(error);
  for (size_t i = 0; i < in->n_parts; i++)
    translated |= in->parts[i].kind == AFT_CONTENT_TRANSLATION;
  parts[0] = (aft_part_in){
      .kind = AFT_CONTENT_TRANSLATION, .text = in->text, .locale = aft__cstr(aft__language(in->text))};
  for (size_t i = 0; i < in->n_parts; i++)
    parts[i + translated] = in->parts[i];
  *reply = (aft__answer){
      .visibility = AFT_PUBLIC, .parts = parts, .n_parts = in->n_parts + translated, .for_others = true};
  reply->text = aft__text_for(parts, reply->n_parts, in->text, aft__ticket_locale(incident));
  return AFT_OK;
}

static aft_status resolve(aft__ticket *incident, const aft_incident_answer_in *in, aft_error *error) {
  aft__fire fire = {.event = "resolve"};
  if (!in->resolve)
    return AFT_OK;
  aft_status status = aft__ticket_fire(incident, &fire, error);
  if (status == AFT_IGNORED)
    return aft__error(error, AFT_E_TRANSITION, "incident.resolve",
                      "the incident cannot be resolved in its present state");
  AFT__TRY(status);
  aft__ticket_set(incident, AFT__TICKET_RESOLUTION, aft__text(in->reason));
  return AFT_OK;
}

static aft_status check(aft__ticket *incident, aft_error *error) {
  aft_id running;
  bool any;
  if (!aft__is_incident(incident->row))
    return aft__error(error, AFT_E_INVALID, "incident.incident", "no ticket stands below ticket %lld",
                      (long long)aft__ticket_id(incident));
  AFT__TRY(aft__incident_running(incident->cmd, aft__ticket_id(incident), &running, &any, error));
  if (running)
    return aft__error(error, AFT_E_CONFLICT, "incident.incident", "answer %lld is still on its way",
                      (long long)running);
  return AFT_OK;
}

static aft_status answer_all(aft__ticket *incident, const aft_incident_answer_in *in, aft_error *error) {
  aft__cmd *cmd = incident->cmd;
  aft__answer reply;
  AFT__TRY(check(incident, error));
  AFT__TRY(all_texts(incident, in, &reply, error));
  AFT__TRY(aft__ticket_reply(incident, &reply, &cmd->row, error));
  cmd->ids[0] = cmd->row[AFT__MESSAGE_ID].number;
  cmd->ids[1] = aft__ticket_id(incident);
  char *facts = aft__arena_printf(cmd->arena, "{\"answer\":\"%lld\"}", (long long)cmd->ids[0]);
  if (!facts)
    return aft__nomem(error);
  AFT__TRY(aft__ticket_note(incident, "incident.answered", aft__cstr(facts), (aft_str){0}, error));
  AFT__TRY(tell_due(incident, cmd->ids[0], error));
  AFT__TRY(resolve(incident, in, error));
  return aft__ticket_save(incident, error);
}

static aft_status answer(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_incident_answer_in *in = given;
  aft__ticket incident;
  aft_status status = aft__incident_load(cmd, in->incident, "incident.incident", &incident, error);
  if (status >= 0)
    status = answer_all(&incident, in, error);
  aft__ticket_done(&incident);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const aft_incident_answer_in *in = given;
  aft__digest_i64(sha, in->incident);
  aft__digest_str(sha, in->text);
  aft__digest_i64(sha, in->resolve);
  aft__digest_str(sha, in->reason);
  for (size_t i = 0; i < in->n_parts; i++) {
    aft__digest_i64(sha, in->parts[i].kind);
    aft__digest_str(sha, in->parts[i].text);
    aft__digest_str(sha, in->parts[i].blob);
    aft__digest_str(sha, in->parts[i].locale);
  }
}

static aft_status take_in(aft__arena *arena, const aft_env *env, const aft_incident_answer_in *given,
                          aft_incident_answer_in *in, aft_error *error) {
  aft_part_in *parts;
  AFT__TRY(aft__abi_copy(in, sizeof *in, given, ANSWER_V1, "aft_incident_answer_in", error));
  AFT__TRY(aft__in_id(in->incident, "incident.incident", error));
  AFT__TRY(aft__in_name(&in->text, env->o.limits.text_bytes, "incident.text", error));
  AFT__TRY(aft__in_text(&in->reason, AFT__NAME_BYTES, "incident.reason", error));
  if (in->resolve > 1)
    return aft__error(error, AFT_E_INVALID, "incident.resolve", "expected 0 or 1, found %u", in->resolve);
  if (!in->reason.len)
    in->reason = aft__cstr("solved");
  AFT__TRY(aft__parts_copy(arena, env, in->parts, in->n_parts, &parts, error));
  in->parts = parts;
  return AFT_OK;
}

aft_status aft_incident_answer(aft_session *session, const aft_call *call, const aft_incident_answer_in *in,
                               aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "incident.answer",
                                       .name = "incident_answer",
                                       .roles = AFT__ROLES_STAFF,
                                       .returns = AFT_KIND_MESSAGE,
                                       .digest = digest,
                                       .run = answer};
  aft_incident_answer_in local;
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

/* ---- the tick: the answer ---- */

typedef struct said {
  const aft__value *message;
  aft_part_in *parts;
  size_t n_parts;
} said;

/* Translations stay with the incident; what else goes with the answer goes along. */
static aft_status reply_of(const said *s, aft__ticket *child, aft__answer *out, aft_error *error) {
  aft_part_in *parts = aft__arena_alloc(child->cmd->arena, (s->n_parts + 1) * sizeof *parts);
  size_t n = 0;
  if (!parts)
    return aft__nomem(error);
  for (size_t i = 0; i < s->n_parts; i++)
    if (s->parts[i].kind != AFT_CONTENT_TRANSLATION)
      parts[n++] = s->parts[i];
  *out =
      (aft__answer){.text = aft__text_for(s->parts, s->n_parts, aft__row_str(s->message, AFT__MESSAGE_TEXT),
                                          aft__ticket_locale(child)),
                    .visibility = AFT_PUBLIC,
                    .role = (uint32_t)aft__row_int(s->message, AFT__MESSAGE_ROLE),
                    .actor = aft__row_int(s->message, AFT__MESSAGE_ACTOR),
                    .parts = parts,
                    .n_parts = n};
  return AFT_OK;
}

/* A ticket in a state that the policy no longer has lets nothing happen; it must not hold up the others. */
static aft_status lets(aft__ticket *child, const char *event, uint32_t role, bool *out, aft_error *error) {
  const aft__flow *flow;
  uint32_t state;
  aft_error own = AFT_ERROR_INIT;
  *out = false;
  aft_status status = aft__ticket_machine(child, &flow, &state, &own);
  if (status == AFT_E_CORRUPT)
    return AFT_OK;
  if (status < 0)
    return aft__error_pass(error, &own);
  return aft__ticket_lets(child, event, role, out, error);
}

static const char *refused(const aft__ticket *child, const char *otherwise) {
  return aft__ticket_int(child, AFT__TICKET_OPEN) ? otherwise : "ended";
}

static aft_status tell(aft__ticket *child, const said *s, aft__value *row, aft_error *error) {
  aft__answer reply;
  aft__value *message, *customer;
  bool may;
  AFT__TRY(reply_of(s, child, &reply, error));
  AFT__TRY(lets(child, "answer", reply.role, &may, error));
  AFT__TRY(aft__ticket_customer(child, &customer, error));
  may = may && aft__row_null(customer, AFT__CUSTOMER_ERASED);
  row[AFT__CHILD_MESSAGE] = aft__null();
  row[AFT__CHILD_OUTCOME] = aft__text(aft__cstr(may ? "told" : refused(child, "not_told")));
  if (!may)
    return AFT_OK;
  AFT__TRY(aft__ticket_reply(child, &reply, &message, error));
  row[AFT__CHILD_MESSAGE] = message[AFT__MESSAGE_ID];
  return aft__ticket_save(child, error);
}

static aft_status tell_one(aft__cmd *cmd, const said *s, aft__value *row, aft_error *error) {
  aft__ticket child;
  aft_status status = aft__ticket_load(cmd, aft__row_int(row, AFT__CHILD_TICKET), &child, error);
  if (status >= 0)
    status = tell(&child, s, row, error);
  aft__ticket_done(&child);
  AFT__TRY(status);
  row[AFT__CHILD_TOLD] = s->message[AFT__MESSAGE_ID];
  return aft__update(cmd->tx, &aft__child_table, row,
                     1u << AFT__CHILD_TOLD | 1u << AFT__CHILD_MESSAGE | 1u << AFT__CHILD_OUTCOME, error);
}

/* Children that something earlier than a number came to last. */
static aft_status behind(aft__ticket *incident, uint32_t index, int64_t before, aft__value ***rows,
                         uint32_t *n, aft_error *error) {
  aft__value high = aft__int(before - 1);
  aft__scan scan = {.table = &aft__child_table,
                    .index = index,
                    .n_equal = 2,
                    .equal = {aft__int(incident->cmd->call.tenant), aft__int(aft__ticket_id(incident))},
                    .high = &high,
                    .limit = AFT__AT_ONCE};
  return aft__scan_all(incident->cmd->tx, &scan, rows, n, error);
}

static aft_status told_all(aft__ticket *incident, aft_id message, aft_error *error) {
  char *facts = aft__arena_printf(incident->cmd->arena, "{\"answer\":\"%lld\"}", (long long)message);
  if (!facts)
    return aft__nomem(error);
  AFT__TRY(aft__ticket_note(incident, "incident.told", aft__cstr(facts), (aft_str){0}, error));
  bool resolved = aft__ticket_int(incident, AFT__TICKET_OPEN) != 2;
  return resolved && !aft__row_null(incident->row, AFT__TICKET_RESOLVED)
             ? aft__ticket_due(incident, aft__cstr(AFT__DUE_SETTLE), incident->cmd->now, error)
             : AFT_OK;
}

static aft_status tell_some(aft__ticket *incident, aft_str name, aft_error *error) {
  aft__cmd *cmd = incident->cmd;
  aft__value *message, **rows;
  uint32_t n = 0;
  aft_id id = message_of(name);
  aft_status status = aft__get(cmd->tx, &aft__message_table, id, &message, error);
  if (status < 0 && status != AFT_E_NOT_FOUND)
    return status;
  /* what was taken back meanwhile is told to nobody more */
  bool gone = status == AFT_E_NOT_FOUND || !aft__row_null(message, AFT__MESSAGE_RECALLED);
  if (!gone) {
    said s = {.message = message};
    AFT__TRY(aft__parts_of(cmd, id, &s.parts, &s.n_parts, error));
    AFT__TRY(behind(incident, AFT__CHILD_BY_TOLD, id, &rows, &n, error));
    for (uint32_t i = 0; i < n; i++)
      AFT__TRY(tell_one(cmd, &s, rows[i], error));
  }
  return n == AFT__AT_ONCE ? tell_due(incident, id, error) : told_all(incident, id, error);
}

/* ---- the tick: the resolution ---- */

static aft_status settle(aft__ticket *child, aft__value resolution, const char **outcome, aft_error *error) {
  aft__fire fire = {.event = "resolve", .role = AFT_ROLE_SYSTEM};
  bool may, open = aft__ticket_int(child, AFT__TICKET_OPEN) == 2;
  AFT__TRY(lets(child, fire.event, fire.role, &may, error));
  *outcome = may ? "resolved" : open ? "not_resolved" : "ended";
  if (!may)
    return AFT_OK;
  AFT__TRY(aft__ticket_fire(child, &fire, error));
  aft__ticket_set(child, AFT__TICKET_RESOLUTION, resolution);
  return aft__ticket_save(child, error);
}

static aft_status settle_one(aft__ticket *incident, aft__value *row, aft_error *error) {
  aft__ticket child;
  const char *outcome = "";
  aft_status status = aft__ticket_load(incident->cmd, aft__row_int(row, AFT__CHILD_TICKET), &child, error);
  if (status >= 0)
    status = settle(&child, incident->row[AFT__TICKET_RESOLUTION], &outcome, error);
  aft__ticket_done(&child);
  AFT__TRY(status);
  row[AFT__CHILD_SETTLED] = incident->row[AFT__TICKET_RESOLVED];
  row[AFT__CHILD_OUTCOME] = aft__text(aft__cstr(outcome));
  return aft__update(incident->cmd->tx, &aft__child_table, row,
                     1u << AFT__CHILD_SETTLED | 1u << AFT__CHILD_OUTCOME, error);
}

/* An incident that was opened again meanwhile leaves the rest as they are. */
static aft_status settle_some(aft__ticket *incident, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  bool over = aft__ticket_int(incident, AFT__TICKET_OPEN) != 2;
  if (!over || aft__row_null(incident->row, AFT__TICKET_RESOLVED))
    return AFT_OK;
  AFT__TRY(behind(incident, AFT__CHILD_BY_SETTLED, aft__ticket_int(incident, AFT__TICKET_RESOLVED), &rows, &n,
                  error));
  for (uint32_t i = 0; i < n; i++)
    AFT__TRY(settle_one(incident, rows[i], error));
  return n == AFT__AT_ONCE
             ? aft__ticket_due(incident, aft__cstr(AFT__DUE_SETTLE), incident->cmd->now, error)
             : aft__ticket_note(incident, "incident.settled", (aft_str){0}, (aft_str){0}, error);
}

aft_status aft__incident_fired(aft__ticket *incident, aft_str name, aft_error *error) {
  if (begins(name, AFT__DUE_TELL))
    return tell_some(incident, name, error);
  if (begins(name, AFT__DUE_FLOOD))
    return aft__incident_flood(incident, name, error);
  if (aft__str_eq(name, aft__cstr(AFT__DUE_SETTLE)))
    return settle_some(incident, error);
  return aft__error(error, AFT_E_CORRUPT, "due.name", "no deadline of an incident is called '%.*s'",
                    (int)name.len, name.data);
}

/* Messages and their parts: kept, changed with their history, listed. */
#include "desk/desk_priv.h"

#include <stdio.h>

#define FIELD_V1  (offsetof(aft_field_in, text) + sizeof(aft_str))
#define PART_V1   (offsetof(aft_part_in, bytes) + sizeof(int64_t))
#define CHANGE_V1 (offsetof(aft_message_change, reserved0) + sizeof(uint32_t))

static const char *const content_names[] = {"",      "text",  "html", "image",
                                            "voice", "video", "file", "translation"};

/* ---- parts ---- */

static aft_status check_part(const aft_env *env, aft_part_in *part, size_t i, aft_error *error) {
  char where[48];
  uint32_t kind = part->kind;
  aft_status status = AFT_OK;
  const struct {
    aft_str *text;
    const char *name;
    size_t most;
  } texts[] = {{&part->text, "text", env->o.limits.text_bytes},
               {&part->blob, "blob", 1024},
               {&part->name, "name", 1024},
               {&part->mime, "mime", AFT__NAME_BYTES},
               {&part->locale, "locale", 35}};
  for (size_t k = 0; k < AFT__COUNT(texts); k++) {
    snprintf(where, sizeof where, "parts[%zu].%s", i, texts[k].name);
    AFT__TRY(aft__in_text(texts[k].text, texts[k].most, where, error));
  }
  snprintf(where, sizeof where, "parts[%zu]", i);
  bool words = kind == AFT_CONTENT_TEXT || kind == AFT_CONTENT_HTML || kind == AFT_CONTENT_TRANSLATION;
  if (kind < AFT_CONTENT_TEXT || kind > AFT_CONTENT_TRANSLATION)
    status = aft__error(error, AFT_E_INVALID, where, "kind: expected AFT_CONTENT_…, found %u", kind);
  else if (words && !part->text.len)
    status = aft__error(error, AFT_E_INVALID, where, "a part of kind %s needs a text", content_names[kind]);
  else if (!words && !part->blob.len)
    status =
        aft__error(error, AFT_E_INVALID, where, "a part of kind %s needs a blob id", content_names[kind]);
  else if (kind == AFT_CONTENT_TRANSLATION && !part->locale.len)
    status = aft__error(error, AFT_E_INVALID, where, "a translation needs a locale");
  else if (part->bytes < 0)
    status = aft__error(error, AFT_E_INVALID, where, "bytes: expected 0 or more, found %lld",
                        (long long)part->bytes);
  return status;
}

aft_status aft__parts_copy(aft__arena *arena, const aft_env *env, const aft_part_in *parts, size_t n,
                           aft_part_in **out, aft_error *error) {
  if (n > env->o.limits.parts)
    return aft__error(error, AFT_E_TOO_LARGE, "parts", "expected at most %llu parts, found %zu",
                      (unsigned long long)env->o.limits.parts, n);
  if (n && !parts)
    return aft__error(error, AFT_E_INVALID, "parts", "the array is NULL but counts %zu", n);
  aft_part_in *copies = aft__arena_alloc(arena, (n ? n : 1) * sizeof *copies);
  if (!copies)
    return aft__nomem(error);
  /* Callers of an older version have a smaller struct: their own size is the step. */
  const char *at = (const char *)parts;
  for (size_t i = 0; i < n; i++) {
    size_t size;
    memcpy(&size, at, sizeof size);
    AFT__TRY(aft__abi_copy(&copies[i], sizeof copies[i], at, PART_V1, "aft_part_in", error));
    AFT__TRY(check_part(env, &copies[i], i, error));
    at += size;
  }
  *out = copies;
  return AFT_OK;
}

aft_status aft__fields_copy(aft__arena *arena, const aft_env *env, const aft_field_in *fields, size_t n,
                            const char *where, aft_field_in **out, aft_error *error) {
  char name[64], text[64];
  if (n > AFT__MOST_FIELDS || (n && !fields))
    return aft__error(error, AFT_E_INVALID, where, "expected at most %d fields, found %zu", AFT__MOST_FIELDS,
                      fields ? n : 0);
  aft_field_in *copies = aft__arena_alloc(arena, (n + 1) * sizeof *copies);
  if (!copies)
    return aft__nomem(error);
  snprintf(name, sizeof name, "%s.name", where);
  snprintf(text, sizeof text, "%s.text", where);
  const char *at = (const char *)fields;
  for (size_t i = 0; i < n; i++) {
    size_t size;
    memcpy(&size, at, sizeof size);
    AFT__TRY(aft__abi_copy(&copies[i], sizeof copies[i], at, FIELD_V1, "aft_field_in", error));
    AFT__TRY(aft__in_name(&copies[i].name, AFT__NAME_BYTES, name, error));
    AFT__TRY(aft__in_text(&copies[i].text, env->o.limits.text_bytes, text, error));
    at += size;
  }
  *out = copies;
  return AFT_OK;
}

static aft_status add_part(aft__cmd *cmd, aft_id message, const char *kind, const aft_part_in *part,
                           aft_error *error) {
  aft__value row[AFT__PART_COLUMNS] = {
      [AFT__PART_ID] = aft__int(aft__tx_id(cmd->tx)),
      [AFT__PART_REV] = aft__int(1),
      [AFT__PART_TENANT] = aft__int(cmd->call.tenant),
      [AFT__PART_MESSAGE] = aft__int(message),
      [AFT__PART_KIND] = aft__text(aft__cstr(kind)),
      [AFT__PART_NAME] = aft__text_or_null(part->name),
      [AFT__PART_MIME] = aft__text_or_null(part->mime),
      [AFT__PART_BLOB] = aft__text_or_null(part->blob),
      [AFT__PART_BYTES] = part->bytes ? aft__int(part->bytes) : aft__null(),
      [AFT__PART_TEXT] = aft__text_or_null(part->text),
      [AFT__PART_LOCALE] = aft__text_or_null(part->locale),
  };
  return aft__insert(cmd->tx, &aft__part_table, row, NULL, error);
}

/* "field" and whatever else is no content gives 0. */
static uint32_t content_kind(aft_str name) {
  uint32_t i = AFT__COUNT(content_names) - 1;
  while (i > 0 && !aft__str_eq(name, aft__cstr(content_names[i])))
    i--;
  return i;
}

aft_status aft__parts_of(aft__cmd *cmd, aft_id message, aft_part_in **out, size_t *n, aft_error *error) {
  aft__value **rows;
  uint32_t count, most = (uint32_t)cmd->env->o.limits.parts + 1; /* one for a text and its translations */
  *n = 0;
  AFT__TRY(aft__load_rows(cmd, &aft__part_table, AFT__PART_BY_MESSAGE, message, most, &rows, &count, error));
  *out = aft__arena_alloc(cmd->arena, (count + 1) * sizeof **out);
  if (!*out)
    return aft__nomem(error);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t kind = content_kind(aft__row_str(rows[i], AFT__PART_KIND));
    if (kind)
      (*out)[(*n)++] = (aft_part_in){.kind = kind,
                                     .text = aft__row_str(rows[i], AFT__PART_TEXT),
                                     .blob = aft__row_str(rows[i], AFT__PART_BLOB),
                                     .name = aft__row_str(rows[i], AFT__PART_NAME),
                                     .mime = aft__row_str(rows[i], AFT__PART_MIME),
                                     .locale = aft__row_str(rows[i], AFT__PART_LOCALE),
                                     .bytes = aft__row_int(rows[i], AFT__PART_BYTES)};
  }
  return AFT_OK;
}

/* Languages are compared by their first two letters: zh is for zh-Hant too. */
aft_str aft__text_for(const aft_part_in *parts, size_t n, aft_str otherwise, const char *locale) {
  aft_str first = otherwise;
  bool any = false;
  for (size_t i = 0; i < n; i++) {
    if (parts[i].kind != AFT_CONTENT_TRANSLATION)
      continue;
    if (parts[i].locale.len >= 2 && memcmp(parts[i].locale.data, locale, 2) == 0)
      return parts[i].text;
    if (!any)
      first = parts[i].text;
    any = true;
  }
  return first;
}

/* ---- messages ---- */

static aft_status add_parts(aft__cmd *cmd, const aft__message *message, aft_id id, aft_error *error) {
  for (size_t i = 0; i < message->n_parts; i++)
    AFT__TRY(add_part(cmd, id, content_names[message->parts[i].kind], &message->parts[i], error));
  for (size_t i = 0; i < message->n_fields; i++) {
    aft_part_in field = {.name = message->fields[i].name, .text = message->fields[i].text};
    AFT__TRY(add_part(cmd, id, "field", &field, error));
  }
  return AFT_OK;
}

aft_status aft__message_add(aft__cmd *cmd, const aft__message *message, aft_id id, aft__value **row,
                            aft__existing *existing, aft_error *error) {
  aft__value *fresh = aft__arena_alloc(cmd->arena, AFT__MESSAGE_COLUMNS * sizeof *fresh);
  if (!fresh)
    return aft__nomem(error);
  fresh[AFT__MESSAGE_ID] = aft__int(id);
  fresh[AFT__MESSAGE_REV] = aft__int(1);
  fresh[AFT__MESSAGE_TENANT] = aft__int(cmd->call.tenant);
  fresh[AFT__MESSAGE_TICKET] = aft__int(message->ticket);
  fresh[AFT__MESSAGE_CUSTOMER] = aft__int(message->customer);
  fresh[AFT__MESSAGE_INBOUND] = aft__int(message->inbound);
  fresh[AFT__MESSAGE_VISIBILITY] = aft__int(message->visibility);
  fresh[AFT__MESSAGE_CHANNEL] = aft__text(message->channel);
  fresh[AFT__MESSAGE_ACCOUNT] = aft__text(message->account);
  fresh[AFT__MESSAGE_EXTERNAL] = message->external.len ? aft__text(message->external) : aft__null();
  uint32_t role = message->role ? message->role : cmd->call.role;
  aft_id actor = message->role ? message->actor : cmd->call.actor;
  fresh[AFT__MESSAGE_ROLE] = aft__int(message->inbound ? AFT_ROLE_BUYER : role);
  fresh[AFT__MESSAGE_ACTOR] = aft__id_or_null(message->inbound ? message->customer : actor);
  fresh[AFT__MESSAGE_TEXT] = aft__text(message->text);
  fresh[AFT__MESSAGE_LANGUAGE] = aft__text(aft__cstr(message->language));
  fresh[AFT__MESSAGE_SENT] = aft__int(message->sent);
  fresh[AFT__MESSAGE_CREATED] = aft__int(cmd->now);
  fresh[AFT__MESSAGE_DISPOSITION] = aft__text(aft__cstr(message->disposition));
  fresh[AFT__MESSAGE_PARTS] = aft__int((int64_t)(message->n_parts + message->n_fields));
  fresh[AFT__MESSAGE_VERSION] = aft__int(1);
  fresh[AFT__MESSAGE_SUGGESTIONS] = aft__text_or_null(message->suggestions);
  AFT__TRY(aft__insert(cmd->tx, &aft__message_table, fresh, existing, error));
  if (row)
    *row = fresh;
  return add_parts(cmd, message, id, error);
}

/* ---- edits and recalls ---- */

static aft_status find_message(aft__cmd *cmd, const aft_message_change *in, aft__value **row,
                               aft_error *error) {
  if (in->message)
    return aft__load(cmd, &aft__message_table, AFT__MESSAGE_TENANT, in->message, "change.message", row,
                     error);
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(in->channel), aft__text(in->account),
                       aft__text(in->external)};
  aft_status status = aft__find(cmd->tx, &aft__message_table, AFT__MESSAGE_BY_EXTERNAL, keys, row, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, status, "change.external", "no message with this external id was taken in");
  return status;
}

aft_status aft__revision_keep(aft__cmd *cmd, const aft__value *row, const char *change, aft_error *error) {
  aft__value revision[AFT__REVISION_COLUMNS] = {
      [AFT__REVISION_ID] = aft__int(aft__tx_id(cmd->tx)),    [AFT__REVISION_REV] = aft__int(1),
      [AFT__REVISION_TENANT] = row[AFT__MESSAGE_TENANT],     [AFT__REVISION_MESSAGE] = row[AFT__MESSAGE_ID],
      [AFT__REVISION_VERSION] = row[AFT__MESSAGE_VERSION],   [AFT__REVISION_TEXT] = row[AFT__MESSAGE_TEXT],
      [AFT__REVISION_CHANGE] = aft__text(aft__cstr(change)), [AFT__REVISION_CREATED] = aft__int(cmd->now),
  };
  return aft__insert(cmd->tx, &aft__revision_table, revision, NULL, error);
}

/* A buyer changes what they wrote; an agent what was written in their shops, but of notes only their own. */
static aft_status may_revise(aft__cmd *cmd, const aft__value *row, const aft__value *ticket,
                             aft_error *error) {
  AFT__TRY(aft__may_ticket(cmd, ticket, error));
  bool own =
      aft__row_int(row, AFT__MESSAGE_INBOUND) && aft__row_int(row, AFT__MESSAGE_CUSTOMER) == cmd->call.actor;
  if (cmd->call.role == AFT_ROLE_BUYER && !own)
    return aft__denied(cmd, "the message was written by somebody else", error);
  bool note = aft__row_int(row, AFT__MESSAGE_VISIBILITY) == AFT_PRIVATE;
  bool wrote = aft__row_int(row, AFT__MESSAGE_ROLE) == AFT_ROLE_AGENT &&
               aft__row_int(row, AFT__MESSAGE_ACTOR) == cmd->call.actor;
  if (cmd->call.role == AFT_ROLE_AGENT && note && !wrote)
    return aft__denied(cmd, "the note was written by somebody else", error);
  return AFT_OK;
}

static aft_status revise(aft__cmd *cmd, void *given, aft_error *error) {
  const aft_message_change *in = given;
  aft__value *row;
  aft__ticket ticket;
  AFT__TRY(find_message(cmd, in, &row, error));
  aft_status status = aft__ticket_load(cmd, aft__row_int(row, AFT__MESSAGE_TICKET), &ticket, error);
  if (status >= 0)
    status = may_revise(cmd, row, ticket.row, error);
  cmd->ids[0] = row[AFT__MESSAGE_ID].number;
  cmd->row = row;
  aft_str text = in->recalled ? aft__cstr("") : in->text;
  bool same = !aft__row_null(row, AFT__MESSAGE_RECALLED) ||
              (!in->recalled && aft__str_eq(aft__row_str(row, AFT__MESSAGE_TEXT), text));
  if (status < 0 || same) {
    aft__ticket_done(&ticket);
    return status < 0 ? status : AFT_IGNORED;
  }
  const char *change = in->recalled ? "recalled" : "edited";
  status = aft__revision_keep(cmd, row, change, error);
  row[AFT__MESSAGE_TEXT] = aft__text(text);
  row[AFT__MESSAGE_VERSION] = aft__int(row[AFT__MESSAGE_VERSION].number + 1);
  row[AFT__MESSAGE_RECALLED] = in->recalled ? aft__int(cmd->now) : aft__null();
  uint64_t mask = 1u << AFT__MESSAGE_TEXT | 1u << AFT__MESSAGE_VERSION | 1u << AFT__MESSAGE_RECALLED;
  if (status >= 0 && in->recalled)
    status = aft__corrections_remove(cmd, row[AFT__MESSAGE_ID].number, error);
  if (status >= 0)
    status = aft__update(cmd->tx, &aft__message_table, row, mask, error);
  if (status >= 0)
    status = aft__ticket_note(&ticket, in->recalled ? "message.recalled" : "message.edited", (aft_str){0},
                              text, error);
  if (status >= 0)
    status = aft__ticket_save(&ticket, error);
  aft__ticket_done(&ticket);
  return status < 0 ? status : AFT_OK;
}

static void revise_digest(aft__sha256 *sha, const void *given) {
  const aft_message_change *in = given;
  aft__digest_i64(sha, in->message);
  aft__digest_str(sha, in->channel);
  aft__digest_str(sha, in->account);
  aft__digest_str(sha, in->external);
  aft__digest_str(sha, in->text);
  aft__digest_i64(sha, in->recalled);
}

aft_status aft_message_revise(aft_session *session, const aft_call *call, const aft_message_change *in,
                              aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "message.revise",
                                       .name = "message_revise",
                                       .roles = AFT__ROLES_ALL,
                                       .returns = AFT_KIND_MESSAGE,
                                       .digest = revise_digest,
                                       .run = revise,
                                       .hide = aft__message_hide};
  aft_message_change local;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  size_t most = aft__session_env(session)->o.limits.text_bytes;
  AFT__TRY(aft__abi_copy(&local, sizeof local, in, CHANGE_V1, "aft_message_change", error));
  AFT__TRY(aft__in_text(&local.text, most, "change.text", error));
  AFT__TRY(aft__in_text(&local.channel, 40, "change.channel", error));
  AFT__TRY(aft__in_text(&local.account, AFT__NAME_BYTES, "change.account", error));
  AFT__TRY(aft__in_text(&local.external, AFT__NAME_BYTES, "change.external", error));
  if (!local.message && (!local.channel.len || !local.external.len))
    return aft__error(error, AFT_E_INVALID, "change", "expected a message id, or a channel and external id");
  if (!local.recalled && !local.text.data)
    return aft__error(error, AFT_E_INVALID, "change.text", "required for an edit");
  if (!local.account.data)
    local.account = aft__cstr("");
  return aft__command_run(session, call, &command, &local, out, error);
}

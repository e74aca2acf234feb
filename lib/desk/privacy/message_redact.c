/* Redaction in place: parts of what somebody wrote are taken away for good, wherever the desk keeps a copy:
 * in the message, its revisions and parts, the ticket's subject, notices, the task of a call, and what is on
 * its way out; also in the tickets where the message was before. */
#include "desk/notice/notice_priv.h"
#include "desk/privacy/person.h"
#include "desk/task/task_priv.h"
#include "text/text.h"

#include <aftersales/privacy.h>

#include <stdio.h>

#define REDACT_V1   (offsetof(aft_redact_in, reserved0) + sizeof(uint32_t))
#define SPAN_V1     (offsetof(aft_redact_span_in, end) + sizeof(int64_t))
#define MOST_SPANS  64
#define MOST_REASON 200
#define LEAST_HUNT  4 /* bytes: shorter pieces of a span are not looked for elsewhere */
#define ALL_KINDS   (AFT_REDACT_PHONE | AFT_REDACT_EMAIL | AFT_REDACT_CARD | AFT_REDACT_IDENTITY)
#define BIT(column) (UINT64_C(1) << (column))

typedef struct redacting {
  aft__cmd *cmd;
  const aft_redact_in *in;
  const aft_redact_span_in *spans;
  aft__ticket ticket;
  aft__value *row;   /* of the message */
  aft__value **past; /* tickets where it may have been before */
  uint32_t n_past;
  aft__buf pieces; /* of aft_str: words that go wherever they stand */
  aft__buf black;  /* of aft__black, in the text at hand */
  aft__buf out;    /* the text at hand without them */
  aft__blackout sums;
  uint32_t kinds; /* found */
} redacting;

/* ---- what goes ---- */

static void add_black(redacting *r, size_t from, size_t to) {
  const aft__black span = {from, to};
  aft__buf_add(&r->black, &span, sizeof span);
}

static void add_word(redacting *r, aft_str text, aft_str word) {
  const char *end = text.data + text.len;
  for (const char *at = text.data; word.len && at && (size_t)(end - at) >= word.len;) {
    at = memchr(at, word.data[0], (size_t)(end - at) - word.len + 1);
    if (!at)
      return;
    if (memcmp(at, word.data, word.len) == 0)
      add_black(r, (size_t)(at - text.data), (size_t)(at - text.data) + word.len);
    at++;
  }
}

static aft_status add_kinds(redacting *r, aft_str text, aft_error *error) {
  aft__buf found;
  aft__buf_init(&found, r->cmd->env);
  aft_status status = r->in->flags ? aft__pii_find(&found, text, error) : AFT_OK;
  const char *spans = found.data;
  for (size_t i = 0; status >= 0 && i < found.len / sizeof(aft__pii_span); i++) {
    aft__pii_span span;
    memcpy(&span, spans + i * sizeof span, sizeof span);
    if (!(span.kind & r->in->flags))
      continue;
    r->kinds |= span.kind;
    add_black(r, span.from, span.to);
  }
  aft__buf_done(&found);
  return status;
}

static aft_status add_pieces(redacting *r, aft_str text, aft_error *error) {
  add_word(r, text, r->in->words);
  for (size_t i = 0; i < r->pieces.len / sizeof(aft_str); i++) {
    aft_str piece;
    memcpy(&piece, r->pieces.data + i * sizeof piece, sizeof piece);
    add_word(r, text, piece);
  }
  return add_kinds(r, text, error);
}

/* r->out: the text without what goes; *any: it is another one. */
static aft_status take_away(redacting *r, aft_str text, bool *any, aft_error *error) {
  aft__buf_clear(&r->out);
  *any = r->black.len != 0;
  if (r->black.failed)
    return aft__nomem(error);
  if (!*any)
    return AFT_OK;
  return aft__black_out(&r->out, text, (aft__black *)(void *)r->black.data, r->black.len / sizeof(aft__black),
                        &r->sums, error);
}

static aft_status redact_text(redacting *r, aft_str text, bool *any, aft_error *error) {
  aft__buf_clear(&r->black);
  AFT__TRY(add_pieces(r, text, error));
  return take_away(r, text, any, error);
}

static aft_status keep_rest(redacting *r, aft__value *out, aft_error *error) {
  aft_str rest = aft__arena_dup(r->cmd->arena, aft__buf_view(&r->out));
  if (!rest.data)
    return aft__nomem(error);
  *out = aft__text(rest);
  return AFT_OK;
}

/* ---- where it stands ---- */

static aft_status redact_column(redacting *r, const aft__table *table, uint32_t column, aft__value *row,
                                aft_error *error) {
  bool any;
  if (aft__row_null(row, column))
    return AFT_OK;
  AFT__TRY(redact_text(r, aft__row_str(row, column), &any, error));
  if (!any)
    return AFT_OK;
  AFT__TRY(keep_rest(r, &row[column], error));
  return aft__update(r->cmd->tx, table, row, BIT(column), error);
}

static aft_status each_row(redacting *r, const aft__table *table, uint32_t index, aft_id parent,
                           aft__change_fn fn, aft_error *error) {
  aft__scan scan = {.table = table,
                    .index = index,
                    .n_equal = 2,
                    .equal = {aft__int(r->cmd->call.tenant), aft__int(parent)}};
  return aft__change_each(r->cmd->tx, scan, false, fn, r, error);
}

static aft_status revision(void *user, aft__value *row, aft_error *error) {
  return redact_column(user, &aft__revision_table, AFT__REVISION_TEXT, row, error);
}

static aft_status whole_part(redacting *r, aft__value *row, aft_error *error) {
  bool any;
  AFT__TRY(aft__part_forget(r->cmd, row, aft__ticket_id(&r->ticket), &any, error));
  r->sums.places += any;
  return AFT_OK;
}

static aft_status part(void *user, aft__value *row, aft_error *error) {
  redacting *r = user;
  if (r->in->part && row[AFT__PART_ID].number == r->in->part)
    return whole_part(r, row, error);
  AFT__TRY(redact_column(r, &aft__part_table, AFT__PART_TEXT, row, error));
  return redact_column(r, &aft__part_table, AFT__PART_NAME, row, error);
}

/* ---- what is on its way out ---- */

static const char text_key[] = ",\"text\":\"";

/* The value of "text" as it stands in the JSON that ticket_send.c writes, in which every other quotation mark
 * inside of a value is escaped. */
static bool text_in(aft_str payload, size_t *from, size_t *to) {
  const size_t n = sizeof text_key - 1;
  for (size_t i = 0; i + n < payload.len; i++) {
    if (memcmp(payload.data + i, text_key, n) != 0)
      continue;
    *from = *to = i + n;
    while (*to < payload.len && payload.data[*to] != '"')
      *to += payload.data[*to] == '\\' ? 2 : 1;
    return *to < payload.len;
  }
  return false;
}

static aft_status effect(void *user, aft__value *row, aft_error *error) {
  redacting *r = user;
  aft_str payload = aft__row_str(row, AFT__OB_PAYLOAD);
  aft__buf whole, plain;
  size_t from, to;
  bool any;
  if (aft__row_null(row, AFT__OB_PAYLOAD) || !text_in(payload, &from, &to))
    return AFT_OK;
  aft__buf_init(&whole, r->cmd->env);
  aft__buf_init(&plain, r->cmd->env);
  aft__json_unescape(&plain, aft__str(payload.data + from, to - from));
  aft_status status = plain.failed ? aft__nomem(error) : redact_text(r, aft__buf_view(&plain), &any, error);
  if (status >= 0 && any) {
    aft__json json;
    aft__buf_add(&whole, payload.data, from - 1);
    aft__json_init(&json, &whole);
    aft__json_str(&json, aft__buf_view(&r->out));
    aft__buf_add(&whole, payload.data + to + 1, payload.len - to - 1);
    row[AFT__OB_PAYLOAD] = aft__text(aft__buf_view(&whole));
    status = whole.failed ? aft__nomem(error)
                          : aft__update(r->cmd->tx, &aft__outbox_table, row, BIT(AFT__OB_PAYLOAD), error);
  }
  aft__buf_done(&whole);
  aft__buf_done(&plain);
  return status;
}

/* ---- what was told, kept for writing it again ---- */

static aft_status notice(void *user, aft__value *row, aft_error *error) {
  redacting *r = user;
  aft__filling values[AFT__NOTICE_VALUES];
  uint32_t n;
  bool any = false, gone;
  AFT__TRY(aft__fields_read(r->cmd->arena, aft__row_str(row, AFT__NOTICE_FIELDS), values, &n, error));
  for (uint32_t i = 0; i < n; i++) {
    aft__value rest;
    AFT__TRY(redact_text(r, aft__str(values[i].text.data, values[i].text.len), &gone, error));
    if (!gone)
      continue;
    any = true;
    AFT__TRY(keep_rest(r, &rest, error));
    values[i].text = aft__value_str(&rest);
  }
  if (!any)
    return AFT_OK;
  aft__buf fields;
  aft__buf_init(&fields, r->cmd->env);
  aft__fields_write(values, n, &fields);
  row[AFT__NOTICE_FIELDS] = aft__text(aft__buf_view(&fields));
  aft_status status = fields.failed
                          ? aft__nomem(error)
                          : aft__update(r->cmd->tx, &aft__notice_table, row, BIT(AFT__NOTICE_FIELDS), error);
  aft__buf_done(&fields);
  return status;
}

/* ---- what is kept of a call ---- */

/* The note of a task that a call ended says the same as the call's message. */
static aft_status task(void *user, aft__value *row, aft_error *error) {
  redacting *r = user;
  aft__value **attempts;
  uint32_t n;
  if (aft__row_null(row, AFT__TASK_NOTE))
    return AFT_OK;
  AFT__TRY(aft__load_rows(r->cmd, &aft__attempt_table, AFT__ATTEMPT_BY_TASK, row[AFT__TASK_ID].number,
                          AFT__MOST_ATTEMPTS, &attempts, &n, error));
  for (uint32_t i = 0; i < n; i++)
    if (aft__row_int(attempts[i], AFT__ATTEMPT_MESSAGE) == r->in->message)
      return redact_column(r, &aft__task_table, AFT__TASK_NOTE, row, error);
  return AFT_OK;
}

/* ---- the log ---- */

/* With the salt a guess at what was taken away could be held against the digest. */
static aft_status event(void *user, aft__value *row, aft_error *error) {
  bool forgot;
  return aft__event_forget(((redacting *)user)->cmd->tx, row, &forgot, error);
}

static void put_kinds(redacting *r, aft__json *json) {
  static const char *const names[] = {"phone", "email", "card", "identity"};
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < AFT__COUNT(names); i++)
    if (r->kinds & 1u << i)
      aft__json_str(json, aft__cstr(names[i]));
  aft__json_close(json, ']');
}

/* Who, when, how much and of what kind; never what. */
static aft_status note(redacting *r, aft_error *error) {
  aft__buf facts;
  aft__json json;
  aft__buf_init(&facts, r->cmd->env);
  aft__json_init(&json, &facts);
  aft__json_open(&json, '{');
  aft__json_key(&json, "message");
  aft__json_id(&json, r->row[AFT__MESSAGE_ID].number);
  aft__json_key(&json, "places");
  aft__json_i64(&json, r->sums.places);
  aft__json_key(&json, "characters");
  aft__json_i64(&json, r->sums.characters);
  aft__json_key(&json, "kinds");
  put_kinds(r, &json);
  aft__json_key(&json, "reason");
  aft__json_str(&json, r->in->reason);
  aft__json_close(&json, '}');
  aft_status status = facts.failed ? aft__nomem(error)
                                   : aft__ticket_note(&r->ticket, "message.redacted", aft__buf_view(&facts),
                                                      (aft_str){0}, error);
  aft__buf_done(&facts);
  return status;
}

/* ---- the command ---- */

static bool on_edge(aft_str text, size_t at) {
  size_t edge = 0;
  while (edge < at && edge < text.len)
    edge = aft__grapheme_end(text, edge);
  return edge == at;
}

static aft_status check_span(aft_str text, const aft_redact_span_in *span, size_t i, aft_error *error) {
  char where[48];
  snprintf(where, sizeof where, "redact.spans[%zu]", i);
  if (span->begin < 0 || span->begin >= span->end || (uint64_t)span->end > text.len)
    return aft__error(error, AFT_E_INVALID, where,
                      "expected a part of the %zu bytes of the text, found %lld to %lld", text.len,
                      (long long)span->begin, (long long)span->end);
  if (!on_edge(text, (size_t)span->begin) || !on_edge(text, (size_t)span->end))
    return aft__error(error, AFT_E_INVALID, where, "%lld to %lld cuts a character in two",
                      (long long)span->begin, (long long)span->end);
  return AFT_OK;
}

static aft_status take_spans(redacting *r, aft_str text, aft_error *error) {
  for (size_t i = 0; i < r->in->n_spans; i++) {
    AFT__TRY(check_span(text, &r->spans[i], i, error));
    size_t begin = (size_t)r->spans[i].begin, end = (size_t)r->spans[i].end;
    add_black(r, begin, end);
    if (end - begin < LEAST_HUNT)
      continue;
    aft_str piece = aft__arena_dup(r->cmd->arena, aft__str(text.data + begin, end - begin));
    if (!piece.data)
      return aft__nomem(error);
    aft__buf_add(&r->pieces, &piece, sizeof piece);
  }
  return r->pieces.failed ? aft__nomem(error) : AFT_OK;
}

/* Spans first: what they cover is looked for in all that follows. */
static aft_status redact_message(redacting *r, aft_error *error) {
  aft_str text = aft__row_str(r->row, AFT__MESSAGE_TEXT);
  bool any;
  if (r->in->version && r->in->version != aft__row_int(r->row, AFT__MESSAGE_VERSION))
    return aft__error(error, AFT_E_CONFLICT, "redact.version", "expected version %lld, found %lld",
                      (long long)r->in->version, (long long)aft__row_int(r->row, AFT__MESSAGE_VERSION));
  AFT__TRY(take_spans(r, text, error));
  AFT__TRY(add_pieces(r, text, error));
  AFT__TRY(take_away(r, text, &any, error));
  if (!any)
    return AFT_OK;
  size_t most = r->cmd->env->o.limits.text_bytes;
  if (r->out.len > most)
    return aft__error(error, AFT_E_TOO_LARGE, "redact", "the text would have %zu bytes, expected at most %zu",
                      r->out.len, most);
  AFT__TRY(keep_rest(r, &r->row[AFT__MESSAGE_TEXT], error));
  AFT__TRY(aft__revision_keep(r->cmd, r->row, "redacted", error)); /* as it may be read */
  r->row[AFT__MESSAGE_VERSION].number++;
  return aft__update(r->cmd->tx, &aft__message_table, r->row,
                     BIT(AFT__MESSAGE_TEXT) | BIT(AFT__MESSAGE_VERSION), error);
}

/* The fingerprint of a text is of its words: with it, a guess at what was taken away could be tried. */
static bool has_print_of(const redacting *r, const aft__value *ticket) {
  return !aft__row_null(ticket, AFT__TICKET_FINGERPRINT) &&
         aft__row_int(ticket, AFT__TICKET_OPENED) == aft__row_int(r->row, AFT__MESSAGE_CREATED);
}

/* What a ticket has of the words of its first message. */
static const uint32_t taken_over[] = {AFT__TICKET_SUBJECT, AFT__TICKET_LABEL};

static aft_status redact_ticket(redacting *r, aft_error *error) {
  bool any;
  if (has_print_of(r, r->ticket.row)) {
    aft__ticket_set(&r->ticket, AFT__TICKET_FINGERPRINT, aft__null());
    aft__ticket_set(&r->ticket, AFT__TICKET_SKETCH, aft__null());
  }
  for (size_t i = 0; i < AFT__COUNT(taken_over); i++) {
    aft__value rest;
    AFT__TRY(redact_text(r, aft__ticket_str(&r->ticket, taken_over[i]), &any, error));
    if (!any)
      continue;
    AFT__TRY(keep_rest(r, &rest, error));
    aft__ticket_set(&r->ticket, taken_over[i], rest);
  }
  return AFT_OK;
}

/* What stands beside the messages of a ticket. */
static aft_status redact_beside(redacting *r, aft_id ticket, aft_error *error) {
  AFT__TRY(each_row(r, &aft__outbox_table, AFT__OB_BY_SUBJECT, ticket, effect, error));
  AFT__TRY(each_row(r, &aft__notice_table, AFT__NOTICE_BY_SUBJECT, ticket, notice, error));
  AFT__TRY(each_row(r, &aft__task_table, AFT__TASK_BY_TICKET, ticket, task, error));
  return each_row(r, &aft__event_table, AFT__EV_BY_SUBJECT, ticket, event, error);
}

static aft_status redact_past(redacting *r, aft__value *ticket, aft_error *error) {
  if (has_print_of(r, ticket)) {
    ticket[AFT__TICKET_FINGERPRINT] = ticket[AFT__TICKET_SKETCH] = aft__null();
    AFT__TRY(aft__update(r->cmd->tx, &aft__ticket_table, ticket,
                         BIT(AFT__TICKET_FINGERPRINT) | BIT(AFT__TICKET_SKETCH), error));
  }
  for (size_t i = 0; i < AFT__COUNT(taken_over); i++)
    AFT__TRY(redact_column(r, &aft__ticket_table, taken_over[i], ticket, error));
  return redact_beside(r, ticket[AFT__TICKET_ID].number, error);
}

static aft_status check_holds(redacting *r, aft_error *error) {
  if (!aft__row_null(r->ticket.row, AFT__TICKET_HELD))
    return aft__denied(r->cmd, "the ticket is on legal hold", error);
  for (uint32_t i = 0; i < r->n_past; i++)
    if (!aft__row_null(r->past[i], AFT__TICKET_HELD))
      return aft__denied(r->cmd, "a ticket where the message was before is on legal hold", error);
  return AFT_OK;
}

static aft_status has_part(redacting *r, aft_error *error) {
  aft__value *row;
  if (!r->in->part)
    return AFT_OK;
  AFT__TRY(aft__load(r->cmd, &aft__part_table, AFT__PART_TENANT, r->in->part, "redact.part", &row, error));
  if (aft__row_int(row, AFT__PART_MESSAGE) == r->in->message)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "redact.part", "the part belongs to another message");
}

static aft_status may_redact(redacting *r, aft_error *error) {
  aft__cmd *cmd = r->cmd;
  AFT__TRY(aft__may_shop(cmd, aft__ticket_int(&r->ticket, AFT__TICKET_SHOP), error));
  AFT__TRY(aft__ticket_past(cmd, r->ticket.row, &r->past, &r->n_past, error));
  AFT__TRY(check_holds(r, error));
  return has_part(r, error);
}

/* The message itself, as it was before edits, and its parts. */
static aft_status redact_said(redacting *r, aft_error *error) {
  aft_id message = r->row[AFT__MESSAGE_ID].number;
  AFT__TRY(redact_message(r, error));
  AFT__TRY(each_row(r, &aft__revision_table, AFT__REVISION_BY_MESSAGE, message, revision, error));
  return each_row(r, &aft__part_table, AFT__PART_BY_MESSAGE, message, part, error);
}

static aft_status redact_all(redacting *r, aft_error *error) {
  AFT__TRY(may_redact(r, error));
  AFT__TRY(redact_said(r, error));
  if (!r->sums.places)
    return AFT_IGNORED;
  AFT__TRY(redact_ticket(r, error));
  AFT__TRY(redact_beside(r, aft__ticket_id(&r->ticket), error));
  for (uint32_t i = 0; i < r->n_past; i++)
    AFT__TRY(redact_past(r, r->past[i], error));
  AFT__TRY(note(r, error));
  AFT__TRY(aft__ticket_save(&r->ticket, error));
  return aft__search_renew_soon(r->cmd, error);
}

typedef struct request {
  aft_redact_in in;
  aft_redact_span_in spans[MOST_SPANS];
} request;

static aft_status run(aft__cmd *cmd, void *given, aft_error *error) {
  const request *q = given;
  redacting r = {.cmd = cmd, .in = &q->in, .spans = q->spans};
  cmd->subject = q->in.message;
  AFT__TRY(aft__load(cmd, &aft__message_table, AFT__MESSAGE_TENANT, q->in.message, "redact.message", &r.row,
                     error));
  cmd->ids[0] = q->in.message;
  cmd->row = r.row;
  aft__buf_init(&r.pieces, cmd->env);
  aft__buf_init(&r.black, cmd->env);
  aft__buf_init(&r.out, cmd->env);
  aft_status status = aft__ticket_load(cmd, aft__row_int(r.row, AFT__MESSAGE_TICKET), &r.ticket, error);
  if (status >= 0)
    status = redact_all(&r, error);
  aft__ticket_done(&r.ticket);
  aft__buf_done(&r.pieces);
  aft__buf_done(&r.black);
  aft__buf_done(&r.out);
  return status;
}

static void digest(aft__sha256 *sha, const void *given) {
  const request *q = given;
  aft__digest_i64(sha, q->in.message);
  aft__digest_i64(sha, q->in.version);
  aft__digest_str(sha, q->in.words);
  aft__digest_i64(sha, q->in.flags);
  aft__digest_i64(sha, q->in.part);
  aft__digest_str(sha, q->in.reason);
  for (size_t i = 0; i < q->in.n_spans; i++) {
    aft__digest_i64(sha, q->spans[i].begin);
    aft__digest_i64(sha, q->spans[i].end);
  }
}

/* Callers of an older version have a smaller struct: their own size is the step. */
static aft_status copy_spans(request *q, aft_error *error) {
  const char *at = (const char *)q->in.spans;
  if (q->in.n_spans > MOST_SPANS)
    return aft__error(error, AFT_E_TOO_LARGE, "redact.spans", "expected at most %d, found %zu", MOST_SPANS,
                      q->in.n_spans);
  if (q->in.n_spans && !at)
    return aft__error(error, AFT_E_INVALID, "redact.spans", "the array is NULL but counts %zu",
                      q->in.n_spans);
  for (size_t i = 0; i < q->in.n_spans; i++) {
    size_t size;
    memcpy(&size, at, sizeof size);
    AFT__TRY(aft__abi_copy(&q->spans[i], sizeof q->spans[i], at, SPAN_V1, "aft_redact_span_in", error));
    at += size;
  }
  return AFT_OK;
}

static aft_status take_in(const aft_env *env, const aft_redact_in *given, request *q, aft_error *error) {
  aft_redact_in *in = &q->in;
  AFT__TRY(aft__abi_copy(in, sizeof *in, given, REDACT_V1, "aft_redact_in", error));
  AFT__TRY(aft__in_id(in->message, "redact.message", error));
  AFT__TRY(aft__in_text(&in->words, env->o.limits.text_bytes, "redact.words", error));
  AFT__TRY(aft__in_text(&in->reason, MOST_REASON, "redact.reason", error));
  AFT__TRY(copy_spans(q, error));
  if (in->part < 0)
    return aft__in_id(in->part, "redact.part", error);
  if (in->version < 0 || (in->n_spans && !in->version))
    return aft__error(error, AFT_E_INVALID, "redact.version",
                      "expected the version of the message whose text the spans are of, found %lld",
                      (long long)in->version);
  if (in->flags & ~ALL_KINDS)
    return aft__error(error, AFT_E_INVALID, "redact.flags", "expected AFT_REDACT_…, found %u", in->flags);
  if (!in->n_spans && !in->words.len && !in->flags && !in->part)
    return aft__error(error, AFT_E_INVALID, "redact", "expected spans, words, flags or a part, found none");
  return AFT_OK;
}

aft_status aft_message_redact(aft_session *session, const aft_call *call, const aft_redact_in *in,
                              aft_record **out, aft_error *error) {
  static const aft__command command = {.verb = "message.redact",
                                       .name = "message_redact",
                                       .roles = AFT__ROLE(AFT_ROLE_SYSTEM) | AFT__ROLE(AFT_ROLE_AGENT),
                                       .returns = AFT_KIND_MESSAGE,
                                       .audits = true,
                                       .digest = digest,
                                       .run = run};
  request q;
  if (!session)
    return aft__error(error, AFT_E_NULL_HANDLE, "session", "the session is NULL");
  AFT__TRY(take_in(aft__session_env(session), in, &q, error));
  return aft__command_run(session, call, &command, &q, out, error);
}

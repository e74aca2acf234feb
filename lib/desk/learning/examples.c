/* Corrections as labelled texts for training and comparing, a page at a time in short transactions. */
#include "desk/learning/learn_priv.h"

#define PAGE       64
#define HELD_EVERY 5 /* one text in so many is held back */

void aft__examples_open(aft__examples *e, aft_session *session, const aft_call *call, aft_str task,
                        aft__part_of part, uint64_t most) {
  *e = (aft__examples){.session = session, .call = call, .task = task, .part = part, .most = most};
  aft__arena_init(&e->arena, aft__session_env(session));
}

void aft__examples_close(aft__examples *e) { aft__arena_done(&e->arena); }

aft_status aft__model_text(aft__arena *arena, aft_str subject, aft_str text, aft_str *out, aft_error *error) {
  *out = text.data ? text : aft__cstr("");
  if (!subject.len)
    return AFT_OK;
  char *both = aft__arena_printf(arena, "%.*s\n%.*s", (int)subject.len, subject.data, (int)text.len,
                                 text.data ? text.data : "");
  if (!both)
    return aft__nomem(error);
  *out = aft__cstr(both);
  return AFT_OK;
}

/* The ticket's subject belongs to its first message, unless it is only that message's first line. */
static aft_str subject_of(const aft__value *message, const aft__value *ticket) {
  aft_str text = aft__row_str(message, AFT__MESSAGE_TEXT),
          subject = aft__row_str(ticket, AFT__TICKET_SUBJECT);
  aft_str how = aft__row_str(message, AFT__MESSAGE_DISPOSITION);
  bool joined = aft__str_eq(how, aft__cstr("threaded")) || aft__str_eq(how, aft__cstr("acknowledged"));
  bool own = subject.len <= text.len && memcmp(subject.data, text.data, subject.len) == 0;
  return joined || own || !subject.len ? aft__cstr("") : subject;
}

static aft_status hash_of(aft__cmd *cmd, aft_str text, uint64_t *out, aft_error *error) {
  aft__buf normal;
  aft__buf_init(&normal, cmd->env);
  aft_status status = aft__normalise(&normal, text, error);
  aft_str view = aft__buf_view(&normal);
  *out = aft__hash64(view.data, view.len, 0);
  aft__buf_done(&normal);
  return status;
}

static bool wanted(const aft__examples *e, uint64_t hash) {
  bool held = hash % HELD_EVERY == 0;
  return e->part == AFT__CORRECTIONS_ALL || held == (e->part == AFT__CORRECTIONS_HELD);
}

/* A label that the policy has no longer would be learnt in vain. */
static bool label_stays(const aft__examples *e, const aft__cmd *cmd, aft_str label) {
  aft_str known;
  return !aft__str_eq(e->task, aft__cstr(AFT__TASK_CATEGORY)) ||
         aft__policy_category_find(cmd->policy, label, &known);
}

static aft_status keep(aft__examples *e, const aft__labelled *found, aft_error *error) {
  aft__labelled *row = &e->rows[e->n];
  *row = *found;
  aft_str *const texts[] = {&row->label, &row->text, &row->customers_label, &row->channel};
  AFT__TRY(aft__arena_keep(&e->arena, texts, AFT__COUNT(texts), error));
  e->n++;
  return AFT_OK;
}

/* Message or ticket may be gone: what an older version of the library removed leaves its corrections. */
static aft_status take(aft__examples *e, aft__cmd *cmd, const aft__value *row, aft_error *error) {
  aft__value *message, *ticket;
  aft__labelled found = {.label = aft__row_str(row, AFT__CORRECTION_LABEL),
                         .created = aft__row_int(row, AFT__CORRECTION_CREATED)};
  if (!label_stays(e, cmd, found.label))
    return AFT_OK;
  aft_status status =
      aft__get(cmd->tx, &aft__message_table, aft__row_int(row, AFT__CORRECTION_MESSAGE), &message, NULL);
  if (status >= 0)
    status = aft__get(cmd->tx, &aft__ticket_table, aft__row_int(row, AFT__CORRECTION_TICKET), &ticket, NULL);
  if (status == AFT_E_NOT_FOUND)
    return AFT_OK;
  if (status < 0)
    return aft__get(cmd->tx, &aft__message_table, aft__row_int(row, AFT__CORRECTION_MESSAGE), &message,
                    error);
  if (!aft__row_str(message, AFT__MESSAGE_TEXT).len)
    return AFT_OK;
  AFT__TRY(aft__model_text(cmd->arena, subject_of(message, ticket), aft__row_str(message, AFT__MESSAGE_TEXT),
                           &found.text, error));
  AFT__TRY(hash_of(cmd, found.text, &found.hash, error));
  found.customers_label = aft__row_str(ticket, AFT__TICKET_LABEL);
  found.channel = aft__row_str(message, AFT__MESSAGE_CHANNEL);
  found.has_order = !aft__row_null(ticket, AFT__TICKET_ORDER);
  return wanted(e, found.hash) ? keep(e, &found, error) : AFT_OK;
}

typedef struct page {
  aft__examples *e;
  aft_id after;
  uint32_t n;
} page;

/* Starts over with each attempt. */
static aft_status read_page(aft__cmd *cmd, void *user, aft_error *error) {
  page *p = user;
  aft__examples *e = p->e;
  aft__value **rows;
  aft__scan scan = {.table = &aft__correction_table,
                    .index = AFT__CORRECTION_BY_TASK,
                    .n_equal = 2,
                    .equal = {aft__int(cmd->call.tenant), aft__text(e->task)},
                    .descending = true,
                    .after = e->after != 0,
                    .after_id = e->after,
                    .limit = PAGE};
  aft__arena_reset(&e->arena);
  e->n = 0;
  e->rows = aft__arena_alloc(&e->arena, PAGE * sizeof *e->rows);
  if (!e->rows)
    return aft__nomem(error);
  AFT__TRY(aft__scan_all(cmd->tx, &scan, &rows, &p->n, error));
  e->now = cmd->now;
  for (uint32_t i = 0; i < p->n; i++) {
    p->after = rows[i][AFT__CORRECTION_ID].number;
    AFT__TRY(take(e, cmd, rows[i], error));
  }
  return AFT_OK;
}

aft_status aft__examples_next(aft__examples *e, const aft__labelled **out, aft_error *error) {
  static const aft__command command = {.verb = "correction.read",
                                       .name = "correction_read",
                                       .roles = AFT__ROLES_SYSTEM,
                                       .read = true,
                                       .run = read_page};
  while (e->next == e->n && !e->ended && e->most) {
    page p = {.e = e, .after = e->after};
    AFT__TRY(aft__command_run(e->session, e->call, &command, &p, NULL, error));
    e->next = 0;
    e->after = p.after;
    e->ended = p.n < PAGE;
  }
  if (e->next == e->n || !e->most)
    return AFT_DONE;
  *out = &e->rows[e->next++];
  e->most--;
  return AFT_OK;
}

/* The past of a ticket, gone through event by event, with the facts as they were. */
#include "desk/automation/automation_priv.h"

#define MOST_DECISIONS 1024u
#define MOST_TAGS      256u

const char *const aft__facts_of_then[] = {"state",      "hours_since_resolved",
                                          "reopens",    "level",
                                          "tag",        "category",
                                          "confidence", "unsure",
                                          "tone",       "question",
                                          "urgent",     "chaser",
                                          "human",      "complaint",
                                          "act",        "priority",
                                          "queue",      NULL};

/* An event, as far as the facts depend on it. */
typedef struct entry {
  aft_time at;
  uint64_t on;
  aft_str verb, from, to, facts;
} entry;

typedef struct replay {
  aft__ticket *ticket;
  const aft__flow *flow;
  aft__arena *arena;
  entry *entries;
  uint32_t n_entries;
  aft__value **decisions;
  uint32_t n_decisions, next_decision, last_triage;
  aft__facts facts;
  aft__label *labels; /* room for those of now and MOST_TAGS */
  uint32_t n_other;   /* that are no tags of the ticket, and stay */
  int32_t tone;       /* of now */
  aft_time resolved;  /* AFT_TIME_NONE: never */
  bool nomem, cut, sorted;
} replay;

static bool is(aft_str text, const char *word) { return aft__str_eq(text, aft__cstr(word)); }

/* ---- reading ---- */

static aft_str keep(replay *r, aft_str text) {
  if (!text.len)
    return (aft_str){0};
  aft_str copy = aft__arena_dup(r->arena, text);
  r->nomem |= !copy.data;
  return copy;
}

static aft_str column(const aft__value *row, uint32_t i) {
  return aft__row_null(row, i) ? (aft_str){0} : aft__row_str(row, i);
}

static aft_status see_event(void *user, const aft__value *row, aft_error *error) {
  replay *r = user;
  if (r->n_entries == AFT__MOST_PAST) {
    r->cut = true;
    return AFT_DONE;
  }
  aft_str verb = column(row, AFT__EV_VERB);
  r->entries[r->n_entries++] = (entry){.at = row[AFT__EV_AT].number,
                                       .on = aft__policy_triggers(r->ticket->cmd->policy, verb),
                                       .verb = keep(r, verb),
                                       .from = keep(r, column(row, AFT__EV_FROM)),
                                       .to = keep(r, column(row, AFT__EV_TO)),
                                       .facts = keep(r, column(row, AFT__EV_FACTS))};
  return r->nomem ? aft__nomem(error) : AFT_OK;
}

static bool is_triage(const aft__value *decision) {
  aft_str rest = aft__row_str(decision, AFT__DECISION_REASONS);
  aft__reason reason;
  while (aft__reason_next(&rest, &reason))
    if (is(reason.about, "category") && !is(reason.key, "explain.category.person") &&
        !is(reason.key, "explain.category.automation"))
      return true;
  return false;
}

static aft_status read_past(replay *r, aft_error *error) {
  aft__cmd *cmd = r->ticket->cmd;
  const aft__value tenant = aft__int(cmd->call.tenant), id = aft__int(aft__ticket_id(r->ticket));
  aft__scan events = {
      .table = &aft__event_table, .index = AFT__EV_BY_SUBJECT, .n_equal = 2, .equal = {tenant, id}};
  aft__scan decisions = {.table = &aft__decision_table,
                         .index = AFT__DECISION_BY_TICKET,
                         .n_equal = 2,
                         .equal = {tenant, id},
                         .limit = MOST_DECISIONS};
  int64_t n = aft__ticket_int(r->ticket, AFT__TICKET_EVENTS);
  size_t room = n < 0 || n > AFT__MOST_PAST ? AFT__MOST_PAST : (size_t)n;
  r->entries = aft__arena_alloc(r->arena, (room + 1) * sizeof *r->entries);
  if (!r->entries)
    return aft__nomem(error);
  events.limit = (uint32_t)room + 1;
  AFT__TRY(aft__scan_each(cmd->tx, &events, see_event, r, error));
  AFT__TRY(aft__scan_all(cmd->tx, &decisions, &r->decisions, &r->n_decisions, error));
  for (uint32_t i = 0; i < r->n_decisions; i++)
    if (is_triage(r->decisions[i]))
      r->last_triage = i;
  return AFT_OK;
}

/* ---- what a decision tells ---- */

static int64_t number_of(aft_str text) {
  int64_t n = 0;
  bool minus = text.len && text.data[0] == '-';
  for (size_t i = minus; i < text.len && text.data[i] >= '0' && text.data[i] <= '9' && n < 100000; i++)
    n = n * 10 + (text.data[i] - '0');
  return minus ? -n : n;
}

static void take_category(replay *r, aft_str name, aft_str confidence, bool unsure) {
  aft__facts *f = &r->facts;
  f->text[AFT__FACT_CATEGORY] = unsure ? aft__cstr("other") : name;
  f->number[AFT__FACT_CONFIDENCE] = number_of(confidence);
  f->number[AFT__FACT_UNSURE] = unsure;
  r->sorted = true;
}

/* Whether a message said what it is about: the reasons name the act of those that are no plain request. */
static bool has_content(aft_str reasons) {
  aft__reason reason;
  while (aft__reason_next(&reasons, &reason))
    if (is(reason.key, "explain.act") || is(reason.key, "explain.category.act"))
      return is(aft__reason_arg(&reason, "act"), "human");
  return true;
}

/* A later message fills in only what was not sure before, as triage does. */
static void see_category(replay *r, const aft__reason *reason, bool content) {
  bool open = !r->sorted || (r->facts.number[AFT__FACT_UNSURE] && content);
  aft_str name = aft__reason_arg(reason, "category"), confidence = aft__reason_arg(reason, "confidence");
  bool person = is(reason->key, "explain.category.person") || is(reason->key, "explain.category.automation");
  bool sure = is(reason->key, "explain.category.sure"), unsure = is(reason->key, "explain.category.unsure");
  bool none = is(reason->key, "explain.category.none") || is(reason->key, "explain.category.language");
  if (person)
    take_category(r, name, aft__cstr("1000"), false);
  else if (open && sure)
    take_category(r, name, confidence, false);
  else if (!r->sorted && (unsure || none))
    take_category(r, name, confidence, true);
  else if (!r->sorted && is(reason->key, "explain.category.act")) /* mere courtesy: nothing to sort */
    take_category(r, aft__cstr("other"), aft__cstr("1000"), false);
}

static void see_flag(aft__facts *f, aft_str flag) {
  static const struct {
    const char *name;
    aft__fact_id fact;
  } flags[] = {{"question", AFT__FACT_QUESTION},
               {"urgent", AFT__FACT_URGENT},
               {"chaser", AFT__FACT_CHASER},
               {"human", AFT__FACT_HUMAN}};
  for (size_t i = 0; i < AFT__COUNT(flags); i++)
    if (is(flag, flags[i].name))
      f->number[flags[i].fact] = 1;
}

static void see_reason(replay *r, const aft__reason *reason, bool content) {
  aft__facts *f = &r->facts;
  if (is(reason->about, "category"))
    see_category(r, reason, content);
  if (is(reason->key, "explain.tone"))
    f->number[AFT__FACT_TONE] = number_of(aft__reason_arg(reason, "strength"));
  else if (is(reason->key, "explain.flag"))
    see_flag(f, aft__reason_arg(reason, "flag"));
  else if (is(reason->key, "explain.act") || is(reason->key, "explain.category.act"))
    f->text[AFT__FACT_ACT] = aft__reason_arg(reason, "act");
  else if (is(reason->key, "explain.complaint") &&
           aft__graver(f->text[AFT__FACT_COMPLAINT], aft__reason_arg(reason, "complaint")))
    f->text[AFT__FACT_COMPLAINT] = aft__reason_arg(reason, "complaint");
  else if (is(reason->key, "explain.priority.total"))
    f->text[AFT__FACT_PRIORITY] = aft__reason_arg(reason, "priority");
  else if (is(reason->key, "explain.queue"))
    f->text[AFT__FACT_QUEUE] = aft__reason_arg(reason, "queue");
}

/* What one message says is true of the occasion that it comes with; tone and question stay until the next. */
static void forget_message(replay *r, bool anew) {
  aft__facts *f = &r->facts;
  f->number[AFT__FACT_URGENT] = f->number[AFT__FACT_CHASER] = f->number[AFT__FACT_HUMAN] = 0;
  f->text[AFT__FACT_ACT] = (aft_str){0};
  if (anew)
    f->number[AFT__FACT_TONE] = f->number[AFT__FACT_QUESTION] = 0;
}

static void see_decision(replay *r, uint32_t index) {
  const aft__value *row = r->decisions[index];
  aft_str rest = aft__row_str(row, AFT__DECISION_REASONS);
  aft__reason reason;
  bool triage = is_triage(row), content = has_content(rest);
  if (triage)
    forget_message(r, true);
  while (aft__reason_next(&rest, &reason))
    see_reason(r, &reason, content);
  if (!triage)
    return;
  if (!r->facts.text[AFT__FACT_ACT].len)
    r->facts.text[AFT__FACT_ACT] = aft__cstr(r->facts.number[AFT__FACT_HUMAN]      ? "human"
                                             : r->facts.number[AFT__FACT_QUESTION] ? "question"
                                                                                   : "request");
  if (index == r->last_triage) /* a tone that was not clear is in no reason */
    r->facts.number[AFT__FACT_TONE] = r->tone;
}

/* ---- what an event tells ---- */

/* {"tag":"…"}: the text in place, with the escapes of quotes and backslashes undone. */
static aft_str tag_in(replay *r, aft_str facts) {
  static const char head[] = "{\"tag\":\"", tail[] = "\"}";
  size_t begin = sizeof head - 1, end = sizeof tail - 1;
  if (facts.len < begin + end || memcmp(facts.data, head, begin) != 0)
    return (aft_str){0};
  char *out = aft__arena_alloc(r->arena, facts.len);
  size_t n = 0;
  r->nomem |= !out;
  for (size_t i = begin; out && i < facts.len - end; i++) {
    i += facts.data[i] == '\\';
    out[n++] = facts.data[i];
  }
  return aft__str(out, n);
}

static uint32_t find_tag(const replay *r, aft_str tag) {
  uint32_t i = r->n_other;
  while (i < r->facts.n_labels && !aft__str_eq(r->labels[i].text, tag))
    i++;
  return i;
}

static void see_tag(replay *r, const entry *e) {
  bool added = is(e->verb, "tag.added");
  aft_str tag = tag_in(r, e->facts);
  uint32_t at = find_tag(r, tag);
  bool has = at < r->facts.n_labels;
  if (!tag.len || added == has || (added && r->facts.n_labels == r->n_other + MOST_TAGS))
    return;
  if (added)
    r->labels[r->facts.n_labels++] = (aft__label){.fact = AFT__FACT_TAG, .name = aft__cstr(""), .text = tag};
  else
    r->labels[at] = r->labels[--r->facts.n_labels];
}

/* Whether the move that an event was has an effect. */
static bool has_effect(const replay *r, const entry *e, const char *verb) {
  uint32_t from = aft__flow_state_find(r->flow, e->from), to = aft__flow_state_find(r->flow, e->to);
  uint32_t event = e->verb.len > 7
                       ? aft__flow_event_find(r->flow, aft__str(e->verb.data + 7, e->verb.len - 7))
                       : AFT__FLOW_NONE;
  for (uint32_t i = 0; i < r->flow->n_moves; i++) {
    const aft__flow_move *m = &r->flow->moves[i];
    if (m->from != from || m->to != to || m->event != event)
      continue;
    for (uint32_t k = m->effect; k < m->effect + m->effects; k++)
      if (strcmp(r->flow->texts + r->flow->effects[k].verb, verb) == 0)
        return true;
  }
  return false;
}

static void see_state(replay *r, const entry *e) {
  aft__facts *f = &r->facts;
  bool moved = !aft__str_eq(e->from, e->to);
  if (!e->to.len)
    return;
  f->text[AFT__FACT_STATE] = e->to;
  if (has_effect(r, e, "escalate") &&
      f->number[AFT__FACT_LEVEL] < aft__policy_most_level(r->ticket->cmd->policy))
    f->number[AFT__FACT_LEVEL]++;
  if (moved && is(e->from, "resolved") && !is(e->to, "closed"))
    f->number[AFT__FACT_REOPENS]++;
  if (moved && is(e->to, "resolved"))
    r->resolved = e->at;
}

/* ---- from the beginning ---- */

/* Labels of now without the ticket's tags, which are those of the log. */
static aft_status begin_labels(replay *r, const aft__facts *now, aft_error *error) {
  r->labels = aft__arena_alloc(r->arena, (now->n_labels + MOST_TAGS) * sizeof *r->labels);
  if (!r->labels)
    return aft__nomem(error);
  for (uint32_t i = 0; i < now->n_labels; i++)
    if (now->labels[i].fact != AFT__FACT_TAG)
      r->labels[r->n_other++] = now->labels[i];
  r->facts.labels = r->labels;
  r->facts.n_labels = r->n_other;
  return AFT_OK;
}

static aft_status begin(replay *r, aft_error *error) {
  static const aft__fact_id numbers[] = {AFT__FACT_LEVEL,  AFT__FACT_REOPENS, AFT__FACT_HOURS_SINCE_RESOLVED,
                                         AFT__FACT_URGENT, AFT__FACT_CHASER,  AFT__FACT_HUMAN,
                                         AFT__FACT_ASKED};
  aft__facts now;
  AFT__TRY(aft__ticket_facts(r->ticket, &now, error));
  r->facts = now;
  r->tone = (int32_t)now.number[AFT__FACT_TONE];
  for (size_t i = 0; i < AFT__COUNT(numbers); i++)
    r->facts.number[numbers[i]] = 0;
  r->facts.text[AFT__FACT_COMPLAINT] = aft__cstr("none");
  r->facts.text[AFT__FACT_STATE] = aft__cstr(r->flow->texts + r->flow->states[r->flow->initial].name);
  return begin_labels(r, &now, error);
}

static void take_decisions(replay *r, aft_time at) {
  forget_message(r, false);
  while (r->next_decision < r->n_decisions &&
         r->decisions[r->next_decision][AFT__DECISION_CREATED].number <= at)
    see_decision(r, r->next_decision++);
}

/* All events of one time, from the one at index on; the index behind them is returned. */
static uint32_t take_events(replay *r, uint32_t at, aft__occasion *out) {
  *out = (aft__occasion){.at = r->entries[at].at, .facts = &r->facts};
  take_decisions(r, out->at);
  for (; at < r->n_entries && r->entries[at].at == out->at; at++) {
    const entry *e = &r->entries[at];
    out->on |= e->on;
    see_state(r, e);
    if (is(e->verb, "tag.added") || is(e->verb, "tag.removed"))
      see_tag(r, e);
  }
  if (r->resolved != AFT_TIME_NONE)
    r->facts.number[AFT__FACT_HOURS_SINCE_RESOLVED] = (out->at - r->resolved) / AFT__HOUR;
  return at;
}

static aft_status go_through(replay *r, aft__past *past, aft_error *error) {
  aft__occasion occasion;
  for (uint32_t i = 0; i < r->n_entries;) {
    i = take_events(r, i, &occasion);
    if (r->nomem)
      return aft__nomem(error);
    if (occasion.at >= past->end)
      return AFT_OK;
    if (occasion.on && occasion.at >= past->begin)
      AFT__TRY(past->fn(past->user, &occasion, error));
  }
  return AFT_OK;
}

/* The state of now is not asked for: a policy that is tried may lack it. */
aft_status aft__replay(aft__ticket *ticket, aft__past *past, aft_error *error) {
  replay r = {.ticket = ticket,
              .flow = aft__policy_machine(ticket->cmd->policy, "ticket"),
              .arena = ticket->cmd->arena,
              .resolved = AFT_TIME_NONE,
              .last_triage = UINT32_MAX};
  if (!r.flow)
    return aft__error(error, AFT_E_POLICY_MACHINE, "machines.ticket", "the policy has no ticket machine");
  AFT__TRY(read_past(&r, error));
  AFT__TRY(begin(&r, error));
  AFT__TRY(go_through(&r, past, error));
  past->cut = r.cut;
  return AFT_OK;
}

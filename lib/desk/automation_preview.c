/* What rules would have done with past tickets: pages of tickets, each gone through from its beginning. */
#include "desk/automation_priv.h"
#include "desk/case_priv.h"

#include <aftersales/automation.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PREVIEW_V1     (offsetof(aft_automation_preview_in, examples) + sizeof(uint32_t))
#define PAGE           16u
#define MOST_PERIOD    (3653 * AFT__DAY)
#define MOST_TICKETS   200000u
#define USUAL_TICKETS  10000u
#define MOST_EXAMPLES  50u
#define USUAL_EXAMPLES 5u
#define MOST_TOKEN     64u

/* What an action would have come to, as far as the facts tell. */
typedef struct figures {
  uint64_t would, idle, refused;
} figures;

typedef struct rule_figures {
  aft__rule_of rule;
  uint64_t came, held, stopped, tickets;
  figures actions[AFT__MOST_ACTIONS];
  char (*examples)[AFT_CODE_SIZE];
  uint32_t n_examples;
  bool told; /* of the ticket that is gone through */
} rule_figures;

typedef struct totals {
  uint64_t tickets, occasions, cut;
} totals;

typedef struct walk {
  aft_automation_preview_in in;
  const char *locale;
  aft_policy *policy;
  aft_policy *own;  /* the tenant's, where none was given */
  aft__arena arena; /* of the figures */
  rule_figures *rules, *before;
  uint32_t n_rules;
  aft__place place, next; /* where the page begins; where the next does */
  aft_time now;           /* when the preview began */
  totals counted, counted_before;
  uint32_t n, read; /* tickets of the page, and of all */
  bool ended;
} walk;

typedef struct page {
  walk *w;
  aft_id ids[PAGE];
} page;

/* One ticket. */
typedef struct one {
  walk *w;
  aft__ticket *ticket;
} one;

/* ---- what an action would have come to ---- */

static bool has_tag(const aft__facts *facts, aft_str tag) {
  for (uint32_t i = 0; i < facts->n_labels; i++)
    if (facts->labels[i].fact == AFT__FACT_TAG && aft__str_eq(facts->labels[i].text, tag))
      return true;
  return false;
}

/* What the machine would have said to the system then. */
static aft_status ask_machine(const aft_policy *policy, const char *name, const aft__facts *facts) {
  const aft__flow *flow = aft__policy_machine(policy, "ticket");
  aft__flow_step_out step;
  aft__guarded of = {policy, facts};
  uint32_t state = flow ? aft__flow_state_find(flow, facts->text[AFT__FACT_STATE]) : AFT__FLOW_NONE;
  uint32_t event = flow ? aft__flow_event_find(flow, aft__cstr(name)) : AFT__FLOW_NONE;
  if (state == AFT__FLOW_NONE || event == AFT__FLOW_NONE)
    return AFT_E_TRANSITION;
  return aft__flow_step(flow, state, event, AFT__FLOW_ACTOR(AFT_ROLE_SYSTEM), aft__guard, &of, &step, NULL);
}

static aft_status idle_if(bool so) { return so ? AFT_IGNORED : AFT_OK; }

static aft_status raise(const aft_policy *policy, aft_str wanted, aft_str found) {
  aft__priority a, b;
  return idle_if(aft__policy_priority_find(policy, wanted, &a) &&
                 aft__policy_priority_find(policy, found, &b) && b.rank <= a.rank);
}

static aft_status sorted(const aft__facts *facts, aft__fact_id fact, aft_str value) {
  return idle_if(aft__str_eq(facts->text[fact], value) && !facts->number[AFT__FACT_UNSURE]);
}

static aft_status would(const aft_policy *policy, const aft__todo *todo, const aft__facts *facts) {
  const char *event = aft__todo_event(todo->kind);
  switch (todo->kind) {
  case AFT__ACTION_TAG:
    return idle_if(has_tag(facts, todo->value));
  case AFT__ACTION_UNTAG:
    return idle_if(!has_tag(facts, todo->value));
  case AFT__ACTION_CATEGORY:
    return sorted(facts, AFT__FACT_CATEGORY, todo->value);
  case AFT__ACTION_TOPIC:
    return sorted(facts, AFT__FACT_TOPIC, todo->value);
  case AFT__ACTION_PRIORITY:
    return raise(policy, todo->value, facts->text[AFT__FACT_PRIORITY]);
  case AFT__ACTION_QUEUE:
    return idle_if(aft__str_eq(facts->text[AFT__FACT_QUEUE], todo->value));
  case AFT__ACTION_TEAM:
    return idle_if(aft__str_eq(facts->text[AFT__FACT_QUEUE], aft__policy_team_queue(policy, todo->value)));
  case AFT__ACTION_CASE:
    return facts->number[AFT__FACT_HAS_ORDER] ? AFT_OK : AFT_E_INELIGIBLE;
  case AFT__ACTION_ESCALATE:
    if (facts->number[AFT__FACT_LEVEL] >= aft__policy_most_level(policy))
      return AFT_IGNORED;
    return ask_machine(policy, event, facts);
  default:
    return event ? ask_machine(policy, event, facts) : AFT_OK;
  }
}

/* ---- counting ---- */

static void count_actions(walk *w, rule_figures *f, const aft__facts *facts) {
  for (uint32_t i = 0; i < f->rule.n_actions; i++) {
    aft__todo todo;
    aft__policy_todo(w->policy, f->rule.first + i, &todo);
    aft_status status = would(w->policy, &todo, facts);
    f->actions[i].would += status == AFT_OK;
    f->actions[i].idle += status > 0;
    f->actions[i].refused += status < 0;
  }
}

static void count_ticket(walk *w, rule_figures *f, const aft__ticket *ticket) {
  aft_str code = aft__ticket_str(ticket, AFT__TICKET_CODE);
  if (f->told)
    return;
  f->told = true;
  f->tickets++;
  if (f->n_examples == w->in.examples || code.len >= AFT_CODE_SIZE)
    return;
  memcpy(f->examples[f->n_examples], code.data, code.len);
  f->examples[f->n_examples++][code.len] = 0;
}

static bool is_wanted(const walk *w, const aft__rule_of *rule) {
  return !w->in.rule.len || aft__str_eq(w->in.rule, rule->name);
}

/* A rule that stops leaves those behind it unasked, as it would have. */
static aft_status see_occasion(void *user, const aft__occasion *occasion, aft_error *error) {
  one *o = user;
  walk *w = o->w;
  bool stopped = false;
  (void)error;
  w->counted.occasions++;
  for (uint32_t i = 0; i < w->n_rules; i++) {
    rule_figures *f = &w->rules[i];
    if (!(f->rule.on & occasion->on) || !is_wanted(w, &f->rule))
      continue;
    f->came++;
    f->stopped += stopped;
    if (stopped || !aft__automation_holds(w->policy, f->rule.condition, occasion->facts))
      continue;
    f->held++;
    count_ticket(w, f, o->ticket);
    count_actions(w, f, occasion->facts);
    stopped = f->rule.stop;
  }
  return AFT_OK;
}

static aft_status see_ticket(aft__cmd *cmd, walk *w, aft_id id, aft_error *error) {
  aft__ticket ticket;
  one o = {w, &ticket};
  aft__past past = {.begin = w->in.begin, .end = w->in.end, .fn = see_occasion, .user = &o};
  for (uint32_t i = 0; i < w->n_rules; i++)
    w->rules[i].told = false;
  aft_status status = aft__ticket_load(cmd, id, &ticket, error);
  if (status >= 0 && (!w->in.shop || aft__ticket_int(&ticket, AFT__TICKET_SHOP) == w->in.shop)) {
    status = aft__replay(&ticket, &past, error);
    w->counted.tickets++;
    w->counted.cut += past.cut;
  }
  aft__ticket_done(&ticket);
  return status;
}

/* ---- pages ---- */

/* Tickets that changed since the preview began come up again behind all others: once is enough. */
static aft_status pick(void *user, const aft__value *row, aft_error *error) {
  page *p = user;
  walk *w = p->w;
  aft_time updated = aft__row_int(row, AFT__TICKET_UPDATED);
  (void)error;
  if (updated > w->now) {
    w->ended = true;
    return AFT_DONE;
  }
  w->next = (aft__place){true, updated, aft__row_int(row, AFT__TICKET_ID)};
  p->ids[w->n++] = w->next.id;
  return AFT_OK;
}

static aft_status may_look(aft__cmd *cmd, const walk *w, aft_error *error) {
  if (cmd->call.role == AFT_ROLE_AGENT && !w->in.shop)
    return aft__denied(cmd, "an agent names a shop of theirs", error);
  return w->in.shop ? aft__may_shop(cmd, w->in.shop, error) : AFT_OK;
}

static aft_status look_at(aft__cmd *cmd, page *p, aft_error *error) {
  walk *w = p->w;
  aft__value low = aft__int(w->in.begin);
  aft__scan scan = {.table = &aft__ticket_table,
                    .index = AFT__TICKET_BY_UPDATED,
                    .n_equal = 1,
                    .equal = {aft__int(cmd->call.tenant)},
                    .low = &low,
                    .after = w->place.set,
                    .after_value = aft__int(w->place.value),
                    .after_id = w->place.id,
                    .limit = PAGE};
  AFT__TRY(aft__scan_each(cmd->tx, &scan, pick, p, error));
  w->ended |= w->n < PAGE;
  for (uint32_t i = 0; i < w->n; i++)
    AFT__TRY(see_ticket(cmd, w, p->ids[i], error));
  return AFT_OK;
}

/* ---- before the first page ---- */

static aft_status room_for(walk *w, uint32_t n, aft_error *error) {
  w->rules = aft__arena_alloc(&w->arena, (n + 1) * sizeof *w->rules);
  w->before = aft__arena_alloc(&w->arena, (n + 1) * sizeof *w->before);
  if (!w->rules || !w->before)
    return aft__nomem(error);
  for (w->n_rules = 0; w->n_rules < n; w->n_rules++) {
    rule_figures *f = &w->rules[w->n_rules];
    aft__policy_rule_at(w->policy, w->n_rules, &f->rule);
    f->examples = aft__arena_alloc(&w->arena, w->in.examples * sizeof *f->examples);
    if (!f->examples)
      return aft__nomem(error);
  }
  memcpy(w->before, w->rules, n * sizeof *w->rules);
  return AFT_OK;
}

static aft_status list_rules(walk *w, aft_error *error) {
  aft__rule_of rule;
  bool found = !w->in.rule.len;
  uint32_t n = 0;
  for (; aft__policy_rule_at(w->policy, n, &rule); n++)
    found |= is_wanted(w, &rule);
  if (!found)
    return aft__error(error, AFT_E_NOT_FOUND, "preview.rule", "the policy has no rule '%.*s'",
                      (int)aft__utf8_cut(w->in.rule, 60), w->in.rule.data);
  return room_for(w, n, error);
}

/* A page that is read again, because its transaction runs again, begins with the figures that were before. */
static aft_status prepare(aft__cmd *cmd, walk *w, aft_error *error) {
  if (!w->policy)
    w->policy = w->own = aft_policy_ref(cmd->policy);
  if (!w->rules) {
    w->now = cmd->now;
    return list_rules(w, error);
  }
  memcpy(w->rules, w->before, w->n_rules * sizeof *w->rules);
  w->counted = w->counted_before;
  return AFT_OK;
}

/* Facts and machine are those of the policy that is tried. */
static aft_status read_page(aft__cmd *cmd, void *given, aft_error *error) {
  page *p = given;
  walk *w = p->w;
  aft_policy *own = cmd->policy;
  AFT__TRY(may_look(cmd, w, error));
  AFT__TRY(prepare(cmd, w, error));
  cmd->policy = w->policy;
  w->n = 0;
  w->ended = false;
  aft_status status = look_at(cmd, p, error);
  cmd->policy = own;
  return status;
}

static aft_status walk_all(walk *w, aft_session *session, const aft_call *call, aft_error *error) {
  static const aft__command command = {.verb = "automation.preview",
                                       .name = "automation_preview",
                                       .roles = AFT__ROLES_STAFF,
                                       .read = true,
                                       .run = read_page};
  page p = {.w = w};
  do {
    if (w->rules)
      memcpy(w->before, w->rules, w->n_rules * sizeof *w->rules);
    w->counted_before = w->counted;
    AFT__TRY(aft__command_run(session, call, &command, &p, NULL, error));
    if (w->n)
      w->place = w->next;
    w->read += w->n;
  } while (!w->ended && w->read < w->in.most);
  return AFT_OK;
}

/* ---- what is told ---- */

static void put_number(aft__json *json, const char *key, uint64_t n) {
  aft__json_key(json, key);
  aft__json_i64(json, (int64_t)n);
}

static void put_action(const walk *w, const rule_figures *f, uint32_t i, aft__json *json) {
  aft__todo todo;
  aft__policy_todo(w->policy, f->rule.first + i, &todo);
  aft__todo_json(&todo, json);
  put_number(json, "would", f->actions[i].would);
  put_number(json, "idle", f->actions[i].idle);
  put_number(json, "refused", f->actions[i].refused);
  aft__json_close(json, '}');
}

static void put_rule(const walk *w, const rule_figures *f, aft__json *json) {
  char key[80];
  snprintf(key, sizeof key, "automation.%.*s", (int)f->rule.name.len, f->rule.name.data);
  const char *label = aft_policy_text(w->policy, w->locale, key);
  aft__json_open(json, '{');
  aft__json_key(json, "name");
  aft__json_str(json, f->rule.name);
  aft__json_key(json, "label");
  aft__json_str(json, label == key ? f->rule.name : aft__cstr(label));
  aft__json_key(json, "enabled");
  aft__json_bool(json, f->rule.enabled);
  put_number(json, "came", f->came);
  put_number(json, "held", f->held);
  put_number(json, "stopped", f->stopped);
  put_number(json, "tickets", f->tickets);
  aft__json_key(json, "actions");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < f->rule.n_actions; i++)
    put_action(w, f, i, json);
  aft__json_close(json, ']');
  aft__json_key(json, "examples");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < f->n_examples; i++)
    aft__json_str(json, aft__cstr(f->examples[i]));
  aft__json_close(json, ']');
  aft__json_close(json, '}');
}

static void put_names(aft__json *json, const char *key, const char *const *names) {
  aft__json_key(json, key);
  aft__json_open(json, '[');
  for (; *names; names++)
    aft__json_str(json, aft__cstr(*names));
  aft__json_close(json, ']');
}

static void put_facts(aft__json *json) {
  static const char *const now[] = {"topic",           "language",       "channel",      "tier",
                                    "label",           "has_order",      "order_state",  "case_state",
                                    "value",           "currency",       "jurisdiction", "platform",
                                    "customer_tag",    "order_tag",      "attribute",    "customer_attribute",
                                    "order_attribute", "advance_refund", "free_pickup",  NULL};
  static const char *const unknown[] = {"asked", NULL};
  aft__json_key(json, "facts");
  aft__json_open(json, '{');
  put_names(json, "then", aft__facts_of_then);
  put_names(json, "now", now);
  put_names(json, "unknown", unknown);
  aft__json_close(json, '}');
}

static void put_end(const walk *w, aft__json *json) {
  char token[MOST_TOKEN];
  aft__json_key(json, "complete");
  aft__json_bool(json, w->ended);
  if (w->ended)
    return;
  snprintf(token, sizeof token, "%" PRId64 ".%" PRId64, w->place.value, w->place.id);
  aft__json_key(json, "next");
  aft__json_str(json, aft__cstr(token));
}

static void put_all(const walk *w, aft__json *json) {
  aft__json_open(json, '{');
  aft__json_key(json, "policy");
  aft__json_str(json, aft__cstr(aft_policy_hash(w->policy)));
  aft__json_key(json, "from");
  aft__json_i64(json, w->in.begin);
  aft__json_key(json, "to");
  aft__json_i64(json, w->in.end);
  put_number(json, "tickets", w->counted.tickets);
  put_number(json, "occasions", w->counted.occasions);
  put_number(json, "cut", w->counted.cut);
  aft__json_key(json, "rules");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < w->n_rules; i++)
    if (is_wanted(w, &w->rules[i].rule))
      put_rule(w, &w->rules[i], json);
  aft__json_close(json, ']');
  put_facts(json);
  put_end(w, json);
  aft__json_close(json, '}');
}

/* ---- the call ---- */

/* "<time>.<id>" */
static bool is_place(const char *text, aft__place *out) {
  char *end;
  if (text[0] < '0' || text[0] > '9')
    return false;
  out->value = strtoll(text, &end, 10);
  if (end[0] != '.' || end[1] < '1' || end[1] > '9')
    return false;
  out->id = strtoll(end + 1, &end, 10);
  out->set = *end == 0 && out->id < INT64_MAX;
  return out->set;
}

static aft_status read_token(walk *w, aft_error *error) {
  char text[MOST_TOKEN];
  if (!w->in.token.len)
    return AFT_OK;
  memcpy(text, w->in.token.data, w->in.token.len);
  text[w->in.token.len] = 0;
  if (is_place(text, &w->place))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, "preview.token", "expected the \"next\" of a preview, found '%s'",
                    text);
}

static aft_status check(walk *w, aft_error *error) {
  aft_automation_preview_in *in = &w->in;
  if (in->begin < 0 || in->end <= in->begin || in->end - in->begin > MOST_PERIOD)
    return aft__error(error, AFT_E_INVALID, "preview.begin", "expected a period of at most ten years");
  if (in->shop)
    AFT__TRY(aft__in_id(in->shop, "preview.shop", error));
  AFT__TRY(aft__in_text(&in->rule, 64, "preview.rule", error));
  AFT__TRY(aft__in_text(&in->token, MOST_TOKEN - 1, "preview.token", error));
  if (in->most > MOST_TICKETS)
    return aft__error(error, AFT_E_INVALID, "preview.most", "expected at most %u tickets, found %u",
                      MOST_TICKETS, in->most);
  if (in->examples > MOST_EXAMPLES)
    return aft__error(error, AFT_E_INVALID, "preview.examples", "expected at most %u, found %u",
                      MOST_EXAMPLES, in->examples);
  in->most = in->most ? in->most : USUAL_TICKETS;
  in->examples = in->examples ? in->examples : USUAL_EXAMPLES;
  return read_token(w, error);
}

static aft_status report(walk *w, aft_session *session, const aft_call *call, aft_buf *out,
                         aft_error *error) {
  aft__json json;
  AFT__TRY(walk_all(w, session, call, error));
  aft__json_init(&json, out);
  put_all(w, &json);
  return out->failed ? aft__nomem(error) : AFT_OK;
}

aft_status aft_automation_preview(aft_session *session, const aft_call *call, aft_policy *policy,
                                  const aft_automation_preview_in *in, const char *locale, aft_buf **out,
                                  aft_error *error) {
  walk w = {.locale = locale ? locale : "en", .policy = policy};
  if (!session || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, session ? "out" : "session", "the handle is NULL");
  AFT__TRY(aft__abi_copy(&w.in, sizeof w.in, in, PREVIEW_V1, "aft_automation_preview_in", error));
  AFT__TRY(check(&w, error));
  aft_env *env = aft__session_env(session);
  aft_buf *buf = aft__buf_new(env);
  aft__arena_init(&w.arena, env);
  aft_status status = buf ? report(&w, session, call, buf, error) : aft__nomem(error);
  aft__arena_done(&w.arena);
  aft_policy_unref(w.own);
  if (status < 0)
    aft_buf_free(buf);
  else
    *out = buf;
  return status;
}

/* What the services behind the machines fire and carry out: every machine is held to it. */
#include "policy/policy_priv.h"

#include <stdio.h>

/* ---- tickets ---- */

static const char *const ticket_states[] = {"new",           "triaged",  "assigned", "waiting_customer",
                                            "waiting_third", "resolved", "closed",   "merged",
                                            "spam",          NULL};
static const char *const ticket_fires[] = {
    "triage",  "assign", "release", "answer", "customer_reply", "acknowledge", "resume",   "wait_third",
    "resolve", "reopen", "close",   "merge",  "spam",           "unspam",      "escalate", NULL};
static const char *const ticket_effects[] = {"escalate", "reopen", "notify",       "survey", "cancel_survey",
                                             "queue",    "task",   "cancel_tasks", NULL};
static const aft__flow_contract ticket_contract = {ticket_states, ticket_fires, ticket_effects};

/* ---- cases ---- */

static const char *const case_states[] = {"new", NULL};
static const char *const case_fires[] = {"file", NULL};
static const aft__flow_contract case_contract = {case_states, case_fires, NULL};

const aft__flow_contract *aft__machine_contract(const char *machine) {
  return strcmp(machine, "ticket") == 0 ? &ticket_contract : &case_contract;
}

/* Arguments: none at all, any word, or those that are listed with spaces between them; a leading '?' is one
 * that may be left out. */
#define NO_WORD  ""
#define ANY_WORD "*"

static const struct {
  const char *verb, *words;
} effects[] = {{"propose", NO_WORD},
               {"agree", NO_WORD},
               {"arrive", NO_WORD},
               {"decline", NO_WORD},
               {"hold", "in_return in_exchange in_repair"},
               {"free", NO_WORD},
               {"take", NO_WORD},
               {"lose", NO_WORD},
               {"give_back", NO_WORD},
               {"ship", NO_WORD},
               {"count", NO_WORD},
               {"accept", "? all"},
               {"refuse", NO_WORD},
               {"replace", NO_WORD},
               {"plan", NO_WORD},
               {"release", "approval pickup delivery inspection settlement now"},
               {"advance", "? approval pickup delivery"},
               {"debt", NO_WORD},
               {"void", NO_WORD},
               {"retry", NO_WORD},
               {"offline", NO_WORD},
               {"charge", NO_WORD},
               {"uncharge", NO_WORD},
               {"stand", NO_WORD},
               {"miss", NO_WORD},
               {"hold_money", NO_WORD},
               {"capture_money", NO_WORD},
               {"free_money", NO_WORD},
               {"label", NO_WORD},
               {"void_label", NO_WORD},
               {"intercept", NO_WORD},
               {"let_pass", NO_WORD},
               {"reserve", NO_WORD},
               {"unreserve", NO_WORD},
               {"settlement", "hold free"},
               {"convert", ANY_WORD},
               {"follow", ANY_WORD},
               {"parent", "disputed verdict_buyer verdict_seller verdict_shared dispute_ended"},
               {"invoice", NO_WORD},
               {"ticket", "resolve trouble"},
               {"notify", ANY_WORD},
               {"work", ANY_WORD},
               {"inform", NO_WORD},
               {"quote", NO_WORD},
               {"exclude", NO_WORD},
               {"fault", NO_WORD},
               {"warranty", "pause resume renew"},
               {"verdict", "? buyer seller shared"}};

static bool word_listed(const char *words, const char *word) {
  size_t len = strlen(word);
  for (const char *at = strstr(words, word); len && at; at = strstr(at + 1, word))
    if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
      return true;
  return false;
}

static bool word_fits(const char *words, const char *word) {
  if (!*word)
    return *words == '?' || !*words;
  return strcmp(words, ANY_WORD) == 0 || word_listed(words, word);
}

typedef struct place {
  const aft__flow *flow;
  const aft__flow_move *move;
  aft__flow_report report;
  void *user;
} place;

static void fault(const place *at, const char *problem, const char *expected) {
  char message[500];
  const aft__flow *flow = at->flow;
  snprintf(message, sizeof message, "the transition of state '%.64s' for '%.64s' %s%s",
           flow->texts + flow->states[at->move->from].name, flow->texts + flow->events[at->move->event].name,
           problem, expected);
  at->report(at->user, at->move->line, at->move->column, message);
}

static void check_words(const place *at, const char *verb, const char *word, const char *words) {
  char problem[300];
  if (word_fits(words, word))
    return;
  const char *expected = !*words                        ? "no argument"
                         : strcmp(words, ANY_WORD) == 0 ? "an argument"
                         : *words == '?'                ? words + 2
                                                        : words;
  snprintf(problem, sizeof problem, "has the effect '%.64s' with %s%.64s%s: expected ", verb,
           *word ? "'" : "nothing", word, *word ? "'" : "");
  fault(at, problem, expected);
}

static void check_effect(const place *at, const aft__flow_effect *effect) {
  const char *verb = at->flow->texts + effect->verb;
  char problem[200];
  for (size_t i = 0; i < AFT__COUNT(effects); i++)
    if (strcmp(verb, effects[i].verb) == 0) {
      check_words(at, verb, at->flow->texts + effect->arg, effects[i].words);
      return;
    }
  snprintf(problem, sizeof problem, "has the unknown effect '%.64s'", verb);
  fault(at, problem, ": docs/machines.md lists those that cases know");
}

/* Cases begin where the desk begins them. */
static void check_start(const aft__flow *flow, aft__flow_report report, void *user) {
  const aft__flow_state *first = &flow->states[flow->initial];
  if (strcmp(flow->texts + first->name, "new") != 0)
    report(user, first->line, first->column, "a case begins in the state 'new': expected 'initial: new'");
  for (uint32_t i = 0; i < flow->n_moves; i++)
    if (flow->moves[i].from == flow->initial &&
        strcmp(flow->texts + flow->events[flow->moves[i].event].name, "file") == 0)
      return;
  report(user, first->line, first->column,
         "a case is filed by the event 'file', which its first state lacks");
}

void aft__case_contract(const aft__flow *flow, aft__flow_report report, void *user) {
  check_start(flow, report, user);
  for (uint32_t i = 0; i < flow->n_moves; i++) {
    place at = {flow, &flow->moves[i], report, user};
    for (uint32_t k = 0; k < at.move->effects; k++)
      check_effect(&at, &flow->effects[at.move->effect + k]);
  }
}

/* ---- from one machine to another ---- */

static aft_str key_of(const void *items, uint32_t i) { return ((const aft__item *)items)[i].key; }

/* The machine of a kind of case; NULL when it was faulted. */
static const aft__node *kind_node(aft__compile *cx, const aft__node *machines, const aft__node *at,
                                  aft_str kind) {
  char name[65];
  const aft__item *found = NULL;
  if (kind.len < sizeof name) {
    memcpy(name, kind.data, kind.len);
    name[kind.len] = '\0';
    found = aft__node_find(machines, name);
  }
  if (found && !aft__str_eq(kind, aft__cstr("ticket")))
    return found->value;
  aft__fault_node(cx->faults, AFT_E_POLICY_MACHINE, at, "there is no kind of case '%.*s'%s",
                  (int)aft__utf8_cut(kind, 60), kind.data,
                  aft__did_you_mean(cx->faults, kind, machines->items, machines->count, key_of));
  return NULL;
}

/* "return.approved": a case that goes over must be able to go on from there. */
static void check_convert(aft__compile *cx, const aft__node *machines, const aft__node *at) {
  const char *dot = memchr(at->text.data, '.', at->text.len);
  if (!dot) {
    aft__fault_node(cx->faults, AFT_E_POLICY_MACHINE, at,
                    "expected a kind of case and its state, as in return.approved; found '%.*s'",
                    (int)aft__utf8_cut(at->text, 60), at->text.data);
    return;
  }
  const aft__node *machine =
      kind_node(cx, machines, at, (aft_str){at->text.data, (size_t)(dot - at->text.data)});
  const aft__node *states = aft__node_get(machine, "states"), *state = aft__node_get(states, dot + 1);
  bool terminal = false;
  if (!states || states->kind != AFT__NODE_MAP)
    return;
  if (!state)
    aft__fault_node(cx->faults, AFT_E_POLICY_MACHINE, at, "the machine has no state '%s' to go over to%s",
                    dot + 1,
                    aft__did_you_mean(cx->faults, aft__cstr(dot + 1), states->items, states->count, key_of));
  else if (aft__node_bool(aft__node_get(state, "terminal"), &terminal) && terminal)
    aft__fault_node(cx->faults, AFT_E_POLICY_MACHINE, at,
                    "a case cannot go over to '%s', which is an end: expected a state that goes on", dot + 1);
}

/* "return" or "return.defective_later": a case that follows has a reason of its own, or its parent's. */
static void check_follow(aft__compile *cx, const aft__node *machines, const aft__node *at) {
  const char *dot = memchr(at->text.data, '.', at->text.len);
  kind_node(cx, machines, at, dot ? (aft_str){at->text.data, (size_t)(dot - at->text.data)} : at->text);
  const aft__node *cases = aft__node_get(cx->root, "cases"), *reasons = aft__node_get(cases, "reasons");
  if (!dot || !reasons || reasons->kind != AFT__NODE_MAP || aft__node_get(reasons, dot + 1))
    return;
  aft__fault_node(cx->faults, AFT_E_POLICY_MACHINE, at, "the policy has no reason '%s'%s", dot + 1,
                  aft__did_you_mean(cx->faults, aft__cstr(dot + 1), reasons->items, reasons->count, key_of));
}

static void check_target(aft__compile *cx, const aft__node *machines, const aft__node *effect) {
  if (effect->kind != AFT__NODE_MAP || effect->count != 1 || effect->items[0].value->kind != AFT__NODE_TEXT)
    return;
  const aft__node *word = effect->items[0].value;
  if (aft__str_eq(effect->items[0].key, aft__cstr("convert")))
    check_convert(cx, machines, word);
  else if (aft__str_eq(effect->items[0].key, aft__cstr("follow")))
    check_follow(cx, machines, word);
}

static void check_move(aft__compile *cx, const aft__node *machines, const aft__node *move) {
  const aft__node *effects_of = aft__node_get(move, "do");
  for (uint32_t i = 0; effects_of && effects_of->kind == AFT__NODE_LIST && i < effects_of->count; i++)
    check_target(cx, machines, effects_of->items[i].value);
}

static void check_state(aft__compile *cx, const aft__node *machines, const aft__node *state) {
  const aft__node *on = aft__node_get(state, "on");
  for (uint32_t i = 0; on && on->kind == AFT__NODE_MAP && i < on->count; i++) {
    const aft__node *moves = on->items[i].value;
    if (moves->kind != AFT__NODE_LIST)
      check_move(cx, machines, moves);
    for (uint32_t m = 0; moves->kind == AFT__NODE_LIST && m < moves->count; m++)
      check_move(cx, machines, moves->items[m].value);
  }
}

void aft__contract_targets(aft__compile *cx, const aft__node *machines) {
  for (uint32_t i = 0; i < machines->count; i++) {
    const aft__node *states = aft__node_get(machines->items[i].value, "states");
    for (uint32_t s = 0; states && states->kind == AFT__NODE_MAP && s < states->count; s++)
      check_state(cx, machines, states->items[s].value);
  }
}

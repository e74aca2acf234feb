/* What rules and macros do to a ticket: one function for each action of the policy. */
#include "desk/automation/automation_priv.h"
#include "desk/case/case_priv.h"
#include "desk/label/label_priv.h"
#include "desk/routing/routing_priv.h"

typedef aft_status (*act_fn)(aft__ticket *ticket, const aft__action_of *action, aft_error *error);

/* ---- set ---- */

static aft_status sort(aft__ticket *ticket, aft_str category, aft_str topic, aft_error *error) {
  bool same = aft__str_eq(aft__ticket_str(ticket, AFT__TICKET_CATEGORY), category) &&
              (!topic.len || aft__str_eq(aft__ticket_str(ticket, AFT__TICKET_TOPIC), topic));
  if (same && !aft__ticket_int(ticket, AFT__TICKET_UNSURE))
    return AFT_IGNORED;
  return aft__ticket_sort(ticket, category, topic, "explain.category.automation", error);
}

static aft_status set_category(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  return sort(ticket, action->value, (aft_str){0}, error);
}

static aft_status set_topic(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  return sort(ticket, aft__policy_topic_category(ticket->cmd->policy, action->value), action->value, error);
}

static aft_status set_priority(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  return aft__ticket_raise(ticket, action->value, error);
}

static aft_status set_attribute(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  aft__attribute_def def;
  aft__label_change told;
  aft_attribute_in in = {.size = sizeof in,
                         .kind = AFT_KIND_TICKET,
                         .subject = aft__ticket_id(ticket),
                         .name = action->name,
                         .number = action->number};
  AFT__TRY(aft__policy_attribute_find(ticket->cmd->policy, AFT__LABELS_TICKET, action->name, &def, error));
  if (!aft__value_is_number(def.type))
    in.text = action->value;
  aft_status status = aft__attribute_change(ticket->cmd, AFT__LABELS_TICKET, &in, &told, error);
  return status == AFT_OK ? aft__ticket_labelled(ticket, &told, error) : status;
}

/* ---- tags ---- */

static aft_status change_tag(aft__ticket *ticket, const aft__action_of *action, bool adding,
                             aft_error *error) {
  aft__label_change told;
  aft_tag_in in = {
      .size = sizeof in, .kind = AFT_KIND_TICKET, .subject = aft__ticket_id(ticket), .tag = action->value};
  aft_status status = aft__tag_change(ticket->cmd, AFT__LABELS_TICKET, &in, adding, &told, error);
  return status == AFT_OK ? aft__ticket_labelled(ticket, &told, error) : status;
}

static aft_status add_tag(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  return change_tag(ticket, action, true, error);
}

static aft_status take_tag(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  return change_tag(ticket, action, false, error);
}

/* ---- assign ---- */

/* A rule cannot know that somebody comes later, and gives nothing to an agent who is not there. */
static aft_status see_there(aft__ticket *ticket, const aft__value *agent, aft_error *error) {
  aft__routing routing;
  aft__policy_routing_of(ticket->cmd->policy, &routing);
  return routing.hand_back == AFT__HAND_BACK_NEVER ? AFT_OK : aft__fit_present(ticket->cmd, agent, error);
}

static aft_status assign_agent(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value keys[] = {aft__int(cmd->call.tenant), aft__text(action->value)}, *agent;
  aft__fire fire = {.event = "assign"};
  aft_status status = aft__find(cmd->tx, &aft__agent_table, AFT__AGENT_BY_EXTERNAL, keys, &agent, error);
  if (status == AFT_E_NOT_FOUND)
    return aft__error(error, status, "assign", "there is no agent '%.*s'",
                      (int)aft__utf8_cut(action->value, 60), action->value.data);
  AFT__TRY(status);
  if (aft__ticket_int(ticket, AFT__TICKET_ASSIGNEE) == agent[AFT__AGENT_ID].number)
    return AFT_IGNORED;
  AFT__TRY(aft__works_for(cmd, agent[AFT__AGENT_ID].number, aft__ticket_int(ticket, AFT__TICKET_SHOP),
                          "assign", error));
  bool by_rule = aft__automation_runs(cmd, aft__ticket_id(ticket));
  if (by_rule)
    AFT__TRY(see_there(ticket, agent, error));
  status = aft__ticket_fire(ticket, &fire, error);
  if (status != AFT_OK)
    return status;
  aft__ticket_set(ticket, AFT__TICKET_ASSIGNEE, agent[AFT__AGENT_ID]);
  ticket->seen_there |= by_rule;
  return AFT_OK;
}

/* Whoever has the ticket gives it up, so that it waits there. */
static aft_status move_to(aft__ticket *ticket, aft_str queue, aft_error *error) {
  bool held = !aft__row_null(ticket->row, AFT__TICKET_ASSIGNEE);
  aft__fire fire = {.event = "release"};
  if (held) {
    aft_status status = aft__ticket_fire(ticket, &fire, error);
    if (status != AFT_OK)
      return status;
    aft__ticket_set(ticket, AFT__TICKET_ASSIGNEE, aft__null());
  }
  aft_status status = aft__ticket_requeue(ticket, queue, error);
  return status == AFT_IGNORED && held ? AFT_OK : status;
}

static aft_status assign_queue(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  return move_to(ticket, action->value, error);
}

static aft_status assign_team(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  return move_to(ticket, aft__policy_team_queue(ticket->cmd->policy, action->value), error);
}

/* ---- words ---- */

static aft_status text_key(aft__ticket *ticket, const aft__action_of *action, const char **out,
                           aft_error *error) {
  *out = aft__arena_printf(ticket->cmd->arena, "%s.%.*s", aft__action_words[action->kind],
                           (int)action->value.len, action->value.data);
  return *out ? AFT_OK : aft__nomem(error);
}

static aft_status notify(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  return aft__ticket_notify(ticket, action->value.data, error);
}

static aft_status render(aft__ticket *ticket, const aft__action_of *action, const char *locale, aft_str *out,
                         aft_error *error) {
  const char *key;
  aft__buf words;
  const aft__arg args[] = {{"code", aft__ticket_str(ticket, AFT__TICKET_CODE)},
                           {"subject", aft__ticket_str(ticket, AFT__TICKET_SUBJECT)}};
  AFT__TRY(text_key(ticket, action, &key, error));
  aft__buf_init(&words, ticket->cmd->env);
  aft__policy_render(ticket->cmd->policy, locale, key, args, AFT__COUNT(args), &words);
  *out = words.failed ? (aft_str){0} : aft__arena_dup(ticket->cmd->arena, aft__buf_view(&words));
  aft__buf_done(&words);
  return out->data ? AFT_OK : aft__nomem(error);
}

static aft_status say(aft__ticket *ticket, const aft__action_of *action, uint32_t visibility,
                      const char *locale, aft_error *error) {
  aft__value *row;
  aft__answer reply = {.visibility = visibility};
  AFT__TRY(render(ticket, action, locale, &reply.text, error));
  return aft__ticket_reply(ticket, &reply, &row, error);
}

static aft_status answer(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  return say(ticket, action, AFT_PUBLIC, aft__ticket_locale(ticket), error);
}

/* For people of the shop, so in the tenant's language. */
static aft_status note(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  const char *locale = aft__locale_of(aft__row_str(ticket->cmd->tenant, AFT__TENANT_LOCALE));
  return say(ticket, action, AFT_PRIVATE, locale, error);
}

/* ---- the rest ---- */

/* Filing loads the ticket for itself, and may resolve it. What a marketplace decides is filed there alone. */
static aft_status open_case(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  aft__cmd *cmd = ticket->cmd;
  aft__value *order;
  aft_case_in in = {.size = sizeof in,
                    .order = aft__ticket_int(ticket, AFT__TICKET_ORDER),
                    .ticket = aft__ticket_id(ticket),
                    .kind = action->name,
                    .reason = action->value};
  if (!in.order)
    return aft__error(error, AFT_E_INELIGIBLE, "open_case", "the ticket is about no order");
  AFT__TRY(aft__load(cmd, &aft__order_table, AFT__ORDER_TENANT, in.order, "ticket.order", &order, error));
  if (!aft__row_null(order, AFT__ORDER_PLATFORM))
    return aft__error(error, AFT_E_INELIGIBLE, "open_case", "the order is a marketplace's, which decides");
  AFT__TRY(aft__ticket_write(ticket, error));
  AFT__TRY(aft__case_file(cmd, &in, error));
  return aft__ticket_again(ticket, error);
}

static aft_status open_task(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  const aft__task_new in = {.name = action->value, .cause = "rule"};
  aft_id task;
  return aft__task_open(ticket, &in, &task, error);
}

static aft_status escalate(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  aft__fire fire = {.event = "escalate"};
  (void)action;
  if (aft__ticket_int(ticket, AFT__TICKET_LEVEL) >= aft__policy_most_level(ticket->cmd->policy))
    return AFT_IGNORED;
  return aft__ticket_fire(ticket, &fire, error);
}

static aft_status resolve(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  aft__fire fire = {.event = "resolve"};
  aft_status status = aft__ticket_fire(ticket, &fire, error);
  if (status == AFT_OK)
    aft__ticket_set(ticket, AFT__TICKET_RESOLUTION,
                    aft__text(action->value.len ? action->value : aft__cstr("solved")));
  return status;
}

/* event: of the ticket's machine, which it fires. */
static const struct {
  act_fn run;
  const char *event;
} acts[AFT__ACTIONS] = {
    [AFT__ACTION_CATEGORY] = {set_category, NULL},
    [AFT__ACTION_TOPIC] = {set_topic, NULL},
    [AFT__ACTION_PRIORITY] = {set_priority, NULL},
    [AFT__ACTION_ATTRIBUTE] = {set_attribute, NULL},
    [AFT__ACTION_TAG] = {add_tag, NULL},
    [AFT__ACTION_UNTAG] = {take_tag, NULL},
    [AFT__ACTION_AGENT] = {assign_agent, "assign"},
    [AFT__ACTION_QUEUE] = {assign_queue, NULL},
    [AFT__ACTION_TEAM] = {assign_team, NULL},
    [AFT__ACTION_NOTIFY] = {notify, NULL},
    [AFT__ACTION_ANSWER] = {answer, "answer"},
    [AFT__ACTION_NOTE] = {note, NULL},
    [AFT__ACTION_CASE] = {open_case, NULL},
    [AFT__ACTION_TASK] = {open_task, NULL},
    [AFT__ACTION_ESCALATE] = {escalate, "escalate"},
    [AFT__ACTION_RESOLVE] = {resolve, "resolve"},
};

const char *aft__action_event(aft__action_kind kind) { return acts[kind].event; }

aft_status aft__action_run(aft__ticket *ticket, const aft__action_of *action, aft_error *error) {
  return acts[action->kind].run(ticket, action, error);
}

void aft__action_json(const aft__action_of *action, aft__json *json) {
  const struct {
    const char *key;
    aft_str text;
  } texts[] = {{"name", action->name}, {"value", action->value}};
  aft__json_open(json, '{');
  aft__json_key(json, "do");
  aft__json_str(json, aft__cstr(aft__action_words[action->kind]));
  for (size_t i = 0; i < AFT__COUNT(texts); i++) {
    if (!texts[i].text.len)
      continue;
    aft__json_key(json, texts[i].key);
    aft__json_str(json, texts[i].text);
  }
}

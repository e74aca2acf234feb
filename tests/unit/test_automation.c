/* Rules on events and macros: what they do, in which order, that they end; previews against what then
 * happens. */
#include "desk_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "case_desk.h"
#include "desk/tables/tables.h"
#include "random.h"

static desk d;
static char yaml[1 << 15];

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

/* ---- helpers ---- */

/* Words of the rules here, in both languages. */
#define TEXTS                                                                                                  \
  "texts:\n"                                                                                                   \
  "  zh: {answer.faq: '常见问题 {code}', note.look: 请看知识库, notify.ticket.review: 欢迎评价, " \
  "macro.calm: "                                                                                               \
  "安抚}\n"                                                                                                  \
  "  en: {answer.faq: 'See our answers, {code}', note.look: look at the articles, notify.ticket.review: "      \
  "please "                                                                                                    \
  "review, macro.calm: Calm down}\n"

/* Rules, the body of the section, with whatever else the policy has. */
static void live(const char *rules, const char *more) {
  snprintf(yaml, sizeof yaml, "version: 1\nautomations:\n%s%s" TEXTS, rules, more);
  desk_policy(&d, yaml);
}

static aft_status load_as(const char *text, aft_policy **out, char *report, size_t size, aft_error *error) {
  aft_buf *found = NULL;
  aft_document document = {.size = sizeof document, .name = AFT_STR("shop.yaml"), .text = AFT_STR(text)};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  aft_status status = aft_policy_load(d.env, &options, out, &found, error);
  report[0] = 0;
  if (status < 0 && found)
    snprintf(report, size, "%s", aft_buf_data(found));
  aft_buf_free(status < 0 ? found : NULL);
  return status;
}

/* The rules are refused, with this in the report. */
static void assert_refused(const char *rules, const char *expected) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy = NULL;
  char report[4096];
  snprintf(yaml, sizeof yaml, "version: 1\nautomations:\n%s" TEXTS, rules);
  aft_status status = load_as(yaml, &policy, report, sizeof report, &error);
  if (status >= 0 || !strstr(report, expected))
    fail_msg("expected '%s', found '%s'", expected, status < 0 ? report : "no fault");
}

static void assert_allowed(const char *rules) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy = NULL;
  char report[4096];
  snprintf(yaml, sizeof yaml, "version: 1\nautomations:\n%s" TEXTS, rules);
  if (load_as(yaml, &policy, report, sizeof report, &error) < 0)
    fail_msg("%s", report);
  aft_policy_unref(policy);
}

static uint32_t events_of(aft_id ticket, const char *verb, const char *part) {
  return desk_events_with(&d, ticket, verb, part);
}

static bool has_tag(aft_id ticket, const char *tag) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  bool found = false;
  assert_ok(aft_tag_list(d.session, &d.system, AFT_KIND_TICKET, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK)
    found |= strcmp(aft_tag_tag(record), tag) == 0;
  aft_cursor_free(cursor);
  return found;
}

static void set_tag(aft_id ticket, const char *tag, bool add) {
  aft_error error = AFT_ERROR_INIT;
  aft_tag_in in = {.size = sizeof in, .kind = AFT_KIND_TICKET, .subject = ticket, .tag = AFT_STR(tag)};
  assert_ok((add ? aft_tag_add : aft_tag_remove)(d.session, &d.system, &in, &error));
}

static uint32_t messages_with(aft_id ticket, const char *disposition) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *message;
  uint32_t n = 0;
  assert_ok(aft_message_list(d.session, &d.system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &message, &error) == AFT_OK)
    n += strcmp(aft_message_disposition(message), disposition) == 0;
  aft_cursor_free(cursor);
  return n;
}

static void assert_explained(aft_id ticket, const char *locale, const char *part) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *text;
  assert_ok(aft_explain(d.session, &d.system, ticket, "automation", locale, &text, &error));
  if (!strstr(aft_buf_data(text), part))
    fail_msg("expected '%s' in:\n%s", part, aft_buf_data(text));
  aft_buf_free(text);
}

static void assert_text(aft_id ticket, const char *(*get)(aft_record *), const char *expected) {
  aft_record *record = desk_ticket(&d, ticket);
  assert_string_equal(get(record), expected);
  aft_record_free(record);
}

#define ANGRY "什么破快递，太差了，你们是骗子！垃圾！我要投诉！"
#define ASKS  "我的快递到哪了？"

/* ---- policies with faults ---- */

/* Nothing of the desk changes by a policy that is refused. */
static void a_circle_changes_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy = NULL, *before, *after;
  char report[2048];
  live("  r: {order: 1, on: ticket.opened, do: [{tag: t}]}\n", "");
  assert_ok(aft_policy_current(d.session, &d.system, &before, &error));
  static const char text[] =
      "version: 1\nautomations:\n  again: {order: 1, on: ticket.noted, do: [{note: look}]}\n" TEXTS;
  assert_status(load_as(text, &policy, report, sizeof report, &error), AFT_E_POLICY);
  assert_string_equal(error.where, "shop.yaml:3:3");
  assert_int_equal(error.line, 3);
  assert_null(policy);
  assert_ok(aft_policy_current(d.session, &d.system, &after, &error));
  assert_string_equal(aft_policy_hash(before), aft_policy_hash(after));
  aft_policy_unref(before);
  aft_policy_unref(after);
  assert_true(has_tag(desk_say(&d, "m1", ASKS), "t"));
}

static void a_circle_is_refused_with_the_line(void **state) {
  (void)state;
  assert_refused("  alone: {order: 1, on: ticket.noted, do: [{note: look}]}\n",
                 "shop.yaml:3:3: automations.alone: the rules cause each other in a circle: "
                 "alone → ticket.noted → alone");
  assert_refused(
      "  first: {order: 1, on: ticket.opened, do: [{note: look}]}\n"
      "  left: {order: 2, on: ticket.noted, do: [escalate]}\n"
      "  right: {order: 3, on: [ticket.escalate], do: [{note: look}]}\n",
      "shop.yaml:4:3: automations.left: the rules cause each other in a circle: "
      "left → ticket.escalate → right → ticket.noted → left");
  assert_refused(
      "  c: {order: 3, on: ticket.answer, do: [{note: look}]}\n"
      "  a: {order: 1, on: ticket.noted, do: [escalate]}\n"
      "  b: {order: 2, on: ticket.escalate, do: [{answer: faq}]}\n",
      "a → ticket.escalate → b → ticket.answer → c → ticket.noted → a");
  assert_refused(
      "  on: {order: 1, on: tag.removed, do: [{tag: x}]}\n"
      "  off: {order: 2, on: tag.added, do: [{untag: x}]}\n",
      "in a circle");
  assert_refused("  again: {order: 1, on: notice.failed, do: [{notify: ticket.review}]}\n", "in a circle");
  assert_refused("  off: {order: 1, on: ticket.noted, do: [{note: look}], enabled: false}\n", "in a circle");
}

/* Nobody would stop them: each time round begins with what the desk or the outcome of the last time brings.
 */
static void a_circle_over_days_is_refused(void **state) {
  (void)state;
  static const char *const rules[] = {
      "  r: {order: 1, on: task.failed, do: [{task: call_back}]}\n",
      "  r: {order: 1, on: [task.breached], do: [{task: call_back}]}\n",
      "  r: {order: 1, on: task.done, do: [{task: finance_check}]}\n",
      "  r: {order: 1, on: survey.call_back, do: [resolve]}\n",
      "  r: {order: 1, on: ticket.no_reply, do: [{answer: faq}]}\n",
      "  r: {order: 1, on: ticket.pushed, do: [{assign: {queue: general}}]}\n",
      "  r: {order: 1, on: ticket.handed_back, do: [{assign: lin}]}\n",
      "  r: {order: 1, on: ticket.case_in_trouble, do: [{open_case: {kind: return, reason: "
      "changed_mind}}]}\n",
      "  r: {order: 1, on: notice.failed, do: [resolve]}\n",
  };
  for (size_t i = 0; i < AFT__COUNT(rules); i++)
    assert_refused(rules[i], "in a circle: r → ");
  assert_refused(
      "  a: {order: 1, on: task.failed, do: [{note: look}]}\n"
      "  b: {order: 2, on: ticket.noted, do: [{task: call_back}]}\n",
      "a → ticket.noted → b → task.failed → a");
}

/* A tag that nothing takes away makes it once for a ticket; and what needs a person anew is no circle. */
static void what_ends_over_days_is_no_circle(void **state) {
  (void)state;
  static const char *const rules[] = {
      "  r: {order: 1, on: task.failed, when: {not: {tag: tried}}, do: [{tag: tried}, {task: "
      "finance_check}]}\n",
      "  r: {order: 1, on: task.failed, do: [{note: look}, {answer: faq}, resolve]}\n",
      "  r: {order: 1, on: [task.breached, ticket.breached], do: [escalate, {set: {priority: urgent}}]}\n",
      "  r: {order: 1, on: message.received, do: [{answer: faq}]}\n",
      "  r: {order: 1, on: ticket.handed_back, do: [{assign: {queue: skilled}}]}\n",
      "  r: {order: 1, on: notice.failed, do: [{task: call_back}]}\n",
      "  r: {order: 1, on: survey.call_back, do: [{answer: faq}, {tag: low}]}\n",
  };
  for (size_t i = 0; i < AFT__COUNT(rules); i++)
    assert_allowed(rules[i]);
}

static void what_comes_once_is_no_circle(void **state) {
  (void)state;
  assert_allowed("  mark: {order: 1, on: tag.added, do: [{tag: x}]}\n");
  assert_allowed(
      "  one: {order: 1, on: ticket.noted, when: {not: {tag: greeted}}, do: [{tag: greeted}, {note: "
      "look}]}\n");
  assert_allowed(
      "  a: {order: 1, on: tag.added, do: [{tag: x}]}\n"
      "  b: {order: 2, on: [tag.added, ticket.opened], do: [{tag: y}]}\n");
  assert_allowed("  sort: {order: 1, on: ticket.classified, do: [{set: {category: quality}}]}\n");
  /* the mark is taken away again: nothing keeps it from going round */
  assert_refused(
      "  one: {order: 1, on: ticket.noted, when: {not: {tag: greeted}}, do: [{tag: greeted}, {note: "
      "look}]}\n"
      "  two: {order: 2, on: ticket.answer, do: [{untag: greeted}]}\n",
      "one → ticket.noted → one");
  assert_refused(
      "  sort: {order: 1, on: ticket.classified, do: [{set: {category: quality}}]}\n"
      "  back: {order: 2, on: ticket.classified, do: [{set: {category: payment}}]}\n",
      "in a circle");
}

static void faults_have_their_place(void **state) {
  (void)state;
  static const struct {
    const char *rule, *expected;
  } faults[] = {
      {"on: ticket.opend, do: [escalate]",
       "shop.yaml:3:22: automations.r: there is no event 'ticket.opend' of a "
       "ticket (did you mean 'ticket.opened'?)"},
      {"on: [], do: [escalate]", "expected an event such as ticket.opened"},
      {"on: ticket.opened, do: []", "expected a list of actions under 'do'"},
      {"on: ticket.opened, do: [{tagg: x}]", "there is no action 'tagg' (did you mean 'tag'?)"},
      {"on: ticket.opened, do: [tag]", "expected an action such as {tag: urgent} or 'escalate'"},
      {"on: ticket.opened, do: [{tag: x, untag: y}]", "expected an action such as"},
      {"on: ticket.opened, do: [{answer: none}]", "the catalogue has no text 'answer.none'"},
      {"on: ticket.opened, do: [{notify: survey.invite}]", "expected a notice of tickets"},
      {"on: ticket.opened, do: [{task: nothing}]", "the policy has no task 'nothing'"},
      {"on: ticket.opened, do: [{assign: {queue: nowhere}}]", "the policy has no queue 'nowhere'"},
      {"on: ticket.opened, do: [{assign: {team: nobody}}]", "the policy has no team 'nobody'"},
      {"on: ticket.opened, do: [{set: {priority: highest}}]", "the policy has no priority 'highest'"},
      {"on: ticket.opened, do: [{set: {category: q}}]", "the policy has no category 'q'"},
      {"on: ticket.opened, do: [{set: {topic: q}}]", "the policy has no topic 'q'"},
      {"on: ticket.opened, do: [{set: {colour: red}}]", "there is no action 'set.colour'"},
      {"on: ticket.opened, do: [{set: {attribute: {size: 1}}}]",
       "the policy has no attribute 'size' of a ticket"},
      {"on: ticket.opened, do: [{set: x}]", "expected a map of what to set"},
      {"on: ticket.opened, do: [{open_case: return}]", "expected what to file"},
      {"on: ticket.opened, do: [{open_case: {kind: retrun, reason: other}}]",
       "the policy has no kind of case"},
      {"on: ticket.opened, do: [{open_case: {kind: return, reason: mood}}]",
       "the policy has no reason 'mood'"},
      {"on: ticket.opened, do: [escalate], when: {tone: sad}", "the fact 'tone' is a whole number"},
      {"on: ticket.opened, do: [escalate], unless: x", "this key is unknown here"},
  };
  for (size_t i = 0; i < AFT__COUNT(faults); i++) {
    char rule[256];
    snprintf(rule, sizeof rule, "  r: {order: 10, %s}\n", faults[i].rule);
    assert_refused(rule, faults[i].expected);
  }
  assert_refused("  r: {on: ticket.opened, do: [escalate]}\n", "the key 'order' is missing");
}

/* The first example of the page about rules, laid over the default. */
static void the_example_of_the_docs_works(void **state) {
  (void)state;
  static char page[1 << 16];
  char path[1024], report[2048];
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy;
  snprintf(path, sizeof path, "%s/docs/automation.md", getenv("AFT_TEST_ROOT"));
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  page[fread(page, 1, sizeof page - 1, file)] = 0;
  fclose(file);
  char *begin = strstr(page, "```yaml\n");
  assert_non_null(begin);
  *strstr(begin + 3, "```") = 0;
  if (load_as(begin + 8, &policy, report, sizeof report, &error) < 0)
    fail_msg("%s", report);
  assert_ok(aft_policy_activate(d.session, &d.system, policy, NULL, &error));
  aft_policy_unref(policy);
  aft_id ticket = desk_say(&d, "m1", ANGRY);
  assert_true(has_tag(ticket, "upset"));
  assert_explained(ticket, "zh", "规则“情绪激动的客户”执行，事件：工单建立");
}

/* ---- what follows without a rule, and with one line ---- */

#define DELIGHTED "太满意了，质量非常好，客服态度特别好，点赞！"

static void assert_offered(const aft_call *call, aft_id ticket, const char *expected) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *message;
  char found[128] = "";
  assert_ok(aft_message_list(d.session, call, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &message, &error) == AFT_OK)
    snprintf(found, sizeof found, "%s", aft_message_suggestions(message)); /* of the last */
  aft_cursor_free(cursor);
  assert_string_equal(found, expected);
}

static void what_may_be_offered_is_kept_with_the_message(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *text;
  aft_id ticket = desk_say(&d, "m1", ASKS);
  assert_offered(&d.as_agent, ticket, "faq");
  assert_offered(&d.as_buyer, ticket, "");
  assert_ok(aft_explain(d.session, &d.as_agent, ticket, "suggestion", "en", &text, &error));
  assert_string_equal(aft_buf_data(text), "suggested: offer answers\n");
  aft_buf_free(text);
  desk_say(&d, "m2", ANGRY);
  assert_offered(&d.as_agent, ticket, "skilled");
  assert_offered(&d.as_agent, desk_say_as(&d, "wx_2", DELIGHTED), "review_invitation");
  aft_message_in in = desk_message(&d, "m3", ASKS);
  aft_record *message;
  assert_ok(aft_intake(d.session, &d.as_buyer, &in, &message, &error));
  assert_string_equal(aft_message_suggestions(message), ""); /* the shop's own */
  aft_record_free(message);
}

static void anger_goes_to_the_skilled_with_a_task_of_its_own(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *task;
  aft_id ticket = desk_say(&d, "m1", ANGRY);
  assert_text(ticket, aft_ticket_queue, "skilled");
  aft_task_filter filter = {.size = sizeof filter, .ticket = ticket};
  assert_ok(aft_task_list(d.session, &d.system, &filter, &cursor, &error));
  assert_int_equal(aft_cursor_next(cursor, &task, &error), AFT_OK);
  assert_string_equal(aft_task_name(task), "follow_up");
  aft_cursor_free(cursor);
}

static void one_line_invites_the_delighted_once(void **state) {
  (void)state;
  aft_id before = desk_say_as(&d, "wx_2", DELIGHTED);
  assert_int_equal(desk_effects(&d, before, NULL, "notify.ticket.review_invitation"), 0);
  desk_policy(&d, "version: 1\nautomations: {review_invitation: {enabled: true}}\n");
  aft_id ticket = desk_say(&d, "m1", DELIGHTED);
  assert_int_equal(desk_effects(&d, ticket, NULL, "notify.ticket.review_invitation"), 1);
  desk_say(&d, "m2", DELIGHTED);
  assert_int_equal(desk_effects(&d, ticket, NULL, "notify.ticket.review_invitation"), 1);
  assert_int_equal(desk_effects(&d, desk_say_as(&d, "wx_3", ANGRY), NULL, "review_invitation"), 0);
}

/* ---- each action ---- */

static void every_action_does_its_part(void **state) {
  (void)state;
  live(
      "  all:\n"
      "    order: 10\n"
      "    on: ticket.opened\n"
      "    do: [{set: {category: quality, priority: urgent, attribute: {shade: red, count: 7}}}, {tag: "
      "紧急},\n"
      "      {assign: {queue: skilled}}, {notify: ticket.review}, {note: look}, {answer: faq}, {assign: "
      "lin}, "
      "escalate, {resolve: answered}]\n",
      "attributes: {ticket: {shade: {type: choice, choices: [red, blue]}, count: {type: number}}}\n");
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&d, "m1", ASKS);
  aft_record *record = desk_ticket(&d, ticket);
  assert_string_equal(aft_ticket_category(record), "quality");
  assert_string_equal(aft_ticket_priority(record), "urgent");
  assert_string_equal(aft_ticket_queue(record), "skilled");
  assert_string_equal(aft_ticket_state(record), "resolved");
  assert_string_equal(aft_ticket_resolution(record), "answered");
  assert_int_equal(aft_ticket_assignee(record), d.agent);
  assert_int_equal(aft_ticket_level(record), 1);
  assert_int_equal(aft_ticket_first_response(record), DESK_START);
  aft_record_free(record);
  assert_true(has_tag(ticket, "紧急"));
  assert_int_equal(desk_effects(&d, ticket, NULL, "欢迎评价"), 1);
  assert_int_equal(desk_effects(&d, ticket, NULL, "常见问题 T-"), 1);
  assert_int_equal(messages_with(ticket, "note"), 1);
  assert_int_equal(messages_with(ticket, "answer"), 1);
  aft_cursor *cursor;
  assert_ok(aft_attribute_list(d.session, &d.system, AFT_KIND_TICKET, ticket, &cursor, &error));
  assert_int_equal(desk_count(cursor), 2);
  assert_int_equal(
      events_of(ticket, "automation.ran", "{\"rule\":\"all\",\"on\":\"ticket.opened\",\"did\":["), 1);
  assert_int_equal(events_of(ticket, "automation.ran", "refused"), 0);
}

static void a_rule_opens_a_task_once(void **state) {
  (void)state;
  live("  trace: {order: 10, on: [ticket.opened, message.received], do: [{task: carrier_trace}]}\n",
       "tasks: {carrier_trace: {most_open: 1}}\n");
  aft_id ticket = desk_say(&d, "m1", ASKS);
  desk_pass(&d, AFT__HOUR);
  assert_int_equal(desk_say(&d, "m2", ASKS), ticket);
  assert_int_equal(events_of(ticket, "task.opened", "carrier_trace"), 1);
  assert_int_equal(events_of(ticket, "automation.ran", "refused"), 0);
}

static void a_team_is_its_first_queue(void **state) {
  (void)state;
  live("  calm: {order: 10, on: ticket.assign, do: [{assign: {team: calm}}]}\n",
       "teams: {calm: {queues: [skilled]}}\n");
  aft_id ticket = desk_say(&d, "m1", ASKS);
  desk_act(&d, ticket, AFT_ACT_ASSIGN);
  aft_record *record = desk_ticket(&d, ticket);
  assert_string_equal(aft_ticket_queue(record), "skilled");
  assert_string_equal(aft_ticket_state(record), "triaged"); /* whoever had it gave it up */
  assert_true(aft_record_is_null(record, AFT_TICKET_ASSIGNEE));
  aft_record_free(record);
}

static void a_topic_brings_its_category(void **state) {
  (void)state;
  live(
      "  sort: {order: 10, on: tag.added, when: {tag: fake}, do: [{set: {topic: counterfeit}}, {untag: "
      "fake}]}\n",
      "");
  aft_id ticket = desk_say(&d, "m1", ASKS);
  set_tag(ticket, "fake", true);
  assert_text(ticket, aft_ticket_topic, "counterfeit");
  assert_text(ticket, aft_ticket_category, "quality");
  assert_false(has_tag(ticket, "fake"));
}

/* ---- order, stop, once ---- */

static void rules_run_in_their_order(void **state) {
  (void)state;
  live(
      "  z: {order: 1, on: ticket.opened, do: [{tag: z}]}\n"
      "  b: {order: 2, on: ticket.opened, when: {tag: z}, do: [{tag: b}]}\n"
      "  a: {order: 2, on: ticket.opened, when: {tag: b}, do: [{tag: a}]}\n"
      "  last: {order: 3, on: ticket.opened, when: {not: {tag: a}}, do: [{tag: last}], stop: true}\n"
      "  never: {order: 4, on: [ticket.opened, tag.added], do: [{tag: never}]}\n",
      "");
  aft_id ticket = desk_say(&d, "m1", ASKS);
  assert_true(has_tag(ticket, "z") && has_tag(ticket, "b"));
  assert_false(has_tag(ticket, "a")); /* of one order the name decides: it came before b */
  assert_true(has_tag(ticket, "last"));
  assert_false(has_tag(ticket, "never"));
  assert_explained(ticket, "en",
                   "the rule \"a\" was looked at, because it was opened; its condition did not hold");
  assert_explained(ticket, "en", "no further rule was asked");
}

static void what_rules_cause_is_looked_at_too(void **state) {
  (void)state;
  live(
      "  chain: {order: 5, on: tag.added, when: {tag: second}, do: [{note: look}]}\n"
      "  first: {order: 9, on: ticket.opened, do: [{tag: first}]}\n"
      "  second: {order: 7, on: tag.added, when: {tag: first}, do: [{tag: second}]}\n",
      "");
  aft_id ticket = desk_say(&d, "m1", ASKS);
  assert_true(has_tag(ticket, "first") && has_tag(ticket, "second"));
  assert_int_equal(messages_with(ticket, "note"), 1);
  set_tag(ticket, "other", true); /* once in each command, not for ever */
  assert_int_equal(messages_with(ticket, "note"), 2);
}

static void a_long_chain_ends(void **state) {
  (void)state;
  char rules[8192] = "  r00: {order: 100, on: ticket.opened, do: [{tag: t1}]}\n";
  for (int i = 1; i < 30; i++) /* each behind the one that it causes: one round for each */
    snprintf(rules + strlen(rules), sizeof rules - strlen(rules),
             "  r%02d: {order: %d, on: tag.added, when: {tag: t%d}, do: [{tag: t%d}]}\n", i, 100 - i, i,
             i + 1);
  live(rules, "");
  aft_id ticket = desk_say(&d, "m1", ASKS);
  assert_true(has_tag(ticket, "t16"));
  assert_false(has_tag(ticket, "t17"));
  assert_explained(ticket, "en", "rules followed one another too often, and ended here");
  assert_explained(ticket, "zh", "规则接连触发过多");
}

static void a_rule_that_is_off_does_nothing(void **state) {
  (void)state;
  live("  off: {order: 1, on: ticket.opened, do: [{tag: off}], enabled: false}\n", "");
  aft_id ticket = desk_say(&d, "m1", ASKS);
  assert_false(has_tag(ticket, "off"));
  assert_int_equal(events_of(ticket, "automation.ran", ""), 0);
}

/* ---- what cannot be done ---- */

static void a_refused_action_loses_nothing(void **state) {
  (void)state;
  live(
      "  tries: {order: 1, on: ticket.opened, do: [{assign: nobody}, {tag: a}, {open_case: {kind: return, "
      "reason: "
      "wrong_item}}, {assign: mo}, {tag: a}, {tag: b}]}\n"
      "  later: {order: 2, on: ticket.close, do: [{answer: faq}, {resolve: x}, {tag: c}]}\n",
      "");
  aft_id ticket = desk_say(&d, "m1", ASKS);
  assert_true(has_tag(ticket, "a") && has_tag(ticket, "b"));
  assert_int_equal(
      events_of(ticket, "automation.ran",
                "\"did\":[\"tag\",\"tag\"],\"idle\":[\"tag\"],\"refused\":[\"assign.agent\",\"open_case\","
                "\"assign.agent\"]"),
      1);
  assert_explained(ticket, "en",
                   "could not do: assign to nobody, there is none (there is no agent 'nobody')");
  assert_explained(
      ticket, "en",
      "could not do: open the case return wrong_item, the policy does not allow it (the ticket is about no "
      "order)");
  assert_explained(ticket, "en", "could not do: assign to mo, it does not fit");
  assert_explained(ticket, "zh", "无需执行：添加标签 a");
  desk_answer(&d, ticket, "今天送到");
  desk_act(&d, ticket, AFT_ACT_RESOLVE);
  uint32_t answers = messages_with(ticket, "answer"), sent = desk_effects(&d, ticket, NULL, "常见问题");
  desk_act(&d, ticket, AFT_ACT_CLOSE);
  assert_state(&d, ticket, "closed");
  assert_int_equal(messages_with(ticket, "answer"), answers); /* the half of an answer was undone */
  assert_int_equal(desk_effects(&d, ticket, NULL, "常见问题"), sent);
  assert_true(has_tag(ticket, "c"));
  assert_explained(ticket, "en", "not possible in this state");
}

static void the_customer_is_answered_as_the_system(void **state) {
  (void)state;
  live("  faq: {order: 1, on: ticket.opened, do: [{answer: faq}]}\n", "");
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  aft_message_in in = desk_message(&d, "m1", ASKS);
  assert_ok(aft_intake(d.session, &d.as_buyer, &in, &message, &error));
  assert_string_equal(aft_message_text(message), ASKS); /* what the command gives back is its own */
  assert_int_equal(aft_message_inbound(message), 1);
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  assert_state(&d, ticket, "waiting_customer");
  aft_cursor *cursor;
  assert_ok(aft_message_list(d.session, &d.system, ticket, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &message, &error), AFT_OK);
  assert_int_equal(aft_message_inbound(message), 1);
  assert_status(aft_cursor_next(cursor, &message, &error), AFT_OK);
  assert_int_equal(aft_message_role(message), AFT_ROLE_SYSTEM);
  aft_cursor_free(cursor);
}

static void the_tick_raises_events_too(void **state) {
  (void)state;
  live("  late: {order: 1, on: ticket.breached, do: [{tag: late}, {set: {priority: urgent}}]}\n", "");
  aft_id ticket = desk_say(&d, "m1", ASKS);
  desk_pass(&d, 30 * AFT__DAY);
  desk_tick(&d);
  assert_true(has_tag(ticket, "late"));
  assert_text(ticket, aft_ticket_priority, "urgent");
}

static void tone_questions_and_delight_are_seen(void **state) {
  (void)state;
  live(
      "  anger: {order: 10, on: [ticket.opened, message.received], when: {tone: {at_most: -400}},\n"
      "    do: [{assign: {queue: skilled}}, {tag: upset}]}\n"
      "  question: {order: 20, on: ticket.opened, when: {question: true, tone: {above: -400}}, do: [{note: "
      "look}]}\n"
      "  delight: {order: 30, on: [ticket.opened, message.received], when: {tone: {at_least: 400}}, do: "
      "[{notify: "
      "ticket.review}]}\n",
      "");
  aft_id angry = desk_say(&d, "m1", ANGRY);
  assert_true(has_tag(angry, "upset"));
  assert_text(angry, aft_ticket_queue, "skilled");
  assert_explained(angry, "zh", "看到 tone：-");
  desk_pass(&d, AFT__HOUR);
  aft_message_in in = desk_message(&d, "m2", ASKS);
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  in.customer = d.other_buyer;
  in.handle = AFT_STR("wx_zhao");
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  aft_id asks = aft_message_ticket(message);
  aft_record_free(message);
  assert_int_equal(messages_with(asks, "note"), 1);
  in.external = AFT_STR("m3");
  in.text = AFT_STR("太棒了，非常满意，五星好评，强烈推荐！");
  assert_ok(aft_intake(d.session, &d.system, &in, &message, &error));
  assert_int_equal(desk_effects(&d, aft_message_ticket(message), NULL, "欢迎评价"), 1);
  aft_record_free(message);
}

/* Each message of a batch has its own rules behind it, and loses them with the message. */
static void rules_follow_each_message_of_a_batch(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_batch *batch;
  live("  note: {order: 1, on: ticket.opened, do: [{tag: seen}, {note: look}, {assign: nobody}]}\n", "");
  aft_message_in in[] = {desk_message(&d, "m1", ASKS), desk_message(&d, "m2", ASKS),
                         desk_message(&d, "m3", ASKS)};
  in[1].customer = 12345; /* there is none */
  in[2].customer = d.other_buyer;
  assert_ok(aft_intake_batch(d.session, &d.system, in, 3, &batch, &error));
  assert_status(aft_batch_status(batch, 1, &error), AFT_E_NOT_FOUND);
  for (size_t i = 0; i < 3; i += 2) {
    aft_id ticket = aft_batch_ticket(batch, i);
    assert_true(has_tag(ticket, "seen"));
    assert_int_equal(messages_with(ticket, "note"), 1);
  }
  aft_batch_free(batch);
}

/* Inside a transaction of the host's, all of it goes with that. */
static void rules_end_with_the_hosts_transaction(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  live("  note: {order: 1, on: tag.added, when: {tag: x}, do: [{tag: y}, {assign: nobody}]}\n", "");
  aft_id ticket = desk_say(&d, "m1", ASKS);
  void *host = host_open(&d.place);
  aft_session *inside;
  host_begin(host);
  assert_ok(aft_session_attach(d.store, host, &inside, &error));
  aft_tag_in in = {.size = sizeof in, .kind = AFT_KIND_TICKET, .subject = ticket, .tag = AFT_STR("x")};
  assert_ok(aft_tag_add(inside, &d.system, &in, &error));
  aft_session_close(inside);
  host_run(host, "ROLLBACK");
  assert_false(has_tag(ticket, "x") || has_tag(ticket, "y"));
  host_begin(host);
  assert_ok(aft_session_attach(d.store, host, &inside, &error));
  assert_ok(aft_tag_add(inside, &d.system, &in, &error));
  aft_session_close(inside);
  host_run(host, "COMMIT");
  host_close(host);
  assert_true(has_tag(ticket, "x") && has_tag(ticket, "y"));
}

static void a_case_is_opened_where_that_is_possible(void **state) {
  case_desk c;
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  aft_cursor *cursor;
  case_desk_open(&c, (desk_kind)(intptr_t)*state);
  aft_case_filter all = {.size = sizeof all, .order = c.order};
  snprintf(yaml, sizeof yaml,
           "version: 1\nautomations:\n"
           "  back: {order: 1, on: [ticket.opened, message.received], when: {has_order: true}, do: [{tag: "
           "before}, "
           "{open_case: {kind: return, reason: changed_mind}}, {tag: after}]}\n"
           "  told: {order: 2, on: ticket.case_opened, when: {state: resolved}, do: [{tag: told}]}\n" TEXTS);
  desk_policy(&c.d, yaml);
  aft_message_in in = desk_message(&c.d, "m1", "我要退货");
  in.order = AFT_STR("O-1");
  assert_ok(aft_intake(c.d.session, &c.d.system, &in, &message, &error));
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  assert_state(&c.d, ticket, "resolved");
  assert_int_equal(desk_events_with(&c.d, ticket, "ticket.case_opened", ""), 1);
  assert_int_equal(desk_events_with(&c.d, ticket, "tag.added", "told"), 1);
  assert_int_equal(desk_events_with(&c.d, ticket, "tag.added", "after"), 1);
  assert_ok(aft_case_list(c.d.session, &c.d.system, &all, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1);
  in.external = AFT_STR("m2"); /* all units are in the case by now */
  assert_ok(aft_intake(c.d.session, &c.d.system, &in, NULL, &error));
  assert_int_equal(desk_events_with(&c.d, ticket, "automation.ran", "\"refused\":[\"open_case\"]"), 1);
  assert_ok(aft_case_list(c.d.session, &c.d.system, &all, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1);
  case_desk_close(&c);
}

/* ---- macros ---- */

#define MACROS                                                                                            \
  "macros:\n"                                                                                             \
  "  calm: {do: [{tag: calm}, {answer: faq}, {resolve: answered}], when: {state: [triaged, assigned]}}\n" \
  "  half: {do: [{tag: half}, {note: look}, {assign: nobody}]}\n"                                         \
  "  chief: {do: [{tag: chief}], by: [arbiter]}\n"

static aft_status apply(const aft_call *call, aft_id ticket, const char *name, aft_error *error) {
  aft_macro_in in = {.size = sizeof in, .ticket = ticket, .name = AFT_STR(name)};
  return aft_macro_apply(d.session, call, &in, NULL, error);
}

static void a_macro_is_done_whole_or_not_at_all(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  live("  seen: {order: 1, on: tag.added, when: {tag: calm}, do: [{tag: seen}]}\n", MACROS);
  aft_id ticket = desk_say(&d, "m1", ASKS);
  uint32_t before = events_of(ticket, "ticket.noted", "");
  assert_status(apply(&d.as_agent, ticket, "half", &error), AFT_E_NOT_FOUND);
  assert_false(has_tag(ticket, "half"));
  assert_int_equal(events_of(ticket, "ticket.noted", ""), before);
  assert_status(apply(&d.as_agent, ticket, "nothing", &error), AFT_E_NOT_FOUND);
  assert_string_equal(error.where, "macro.name");
  assert_status(apply(&d.as_agent, ticket, "chief", &error), AFT_E_DENIED);
  assert_status(apply(&d.as_other_agent, ticket, "calm", &error), AFT_E_DENIED);
  assert_status(apply(&d.as_buyer, ticket, "calm", &error), AFT_E_DENIED);
  aft_call keyed = d.as_agent;
  keyed.key = AFT_STR("k1");
  assert_status(apply(&keyed, ticket, "calm", &error), AFT_OK);
  assert_status(apply(&keyed, ticket, "calm", &error), AFT_REPLAYED);
  assert_state(&d, ticket, "resolved");
  assert_true(has_tag(ticket, "calm") && has_tag(ticket, "seen")); /* rules follow from macros */
  assert_int_equal(messages_with(ticket, "answer"), 1);
  assert_int_equal(
      events_of(ticket, "macro.ran", "{\"macro\":\"calm\",\"did\":[\"tag\",\"answer\",\"resolve\"]}"), 1);
  assert_explained(ticket, "zh", "使用了宏“安抚”");
  assert_status(apply(&d.as_agent, ticket, "calm", &error), AFT_E_INELIGIBLE);
  aft_macro_in in = {.size = sizeof in, .ticket = ticket, .name = AFT_STR("half"), .rev = 1};
  assert_status(aft_macro_apply(d.session, &d.as_agent, &in, NULL, &error), AFT_E_CONFLICT);
}

static void macros_are_asked_for_properly(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *list;
  aft_macro_in in = {.size = sizeof in, .name = AFT_STR("calm")};
  assert_status(aft_macro_apply(d.session, &d.system, &in, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "macro.ticket");
  in.ticket = 77;
  assert_status(aft_macro_apply(d.session, &d.system, &in, NULL, &error), AFT_E_NOT_FOUND);
  in.name = AFT_STR("");
  assert_status(aft_macro_apply(d.session, &d.system, &in, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "macro.name");
  in.name = AFT_STR("\xff");
  assert_status(aft_macro_apply(d.session, &d.system, &in, NULL, &error), AFT_E_ENCODING);
  in.name = AFT_STR("calm");
  assert_status(aft_macro_apply(NULL, &d.system, &in, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_macro_list(d.session, &d.system, 77, "en", NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_macro_list(d.session, &d.system, -1, "en", &list, &error), AFT_E_INVALID);
}

static void the_list_has_what_fits(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *list;
  live("  r: {order: 1, on: ticket.opened, do: [{tag: t}]}\n", MACROS);
  aft_id ticket = desk_say(&d, "m1", ASKS);
  assert_ok(aft_macro_list(d.session, &d.as_agent, ticket, "zh", &list, &error));
  assert_string_equal(
      aft_buf_data(list),
      "[{\"name\":\"calm\",\"label\":\"安抚\",\"actions\":[{\"do\":\"tag\",\"value\":\"calm\"},{\"do\":"
      "\"answer\",\"value\":\"faq\"},{\"do\":\"resolve\",\"value\":\"answered\"}]},{\"name\":\"half\","
      "\"label\":\"half\",\"actions\":[{\"do\":\"tag\",\"value\":\"half\"},{\"do\":\"note\",\"value\":"
      "\"look\"},{\"do\":\"assign.agent\",\"value\":\"nobody\"}]}]");
  aft_buf_free(list);
  desk_act(&d, ticket, AFT_ACT_RESOLVE);
  assert_ok(aft_macro_list(d.session, &d.system, ticket, "en", &list, &error));
  assert_null(strstr(aft_buf_data(list), "calm"));
  assert_null(strstr(aft_buf_data(list), "chief"));
  aft_buf_free(list);
  assert_status(aft_macro_list(d.session, &d.as_buyer, ticket, "en", &list, &error), AFT_E_DENIED);
}

/* ---- random rules against an interpreter that is as plain as can be ---- */

#define MODEL_TAGS  5
#define MODEL_RULES 8

enum {
  OPENED,
  ADDED,
  REMOVED,
  NOTED,
  EVENTS
};

typedef struct model_rule {
  uint32_t order, on, n;
  int32_t has, lacks; /* a tag, or -1 */
  struct {
    enum {
      TAG_IT,
      UNTAG_IT,
      NOTE_IT
    } what;
    uint32_t tag;
  } acts[3];
  bool stop;
} model_rule;

typedef struct model {
  model_rule rules[MODEL_RULES];
  uint32_t n;
  bool tags[MODEL_TAGS];
  uint32_t notes;
  char log[4096]; /* names of rules that ran */
} model;

static model_rule draw_rule(uint64_t *random) {
  model_rule r = {.order = below(random, 4),
                  .on = below(random, (1 << EVENTS) - 1) + 1,
                  .n = below(random, 3) + 1,
                  .has = (int32_t)below(random, 2 * MODEL_TAGS) - MODEL_TAGS,
                  .lacks = (int32_t)below(random, 2 * MODEL_TAGS) - MODEL_TAGS,
                  .stop = below(random, 6) == 0};
  for (uint32_t i = 0; i < r.n; i++) {
    r.acts[i].what = below(random, 8) == 0 ? NOTE_IT : below(random, 4) == 0 ? UNTAG_IT : TAG_IT;
    r.acts[i].tag = below(random, MODEL_TAGS);
  }
  return r;
}

static void write_rule(const model_rule *r, uint32_t index, char *out, size_t size) {
  static const char *const events[] = {"ticket.opened", "tag.added", "tag.removed", "ticket.noted"};
  size_t n = (size_t)snprintf(out, size, "  r%u: {order: %u, on: [", index, r->order);
  const char *comma = "";
  for (uint32_t i = 0; i < EVENTS; i++)
    if (r->on >> i & 1) {
      n += (size_t)snprintf(out + n, size - n, "%s%s", comma, events[i]);
      comma = ", ";
    }
  n += (size_t)snprintf(out + n, size - n, "]%s", r->stop ? ", stop: true" : "");
  if (r->has >= 0 && r->lacks >= 0)
    n += (size_t)snprintf(out + n, size - n, ", when: {tag: m%d, not: {tag: m%d}}", r->has, r->lacks);
  else if (r->has >= 0)
    n += (size_t)snprintf(out + n, size - n, ", when: {tag: m%d}", r->has);
  else if (r->lacks >= 0)
    n += (size_t)snprintf(out + n, size - n, ", when: {not: {tag: m%d}}", r->lacks);
  n += (size_t)snprintf(out + n, size - n, ", do: [");
  for (uint32_t i = 0; i < r->n; i++) {
    const char *what = r->acts[i].what == TAG_IT ? "tag" : "untag";
    if (r->acts[i].what == NOTE_IT)
      n += (size_t)snprintf(out + n, size - n, "%s{note: look}", i ? ", " : "");
    else
      n += (size_t)snprintf(out + n, size - n, "%s{%s: m%u}", i ? ", " : "", what, r->acts[i].tag);
  }
  snprintf(out + n, size - n, "]}\n");
}

static bool model_holds(const model *m, const model_rule *r) {
  return (r->has < 0 || m->tags[r->has]) && (r->lacks < 0 || !m->tags[r->lacks]);
}

/* What an action raises. */
static uint32_t model_act(model *m, uint32_t what, uint32_t tag) {
  if (what == NOTE_IT) {
    m->notes++;
    return 1 << NOTED;
  }
  bool wanted = what == TAG_IT;
  if (m->tags[tag] == wanted)
    return 0;
  m->tags[tag] = wanted;
  return wanted ? 1 << ADDED : 1 << REMOVED;
}

/* Rules by order and then name: names are r0 to r7. */
static void model_run(model *m, uint32_t on) {
  bool ran[MODEL_RULES] = {false};
  for (int rounds = 0; on && rounds < 16; rounds++) {
    uint32_t next = 0;
    for (uint32_t order = 0; order < 4; order++)
      for (uint32_t i = 0; i < m->n; i++) {
        const model_rule *r = &m->rules[i];
        if (r->order != order || ran[i] || !(r->on & on) || !model_holds(m, r))
          continue;
        ran[i] = true;
        for (uint32_t k = 0; k < r->n; k++)
          next |= model_act(m, r->acts[k].what, r->acts[k].tag);
        snprintf(m->log + strlen(m->log), sizeof m->log - strlen(m->log), "r%u ", i);
        if (r->stop)
          return;
      }
    on = next;
  }
}

static void desk_log(aft_id ticket, char *out, size_t size) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *event;
  out[0] = 0;
  assert_ok(aft_ticket_history(d.session, &d.system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &event, &error) == AFT_OK)
    if (strcmp(aft_event_verb(event), "automation.ran") == 0)
      snprintf(out + strlen(out), size - strlen(out), "%.2s ",
               strstr(aft_event_facts(event), "\"rule\":\"") + 8);
  aft_cursor_free(cursor);
}

static void assert_like_model(const model *m, aft_id ticket) {
  char log[4096], tag[8];
  desk_log(ticket, log, sizeof log);
  assert_string_equal(log, m->log);
  for (uint32_t i = 0; i < MODEL_TAGS; i++) {
    snprintf(tag, sizeof tag, "m%u", i);
    assert_int_equal(has_tag(ticket, tag), m->tags[i]);
  }
  assert_int_equal(messages_with(ticket, "note"), m->notes);
}

static void write_note(aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_answer_in in = {
      .size = sizeof in, .ticket = ticket, .text = AFT_STR("备注"), .visibility = AFT_PRIVATE};
  assert_ok(aft_ticket_answer(d.session, &d.as_agent, &in, NULL, &error));
}

static void play_model(model *m, uint64_t *random, uint32_t round) {
  char external[16], tag[8];
  snprintf(external, sizeof external, "m%u", round);
  aft_id ticket = desk_say_as(&d, external, ASKS);
  model_run(m, 1 << OPENED);
  for (int step = 0; step < 6; step++) {
    uint32_t at = below(random, MODEL_TAGS), what = below(random, 3);
    snprintf(tag, sizeof tag, "m%u", at);
    if (what == NOTE_IT)
      write_note(ticket);
    else
      set_tag(ticket, tag, what == TAG_IT);
    model_run(m, model_act(m, what, at));
  }
  assert_like_model(m, ticket);
}

/* Without any bound: what was not refused comes to rest by itself, wherever it begins. */
static bool comes_to_rest(model *m, uint32_t on) {
  for (int rounds = 0; on; rounds++) {
    uint32_t next = 0;
    if (rounds == 200)
      return false;
    for (uint32_t order = 0; order < 4; order++)
      for (uint32_t i = 0; i < m->n; i++)
        if (m->rules[i].order == order && m->rules[i].on & on && model_holds(m, &m->rules[i]))
          for (uint32_t k = 0; k < m->rules[i].n; k++)
            next |= model_act(m, m->rules[i].acts[k].what, m->rules[i].acts[k].tag);
    on = next;
  }
  return true;
}

static bool rests_from_anywhere(const model *m) {
  for (uint32_t tags = 0; tags < 1 << MODEL_TAGS; tags++)
    for (uint32_t event = 0; event < EVENTS; event++) {
      model begun = *m;
      for (uint32_t i = 0; i < MODEL_TAGS; i++)
        begun.tags[i] = tags >> i & 1;
      if (!comes_to_rest(&begun, 1u << event))
        return false;
    }
  return true;
}

static model draw_rules(uint64_t *random, uint32_t most) {
  model m = {.n = below(random, most) + 1};
  size_t n = (size_t)snprintf(yaml, sizeof yaml, "version: 1\n" TEXTS "automations:\n");
  for (uint32_t i = 0; i < m.n; i++) {
    m.rules[i] = draw_rule(random);
    write_rule(&m.rules[i], i, yaml + n, sizeof yaml - n);
    n += strlen(yaml + n);
  }
  return m;
}

static void what_is_not_refused_comes_to_rest(void **state) {
  (void)state;
  uint64_t random = seed_of("circles");
  uint32_t restless = 0, allowed = 0;
  for (uint32_t round = 0; round < rounds(50, 400); round++) {
    model m = draw_rules(&random, 4);
    char report[4096];
    aft_error error = AFT_ERROR_INIT;
    aft_policy *policy;
    bool rests = rests_from_anywhere(&m);
    restless += !rests;
    if (load_as(yaml, &policy, report, sizeof report, &error) < 0) {
      assert_non_null(strstr(report, "in a circle"));
      continue;
    }
    aft_policy_unref(policy);
    allowed++;
    if (!rests)
      fail_msg("allowed, and goes round for ever:\n%s", yaml);
  }
  assert_true(restless > 3 && allowed > 10);
}

static void random_rules_do_what_an_interpreter_does(void **state) {
  (void)state;
  uint64_t random = seed_of("random rules");
  uint32_t loaded = 0;
  for (uint32_t round = 0, most = rounds(6, 60); round < 5 * most && loaded < most; round++) {
    model m = draw_rules(&random, MODEL_RULES);
    char report[4096];
    aft_error error = AFT_ERROR_INIT;
    aft_policy *policy;
    if (load_as(yaml, &policy, report, sizeof report, &error) < 0) {
      assert_non_null(strstr(report, "in a circle"));
      continue;
    }
    assert_ok(aft_policy_activate(d.session, &d.system, policy, NULL, &error));
    aft_policy_unref(policy);
    play_model(&m, &random, round);
    loaded++;
  }
  assert_true(loaded > 3);
}

/* ---- previews ---- */

static int64_t figure(const char *json, const char *rule, const char *key) {
  char name[80], wanted[80];
  snprintf(name, sizeof name, "{\"name\":\"%s\"", rule);
  snprintf(wanted, sizeof wanted, "\"%s\":", key);
  const char *at = strstr(json, name);
  assert_non_null(at);
  at = strstr(at, wanted);
  assert_non_null(at);
  return strtoll(at + strlen(wanted), NULL, 10);
}

static aft_buf *preview(desk *on, aft_policy *policy, aft_automation_preview_in *in) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *out;
  in->size = sizeof *in;
  if (!in->end) {
    in->begin = DESK_START - AFT__DAY;
    in->end = DESK_START + 400 * AFT__DAY;
  }
  aft_status status = aft_automation_preview(on->session, &on->system, policy, in, "en", &out, &error);
  if (status < 0)
    fail_msg("%s %s", error.where, error.message);
  return out;
}

static aft_policy *load_rules(const char *rules) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy;
  char report[4096];
  snprintf(yaml, sizeof yaml, "version: 1\nautomations:\n%s" TEXTS, rules);
  if (load_as(yaml, &policy, report, sizeof report, &error) < 0)
    fail_msg("%s", report);
  return policy;
}

/* Everything that a reader sees of some tickets. */
static void look_at_all(const aft_id *tickets, uint32_t n, aft_buf **out) {
  aft_error error = AFT_ERROR_INIT;
  *out = aft__buf_new(d.env);
  for (uint32_t i = 0; i < n; i++) {
    aft_record *record = desk_ticket(&d, tickets[i]);
    aft_buf *part;
    assert_ok(aft_record_json(record, &part, &error));
    aft__buf_str(*out, aft__buf_view(part));
    aft_buf_free(part);
    aft_record_free(record);
    assert_ok(aft_explain(d.session, &d.system, tickets[i], NULL, "en", &part, &error));
    aft__buf_str(*out, aft__buf_view(part));
    aft_buf_free(part);
    aft__buf_printf(*out, "%u %u\n", events_of(tickets[i], "", ""), desk_effects(&d, tickets[i], NULL, ""));
  }
}

static void a_preview_tells_and_changes_nothing(void **state) {
  (void)state;
  aft_id tickets[3];
  aft_buf *before, *after;
  aft_policy *policy = load_rules(
      "  upset: {order: 1, on: [ticket.opened, message.received], when: {tone: {at_most: -400}}, do: [{tag: "
      "upset}, "
      "{assign: {queue: skilled}}]}\n"
      "  asks: {order: 2, on: ticket.opened, when: {question: true, tone: {above: -400}}, do: [{note: look}, "
      "{open_case: {kind: return, "
      "reason: wrong_item}}], stop: true, enabled: false}\n"
      "  behind: {order: 3, on: ticket.opened, do: [{tag: seen}]}\n"
      "  done: {order: 4, on: ticket.resolve, when: {state: resolved}, do: [{answer: faq}, {untag: "
      "upset}]}\n");
  tickets[0] = desk_say(&d, "m1", ANGRY);
  desk_pass(&d, AFT__HOUR);
  desk_say(&d, "m2", ANGRY);
  desk_pass(&d, AFT__HOUR);
  set_tag(tickets[0], "upset", true);
  desk_pass(&d, AFT__HOUR);
  desk_say(&d, "m3", ANGRY);
  desk_pass(&d, AFT__HOUR);
  desk_act(&d, tickets[0], AFT_ACT_RESOLVE);
  desk_pass(&d, AFT__HOUR);
  desk_act(&d, tickets[0], AFT_ACT_CLOSE);
  tickets[1] = desk_say(&d, "m4", ASKS);
  look_at_all(tickets, 2, &before);
  aft_automation_preview_in in = {0};
  aft_buf *told = preview(&d, policy, &in);
  look_at_all(tickets, 2, &after);
  assert_string_equal(aft_buf_data(before), aft_buf_data(after));
  const char *json = aft_buf_data(told);
  assert_int_equal(figure(json, "upset", "came"), 4);
  assert_int_equal(figure(json, "upset", "held"), 3);
  assert_int_equal(figure(json, "upset", "tickets"), 1);
  assert_int_equal(figure(json, "upset", "would"), 2); /* the third time the tag was there */
  assert_int_equal(figure(json, "upset", "idle"), 1);
  assert_int_equal(figure(json, "asks", "held"), 1);
  assert_int_equal(figure(json, "behind", "stopped"), 1);
  assert_int_equal(figure(json, "behind", "held"), 1);
  assert_int_equal(figure(json, "done", "held"), 1);
  assert_int_equal(figure(json, "done", "refused"), 1); /* a resolved ticket takes no answer of the system */
  assert_non_null(strstr(json, "\"complete\":true"));
  assert_non_null(strstr(json, "\"facts\":{\"then\":[\"state\""));
  aft_buf_free(told);
  aft_buf_free(before);
  aft_buf_free(after);
  aft_policy_unref(policy);
}

static void a_long_preview_goes_on(void **state) {
  (void)state;
  aft_policy *policy = load_rules("  all: {order: 1, on: ticket.opened, do: [{tag: x}]}\n");
  char handle[16];
  for (int i = 0; i < 40; i++) {
    aft_error error = AFT_ERROR_INIT;
    snprintf(handle, sizeof handle, "h%d", i);
    aft_message_in in = desk_message(&d, handle, ASKS);
    in.customer = 0;
    in.handle = AFT_STR(handle);
    assert_ok(aft_intake(d.session, &d.system, &in, NULL, &error));
    desk_pass(&d, i % 3 ? AFT__MINUTE : 0);
  }
  int64_t total = 0;
  uint32_t calls = 0;
  char token[64] = "";
  do {
    aft_automation_preview_in in = {.most = 16, .token = AFT_STR(token), .examples = 2};
    aft_buf *told = preview(&d, policy, &in);
    total += figure(aft_buf_data(told), "all", "held");
    const char *next = strstr(aft_buf_data(told), "\"next\":\"");
    snprintf(token, sizeof token, "%.*s", next ? (int)strcspn(next + 8, "\"") : 0, next ? next + 8 : "");
    aft_buf_free(told);
    calls++;
  } while (token[0]);
  assert_int_equal(total, 40);
  assert_int_equal(calls, 3);
  aft_automation_preview_in in = {.begin = DESK_START + AFT__DAY, .end = DESK_START + 2 * AFT__DAY};
  aft_buf *told = preview(&d, policy, &in);
  assert_int_equal(figure(aft_buf_data(told), "all", "came"), 0);
  aft_buf_free(told);
  aft_policy_unref(policy);
}

static void previews_are_asked_for_properly(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *out;
  const aft_automation_preview_in good = {.size = sizeof good, .begin = DESK_START, .end = DESK_START + 1};
  aft_automation_preview_in in = good;
  assert_ok(aft_automation_preview(d.session, &d.system, NULL, &in, NULL, &out, &error));
  assert_int_equal(figure(aft_buf_data(out), "review_invitation", "came"),
                   0); /* not enabled, and previewed */
  aft_buf_free(out);
  in.end = in.begin;
  assert_status(aft_automation_preview(d.session, &d.system, NULL, &in, NULL, &out, &error), AFT_E_INVALID);
  in = good;
  in.rule = AFT_STR("none");
  assert_status(aft_automation_preview(d.session, &d.system, NULL, &in, NULL, &out, &error), AFT_E_NOT_FOUND);
  assert_string_equal(error.where, "preview.rule");
  static const char *const tokens[] = {"x", "12", "1.", "1.0", "1.2x", "1.99999999999999999999", ".5"};
  for (size_t i = 0; i < AFT__COUNT(tokens); i++) {
    in = good;
    in.token = AFT_STR(tokens[i]);
    assert_status(aft_automation_preview(d.session, &d.system, NULL, &in, NULL, &out, &error), AFT_E_INVALID);
  }
  in = good;
  in.most = 200001;
  assert_status(aft_automation_preview(d.session, &d.system, NULL, &in, NULL, &out, &error), AFT_E_INVALID);
  in = good;
  in.examples = 51;
  assert_status(aft_automation_preview(d.session, &d.system, NULL, &in, NULL, &out, &error), AFT_E_INVALID);
  in = good;
  assert_status(aft_automation_preview(d.session, &d.as_agent, NULL, &in, NULL, &out, &error), AFT_E_DENIED);
  in.shop = d.other_shop;
  assert_status(aft_automation_preview(d.session, &d.as_agent, NULL, &in, NULL, &out, &error), AFT_E_DENIED);
  assert_status(aft_automation_preview(d.session, &d.as_buyer, NULL, &in, NULL, &out, &error), AFT_E_DENIED);
  in.shop = d.shop;
  assert_ok(aft_automation_preview(d.session, &d.as_agent, NULL, &in, NULL, &out, &error));
  aft_buf_free(out);
}

/* ---- a preview against what then happens ---- */

#define TWIN_RULES                                                                                          \
  "  anger: {order: 1, on: [ticket.opened, message.received], when: {tone: {at_most: -300}}, do: [{tag: "   \
  "a1}]}\n"                                                                                                 \
  "  asks: {order: 2, on: [ticket.opened, message.received], when: {question: true}, do: [{tag: a2}]}\n"    \
  "  parcel: {order: 3, on: [ticket.opened, message.received], when: {category: logistics}, do: [{tag: "    \
  "a3}]}\n"                                                                                                 \
  "  waits: {order: 4, on: message.received, when: {state: assigned}, do: [{tag: a4}]}\n"                   \
  "  urgent: {order: 5, on: [ticket.opened, message.received], when: {priority: [urgent, high]}, do: "      \
  "[{tag: "                                                                                                 \
  "a5}]}\n"                                                                                                 \
  "  marked: {order: 6, on: [ticket.answer, ticket.resolve, message.received], when: {tag: vip}, do: "      \
  "[{tag: "                                                                                                 \
  "a6}]}\n"                                                                                                 \
  "  unmarked: {order: 7, on: tag.removed, when: {not: {tag: vip}}, do: [{tag: a7}]}\n"                     \
  "  again: {order: 8, on: [message.received, ticket.resolve], when: {reopens: {at_least: 1}}, do: [{tag: " \
  "a8}]}\n"                                                                                                 \
  "  raised: {order: 9, on: [ticket.escalate, ticket.answer], when: {level: {at_least: 1}}, do: [{tag: "    \
  "a9}]}\n"                                                                                                 \
  "  fast: {order: 10, on: message.received, when: {urgent: true}, do: [{tag: b1}]}\n"                      \
  "  sorted: {order: 11, on: [ticket.classified, ticket.answer], when: {category: quality}, do: [{tag: "    \
  "b2}]}\n"                                                                                                 \
  "  calm: {order: 12, on: [ticket.opened, message.received], when: {queue: skilled}, do: [{tag: b3}]}\n"   \
  "  unsure: {order: 13, on: [ticket.opened, ticket.assign], when: {unsure: true}, do: [{tag: b4}]}\n"      \
  "  acted: {order: 14, on: [ticket.opened, message.received], when: {act: [question, request]}, do: "      \
  "[{tag: b5}]}\n"

static const char *const twin_names[] = {"anger",  "asks",     "parcel", "waits",  "urgent",
                                         "marked", "unmarked", "again",  "raised", "fast",
                                         "sorted", "calm",     "unsure", "acted"};

#define TWIN_TICKETS 6

typedef struct twin {
  desk desk;
  aft_id tickets[TWIN_TICKETS];
} twin;

static void twin_say(twin *t, uint32_t who, const char *text, uint32_t step) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  char external[24], handle[24];
  snprintf(external, sizeof external, "s%u", step);
  snprintf(handle, sizeof handle, "who%u", who);
  aft_message_in in = desk_message(&t->desk, external, text);
  in.customer = 0;
  in.handle = AFT_STR(handle);
  assert_ok(aft_intake(t->desk.session, &t->desk.system, &in, &message, &error));
  t->tickets[who] = aft_message_ticket(message);
  aft_record_free(message);
}

static void twin_act(twin *t, aft_id ticket, uint32_t act) {
  aft_error error = AFT_ERROR_INIT;
  aft_act_in in = {.size = sizeof in, .ticket = ticket, .act = act};
  in.agent = act == AFT_ACT_ASSIGN ? t->desk.agent : 0;
  if (act == AFT_ACT_CLASSIFY)
    in.category = AFT_STR("quality");
  aft_ticket_act(t->desk.session, &t->desk.as_agent, &in, NULL, &error); /* the state may not allow it */
}

static void twin_step(twin *t, uint32_t what, uint32_t who, uint32_t text, uint32_t step) {
  static const char *const texts[] = {ANGRY,
                                      ASKS,
                                      "急急急！马上处理！快递丢了",
                                      "衣服破了一个洞，质量太差",
                                      "嗯",
                                      "谢谢，太棒了，非常满意！",
                                      "我要退款，怎么退？"};
  static const uint32_t acts[] = {AFT_ACT_ASSIGN,   AFT_ACT_RESOLVE, AFT_ACT_ESCALATE,
                                  AFT_ACT_CLASSIFY, AFT_ACT_RELEASE, AFT_ACT_REOPEN};
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = t->tickets[who];
  aft_tag_in tag = {.size = sizeof tag, .kind = AFT_KIND_TICKET, .subject = ticket, .tag = AFT_STR("vip")};
  aft_answer_in say = {.size = sizeof say, .ticket = ticket, .text = AFT_STR("今天送到")};
  if (!ticket || what < 5)
    twin_say(t, who, texts[text % AFT__COUNT(texts)], step);
  else if (what < 10)
    twin_act(t, ticket, acts[text % AFT__COUNT(acts)]);
  else if (what < 12)
    assert_ok((text % 2 ? aft_tag_add : aft_tag_remove)(t->desk.session, &t->desk.as_agent, &tag, &error));
  else
    aft_ticket_answer(t->desk.session, &t->desk.as_agent, &say, NULL, &error);
  desk_pass(&t->desk, 5 * AFT__MINUTE);
}

static uint32_t twin_ran(desk *on, const char *rule) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *ticket;
  aft_ticket_filter all = {.size = sizeof all};
  char part[64];
  uint32_t n = 0;
  snprintf(part, sizeof part, "{\"rule\":\"%s\"", rule);
  assert_ok(aft_ticket_list(on->session, &on->system, &all, &cursor, &error));
  while (aft_cursor_next(cursor, &ticket, &error) == AFT_OK)
    n += desk_events_with(on, aft_ticket_id(ticket), "automation.ran", part);
  aft_cursor_free(cursor);
  return n;
}

static void a_preview_says_what_then_happens(void **state) {
  uint64_t random = seed_of("twins");
  twin past = {0}, future = {0};
  desk_open(&past.desk, (desk_kind)(intptr_t)*state);
  desk_open(&future.desk, (desk_kind)(intptr_t)*state);
  snprintf(yaml, sizeof yaml, "version: 1\nautomations:\n%s" TEXTS, TWIN_RULES);
  desk_policy(&future.desk, yaml);
  for (uint32_t step = 0; step < 150; step++) {
    uint32_t what = below(&random, 14), who = below(&random, TWIN_TICKETS);
    uint32_t text = below(&random, 1000);
    twin_step(&past, what, who, text, step);
    twin_step(&future, what, who, text, step);
  }
  aft_policy *policy = load_rules(TWIN_RULES);
  aft_automation_preview_in in = {0};
  aft_buf *told = preview(&past.desk, policy, &in);
  for (size_t i = 0; i < AFT__COUNT(twin_names); i++) {
    int64_t foretold = figure(aft_buf_data(told), twin_names[i], "held");
    uint32_t ran = twin_ran(&future.desk, twin_names[i]);
    if (foretold != ran)
      fail_msg("%s: foretold %lld, ran %u", twin_names[i], (long long)foretold, ran);
  }
  aft_buf_free(told);
  aft_policy_unref(policy);
  desk_close(&past.desk);
  desk_close(&future.desk);
}

#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(SQLITE, test), ON(MEMORY, test), ON(HOSTILE, test)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(a_circle_changes_nothing),
      ON(MEMORY, a_circle_is_refused_with_the_line),
      EVERYWHERE(what_may_be_offered_is_kept_with_the_message),
      EVERYWHERE(anger_goes_to_the_skilled_with_a_task_of_its_own),
      EVERYWHERE(one_line_invites_the_delighted_once),
      ON(MEMORY, a_circle_over_days_is_refused),
      ON(MEMORY, what_ends_over_days_is_no_circle),
      ON(MEMORY, what_comes_once_is_no_circle),
      ON(MEMORY, faults_have_their_place),
      ON(MEMORY, the_example_of_the_docs_works),
      EVERYWHERE(every_action_does_its_part),
      EVERYWHERE(a_rule_opens_a_task_once),
      EVERYWHERE(a_team_is_its_first_queue),
      EVERYWHERE(a_topic_brings_its_category),
      EVERYWHERE(rules_run_in_their_order),
      EVERYWHERE(what_rules_cause_is_looked_at_too),
      EVERYWHERE(a_long_chain_ends),
      EVERYWHERE(a_rule_that_is_off_does_nothing),
      EVERYWHERE(a_refused_action_loses_nothing),
      EVERYWHERE(the_customer_is_answered_as_the_system),
      EVERYWHERE(the_tick_raises_events_too),
      EVERYWHERE(tone_questions_and_delight_are_seen),
      EVERYWHERE(rules_follow_each_message_of_a_batch),
      ON(SQLITE, rules_end_with_the_hosts_transaction),
      EVERYWHERE(a_case_is_opened_where_that_is_possible),
      EVERYWHERE(a_macro_is_done_whole_or_not_at_all),
      EVERYWHERE(macros_are_asked_for_properly),
      EVERYWHERE(the_list_has_what_fits),
      ON(MEMORY, what_is_not_refused_comes_to_rest),
      EVERYWHERE(random_rules_do_what_an_interpreter_does),
      EVERYWHERE(a_preview_tells_and_changes_nothing),
      EVERYWHERE(a_long_preview_goes_on),
      EVERYWHERE(previews_are_asked_for_properly),
      EVERYWHERE(a_preview_says_what_then_happens),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}

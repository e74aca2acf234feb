/* Policies: merging, faults with their places, limits, hash, images, machines, forms, service levels. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <aftersales/actor.h>

#include "fault_alloc.h"
#include "policy/policy.h"
#include "policy/policy_priv.h"
#include "policy_fixture.h"
#include "random.h"

/* ---- loading ---- */

typedef struct attempt {
  aft_policy *policy;
  aft_status status;
  aft_error error;
  char report[16384];
} attempt;

static void load_some(attempt *a, const char *const *names, const char *const *texts, size_t n, bool bare) {
  aft_document documents[8];
  aft_buf *report = NULL;
  memset(a, 0, sizeof(*a));
  a->error.size = sizeof(a->error);
  for (size_t i = 0; i < n; i++) {
    documents[i].size = sizeof(documents[i]);
    documents[i].name = aft__cstr(names[i]);
    documents[i].text = aft__cstr(texts[i]);
  }
  aft_policy_options options = {.size = sizeof(options), .documents = documents, .count = n, .bare = bare};
  a->status = aft_policy_load(env, &options, &a->policy, &report, &a->error);
  assert_int_equal(a->status < 0, report != NULL);
  if (report) {
    assert_true(aft_buf_size(report) < sizeof(a->report));
    memcpy(a->report, aft_buf_data(report), aft_buf_size(report) + 1);
    assert_null(a->policy);
    assert_int_equal(a->error.code, a->status);
  }
  aft_buf_free(report);
}

static void load(attempt *a, const char *text) {
  const char *name = "shop.yaml";
  load_some(a, &name, &text, 1, false);
}

static aft_policy *loaded(const char *text) {
  attempt a;
  load(&a, text);
  if (a.status < 0)
    fail_msg("%s", a.report);
  return a.policy;
}

static int64_t target_of(const aft_policy *p, const char *priority, aft__sla sla) {
  aft__owed in = {.priority = aft__cstr(priority), .sla = sla};
  return aft__policy_target(p, &in);
}

static void assert_fault(const char *text, aft_status code, const char *line) {
  attempt a;
  load(&a, text);
  if (a.status != code || !strstr(a.report, line))
    fail_msg("expected %s and '%s', found %s and:\n%s", aft_status_name(code), line,
             aft_status_name(a.status), a.report);
}

static void a_document_takes_nothing_away_that_the_law_gives(void **state) {
  (void)state;
#define WINDOW(fields) "version: 1\ncases: {windows: {" fields "}}\n"
  assert_fault(WINDOW("cn_no_reason: {window: 1d}"), AFT_E_POLICY,
               "shop.yaml:2:42: cases.windows.cn_no_reason.window: the law gives at least 7d, found '1d'");
  assert_fault(WINDOW("eu_withdrawal: {window: 13d}"), AFT_E_POLICY, "the law gives at least 14d");
  assert_fault(WINDOW("eu_withdrawal: {refund_within: 1mo}"), AFT_E_POLICY, "the law gives at most 14d");
  assert_fault(WINDOW("cn_quality_return: {freight: buyer}"), AFT_E_POLICY,
               "the law gives the way back to the seller, found 'buyer'");
  static const char *const kinder[] = {
      WINDOW("cn_no_reason: {window: 1mo, refund_within: 48h, freight: seller}"),
      WINDOW("jp_return: {enabled: false}"),
      WINDOW(
          "cn_no_reason: {window: 5d, checked_on: 2027-01-01}")}; /* somebody says that the law has changed */
  for (size_t i = 0; i < sizeof kinder / sizeof *kinder; i++)
    aft_policy_unref(loaded(kinder[i]));
#undef WINDOW
}

static void the_default_is_whole(void **state) {
  (void)state;
  assert_int_equal(strlen(aft_policy_hash(policy)), 64);
  assert_string_equal(aft_policy_text(policy, "zh", "category.logistics"), "物流");
  assert_string_equal(aft_policy_text(policy, "zh-CN", "category.logistics"), "物流");
  assert_string_equal(aft_policy_text(policy, "en", "category.logistics"), "Delivery");
  assert_string_equal(aft_policy_text(policy, "fr", "category.logistics"), "Delivery");
  assert_string_equal(aft_policy_text(policy, "en", "no.such.key"), "no.such.key");
  assert_non_null(aft__policy_machine(policy, "ticket"));
  assert_null(aft__policy_machine(policy, "tickets"));
}

/* The texts compiled at build time and the same texts compiled now say the same. */
static void the_default_equals_its_source(void **state) {
  aft_policy_options options = {.size = sizeof(options)};
  aft_policy *again = NULL;
  (void)state;
  assert_int_equal(aft_policy_load(env, &options, &again, NULL, NULL), AFT_OK);
  assert_string_equal(aft_policy_hash(again), aft_policy_hash(policy));
  assert_int_equal(again->file.size, policy->file.size);
  assert_memory_equal(again->file.data, policy->file.data, policy->file.size);
  aft_policy_unref(again);
}

static int count_keys(const aft_policy *p, const char *prefix, const char *const *names, size_t n) {
  int missing = 0;
  for (size_t i = 0; i < n; i++) {
    char key[128];
    aft_str text;
    snprintf(key, sizeof(key), "%s.%s", prefix, names[i]);
    missing += !aft__catalogue_find(p, "zh", aft__cstr(key), &text);
  }
  return missing;
}

/* What people see of the default policy has words in both languages. */
static void the_default_has_labels_for_everything(void **state) {
  uint32_t n = 0;
  aft_str text;
  char key[128];
  (void)state;
  const aft__category *categories = aft__section_data(policy, AFT__SECTION_CATEGORIES, &n);
  assert_int_equal(n, 14);
  for (uint32_t i = 0; i < n; i++) {
    const char *name = policy->texts + categories[i].name;
    assert_int_equal(count_keys(policy, "category", &name, 1), 0);
  }
  const aft__topic *topics = aft__section_data(policy, AFT__SECTION_TOPICS, &n);
  assert_true(n >= 40);
  for (uint32_t i = 0; i < n; i++) {
    const char *name = policy->texts + topics[i].name;
    if (count_keys(policy, "topic", &name, 1))
      fail_msg("no text for topic.%s", name);
  }
  const aft__cause *causes = aft__section_data(policy, AFT__SECTION_CAUSES, &n);
  for (uint32_t i = 0; i < n; i++) {
    snprintf(key, sizeof(key), "cause.%s", policy->texts + causes[i].name);
    if (!aft__catalogue_find(policy, "en", aft__cstr(key), &text))
      fail_msg("no text for %s", key);
  }
  const aft__flow *flow = aft__policy_machine(policy, "ticket");
  for (uint32_t i = 0; i < flow->n_states; i++) {
    const char *name = flow->texts + flow->states[i].name;
    assert_int_equal(count_keys(policy, "state", &name, 1), 0);
  }
  for (uint32_t i = 0; i < flow->n_events; i++) {
    const char *name = flow->texts + flow->events[i].name;
    assert_int_equal(count_keys(policy, "event", &name, 1), 0);
  }
}

static void later_documents_overrule(void **state) {
  static const char *const names[] = {"one.yaml", "two.yaml"};
  static const char *const texts[] = {
      "service_levels: {urgent: {first_response: 5m}, low: null}\ntexts: {zh: {x.y: 甲}, en: {x.y: A}}\n",
      "service_levels: {urgent: {first_response: 7m, next_response: null}}\ntexts: {en: {x.y: B}}\n"};
  attempt a;
  (void)state;
  load_some(&a, names, texts, 2, false);
  if (a.status < 0)
    fail_msg("%s", a.report);
  assert_int_equal(target_of(a.policy, "urgent", AFT__SLA_FIRST_RESPONSE), 7 * AFT__MINUTE);
  assert_int_equal(target_of(a.policy, "urgent", AFT__SLA_NEXT_RESPONSE), -1);
  assert_int_equal(target_of(a.policy, "urgent", AFT__SLA_RESOLUTION), 8 * AFT__HOUR);
  assert_int_equal(target_of(a.policy, "low", AFT__SLA_RESOLUTION), -1);
  assert_int_equal(target_of(policy, "low", AFT__SLA_RESOLUTION), 5 * AFT__DAY);
  assert_string_equal(aft_policy_text(a.policy, "en", "x.y"), "B");
  assert_string_equal(aft_policy_text(a.policy, "zh", "x.y"), "甲");
  aft_policy_unref(a.policy);
}

static int fetch(void *user, size_t index, aft_document *out) {
  const char *const *texts = user;
  if (!texts[index])
    return 0;
  out->name = AFT_STR("fetched.yaml");
  out->text.data = texts[index];
  out->text.len = AFT_NTS;
  return texts[index][0] == '!' ? -1 : 1;
}

static void documents_may_be_fetched(void **state) {
  const char *texts[] = {"escalation: {most: 5}\n", "escalation: {most: 7}\n", NULL};
  const char *broken[] = {"escalation: {most: 5}\n", "!", NULL};
  aft_policy_options options = {.size = sizeof(options), .load = fetch, .user = texts};
  aft_policy *p = NULL;
  (void)state;
  assert_int_equal(aft_policy_load(env, &options, &p, NULL, NULL), AFT_OK);
  assert_int_equal(aft__policy_most_level(p), 7);
  aft_policy_unref(p);
  options.user = broken;
  p = NULL;
  assert_int_equal(aft_policy_load(env, &options, &p, NULL, NULL), AFT_E_CALLBACK);
  assert_null(p);
}

/* ---- faults ---- */

static void all_faults_come_at_once_with_places(void **state) {
  static const char yaml[] =
      "version: 1\n"                                        /* 1 */
      "rules:\n"                                            /* 2 */
      "  mine:\n"                                           /* 3 */
      "    category: logistic\n"                            /* 4 */
      "    wieght: 10\n"                                    /* 5 */
      "    weight: 5000\n"                                  /* 6 */
      "    words: [a]\n"                                    /* 7 */
      "service_levels:\n"                                   /* 8 */
      "  urgent: {first_response: soon}\n"                  /* 9 */
      "  sometimes: {resolution: 1h}\n"                     /* 10 */
      "priority:\n"                                         /* 11 */
      "  rules:\n"                                          /* 12 */
      "    odd: {when: {tone: {over: 3}}, points: 1}\n"     /* 13 */
      "    bad: {when: {urgent: maybe}, points: 1}\n"       /* 14 */
      "    far: {when: {chanel: wechat}, points: 1}\n"      /* 15 */
      "    gone: {when: {priority: urgant}, points: 1}\n"   /* 16 */
      "texts:\n"                                            /* 17 */
      "  en: {lonely: x, state.new: 'New {what}'}\n"        /* 18 */
      "forms: {contact: {fields: {age: {type: numbr}}}}\n"; /* 19 */
  static const char *const lines[] = {
      "shop.yaml:4:15: rules.mine: there is no category 'logistic' (did you mean 'logistics'?)",
      "shop.yaml:5:5: rules.mine.wieght: this key is unknown here (did you mean 'weight'?)",
      "shop.yaml:6:13: rules.mine.weight: expected a whole number from 1 to 1000, found '5000'",
      "shop.yaml:9:28: service_levels.urgent.first_response: expected a duration such as 30m, 48h or 7d, "
      "found 'soon'",
      "shop.yaml:10:3: service_levels.sometimes: there is no priority 'sometimes'",
      "shop.yaml:13:25: priority.rules.odd: expected above, below, at_least or at_most, found 'over'",
      "shop.yaml:14:26: priority.rules.bad: the fact 'urgent' is true or false, found 'maybe'",
      "shop.yaml:15:18: priority.rules.far: there is no fact 'chanel' to test (did you mean 'channel'?)",
      "shop.yaml:16:29: priority.rules.gone: the policy has no priority 'urgant' (did you mean 'urgent'?)",
      "shop.yaml:18:8: texts.en.lonely: the text is missing in zh",
      "shop.yaml:18:30: texts.state.new: the text in en has the place {what}, the one in zh has not",
      "shop.yaml:19:40: forms.contact.fields.age.type: expected one of text, number, phone, email, order, "
      "choice, "
      "date, found 'numbr' (did you mean 'number'?)",
  };
  attempt a;
  (void)state;
  load(&a, yaml);
  for (size_t i = 0; i < AFT__COUNT(lines); i++)
    if (!strstr(a.report, lines[i]))
      fail_msg("missing: %s\nfound:\n%s", lines[i], a.report);
  assert_int_equal(a.status, a.error.code);
  assert_non_null(strstr(a.error.message, "more)"));
  assert_true(a.error.line > 0 && a.error.column > 0);
}

static void the_first_fault_is_the_error(void **state) {
  attempt a;
  (void)state;
  load(&a, "escalation:\n  most: 12\nsurvey: {kind: stars}\n");
  assert_int_equal(a.status, AFT_E_POLICY);
  assert_int_equal(a.error.line, 2);
  assert_int_equal(a.error.column, 9);
  assert_string_equal(a.error.where, "shop.yaml:2:9");
  assert_string_equal(a.error.message,
                      "escalation.most: expected a whole number from 0 to 9, found '12' (and 1 more)");
}

static void unknown_keys_suggest_the_nearest(void **state) {
  (void)state;
  assert_fault("servey: {enabled: false}\n", AFT_E_POLICY_KEY, "did you mean 'survey'?");
  assert_fault("entirely_unlike: 1\n", AFT_E_POLICY_KEY,
               "shop.yaml:1:1: entirely_unlike: this key is unknown here\n");
  assert_fault("lexicons: {urgnt: null}\n", AFT_E_POLICY_KEY,
               "lexicons.urgnt: there is no such key to remove (did you mean 'urgent'?)");
}

static void broken_yaml_is_placed(void **state) {
  attempt a;
  (void)state;
  load(&a, "survey:\n  enabled: [true\n");
  assert_int_equal(a.status, AFT_E_POLICY_SYNTAX);
  assert_true(a.error.line >= 2);
  assert_fault("a: 1\nsurvey: {}\nsurvey: {}\n", AFT_E_POLICY_KEY,
               "shop.yaml:3:1: the key 'survey' stands here twice");
  assert_fault("--- {}\n--- {}\n", AFT_E_POLICY_SYNTAX, "one YAML document");
  assert_fault("- a\n- b\n", AFT_E_POLICY, "must be a map of sections");
  assert_fault("escalation: !!map {most: 3}\n", AFT_E_POLICY_SYNTAX, "tags are not used");
  assert_fault("escalation: {most: \"\\0\"}\n", AFT_E_ENCODING, "NUL");
  assert_fault("escalation: *none\n", AFT_E_POLICY_SYNTAX, "alias");
  assert_fault("\x01: 1\n", AFT_E_POLICY_SYNTAX, "shop.yaml:1:1");
  assert_fault("version: 1\nx: \xff\n", AFT_E_ENCODING, "shop.yaml:2:4");
  aft_document nul = {sizeof(nul), AFT_STR("nul.yaml"), {"a\0b", 3}};
  aft_policy_options options = {.size = sizeof(options), .documents = &nul, .count = 1};
  aft_policy *p = NULL;
  assert_int_equal(aft_policy_load(env, &options, &p, NULL, NULL), AFT_E_ENCODING);
}

static void yaml_bombs_are_bounded(void **state) {
  char deep[400] = "x: ";
  char *wide = malloc(700000);
  (void)state;
  assert_fault(
      "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
      "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
      "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
      AFT_E_POLICY_LIMIT, "aliases");
  assert_fault("a: &a [*a]\n", AFT_E_POLICY_LIMIT, "inside its own anchor");
  for (int i = 0; i < 100; i++)
    strcat(deep, "[");
  assert_fault(deep, AFT_E_POLICY_LIMIT, "nested deeper");
  assert_non_null(wide);
  strcpy(wide, "x: [");
  char *p = wide + 4;
  for (int i = 0; i < 120000; i++)
    p = stpcpy(p, "1,");
  strcpy(p, "]\n");
  assert_fault(wide, AFT_E_POLICY_LIMIT, "100000 values");
  /* one long text many times over */
  p = stpcpy(wide, "t: &t ");
  memset(p, 'x', 400000);
  p = stpcpy(p + 400000, "\nl: [");
  for (int i = 0; i < 200; i++)
    p = stpcpy(p, "*t,");
  strcpy(p, "]\n");
  assert_fault(wide, AFT_E_POLICY_LIMIT, "aliases");
  free(wide);
}

static void the_limit_of_bytes_holds(void **state) {
  aft_env_options small = {.size = sizeof(small)};
  aft_env *little = NULL;
  aft_policy *p = NULL;
  aft_policy_options options = {.size = sizeof(options), .bare = 1};
  aft_document d = {sizeof(d), AFT_STR("d.yaml"), AFT_STR("version: 1\ncategories: {}\n")};
  (void)state;
  small.limits.size = sizeof(small.limits);
  small.limits.policy_bytes = 20;
  assert_int_equal(aft_env_new(&small, &little, NULL), AFT_OK);
  options.documents = &d;
  options.count = 1;
  assert_int_equal(aft_policy_load(little, &options, &p, NULL, NULL), AFT_E_POLICY_LIMIT);
  aft_env_unref(little);
}

static void at_most_a_hundred_faults_are_listed(void **state) {
  char yaml[8000] = "texts: {en: {";
  attempt a;
  (void)state;
  for (int i = 0; i < 250; i++)
    sprintf(yaml + strlen(yaml), "lonely%d: x, ", i);
  strcat(yaml, "}}\n");
  load(&a, yaml);
  uint32_t lines = 0;
  for (const char *p = a.report; *p; p++)
    lines += *p == '\n';
  assert_int_equal(lines, 101);
  assert_non_null(strstr(a.report, "and 150 more\n"));
  assert_non_null(strstr(a.error.message, "(and 249 more)"));
}

static void a_bare_bundle_says_everything(void **state) {
  static const char *const name = "bare.yaml";
  static const char *const text = "version: 1\n";
  attempt a;
  (void)state;
  load_some(&a, &name, &text, 1, true);
  assert_int_equal(a.status, AFT_E_POLICY);
  assert_non_null(strstr(a.report, "the key 'categories' is missing"));
  assert_non_null(strstr(a.report, "the key 'machines' is missing"));
}

/* ---- machines ---- */

static void dead_ends_are_found(void **state) {
  (void)state;
  assert_fault(
      "machines: {ticket: {states: {limbo: {deadline: 1h, then: wait, on: {wait: {to: limbo, by: "
      "[system]}}}, "
      "new: {on: {triage: {to: limbo, by: [agent]}}}}}}\n",
      AFT_E_POLICY_MACHINE, "limbo");
  assert_fault("machines:\n  ticket:\n    states:\n      resolved: {deadline: null, then: null}\n",
               AFT_E_POLICY_MACHINE, "resolved");
  assert_fault("machines: {ticket: {states: {new: {on: {assign: {to: asigned, by: [agent]}}}}}}\n",
               AFT_E_POLICY_MACHINE, "the machine has no state 'asigned' (did you mean 'assigned'?)");
  assert_fault("machines: {ticket: {initial: newest}}\n", AFT_E_POLICY_MACHINE, "no state 'newest'");
  assert_fault("machines: {ticket: {states: {spam: null}}}\n", AFT_E_POLICY_MACHINE, "spam");
  assert_fault(
      "machines: {ticket: {states: {new: {on: {assign: {to: assigned, by: [agent], do: [dance]}}}}}}\n",
      AFT_E_POLICY_MACHINE, "dance");
  assert_fault(
      "machines: {ticket: {states: {new: {on: {assign: {to: assigned, by: [agent], do: [{notify: "
      "no.such}]}}}}}}\n",
      AFT_E_POLICY, "notify.no.such");
  assert_fault(
      "machines: {ticket: {states: {new: {on: {assign: {to: assigned, ignore: true, by: [agent]}}}}}}\n",
      AFT_E_POLICY_MACHINE, "either");
  assert_fault("machines: {ticket: null}\n", AFT_E_POLICY_MACHINE, "'ticket' is missing");
}

static void places_in_machines_name_the_right_document(void **state) {
  attempt a;
  (void)state;
  load(&a, "machines:\n  ticket:\n    states:\n      new: {}\n      stuck:\n        open: true\n");
  assert_int_equal(a.status, AFT_E_POLICY_MACHINE);
  assert_non_null(strstr(a.report, "shop.yaml:5:7: "));
}

static bool holds(void *user, uint32_t guard) { return aft__policy_holds(policy, guard, user); }

static aft_status fire(const char *from, const char *event, uint32_t role, int64_t hours, const char **to) {
  const aft__flow *flow = aft__policy_machine(policy, "ticket");
  uint32_t state = aft__flow_state_find(flow, aft__cstr(from)),
           e = aft__flow_event_find(flow, aft__cstr(event));
  aft__flow_step_out out;
  assert_true(state != AFT__FLOW_NONE && e != AFT__FLOW_NONE);
  aft__facts facts;
  memset(&facts, 0, sizeof(facts));
  facts.number[AFT__FACT_HOURS_SINCE_RESOLVED] = hours;
  aft_status status = aft__flow_step(flow, state, e, (uint16_t)(1u << role), holds, &facts, &out, NULL);
  if (status == AFT_OK)
    *to = flow->texts + flow->states[out.to].name;
  return status;
}

static void the_ticket_machine_works_as_promised(void **state) {
  const char *to = NULL;
  (void)state;
  assert_int_equal(fire("new", "triage", AFT_ROLE_SYSTEM, 0, &to), AFT_OK);
  assert_string_equal(to, "triaged");
  assert_int_equal(fire("assigned", "answer", AFT_ROLE_AGENT, 0, &to), AFT_OK);
  assert_string_equal(to, "waiting_customer");
  assert_int_equal(fire("waiting_customer", "customer_reply", AFT_ROLE_BUYER, 0, &to), AFT_OK);
  assert_string_equal(to, "assigned");
  assert_int_equal(fire("waiting_customer", "acknowledge", AFT_ROLE_BUYER, 0, &to), AFT_IGNORED);
  assert_int_equal(fire("resolved", "acknowledge", AFT_ROLE_BUYER, 1, &to), AFT_IGNORED);
  assert_int_equal(fire("resolved", "customer_reply", AFT_ROLE_BUYER, 168, &to), AFT_OK);
  assert_string_equal(to, "assigned");
  assert_int_equal(fire("resolved", "customer_reply", AFT_ROLE_BUYER, 169, &to), AFT_IGNORED);
  assert_int_equal(fire("closed", "customer_reply", AFT_ROLE_BUYER, 0, &to), AFT_IGNORED);
  assert_int_equal(fire("spam", "customer_reply", AFT_ROLE_BUYER, 0, &to), AFT_IGNORED);
  assert_int_equal(fire("closed", "reopen", AFT_ROLE_AGENT, 0, &to), AFT_E_TRANSITION);
  assert_int_equal(fire("assigned", "merge", AFT_ROLE_BUYER, 0, &to), AFT_E_DENIED);
  assert_int_equal(fire("waiting_customer", "no_reply", AFT_ROLE_SYSTEM, 0, &to), AFT_OK);
  assert_string_equal(to, "resolved");
}

static void machines_are_drawn(void **state) {
  static const char *const marks[] = {"digraph", "stateDiagram", "\"waiting_customer\""};
  (void)state;
  for (uint32_t format = AFT_FLOW_DOT; format <= AFT_FLOW_JSON; format++) {
    aft_buf *buf = NULL;
    assert_int_equal(aft_flow_export(policy, "ticket", format, &buf, NULL), AFT_OK);
    assert_non_null(strstr(aft_buf_data(buf), marks[format - 1]));
    aft_buf_free(buf);
  }
  aft_buf *none = NULL;
  assert_int_equal(aft_flow_export(policy, "parcel", AFT_FLOW_DOT, &none, NULL), AFT_E_NOT_FOUND);
  assert_int_equal(aft_flow_export(policy, "ticket", 9, &none, NULL), AFT_E_INVALID);
}

/* ---- hash ---- */

static void the_hash_is_of_the_content(void **state) {
  (void)state;
  aft_policy *a = loaded("escalation: {most: 4}\nintake: {thread_window: 1h}\n");
  aft_policy *b = loaded("# a comment\nintake:\n  thread_window: \"1h\"\n\nescalation:\n    most: '4'\n");
  aft_policy *c = loaded("escalation: {most: 5}\nintake: {thread_window: 1h}\n");
  assert_string_equal(aft_policy_hash(a), aft_policy_hash(b));
  assert_int_equal(a->file.size, b->file.size);
  assert_memory_equal(a->texts, b->texts, 1000);
  assert_string_not_equal(aft_policy_hash(a), aft_policy_hash(c));
  assert_string_not_equal(aft_policy_hash(a), aft_policy_hash(policy));
  assert_string_equal(aft_policy_hash(NULL), "");
  aft_policy_unref(a);
  aft_policy_unref(b);
  aft_policy_unref(c);
}

/* ---- images ---- */

static void images_round_trip(void **state) {
  aft_buf *image = NULL, *again = NULL;
  aft_policy *opened = NULL, *mapped = NULL;
  char path[] = "/tmp/aft-policy-XXXXXX";
  (void)state;
  assert_int_equal(aft_policy_image(policy, &image, NULL), AFT_OK);
  size_t size = aft_buf_size(image);
  assert_int_equal(aft_policy_open_image(env, aft_buf_data(image), size, &opened, NULL), AFT_OK);
  assert_string_equal(aft_policy_hash(opened), aft_policy_hash(policy));
  assert_int_equal(aft_policy_image(opened, &again, NULL), AFT_OK);
  assert_int_equal(aft_buf_size(again), size);
  assert_memory_equal(aft_buf_data(again), aft_buf_data(image), size);
  /* unaligned bytes are as good */
  char *odd = malloc(size + 1);
  assert_non_null(odd);
  memcpy(odd + 1, aft_buf_data(image), size);
  aft_policy_unref(opened);
  assert_int_equal(aft_policy_open_image(env, odd + 1, size, &opened, NULL), AFT_OK);
  free(odd);
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, aft_buf_data(image), size), size);
  close(fd);
  assert_int_equal(aft_policy_map_image(env, path, &mapped, NULL), AFT_OK);
  assert_string_equal(aft_policy_text(mapped, "zh", "state.closed"), "已关闭");
  unlink(path);
  aft_policy_unref(mapped);
  assert_int_equal(aft_policy_map_image(env, path, &mapped, NULL), AFT_E_IO);
  aft_policy_unref(opened);
  aft_buf_free(again);
  aft_buf_free(image);
}

static void damaged_images_are_refused(void **state) {
  aft_policy *p = NULL;
  uint64_t *copy = malloc(aft__default_image_size);
  (void)state;
  assert_non_null(copy);
  static const size_t cuts[] = {0, 7, 100, sizeof(aft__image), 5000};
  for (size_t i = 0; i < AFT__COUNT(cuts); i++)
    assert_int_equal(aft_policy_open_image(env, aft__default_image, cuts[i], &p, NULL), AFT_E_POLICY_IMAGE);
  for (size_t at = 0; at < aft__default_image_size; at += 997) {
    memcpy(copy, aft__default_image, aft__default_image_size);
    ((unsigned char *)copy)[at] ^= 0x10;
    assert_int_equal(aft_policy_open_image(env, copy, aft__default_image_size, &p, NULL), AFT_E_POLICY_IMAGE);
  }
  free(copy);
}

/* A policy of a dozen words and the default ticket machine, so that thousands of damaged ones are tried in
 * a moment. */
static const char tiny[] =
    "version: 1\n"
    "categories: {other: {}, a: {topics: [t]}}\n"
    "rules: {r: {category: a, topic: t, weight: 50, words: [x..y, z], with: [w], unless: [v]},\n"
    "  s: {category: a, weight: 5, words: [x], when: {any: [{asked: false}, {order_state: [p, q]}]}}}\n"
    "lexicons: {tone: {positive: {good: 500}, negation: [not], degree: {very: 1500}}, urgent: [now],\n"
    "  order_number: [no], yes_no: [ok], asks_for: [w]}\n"
    "triage: {languages: [en, zh], pause: 1m, least: 10, disagreement: 5, rule_weight: 3000}\n"
    "suggestions: {s: {when: {urgent: true}}, t: {when: {not: {tone: {above: 5}}}}}\n"
    "priority:\n"
    "  levels: {high: 10, low: 0}\n"
    "  rules: {p: {when: {any: [{category: a}, {tone: {above: 1, below: 9}}, {not: {urgent: true}}]}, "
    "points: 20}}\n"
    "service_levels: {high: {resolution: 1h}}\n"
    "automations: {a: {order: 2, on: [ticket.opened, tag.added], when: {any: [{tag: x}, {tone: {above: "
    "5}}]},\n"
    "  do: [{tag: y}, {set: {category: a, priority: high}}, escalate]}, b: {order: 1, on: ticket.resolve, "
    "do: [{untag: "
    "x}]}}\n"
    "macros: {m: {do: [resolve, {set: {topic: t}}], by: [agent]}}\n"
    "forms: {f: {fields: {c: {type: choice, choices: [u, v]}, d: {type: text, required: true}}}}\n"
    "notifications:\n"
    "  channels: {email: {format: html, subject: s}, sms: {most: 9}, chat: {format: json}}\n"
    "  events: {default: {channels: [same, sms], topic: q}, ticket.*: {coalesce: 5m, urgent: true},\n"
    "    ticket.resolved: {must: true}}\n"
    "texts:\n"
    "  zh: {notify.ticket.acknowledged: 'a {code}', notify.ticket.resolved: c, notify.ticket.reminder: d,\n"
    "       notify.ticket.no_reply: e, s: f, 'notify.ticket.no_reply@chat': '[\"{code}\"]'}\n"
    "  en: {notify.ticket.acknowledged: 'A {code}', notify.ticket.resolved: C, notify.ticket.reminder: D,\n"
    "       notify.ticket.no_reply: E, s: F, 'notify.ticket.no_reply@chat': '[\"{code}\"]'}\n";

/* The state machine of tickets, as it stands in the source tree. */
static aft_str ticket_source(void) {
  static char text[1 << 14];
  char path[1024];
  snprintf(path, sizeof path, "%s/lib/policy/default/ticket.yaml", getenv("AFT_TEST_ROOT"));
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  size_t n = fread(text, 1, sizeof text, file);
  fclose(file);
  return aft__str(text, n);
}

static void compile_tiny(aft__buf *out) {
  aft_document documents[2] = {{sizeof(aft_document), {NULL, 0}, {NULL, 0}},
                               {sizeof(aft_document), {"tiny.yaml", 9}, {tiny, sizeof(tiny) - 1}}};
  aft__buf report;
  aft__buf_init(&report, env);
  documents[0].name = aft__cstr("ticket.yaml");
  documents[0].text = ticket_source();
  if (aft__policy_compile(env, documents, 2, false, out, &report, NULL) < 0)
    fail_msg("%s", report.data);
  aft__buf_done(&report);
}

static void suggested(void *user, aft_str name) { *(size_t *)user += name.len; }

static void use_triage(const aft_policy *p, aft__arena *arena, aft__facts *facts, aft__buf *out) {
  aft_str earlier = aft__cstr("order no");
  aft__triage_score score = {aft__cstr("a"), 500000};
  aft__triage_in in = {.text = aft__cstr("x y z w good very not now ok 12345678"),
                       .label = aft__cstr("a"),
                       .earlier = &earlier,
                       .n_earlier = 1,
                       .desk = aft__cstr("w?")};
  aft__triage triage;
  size_t length = 0;
  for (in.n_scores = 0; in.n_scores < 2; in.n_scores++) {
    in.scores = &score;
    if (aft__triage_run(p, &in, arena, &triage, out, NULL) >= 0)
      aft__triage_facts(&triage, facts);
  }
  aft__policy_suggest(p, facts, suggested, &length, out);
}

static void count_fact(void *user, const char *fact, aft_str found) {
  *(size_t *)user += strlen(fact) + found.len;
}

static void use_actions(const aft_policy *p, uint32_t first, uint32_t n) {
  aft__action_of action;
  for (uint32_t i = 0; i < n; i++) {
    aft__policy_action(p, first + i, &action);
    aft__policy_topic_category(p, action.value);
    aft__policy_team_queue(p, action.value);
  }
}

static void use_automations(const aft_policy *p, const aft__facts *facts) {
  aft__rule_of rule;
  aft__macro_of macro;
  size_t length = 0;
  aft__policy_raises(p, aft__cstr("ticket.opened"));
  for (uint32_t i = 0; aft__policy_trigger(p, i).data; i++)
    continue;
  for (uint32_t i = 0; aft__policy_rule_at(p, i, &rule); i++) {
    use_actions(p, rule.first, rule.n_actions);
    aft__policy_holds(p, rule.condition, facts);
    aft__policy_tested(p, rule.condition, facts, count_fact, &length);
  }
  for (uint32_t i = 0; aft__policy_macro_at(p, i, &macro); i++)
    use_actions(p, macro.first, macro.n_actions);
  aft__policy_macro_find(p, aft__cstr("m"), &macro);
}

static void use_notices(const aft_policy *p, aft__buf *out) {
  static const char *const events[] = {"ticket.acknowledged", "ticket.resolved", "ticket.no_reply"};
  static const char *const channels[] = {"email", "sms", "chat"};
  aft__filling code = {.name = "code", .text = AFT_STR("T-1")};
  aft__wishes wishes = {.channels = AFT_STR("email chat")};
  code.text.len = 3;
  wishes.channels.len = 10;
  for (size_t i = 0; i < AFT__COUNT(events); i++) {
    aft__notice_plan plan;
    aft_str route[AFT__NOTICE_ROUTE];
    bool must;
    aft__policy_notice_of(p, aft__cstr(events[i]), &plan);
    aft__notice_route(&plan, &wishes, aft__cstr("web"), route);
    aft__policy_notice_topic(p, plan.topic, &must);
    aft__notice_fill fill = {aft__cstr(events[i]), aft__cstr(channels[i]), "en", &code, 1};
    aft__policy_notice_write(p, &fill, out, out);
  }
}

static void use_everything(const aft_policy *p) {
  aft__arena arena;
  aft__buf out;
  aft__priority priority;
  aft__facts facts;
  memset(&facts, 0, sizeof(facts));
  aft__arena_init(&arena, env);
  aft__buf_init(&out, env);
  use_triage(p, &arena, &facts, &out);
  use_automations(p, &facts);
  aft__policy_priority(p, &facts, &priority, &out);
  aft__hold hold = {5, 6};
  aft__owed owed = {.priority = priority.name,
                    .facts = &facts,
                    .sla = AFT__SLA_RESOLUTION,
                    .began = 5,
                    .holds = &hold,
                    .n_holds = 1};
  aft__policy_due(p, &owed, &out);
  aft__form_value values[] = {{AFT_STR("c"), AFT_STR("u")}, {AFT_STR("e"), AFT_STR("u")}};
  for (size_t i = 0; i < AFT__COUNT(values); i++) {
    values[i].name.len = 1;
    values[i].text.len = 1;
  }
  aft__policy_form_check(p, aft__cstr("f"), values, AFT__COUNT(values), &out, NULL);
  aft__buf reasons;
  aft__buf_init(&reasons, env);
  aft__buf_str(&reasons, aft__buf_view(&out));
  aft__reasons_render(p, "zh", aft__buf_view(&reasons), NULL, &out);
  aft__policy_render(p, "en", "notify.ticket.acknowledged", NULL, 0, &out);
  use_notices(p, &out);
  const aft__flow *flow = aft__policy_machine(p, "ticket");
  if (flow) {
    aft__flow_step_out step;
    for (uint32_t s = 0; s < flow->n_states; s++)
      for (uint32_t e = 0; e < flow->n_events; e++)
        aft__flow_step(flow, s, e, 0xffff, NULL, NULL, &step, NULL);
    aft__flow_export(flow, AFT__FLOW_DOT, &out);
  }
  aft__buf_done(&reasons);
  aft__buf_done(&out);
  aft__arena_done(&arena);
}

/* An image of the first version as far as it is read: its head, and the source behind 21 sections. */
static size_t first_version(const aft_buf *image, unsigned char *out, size_t room) {
  const aft__image *now = (const aft__image *)(const void *)aft_buf_data(image);
  aft__image head = *now;
  aft__buf source;
  aft__buf_init(&source, env);
  assert_int_equal(aft__image_source(now, aft_buf_size(image), &source, NULL), AFT_OK);
  size_t sections = offsetof(aft__image, sections), end = sections + 21 * sizeof(aft__section);
  size_t size = (end + source.len + 7) & ~(size_t)7;
  assert_true(size <= room);
  head.version = 1;
  head.size = size;
  memset(head.sections, 0, sizeof head.sections);
  head.sections[20] = (aft__section){end, (uint32_t)source.len, 1};
  memset(out, 0, size);
  memcpy(out, &head, end);
  memcpy(out + end, source.data, source.len);
  aft__buf_done(&source);
  size_t from = offsetof(aft__image, hash);
  uint64_t sum = aft__hash64(out + from, size - from, 0);
  memcpy(out + offsetof(aft__image, checksum), &sum, sizeof sum);
  return size;
}

static void an_image_of_the_first_version_is_compiled_anew(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *image, *drawn[2];
  aft_policy *opened;
  (void)state;
  assert_int_equal(aft_policy_image(policy, &image, NULL), AFT_OK);
  size_t room = aft_buf_size(image);
  unsigned char *old = malloc(room);
  assert_non_null(old);
  size_t size = first_version(image, old, room);
  if (aft_policy_open_image(env, old, size, &opened, &error) < 0)
    fail_msg("%s: %s", error.where, error.message);
  assert_string_equal(aft_policy_hash(opened), aft_policy_hash(policy));
  assert_int_equal(aft_flow_export(policy, "ticket", AFT_FLOW_JSON, &drawn[0], NULL), AFT_OK);
  assert_int_equal(aft_flow_export(opened, "ticket", AFT_FLOW_JSON, &drawn[1], NULL), AFT_OK);
  assert_string_equal(aft_buf_data(drawn[0]), aft_buf_data(drawn[1]));
  assert_string_equal(aft_policy_text(opened, "zh", "category.payment"), "支付");
  assert_int_equal(target_of(opened, "urgent", AFT__SLA_FIRST_RESPONSE), 15 * AFT__MINUTE);
  aft_buf_free(drawn[0]);
  aft_buf_free(drawn[1]);
  aft_policy_unref(opened);
  old[size - 9] ^= 1;
  assert_int_equal(aft_policy_open_image(env, old, size, &opened, &error), AFT_E_POLICY_IMAGE);
  old[8 + 4] = AFT__IMAGE_VERSION + 1;
  assert_int_equal(aft_policy_open_image(env, old, size, &opened, &error), AFT_E_POLICY_IMAGE);
  assert_non_null(strstr(error.message, "reads versions"));
  aft_buf_free(image);
  free(old);
}

/* Texts that begin with the bytes of marks, and empty ones, come back from the image as they were. */
static void the_content_comes_back(void **state) {
  static const char text[] =
      "texts:\n"
      "  zh: {my.key: \"\\x01\\x03a\", my.other: \"\\x04\\x04\"}\n"
      "  en: {my.key: \"\\x02\", my.other: \"\\x03\"}\n";
  aft_error error = AFT_ERROR_INIT;
  aft_document document = {sizeof document, AFT_STR("my.yaml"), {text, sizeof text - 1}};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  aft_policy *made;
  aft__buf source, again;
  (void)state;
  if (aft_policy_load(env, &options, &made, NULL, &error) < 0)
    fail_msg("%s: %s", error.where, error.message);
  assert_string_equal(aft_policy_text(made, "zh", "my.key"), "\x01\x03\x61");
  assert_string_equal(aft_policy_text(made, "en", "my.other"), "\x03");
  aft__buf_init(&source, env);
  aft__buf_init(&again, env);
  assert_int_equal(aft__image_source(made->image, made->file.size, &source, NULL), AFT_OK);
  aft_document whole = {sizeof whole, AFT_STR("content"), aft__buf_view(&source)};
  assert_int_equal(aft__policy_compile(env, &whole, 1, false, &again, NULL, NULL), AFT_OK);
  assert_int_equal(again.len, made->file.size);
  assert_memory_equal(again.data, made->image, again.len);
  aft__buf_done(&again);
  aft__buf_done(&source);
  aft_policy_unref(made);
}

/* The bytes of an image that is compiled anew are the caller's: refused or read, and never beyond their end.
 */
static void damaged_content_is_bounded(void **state) {
  uint64_t seed = seed_of("damaged content");
  uint32_t refused = 0, rounds = 20000;
  static const char good[] = "\1a\0\2b\0c\0\1\3\3d\0\4\1e\0\3";
  (void)state;
  for (uint32_t round = 0; round < rounds; round++) {
    size_t size = round % 3 ? sizeof good - 1 : (size_t)(draw(&seed) % sizeof good);
    char *copy = malloc(size + !size);
    aft__buf out;
    assert_non_null(copy);
    memcpy(copy, good, size);
    for (uint32_t flips = round % 4; flips > 0 && size > 0; flips--)
      copy[draw(&seed) % size] = (char)(draw(&seed) % 6);
    aft__buf_init(&out, env);
    refused += !aft__source_read(aft__str(copy, size), &out);
    aft__buf_done(&out);
    free(copy);
  }
  assert_true(refused > 0 && refused < rounds);
  char deep[200];
  aft__buf out;
  aft__buf_init(&out, env);
  memset(deep, 2, sizeof deep / 2);
  memset(deep + sizeof deep / 2, 3, sizeof deep / 2);
  assert_false(aft__source_read(aft__str(deep, sizeof deep), &out));
  aft__buf_done(&out);
}

/* Bytes change and the checksum is made right again: refused or harmless, never worse. */
static void hostile_images_never_crash(void **state) {
  uint64_t seed = seed_of("damaged images");
  aft__buf made;
  (void)state;
  aft__buf_init(&made, env);
  compile_tiny(&made);
  size_t size = made.len;
  unsigned char *copy = malloc(size);
  assert_non_null(copy);
  uint32_t rounds = 20000, opened = 0;
  print_message("# %zu bytes, %u rounds\n", size, rounds);
  for (uint32_t round = 0; round < rounds; round++) {
    memcpy(copy, made.data, size);
    for (int flips = 0; flips < 1 + (int)(round % 3); flips++) {
      uint64_t bits = draw(&seed);
      size_t at = (size_t)((bits >> 20) % size);
      if (round % 2)
        at %= sizeof(aft__image) + 256;
      copy[at] = (unsigned char)(round % 5 ? bits >> 56 : copy[at] ^ (1u << (bits >> 61)));
    }
    aft__image *head = (aft__image *)(void *)copy;
    size_t from = offsetof(aft__image, hash);
    head->checksum = aft__hash64(copy + from, size - from, 0);
    aft_policy *p = NULL;
    if (aft_policy_open_image(env, copy, size, &p, NULL) < 0)
      continue;
    opened++;
    use_everything(p);
    aft_policy_unref(p);
  }
  assert_true(opened > 0 && opened < rounds);
  free(copy);
  aft__buf_done(&made);
}

/* ---- conditions ---- */

static void conditions_combine(void **state) {
  static const struct {
    const char *when;
    bool holds;
  } cases[] = {
      {"{tier: vip}", true},
      {"{tier: [gold, vip]}", true},
      {"{tier: gold}", false},
      {"{tone: {at_most: -500}}", true},
      {"{tone: {above: -500}}", false},
      {"{tone: {above: -501, below: -499}}", true},
      {"{tone: -500}", true},
      {"{urgent: true, tier: vip}", true},
      {"{urgent: false, tier: vip}", false},
      {"{any: [{urgent: false}, {tier: vip}]}", true},
      {"{all: [{urgent: true}, {tier: gold}]}", false},
      {"{not: {tier: gold}}", true},
      {"{not: [{tier: gold}, {urgent: true}]}", false},
      {"{all: [{any: [{tier: gold}, {not: {urgent: false}}]}, {not: {all: [{tier: vip}, {reopens: 1}]}}]}",
       true},
      {"{label: ''}", true},
      {"{has_order: false}", true}};
  aft__facts facts;
  (void)state;
  memset(&facts, 0, sizeof(facts));
  facts.text[AFT__FACT_TIER] = aft__cstr("vip");
  facts.number[AFT__FACT_TONE] = -500;
  facts.number[AFT__FACT_URGENT] = 1;
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    char yaml[400];
    snprintf(yaml, sizeof(yaml), "priority: {rules: {mine: {when: %s, points: 100000}}}\n", cases[i].when);
    aft_policy *p = loaded(yaml);
    aft__priority priority;
    aft__policy_priority(p, &facts, &priority, NULL);
    if ((priority.points > 50000) != cases[i].holds)
      fail_msg("%s should %shold", cases[i].when, cases[i].holds ? "" : "not ");
    aft_policy_unref(p);
  }
}

/* ---- service levels ---- */

static void due_times_add_up(void **state) {
  aft__buf reasons;
  (void)state;
  aft__buf_init(&reasons, env);
  aft__hold hold = {2000, 2500};
  aft__owed in = {.priority = aft__cstr("urgent"), .sla = AFT__SLA_FIRST_RESPONSE, .began = 1000};
  assert_int_equal(aft__policy_due(policy, &in, &reasons), 1000 + 15 * AFT__MINUTE);
  in.sla = AFT__SLA_RESOLUTION;
  in.holds = &hold;
  in.n_holds = 1;
  assert_int_equal(aft__policy_due(policy, &in, NULL), 1500 + 8 * AFT__HOUR);
  in.n_holds = 0;
  in.began = INT64_MAX - 5;
  assert_int_equal(aft__policy_due(policy, &in, NULL), AFT_TIME_NONE);
  in.began = AFT_TIME_NONE;
  assert_int_equal(aft__policy_due(policy, &in, NULL), AFT_TIME_NONE);
  in.began = 0;
  in.priority = aft__cstr("none");
  assert_int_equal(aft__policy_due(policy, &in, NULL), AFT_TIME_NONE);
  assert_non_null(strstr(reasons.data, "explain.due.target"));
  aft__buf_done(&reasons);
  aft__sla sla;
  for (int i = 0; i < AFT__SLAS; i++) {
    assert_true(aft__sla_find(aft__cstr(aft__sla_name((aft__sla)i)), &sla));
    assert_int_equal(sla, i);
  }
  assert_false(aft__sla_find(aft__cstr("never"), &sla));
}

static void services_get_their_settings(void **state) {
  aft__policy_intake intake;
  aft__policy_survey survey;
  aft__priority priority;
  (void)state;
  aft__policy_intake_of(policy, &intake);
  assert_int_equal(intake.thread_window_ms, 72 * AFT__HOUR);
  assert_int_equal(intake.pause_ms, 2 * AFT__MINUTE);
  assert_true(aft__policy_survey_find(policy, aft__cstr(""), &survey));
  assert_true(survey.enabled);
  assert_int_equal(survey.after_ms, AFT__HOUR);
  assert_true(aft__policy_priority_find(policy, aft__cstr("urgent"), &priority));
  assert_int_equal(priority.rank, 0);
  assert_true(aft__policy_priority_find(policy, aft__cstr("low"), &priority));
  assert_int_equal(priority.rank, 3);
  assert_false(aft__policy_priority_find(policy, aft__cstr("lowest"), &priority));
}

/* ---- forms ---- */

static aft_status check_form(const char *const pairs[][2], size_t n, char *report, aft_error *error) {
  aft__form_value values[8];
  aft__buf lines;
  aft__buf_init(&lines, env);
  for (size_t i = 0; i < n; i++) {
    values[i].name = aft__cstr(pairs[i][0]);
    values[i].text = aft__cstr(pairs[i][1]);
  }
  aft_status status = aft__policy_form_check(policy, aft__cstr("return"), values, n, &lines, error);
  memcpy(report, lines.len ? lines.data : "", lines.len);
  report[lines.len] = '\0';
  aft__buf_done(&lines);
  return status;
}

static void forms_name_every_wrong_field(void **state) {
  static const char *const good[][2] = {{"phone", "+86 138-0013-8000"},
                                        {"order", "A-1001"},
                                        {"wish", "refund"},
                                        {"quantity", "2"},
                                        {"description", "坏了"}};
  static const char *const bad[][2] = {
      {"phone", "call me"}, {"wish", "money"}, {"quantity", "0"}, {"description", "x"}, {"colour", "red"}};
  char report[4096];
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  assert_int_equal(check_form(good, AFT__COUNT(good), report, &error), AFT_OK);
  assert_string_equal(report, "");
  assert_int_equal(check_form(bad, AFT__COUNT(bad), report, &error), AFT_E_FORM);
  assert_string_equal(error.where, "form.return.description");
  assert_non_null(strstr(error.message, "and 5 more wrong fields"));
  assert_non_null(strstr(report, "form.return.phone: expected a phone number"));
  assert_non_null(strstr(report, "form.return.order: the field is required"));
  assert_non_null(strstr(report, "form.return.wish: expected one of the choices"));
  assert_non_null(strstr(report, "form.return.quantity: expected a number from 1 to 999, found 0"));
  assert_non_null(strstr(report, "form.return.colour: the form has no such field"));
  assert_int_equal(aft__policy_form_check(policy, aft__cstr("nothing"), NULL, 0, NULL, &error),
                   AFT_E_NOT_FOUND);
  assert_true(aft__str_eq(aft__policy_form_meaning(policy, aft__cstr("return"), aft__cstr("order")),
                          aft__cstr("order")));
  assert_int_equal(aft__policy_form_meaning(policy, aft__cstr("return"), aft__cstr("quantity")).len, 0);
}

/* ---- handles ---- */

static void wrong_arguments_are_refused(void **state) {
  aft_policy *p = NULL;
  aft_error error = AFT_ERROR_INIT;
  aft_policy_options options = {.size = sizeof(options), .bare = 2};
  (void)state;
  assert_int_equal(aft_policy_default(NULL, &p, &error), AFT_E_NULL_HANDLE);
  assert_int_equal(aft_policy_load(env, NULL, NULL, NULL, &error), AFT_E_NULL_HANDLE);
  assert_int_equal(aft_policy_load(env, &options, &p, NULL, &error), AFT_E_INVALID);
  options.bare = 0;
  options.count = 1;
  assert_int_equal(aft_policy_load(env, &options, &p, NULL, &error), AFT_E_INVALID);
  options.size = 3;
  assert_int_equal(aft_policy_load(env, &options, &p, NULL, &error), AFT_E_ABI);
  assert_int_equal(aft_policy_open_image(env, NULL, 1, &p, &error), AFT_E_NULL_HANDLE);
  assert_null(p);
  assert_null(aft_policy_ref(NULL));
  aft_policy_unref(NULL);
}

/* A caller of a newer version has larger documents: its own size is the step through the array. */
static void documents_may_be_larger_than_known(void **state) {
  struct newer {
    aft_document known;
    uint64_t more;
  } two[2] = {{.known = {sizeof two[0], AFT_STR("a"), AFT_STR("escalation: {most: 1}\n")}},
              {.known = {sizeof two[0], AFT_STR("b"), AFT_STR("escalation: {most: 2}\n")}}};
  aft_policy *p = NULL;
  aft_error error = AFT_ERROR_INIT;
  aft_policy_options options = {.size = sizeof options, .documents = &two[0].known, .count = 2};
  (void)state;
  assert_int_equal(aft_policy_load(env, &options, &p, NULL, &error), AFT_OK);
  assert_int_equal(aft__policy_most_level(p), 2);
  aft_policy_unref(p);
  p = NULL;
  two[1].more = 1;
  assert_int_equal(aft_policy_load(env, &options, &p, NULL, &error), AFT_E_ABI);
  assert_null(p);
}

static void references_count(void **state) {
  (void)state;
  aft_policy *p = loaded("escalation: {most: 1}\n");
  assert_ptr_equal(aft_policy_ref(p), p);
  aft_policy_unref(p);
  assert_int_equal(aft__policy_most_level(p), 1);
  aft_policy_unref(p);
}

/* ---- memory ---- */

/* A bundle that compiles, one with faults, and work with the result. */
static aft_status whole_life(aft_env *e, const aft_document *documents) {
  aft_policy *p = NULL, *opened = NULL;
  aft_buf *image = NULL, *report = NULL;
  aft__arena arena;
  aft__triage triage;
  aft__buf reasons;
  aft_policy_options good = {.size = sizeof(good), .documents = documents, .count = 2, .bare = 1};
  aft_policy_options bad = {.size = sizeof(bad), .documents = documents, .count = 3, .bare = 1};
  aft_status status = aft_policy_load(e, &bad, &p, &report, NULL);
  aft_buf_free(report);
  if (status == AFT_E_NOMEM)
    return status;
  assert_int_equal(status, AFT_E_POLICY_KEY);
  AFT__TRY(aft_policy_load(e, &good, &p, NULL, NULL));
  aft__arena_init(&arena, e);
  aft__buf_init(&reasons, e);
  status =
      aft__policy_triage(p, aft__cstr("x y w very good ok"), aft__cstr("a"), &arena, &triage, &reasons, NULL);
  if (status >= 0)
    status = aft_policy_image(p, &image, NULL);
  if (status >= 0)
    status = aft_policy_open_image(e, aft_buf_data(image), aft_buf_size(image), &opened, NULL);
  aft__buf_done(&reasons);
  aft__arena_done(&arena);
  aft_buf_free(image);
  aft_policy_unref(opened);
  aft_policy_unref(p);
  return status;
}

static void every_allocation_may_fail(void **state) {
  aft_document documents[3] = {
      {sizeof(aft_document), AFT_STR("ticket.yaml"), {NULL, 0}},
      {sizeof(aft_document), AFT_STR("tiny.yaml"), AFT_STR(tiny)},
      {sizeof(aft_document), AFT_STR("bad.yaml"), AFT_STR("servey: {a: [b]}\nrules: {r: 1}\n")}};
  fault_alloc fault;
  uint64_t failed = 0;
  (void)state;
  documents[0].text = ticket_source();
  for (uint64_t at = 0;; at++) {
    memset(&fault, 0, sizeof(fault));
    aft_env_options options = {.size = sizeof(options), .alloc = fault_alloc_hooks(&fault)};
    aft_env *e = NULL;
    assert_int_equal(aft_env_new(&options, &e, NULL), AFT_OK);
    fault.fail_at = at ? fault.calls + at : 0;
    aft_status status = whole_life(e, documents);
    aft_env_unref(e);
    assert_int_equal(fault.bytes, 0);
    if (status != (fault.failures ? AFT_E_NOMEM : AFT_OK))
      fail_msg("allocation %llu: %s", (unsigned long long)at, aft_status_name(status));
    failed += fault.failures;
    if (at > 0 && fault.failures == 0)
      break;
  }
  assert_true(failed > 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_document_takes_nothing_away_that_the_law_gives),
      cmocka_unit_test(the_default_is_whole),
      cmocka_unit_test(the_default_equals_its_source),
      cmocka_unit_test(the_default_has_labels_for_everything),
      cmocka_unit_test(later_documents_overrule),
      cmocka_unit_test(documents_may_be_fetched),
      cmocka_unit_test(all_faults_come_at_once_with_places),
      cmocka_unit_test(the_first_fault_is_the_error),
      cmocka_unit_test(unknown_keys_suggest_the_nearest),
      cmocka_unit_test(broken_yaml_is_placed),
      cmocka_unit_test(yaml_bombs_are_bounded),
      cmocka_unit_test(the_limit_of_bytes_holds),
      cmocka_unit_test(at_most_a_hundred_faults_are_listed),
      cmocka_unit_test(a_bare_bundle_says_everything),
      cmocka_unit_test(dead_ends_are_found),
      cmocka_unit_test(places_in_machines_name_the_right_document),
      cmocka_unit_test(the_ticket_machine_works_as_promised),
      cmocka_unit_test(machines_are_drawn),
      cmocka_unit_test(the_hash_is_of_the_content),
      cmocka_unit_test(images_round_trip),
      cmocka_unit_test(an_image_of_the_first_version_is_compiled_anew),
      cmocka_unit_test(damaged_images_are_refused),
      cmocka_unit_test(the_content_comes_back),
      cmocka_unit_test(damaged_content_is_bounded),
      cmocka_unit_test(hostile_images_never_crash),
      cmocka_unit_test(conditions_combine),
      cmocka_unit_test(due_times_add_up),
      cmocka_unit_test(services_get_their_settings),
      cmocka_unit_test(forms_name_every_wrong_field),
      cmocka_unit_test(wrong_arguments_are_refused),
      cmocka_unit_test(documents_may_be_larger_than_known),
      cmocka_unit_test(references_count),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, policy_set_up, policy_tear_down);
}

/* A shop's own attributes and tags: types, bounds, who may, the audit, and conditions that test them. */
#include "desk_fixture.h"

#include "policy/policy.h"

static desk d;

static const char shop_policy[] =
    "version: 1\n"
    "attributes:\n"
    "  ticket:\n"
    "    amount: {type: number, indexed: true, least: 0, most: 100}\n"
    "    campaign: {type: choice, choices: [spring, 双十一]}\n"
    "    warranty: {type: date}\n"
    "    call_at: {type: time}\n"
    "    gift: {type: flag}\n"
    "    note: {type: text, least: 2, most: 5}\n"
    "  customer: {points: {type: number}}\n"
    "  order: {fragile: {type: flag}}\n"
    "tags: {order: [Gift, 易碎]}\n"
    "queues:\n"
    "  recall: {order: 1, when: {tag: recall}}\n"
    "  rich: {order: 2, when: {customer_attribute: {points: {at_least: 1000}}}}\n"
    "priority:\n"
    "  rules:\n"
    "    recalled: {when: {any: [{tag: [recall, 召回]}, {order_tag: 易碎}]}, points: 60}\n"
    "    dear: {when: {attribute: {amount: {above: 50}, campaign: 双十一}}, points: 40}\n"
    "    old: {when: {attribute: {warranty: {below: 2026-06-01}}}, points: 40}\n"
    "texts:\n"
    "  zh: {queue.recall: 召回, queue.rich: 贵宾, cause.recalled: 召回, cause.dear: 贵, cause.old: 旧}\n"
    "  en: {queue.recall: Recall, queue.rich: Rich, cause.recalled: recalled, cause.dear: dear, cause.old: "
    "old}\n";

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  desk_policy(&d, shop_policy);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

static aft_attribute_in value_of(uint32_t kind, aft_id subject, const char *name) {
  return (aft_attribute_in){
      .size = sizeof(aft_attribute_in), .kind = kind, .subject = subject, .name = AFT_STR(name)};
}

static aft_status set_number(aft_id ticket, const char *name, int64_t number, aft_error *error) {
  aft_attribute_in in = value_of(AFT_KIND_TICKET, ticket, name);
  in.number = number;
  return aft_attribute_set(d.session, &d.as_agent, &in, error);
}

static aft_status set_text(aft_id ticket, const char *name, const char *text, aft_error *error) {
  aft_attribute_in in = value_of(AFT_KIND_TICKET, ticket, name);
  in.text = AFT_STR(text);
  return aft_attribute_set(d.session, &d.as_agent, &in, error);
}

static aft_status clear(aft_id ticket, const char *name, aft_error *error) {
  aft_attribute_in in = value_of(AFT_KIND_TICKET, ticket, name);
  in.clear = 1;
  return aft_attribute_set(d.session, &d.as_agent, &in, error);
}

static aft_status tag(aft_status (*how)(aft_session *, const aft_call *, const aft_tag_in *, aft_error *),
                      uint32_t kind, aft_id subject, const char *name, aft_error *error) {
  aft_tag_in in = {.size = sizeof in, .kind = kind, .subject = subject, .tag = AFT_STR(name)};
  return how(d.session, &d.as_agent, &in, error);
}

static uint32_t attributes_of(aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  assert_ok(aft_attribute_list(d.session, &d.as_agent, AFT_KIND_TICKET, ticket, &cursor, &error));
  return desk_count(cursor);
}

static void each_type_keeps_its_value(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  (void)state;
  aft_id ticket = desk_say(&d, "m", "怎么还没发货");
  assert_ok(set_number(ticket, "amount", 100, &error));
  assert_ok(set_number(ticket, "gift", 1, &error));
  assert_ok(set_number(ticket, "call_at", DESK_START, &error));
  assert_ok(set_text(ticket, "campaign", "双十一", &error));
  assert_ok(set_text(ticket, "warranty", "2028-02-29", &error));
  assert_ok(set_text(ticket, "note", "五个汉字呀", &error));
  const struct {
    const char *name, *type, *text;
    int64_t number;
  } expected[] = {{"amount", "number", "", 100},       {"call_at", "time", "", DESK_START},
                  {"campaign", "choice", "双十一", 0}, {"gift", "flag", "", 1},
                  {"note", "text", "五个汉字呀", 0},   {"warranty", "date", "2028-02-29", 0}};
  assert_ok(aft_attribute_list(d.session, &d.as_agent, AFT_KIND_TICKET, ticket, &cursor, &error));
  for (size_t i = 0; i < AFT__COUNT(expected); i++) {
    assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
    assert_string_equal(aft_attribute_name(record), expected[i].name);
    assert_string_equal(aft_attribute_type(record), expected[i].type);
    assert_string_equal(aft_attribute_text(record), expected[i].text);
    assert_int_equal(aft_attribute_number(record), expected[i].number);
    assert_int_equal(aft_attribute_subject(record), ticket);
  }
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_DONE);
  aft_cursor_free(cursor);
  assert_ok(clear(ticket, "note", &error));
  assert_status(clear(ticket, "note", &error), AFT_IGNORED);
  assert_int_equal(attributes_of(ticket), 5);
}

static void what_does_not_fit_changes_nothing(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id ticket = desk_say(&d, "m", "怎么还没发货");
  aft_record *before = desk_ticket(&d, ticket);
  const struct {
    const char *name, *text;
    int64_t number;
    const char *where;
  } wrong[] = {{"amount", NULL, 101, "attribute.number"},
               {"amount", "5", 0, "attribute.text"},
               {"gift", NULL, 2, "attribute.number"},
               {"call_at", NULL, AFT_TIME_NONE, "attribute.number"},
               {"campaign", "summer", 0, "attribute.text"},
               {"campaign", NULL, 3, "attribute.text"},
               {"warranty", "2026-02-30", 0, "attribute.text"},
               {"warranty", "tomorrow", 0, "attribute.text"},
               {"note", "x", 0, "attribute.text"},
               {"note", "六个汉字太长", 0, "attribute.text"},
               {"note", "\xff\xff", 0, "attribute.text"},
               {"ammount", NULL, 1, "attribute.name"},
               {"points", NULL, 1, "attribute.name"}};
  for (size_t i = 0; i < AFT__COUNT(wrong); i++) {
    aft_attribute_in in = value_of(AFT_KIND_TICKET, ticket, wrong[i].name);
    in.text = (aft_str){wrong[i].text, wrong[i].text ? AFT_NTS : 0};
    in.number = wrong[i].number;
    if (aft_attribute_set(d.session, &d.as_agent, &in, &error) >= 0)
      fail_msg("%s was taken", wrong[i].name);
    assert_string_equal(error.where, wrong[i].where);
  }
  assert_status(set_number(ticket, "ammount", 1, &error), AFT_E_INVALID);
  assert_non_null(strstr(error.message, "did you mean 'amount'"));
  aft_attribute_in in = value_of(AFT_KIND_MESSAGE, ticket, "amount");
  assert_status(aft_attribute_set(d.session, &d.as_agent, &in, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "attribute.kind");
  in = value_of(AFT_KIND_TICKET, ticket + 1, "amount");
  assert_status(aft_attribute_set(d.session, &d.as_agent, &in, &error), AFT_E_NOT_FOUND);
  in = value_of(AFT_KIND_TICKET, ticket, "amount");
  assert_status(aft_attribute_set(d.session, &d.as_other_agent, &in, &error), AFT_E_DENIED);
  assert_status(aft_attribute_set(d.session, &d.as_buyer, &in, &error), AFT_E_DENIED);
  aft_record *after = desk_ticket(&d, ticket);
  assert_int_equal(aft_ticket_rev(after), aft_ticket_rev(before));
  assert_int_equal(attributes_of(ticket), 0);
  aft_record_free(before);
  aft_record_free(after);
}

static void a_change_is_audited_and_a_repetition_is_not(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  (void)state;
  aft_id ticket = desk_say(&d, "m", "怎么还没发货");
  assert_ok(aft_ticket_history(d.session, &d.as_agent, ticket, &cursor, &error));
  uint32_t before = desk_count(cursor);
  assert_ok(set_number(ticket, "amount", 7, &error));
  assert_status(set_number(ticket, "amount", 7, &error), AFT_IGNORED);
  assert_status(tag(aft_tag_add, AFT_KIND_TICKET, ticket, "Ｒｅｃａｌｌ ", &error), AFT_OK);
  assert_status(tag(aft_tag_add, AFT_KIND_TICKET, ticket, "recall", &error), AFT_IGNORED);
  assert_status(tag(aft_tag_remove, AFT_KIND_TICKET, ticket, "RECALL", &error), AFT_OK);
  assert_status(tag(aft_tag_remove, AFT_KIND_TICKET, ticket, "recall", &error), AFT_IGNORED);
  assert_ok(aft_ticket_history(d.session, &d.as_agent, ticket, &cursor, &error));
  assert_int_equal(desk_count(cursor), before + 3);
}

static void a_key_makes_a_change_once(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id ticket = desk_say(&d, "m", "怎么还没发货");
  aft_call call = d.as_agent;
  call.key = AFT_STR("once");
  aft_attribute_in in = value_of(AFT_KIND_TICKET, ticket, "amount");
  in.number = 7;
  assert_ok(aft_attribute_set(d.session, &call, &in, &error));
  assert_ok(set_number(ticket, "amount", 9, &error));
  assert_status(aft_attribute_set(d.session, &call, &in, &error), AFT_REPLAYED);
  assert_status(set_number(ticket, "amount", 9, &error), AFT_IGNORED); /* the replay changed nothing */
  in.number = 8;
  assert_status(aft_attribute_set(d.session, &call, &in, &error), AFT_E_KEY_REUSED);
}

static void only_listed_tags_where_the_policy_lists_any(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  (void)state;
  aft_order_in in = {.size = sizeof in, .shop = d.shop, .customer = d.buyer, .number = AFT_STR("SO-1")};
  assert_ok(aft_order_put(d.session, &d.system, &in, &made, &error));
  aft_id order = aft_order_id(made);
  aft_record_free(made);
  assert_ok(tag(aft_tag_add, AFT_KIND_ORDER, order, "GIFT", &error));
  assert_status(tag(aft_tag_add, AFT_KIND_ORDER, order, "cheap", &error), AFT_E_INVALID);
  assert_string_equal(error.where, "tag.tag");
  assert_ok(tag(aft_tag_add, AFT_KIND_CUSTOMER, d.buyer, "任何标签", &error));
  assert_status(tag(aft_tag_add, AFT_KIND_CUSTOMER, d.buyer, " ", &error), AFT_E_INVALID);
  char name[32];
  for (int i = 0; i < 63; i++) {
    snprintf(name, sizeof name, "tag %d", i);
    assert_ok(tag(aft_tag_add, AFT_KIND_CUSTOMER, d.buyer, name, &error));
  }
  assert_status(tag(aft_tag_add, AFT_KIND_CUSTOMER, d.buyer, "one more", &error), AFT_E_TOO_LARGE);
}

static const char *priority_of(aft_id ticket) {
  static char text[64];
  aft_record *record = desk_ticket(&d, ticket);
  snprintf(text, sizeof text, "%s/%s", aft_ticket_priority(record), aft_ticket_queue(record));
  aft_record_free(record);
  return text;
}

static void conditions_see_labels(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *why;
  (void)state;
  aft_id ticket = desk_say(&d, "m", "怎么还没发货");
  assert_string_equal(priority_of(ticket), "normal/logistics");
  assert_ok(set_number(ticket, "amount", 51, &error));
  assert_string_equal(priority_of(ticket), "normal/logistics");
  assert_ok(set_text(ticket, "campaign", "双十一", &error));
  assert_string_equal(priority_of(ticket), "high/logistics");
  assert_ok(tag(aft_tag_add, AFT_KIND_TICKET, ticket, "召回", &error));
  assert_string_equal(priority_of(ticket), "urgent/logistics");
  assert_ok(tag(aft_tag_add, AFT_KIND_TICKET, ticket, "recall", &error));
  assert_string_equal(priority_of(ticket), "urgent/recall");
  assert_ok(aft_explain(d.session, &d.as_agent, ticket, NULL, "zh", &why, &error));
  assert_non_null(strstr(aft_buf_data(why), "等候队列：“召回”"));
  assert_non_null(strstr(aft_buf_data(why), "贵"));
  aft_buf_free(why);
  /* what is taken away does not lower a priority: somebody may work by it */
  assert_ok(tag(aft_tag_remove, AFT_KIND_TICKET, ticket, "召回", &error));
  assert_string_equal(priority_of(ticket), "urgent/recall");
}

static void labels_of_customer_and_order_count_at_intake(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  (void)state;
  aft_attribute_in points = value_of(AFT_KIND_CUSTOMER, d.other_buyer, "points");
  points.number = 5000;
  assert_ok(aft_attribute_set(d.session, &d.system, &points, &error));
  aft_order_in in = {.size = sizeof in, .shop = d.shop, .customer = d.other_buyer, .number = AFT_STR("SO-2")};
  assert_ok(aft_order_put(d.session, &d.system, &in, &made, &error));
  assert_ok(tag(aft_tag_add, AFT_KIND_ORDER, aft_order_id(made), "易碎", &error));
  aft_record_free(made);
  aft_message_in message = desk_message(&d, "m", "怎么还没发货");
  message.customer = d.other_buyer;
  message.order = AFT_STR("SO-2");
  assert_ok(aft_intake(d.session, &d.system, &message, &made, &error));
  assert_string_equal(priority_of(aft_message_ticket(made)), "urgent/rich");
  aft_record_free(made);
}

/* ---- faults of policies ---- */

static void faults_of_labels_are_named(void **state) {
  static const struct {
    const char *text, *fault;
  } wrong[] = {
      {"attributes: {ticket: {a: {type: colour}}}", "expected one of text, choice, date, number, flag, time"},
      {"attributes: {ticket: {a: {type: choice}}}", "needs choices"},
      {"attributes: {ticket: {a: {type: text, choices: [x]}}}", "only an attribute of type choice"},
      {"attributes: {ticket: {a: {type: number, least: 5, most: 4}}}", "least is more than most"},
      {"attributes: {ticket: {a: {type: flag, most: 4}}}", "only a number or a text"},
      {"attributes: {shop: {a: {type: flag}}}", "this key is unknown here"},
      {"tags: {ticket: ['']}", "a tag has 1 to 64 bytes"},
      {"queues: {a: {when: {tone: 1}}}", "the key 'order' is missing"},
      {"queues: {a: {order: 10, when: {tone: 1}}}", "two queues have the order 10"},
      {"queues: {a: {order: 1}}", "takes every ticket"},
      {"priority: {rules: {r: {when: {attribute: {a: 1}}, points: 1}}}", "no attribute 'a' of a ticket"},
      {"priority: {rules: {r: {when: {attribute: yes}, points: 1}}}", "expected a map of attributes"},
      {"attributes: {ticket: {a: {type: number}}}\n"
       "priority: {rules: {r: {when: {attribute: {a: many}}, points: 1}}}",
       "the attribute 'a' is a whole number, found 'many'"},
      {"attributes: {ticket: {a: {type: choice, choices: [x]}}}\n"
       "priority: {rules: {r: {when: {attribute: {a: y}}, points: 1}}}",
       "one of its choices, found 'y'"},
      {"attributes: {ticket: {a: {type: text}}}\n"
       "priority: {rules: {r: {when: {attribute: {a: {above: 1}}}, points: 1}}}",
       "only numbers have bounds"},
      {"attributes: {ticket: {a: {type: date}}}\n"
       "priority: {rules: {r: {when: {attribute: {a: {above: 2026-02-30}}}, points: 1}}}",
       "expected a date such as"},
      {"priority: {rules: {r: {when: {tag: ''}, points: 1}}}", "is a tag"},
      {"priority: {rules: {r: {when: {queue: nowhere}, points: 1}}}", "the policy has no queue 'nowhere'"},
  };
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(wrong); i++) {
    aft_error error = AFT_ERROR_INIT;
    aft_policy *policy = NULL;
    aft_buf *report = NULL;
    char text[512];
    snprintf(text, sizeof text, "version: 1\n%s\n", wrong[i].text);
    aft_document document = {sizeof document, AFT_STR("shop.yaml"), AFT_STR(text)};
    aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
    if (aft_policy_load(d.env, &options, &policy, &report, &error) >= 0)
      fail_msg("was taken: %s", wrong[i].text);
    if (!strstr(aft_buf_data(report), wrong[i].fault))
      fail_msg("%s\nexpected: %s\nfound: %s", wrong[i].text, wrong[i].fault, aft_buf_data(report));
    aft_buf_free(report);
  }
}

#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(SQLITE, test), ON(MEMORY, test), ON(HOSTILE, test)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(each_type_keeps_its_value),
      EVERYWHERE(what_does_not_fit_changes_nothing),
      ON(SQLITE, a_change_is_audited_and_a_repetition_is_not),
      ON(MEMORY, a_change_is_audited_and_a_repetition_is_not),
      ON(SQLITE, a_key_makes_a_change_once),
      ON(MEMORY, a_key_makes_a_change_once),
      EVERYWHERE(only_listed_tags_where_the_policy_lists_any),
      EVERYWHERE(conditions_see_labels),
      EVERYWHERE(labels_of_customer_and_order_count_at_intake),
      ON(MEMORY, faults_of_labels_are_named),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}

/* Learning from people: corrections, training, comparing, taking over; what intake makes of the model. */
#include "desk_fixture.h"

#include "desk/learning/drift_priv.h"

static desk d;

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

/* ---- messages of words that no rule knows ---- */

static const char *const topics[] = {"invoice", "account", "stock"};
static const char *const words[][4] = {{"blorp", "fenkel", "quastin", "lumbrec"},
                                       {"zimble", "traskor", "vornit", "pelluk"},
                                       {"grottle", "hanwisk", "drenfo", "yabbit"}};

static void text_of(uint32_t topic, uint32_t i, char out[160]) {
  snprintf(out, 160, "hm %s the %s nr %c%c, %s and %s", words[topic][i % 4], words[topic][(i / 4) % 4],
           'a' + (char)(i % 23), 'a' + (char)(i / 23 % 23), words[topic][(i + 1) % 4], i % 2 ? "so" : "then");
}

static aft_id say_as(uint32_t customer, const char *text) {
  char external[32], handle[32];
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  snprintf(external, sizeof external, "wx-%u", customer);
  snprintf(handle, sizeof handle, "openid-%u", customer);
  aft_message_in in = desk_message(&d, external, text);
  in.customer = 0;
  in.handle = AFT_STR(handle);
  assert_ok(aft_intake(d.session, &d.system, &in, &made, &error));
  aft_id ticket = aft_message_ticket(made);
  aft_record_free(made);
  return ticket;
}

static void classify(aft_id ticket, const char *category) {
  aft_error error = AFT_ERROR_INIT;
  aft_act_in act = {
      .size = sizeof act, .ticket = ticket, .act = AFT_ACT_CLASSIFY, .category = AFT_STR(category)};
  assert_ok(aft_ticket_act(d.session, &d.as_agent, &act, NULL, &error));
}

/* So many messages of each topic, each classified by an agent. */
static void teach(uint32_t n, uint32_t topics_taught) {
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t t = 0; t < topics_taught; t++) {
      char text[160];
      text_of(t, i, text);
      classify(say_as(i * 3 + t, text), topics[t]);
    }
}

static aft_model *train(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_model *model;
  assert_ok(aft_correction_train(d.session, &d.system, NULL, &model, &error));
  return model;
}

/* The first of a list; the cursor's own. */
static aft_record *first(aft_cursor *cursor) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
  return record;
}

/* ---- corrections ---- */

static void classifying_keeps_a_correction_beside_the_guess(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_id id = desk_say(&d, "m1", "付款失败了，钱扣了两次");
  classify(id, "invoice");
  classify(id, "stock"); /* the latest counts, and the guess stays triage's */
  assert_ok(aft_correction_list(d.session, &d.as_agent, id, &cursor, &error));
  aft_record *c = first(cursor);
  assert_string_equal(aft_correction_label(c), "stock");
  assert_string_equal(aft_correction_guess(c), "payment");
  assert_int_equal(aft_correction_unsure(c), 0);
  assert_true(aft_correction_confidence(c) > 0 && aft_correction_confidence(c) < 1000);
  assert_int_equal(aft_correction_ticket(c), id);
  assert_string_equal(aft_correction_task(c), "category");
  assert_int_equal(aft_correction_actor(c), d.agent);
  assert_status(aft_cursor_next(cursor, &c, &error), AFT_DONE);
  aft_cursor_free(cursor);
}

static void the_message_that_says_something_has_the_label(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *c, *message;
  aft_id id = desk_say(&d, "m1", "你好");
  assert_int_equal(desk_say(&d, "m2", "付款失败了，钱扣了两次"), id);
  classify(id, "payment");
  assert_ok(aft_correction_list(d.session, &d.as_agent, id, &cursor, &error));
  c = first(cursor);
  aft_id labelled = aft_correction_message(c);
  aft_cursor_free(cursor);
  assert_ok(aft_message_list(d.session, &d.as_agent, id, &cursor, &error));
  while (aft_cursor_next(cursor, &message, &error) == AFT_OK)
    if (aft_message_id(message) == labelled)
      assert_string_equal(aft_message_text(message), "付款失败了，钱扣了两次");
  aft_cursor_free(cursor);
}

static void a_label_changes_nothing_of_the_ticket(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_record *made, *before, *after;
  aft_id id = desk_say(&d, "m1", "付款失败了，钱扣了两次");
  before = desk_ticket(&d, id);
  aft_correction_in in = {.size = sizeof in, .ticket = id, .label = AFT_STR("invoice")};
  assert_status(aft_correction_put(d.session, &d.as_agent, &in, &made, &error), AFT_OK);
  assert_string_equal(aft_correction_guess(made), "payment");
  in.ticket = 0;
  in.message = aft_correction_message(made);
  aft_record_free(made);
  assert_status(aft_correction_put(d.session, &d.as_agent, &in, &made, &error), AFT_IGNORED);
  aft_record_free(made);
  after = desk_ticket(&d, id);
  assert_string_equal(aft_ticket_category(after), aft_ticket_category(before));
  assert_int_equal(aft_ticket_confidence(after), aft_ticket_confidence(before));
  aft_record_free(before);
  aft_record_free(after);
  in.task = AFT_STR("tone");
  in.label = AFT_STR("negative");
  assert_status(aft_correction_put(d.session, &d.as_agent, &in, &made, &error), AFT_OK);
  assert_true(aft_record_is_null(made, AFT_CORRECTION_GUESS));
  aft_record_free(made);
  aft_cursor *cursor;
  assert_ok(aft_correction_list(d.session, &d.as_agent, id, &cursor, &error));
  assert_int_equal(desk_count(cursor), 2);
}

static void bad_corrections_are_refused(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_id id = desk_say(&d, "m1", "付款失败了，钱扣了两次");
  aft_correction_in in = {.size = sizeof in, .ticket = id, .label = AFT_STR("nonsense")};
  assert_status(aft_correction_put(d.session, &d.as_agent, &in, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "correction.label");
  in.label = AFT_STR("payment");
  in.task = AFT_STR("colour");
  assert_status(aft_correction_put(d.session, &d.as_agent, &in, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "correction.task");
  in.task = (aft_str){0};
  assert_status(aft_correction_put(d.session, &d.as_buyer, &in, NULL, &error), AFT_E_DENIED);
  assert_status(aft_correction_put(d.session, &d.as_other_agent, &in, NULL, &error), AFT_E_DENIED);
  in.ticket = 0;
  assert_status(aft_correction_put(d.session, &d.as_agent, &in, NULL, &error), AFT_E_INVALID);
  in.message = 12345;
  assert_status(aft_correction_put(d.session, &d.as_agent, &in, NULL, &error), AFT_E_NOT_FOUND);
  in.message = -1;
  assert_status(aft_correction_put(d.session, &d.as_agent, &in, NULL, &error), AFT_E_INVALID);
  in = (aft_correction_in){.size = sizeof in, .ticket = id};
  assert_status(aft_correction_put(d.session, &d.as_agent, &in, NULL, &error), AFT_E_INVALID);
}

static void a_recalled_message_takes_its_corrections_along(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_id id = desk_say(&d, "m1", "付款失败了，钱扣了两次");
  classify(id, "invoice");
  aft_message_change change = {.size = sizeof change,
                               .channel = AFT_STR("wechat"),
                               .account = AFT_STR("phones-official"),
                               .external = AFT_STR("m1"),
                               .recalled = 1};
  assert_ok(aft_message_revise(d.session, &d.system, &change, NULL, &error));
  assert_ok(aft_correction_list(d.session, &d.as_agent, id, &cursor, &error));
  assert_int_equal(desk_count(cursor), 0);
}

/* ---- training and taking over ---- */

static void missing_handles_are_told(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor = NULL;
  aft_model *model = NULL;
  aft_buf *report = NULL;
  const aft_call *call = &d.system;
  aft_session *s = d.session;
  assert_status(aft_correction_put(s, call, NULL, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_correction_list(NULL, call, 1, &cursor, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_correction_train(NULL, call, NULL, &model, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_correction_train(s, call, NULL, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_correction_train(s, NULL, NULL, &model, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_model_activate(s, call, NULL, NULL, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_model_deactivate(NULL, call, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_model_current(s, call, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_review_list(s, call, NULL, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_ticket_similar(s, call, NULL, &cursor, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_drift_report(s, call, 1, 2, NULL, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_drift_report(s, NULL, 1, 2, &report, &error), AFT_E_NULL_HANDLE);
  assert_null(cursor);
  assert_null(model);
  assert_null(report);
}

static void too_few_corrections_train_nothing(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_model *model = NULL;
  assert_status(aft_correction_train(d.session, &d.system, NULL, &model, &error), AFT_E_INVALID);
  assert_null(model);
  assert_status(aft_correction_train(d.session, &d.as_agent, NULL, &model, &error), AFT_E_DENIED);
  aft_training in = {.size = sizeof in, .half_life_ms = -1};
  assert_status(aft_correction_train(d.session, &d.system, &in, &model, &error), AFT_E_INVALID);
  in.half_life_ms = 0;
  in.task = AFT_STR("weather");
  assert_status(aft_correction_train(d.session, &d.system, &in, &model, &error), AFT_E_INVALID);
}

static void assert_guess(uint32_t customer, uint32_t topic, uint32_t i, const char *category) {
  char text[160];
  text_of(topic, i, text);
  aft_record *ticket = desk_ticket(&d, say_as(customer, text));
  assert_string_equal(aft_ticket_category(ticket), category);
  aft_record_free(ticket);
}

static void a_model_takes_over_and_is_given_up(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_comparison comparison = {.size = sizeof comparison};
  aft_model_info info = {.size = sizeof info};
  aft_cursor *cursor;
  aft_buf *why;
  teach(40, 3);
  aft_model *model = train(), *now = NULL;
  assert_ok(aft_model_about(model, &info, &error));
  assert_int_equal(info.labels, 3);
  assert_true(info.examples < 120 && info.examples > 70); /* about a fifth is held back */
  assert_guess(9000, 0, 700, "other");
  assert_status(aft_model_activate(d.session, &d.system, model, NULL, &comparison, &error), AFT_OK);
  assert_int_equal(comparison.examples + info.examples, 120);
  assert_int_equal(comparison.better, 1);
  assert_int_equal(comparison.only_old, 0);
  assert_guess(9001, 0, 701, "invoice");
  assert_guess(9002, 2, 702, "stock");
  char text[160];
  text_of(1, 704, text);
  aft_id id = say_as(9003, text);
  assert_ok(aft_explain(d.session, &d.as_agent, id, "category", "en", &why, &error));
  assert_non_null(strstr(aft_buf_data(why), "the model gives"));
  assert_non_null(strstr(aft_buf_data(why), "as learnt from what people decided"));
  aft_buf_free(why);
  assert_ok(aft_model_current(d.session, &d.as_agent, &now, &error));
  assert_string_equal(aft_model_label(now, 0), "account");
  aft_model_unref(now);
  assert_ok(aft_deployment_list(d.session, &d.system, &cursor, &error));
  aft_record *deployment = first(cursor);
  assert_int_equal(aft_deployment_held(deployment), (int64_t)comparison.examples);
  assert_true(aft_deployment_model_weight(deployment) > 0);
  aft_cursor_free(cursor);
  assert_status(aft_model_deactivate(d.session, &d.system, &error), AFT_OK);
  assert_status(aft_model_deactivate(d.session, &d.system, &error), AFT_IGNORED);
  assert_status(aft_model_current(d.session, &d.system, &now, &error), AFT_E_NOT_FOUND);
  assert_guess(9004, 0, 703, "other");
  aft_model_unref(model);
}

typedef struct given {
  uint32_t i, n, shift, topics;
  char text[160];
} given;

static int next_given(void *user, aft_example *out) {
  given *g = user;
  if (g->i == g->n * g->topics)
    return 0;
  uint32_t topic = g->i % g->topics;
  text_of(topic, g->i / g->topics, g->text);
  out->label = AFT_STR(topics[(topic + g->shift) % g->topics]);
  out->text = AFT_STR(g->text);
  g->i++;
  return 1;
}

static void a_worse_model_takes_over_only_by_force(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_comparison comparison = {.size = sizeof comparison};
  aft_model *good, *bad, *now;
  given wrong = {.n = 40, .shift = 1, .topics = 3};
  teach(50, 3);
  good = train();
  assert_ok(aft_model_train(d.env, NULL, next_given, &wrong, &bad, &error));
  assert_status(aft_model_activate(d.session, &d.system, good, NULL, NULL, &error), AFT_OK);
  assert_status(aft_model_activate(d.session, &d.system, bad, NULL, &comparison, &error), AFT_IGNORED);
  assert_int_equal(comparison.worse, 1);
  assert_guess(9001, 0, 701, "invoice");
  aft_activation_in in = {.size = sizeof in, .forced = 1, .least = 1000};
  assert_status(aft_model_activate(d.session, &d.system, bad, &in, &comparison, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "activation.least");
  in.least = 0;
  assert_status(aft_model_activate(d.session, &d.system, bad, &in, &comparison, &error), AFT_OK);
  assert_ok(aft_model_current(d.session, &d.system, &now, &error));
  aft_model_unref(now);
  assert_status(aft_model_activate(d.session, &d.system, good, NULL, &comparison, &error), AFT_OK);
  assert_int_equal(comparison.worse, 0);
  aft_model_unref(good);
  aft_model_unref(bad);
}

static aft_policy *policy_of(const char *yaml) {
  aft_error error = AFT_ERROR_INIT;
  aft_policy *policy;
  aft_document document = {.size = sizeof document, .name = AFT_STR("shop.yaml"), .text = AFT_STR(yaml)};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  assert_ok(aft_policy_load(d.env, &options, &policy, NULL, &error));
  return policy;
}

static void labels_and_categories_fit_together(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  static const char *const own[] = {"recall", "warranty"};
  aft_model *model;
  aft_policy *with = policy_of("categories: {recall: {topics: []}, warranty: {topics: []}}\n"), *without;
  assert_ok(aft_policy_activate(d.session, &d.system, with, NULL, &error));
  for (uint32_t i = 0; i < 25; i++)
    for (uint32_t t = 0; t < 2; t++) {
      char text[160];
      text_of(t, i, text);
      classify(say_as(i * 2 + t, text), own[t]);
    }
  model = train();
  assert_status(aft_model_activate(d.session, &d.system, model, NULL, NULL, &error), AFT_OK);
  assert_ok(aft_policy_default(d.env, &without, &error));
  assert_status(aft_policy_activate(d.session, &d.system, without, NULL, &error), AFT_E_POLICY_STRANDS);
  assert_non_null(strstr(error.message, "recall"));
  assert_ok(aft_model_deactivate(d.session, &d.system, &error));
  assert_status(aft_policy_activate(d.session, &d.system, without, NULL, &error), AFT_OK);
  assert_status(aft_model_activate(d.session, &d.system, model, NULL, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "model.labels");
  assert_non_null(strstr(error.message, "recall"));
  aft_model_unref(model);
  aft_policy_unref(with);
  aft_policy_unref(without);
}

static void another_process_sees_the_model_at_once(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_store *store;
  aft_session *session;
  aft_model *model, *seen;
  teach(20, 2);
  aft_store_options options = desk_store(&d, 0);
  assert_ok(aft_store_open(d.env, &options, &store, &error));
  assert_ok(aft_session_open(store, &session, &error));
  assert_status(aft_model_current(session, &d.system, &seen, &error), AFT_E_NOT_FOUND);
  model = train();
  assert_status(aft_model_activate(d.session, &d.system, model, NULL, NULL, &error), AFT_OK);
  assert_ok(aft_model_current(session, &d.system, &seen, &error));
  aft_model_unref(seen);
  aft_model_unref(model);
  aft_session_close(session);
  aft_store_unref(store);
}

static int no_examples(void *user, aft_example *out) {
  (void)user, (void)out;
  return -1;
}

static void examples_of_the_caller_come_behind(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_model_info info = {.size = sizeof info};
  aft_model *model;
  given g = {.n = 10, .topics = 3};
  teach(6, 2);
  aft_training in = {
      .size = sizeof in, .half_life_ms = AFT__DAY, .whole = 1, .more = next_given, .more_user = &g};
  desk_pass(&d, 40 * AFT__DAY);
  assert_ok(aft_correction_train(d.session, &d.system, &in, &model, &error));
  assert_ok(aft_model_about(model, &info, &error));
  assert_int_equal(info.examples, 12 + 30);
  assert_int_equal(info.labels, 3);
  aft_model_unref(model);
  in.more = no_examples;
  assert_status(aft_correction_train(d.session, &d.system, &in, &model, &error), AFT_E_CALLBACK);
}

/* ---- weights ---- */

#define LABELLED 200

static void weights_follow_what_the_labels_show(void **state) {
  (void)state;
  static float points[LABELLED * 2], model[LABELLED * 2];
  static uint32_t truth[LABELLED];
  static uint8_t half[LABELLED];
  aft__fusion f = {
      .n = LABELLED, .categories = 2, .points = points, .model = model, .truth = truth, .half = half};
  aft__fusion_weights start = {1, 4};
  for (uint32_t i = 0; i < LABELLED;
       i++) { /* the model is right nine times in ten, the rules every other time */
    uint32_t said = i % 10 ? i % 2 : 1 - i % 2;
    truth[i] = i % 2;
    half[i] = i % 7 < 3;
    model[2 * i + said] = -0.105f;
    model[2 * i + 1 - said] = -2.303f;
    points[2 * i + i / 4 % 2] = 0.9f;
  }
  aft__fusion_weights learnt = aft__fusion_learn(&f, 2, start);
  assert_true(learnt.model > 0.7 && learnt.model < 1.3);
  assert_true(learnt.rule < 0.5);
  aft__fusion_weights first = aft__fusion_learn(&f, 0, start), second = aft__fusion_learn(&f, 1, start);
  assert_true(first.model != second.model);
  f.n = 0; /* nothing to learn from */
  learnt = aft__fusion_learn(&f, 2, start);
  assert_true(learnt.model == start.model && learnt.rule == start.rule);
}

static void the_latest_models_alone_are_kept(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *deployment;
  uint32_t all = 0, kept = 0;
  for (uint64_t i = 0; i < 13; i++) {
    aft_model *model;
    given g = {.n = 4, .topics = 3, .shift = (uint32_t)i};
    aft_model_options options = {.size = sizeof options, .seed = i / 2 * 2, .max_bytes = 8192 + 64 * (i / 2)};
    assert_ok(aft_model_train(d.env, &options, next_given, &g, &model, &error));
    assert_status(aft_model_activate(d.session, &d.system, model, NULL, NULL, &error), AFT_OK);
    aft_model_unref(model);
  }
  assert_ok(aft_deployment_list(d.session, &d.system, &cursor, &error));
  for (; aft_cursor_next(cursor, &deployment, &error) == AFT_OK; all++) {
    kept += aft_deployment_document(deployment) != 0;
    assert_int_equal(aft_deployment_document(deployment) != 0, all < 10);
  }
  aft_cursor_free(cursor);
  assert_int_equal(all, 13);
  assert_int_equal(kept, 10);
}

/* ---- near-duplicates ---- */

static aft_id complain(uint32_t customer) {
  char text[200];
  snprintf(text, sizeof text, "付款页面打不开了，一直显示系统错误，订单号 2026111800%03u 还是未支付",
           customer);
  return say_as(customer, text);
}

static void similar_tickets_are_found(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *ticket;
  aft_id first_one = complain(1), second = complain(2), third;
  say_as(3, "空调安装师傅什么时候来，等了一个星期了");
  desk_pass(&d, 2 * AFT__HOUR);
  third = complain(4);
  aft_similar_in in = {.size = sizeof in, .ticket = third};
  assert_ok(aft_ticket_similar(d.session, &d.as_agent, &in, &cursor, &error));
  assert_ok(aft_cursor_next(cursor, &ticket, &error));
  assert_int_equal(aft_ticket_id(ticket), second);
  assert_ok(aft_cursor_next(cursor, &ticket, &error));
  assert_int_equal(aft_ticket_id(ticket), first_one);
  assert_status(aft_cursor_next(cursor, &ticket, &error), AFT_DONE);
  aft_cursor_free(cursor);
  in.within_ms = AFT__HOUR;
  assert_ok(aft_ticket_similar(d.session, &d.as_agent, &in, &cursor, &error));
  assert_int_equal(desk_count(cursor), 0);
  in.within_ms = 0;
  in.most = 1;
  assert_ok(aft_ticket_similar(d.session, &d.system, &in, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1);
  in.most = 100000;
  assert_status(aft_ticket_similar(d.session, &d.system, &in, &cursor, &error), AFT_E_INVALID);
  in.most = 0;
  in.within_ms = -1;
  assert_status(aft_ticket_similar(d.session, &d.system, &in, &cursor, &error), AFT_E_INVALID);
  in.within_ms = 0;
  in.ticket = 77;
  assert_status(aft_ticket_similar(d.session, &d.system, &in, &cursor, &error), AFT_E_NOT_FOUND);
  assert_status(aft_ticket_similar(d.session, &d.as_buyer, &in, &cursor, &error), AFT_E_DENIED);
}

static uint32_t floods_told(aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *effect;
  uint32_t n = 0;
  assert_ok(aft_outbox_list(d.session, &d.system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &effect, &error) == AFT_OK)
    n += strcmp(aft_effect_topic(effect), "flood.seen") == 0;
  aft_cursor_free(cursor);
  return n;
}

static void a_flood_is_told_once(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *why;
  aft_policy *policy = policy_of("intake: {flood: {messages: 4, within: 30m}}\n");
  assert_ok(aft_policy_activate(d.session, &d.system, policy, NULL, &error));
  aft_policy_unref(policy);
  aft_id ids[6];
  uint32_t told = 0;
  for (uint32_t i = 0; i < 6; i++) {
    ids[i] = complain(i + 1);
    say_as(i + 100, i % 2 ? "空调安装师傅什么时候来" : "你们的发票抬头开错了，请重新开一张");
    desk_pass(&d, AFT__MINUTE);
  }
  for (uint32_t i = 0; i < 6; i++) {
    told += floods_told(ids[i]);
    aft_record *ticket = desk_ticket(&d, ids[i]);
    assert_int_equal(aft_ticket_flood(ticket), i < 3 ? 0 : ids[0]);
    aft_record_free(ticket);
  }
  assert_int_equal(told, 1);
  assert_ok(aft_explain(d.session, &d.as_agent, ids[3], "flood", "en", &why, &error));
  assert_non_null(strstr(aft_buf_data(why), "4 customers"));
  aft_buf_free(why);
  desk_pass(&d, AFT__HOUR); /* another one begins anew */
  aft_record *later = desk_ticket(&d, complain(50));
  assert_int_equal(aft_ticket_flood(later), 0);
  aft_record_free(later);
}

/* ---- whom to ask ---- */

static void the_least_sure_stand_first_and_near_duplicates_once(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *ticket;
  aft_review_in in = {.size = sizeof in};
  char text[160];
  say_as(1, "付款失败了，钱扣了两次"); /* sure */
  text_of(0, 1, text);
  aft_id unsure = say_as(2, text);
  say_as(3, text); /* the same */
  text_of(1, 2, text);
  aft_id other = say_as(4, text);
  assert_ok(aft_review_list(d.session, &d.as_agent, &in, &cursor, &error));
  assert_int_equal(desk_count(cursor), 2);
  assert_ok(aft_review_list(d.session, &d.as_agent, NULL, &cursor, &error));
  int64_t before = -1;
  while (aft_cursor_next(cursor, &ticket, &error) == AFT_OK) {
    assert_true(aft_ticket_doubt(ticket) >= before);
    assert_false(aft_record_is_null(ticket, AFT_TICKET_JUDGED));
    before = aft_ticket_doubt(ticket);
  }
  aft_cursor_free(cursor);
  in.most = 1;
  assert_ok(aft_review_list(d.session, &d.system, &in, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1);
  in.most = 0;
  in.shop = d.other_shop;
  assert_ok(aft_review_list(d.session, &d.system, &in, &cursor, &error));
  assert_int_equal(desk_count(cursor), 0);
  assert_status(aft_review_list(d.session, &d.as_agent, &in, &cursor, &error), AFT_E_DENIED);
  in.shop = 0;
  classify(unsure, "invoice");
  aft_correction_in label = {.size = sizeof label, .ticket = other, .label = AFT_STR("stock")};
  assert_ok(aft_correction_put(d.session, &d.as_agent, &label, NULL, &error));
  assert_ok(aft_review_list(d.session, &d.system, &in, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1); /* the duplicate of the first, which is still open */
  in.most = 101;
  assert_status(aft_review_list(d.session, &d.system, &in, &cursor, &error), AFT_E_INVALID);
}

/* ---- drift ---- */

static void a_new_mix_shows_in_the_report(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  aft_buf *report;
  aft_time begin = DESK_START + AFT__DAY;
  desk_pass(&d, begin - atomic_load(&d.now));
  uint32_t customer = 1;
  for (int i = 0; i < 20; i++) {
    say_as(customer++, i % 2 ? "空调安装师傅什么时候来" : "付款失败了，钱扣了两次");
    desk_pass(&d, AFT__MINUTE);
  }
  desk_pass(&d, begin + AFT__DAY - atomic_load(&d.now));
  for (int i = 0; i < 20; i++) {
    aft_id id = say_as(customer++, "付款失败了，钱扣了两次");
    if (i < 4)
      classify(id, i ? "payment" : "invoice");
    desk_pass(&d, AFT__MINUTE);
  }
  assert_ok(aft_drift_report(d.session, &d.system, begin + AFT__DAY, begin + 2 * AFT__DAY, &report, &error));
  const char *json = aft_buf_data(report);
  assert_non_null(strstr(json, "\"tickets\":{\"now\":20,\"before\":20}"));
  assert_non_null(strstr(json, "\"complete\":true"));
  assert_non_null(strstr(json, "{\"category\":\"payment\",\"now\":20,\"before\":10,"));
  assert_non_null(strstr(json, "\"labelled\":4,\"changed\":1,\"share\":0.25"));
  assert_non_null(strstr(json, "\"total_variation\":0.5"));
  assert_non_null(strstr(json, "\"chi_square\":{\"statistic\":13.333333,\"degrees\":1,\"p\":0.00026"));
  aft_buf_free(report);
  assert_ok(aft_drift_report(d.session, &d.system, begin - AFT__DAY, begin - 1, &report, &error));
  assert_non_null(strstr(aft_buf_data(report), "\"p\":null"));
  aft_buf_free(report);
  assert_status(aft_drift_report(d.session, &d.system, 5, 5, &report, &error), AFT_E_INVALID);
  assert_status(aft_drift_report(d.session, &d.as_agent, 5, 6, &report, &error), AFT_E_DENIED);
}

static void tails_of_chi_square_are_right(void **state) {
  (void)state;
  /* Quantiles of the usual tables: 5 % and 1 %, and one by the other branch. */
  static const struct {
    double x;
    uint32_t degrees;
    double p;
  } known[] = {{3.841459, 1, 0.05},   {6.634897, 1, 0.01}, {11.070498, 5, 0.05},   {15.086272, 5, 0.01},
               {18.307038, 10, 0.05}, {4.351460, 5, 0.5},  {124.342113, 100, 0.05}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    double off = aft__chi_square_tail(known[i].x, known[i].degrees) - known[i].p;
    assert_true(off < 1e-6 && off > -1e-6);
  }
  assert_true(aft__chi_square_tail(0, 3) == 1);
}

#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(SQLITE, test), ON(MEMORY, test), ON(HOSTILE, test)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(classifying_keeps_a_correction_beside_the_guess),
      EVERYWHERE(the_message_that_says_something_has_the_label),
      EVERYWHERE(a_label_changes_nothing_of_the_ticket),
      EVERYWHERE(bad_corrections_are_refused),
      EVERYWHERE(a_recalled_message_takes_its_corrections_along),
      ON(MEMORY, missing_handles_are_told),
      EVERYWHERE(too_few_corrections_train_nothing),
      EVERYWHERE(a_model_takes_over_and_is_given_up),
      EVERYWHERE(a_worse_model_takes_over_only_by_force),
      EVERYWHERE(labels_and_categories_fit_together),
      EVERYWHERE(examples_of_the_caller_come_behind),
      EVERYWHERE(the_latest_models_alone_are_kept),
      cmocka_unit_test(weights_follow_what_the_labels_show),
      EVERYWHERE(similar_tickets_are_found),
      EVERYWHERE(a_flood_is_told_once),
      EVERYWHERE(the_least_sure_stand_first_and_near_duplicates_once),
      EVERYWHERE(a_new_mix_shows_in_the_report),
      cmocka_unit_test(tails_of_chi_square_are_right),
      ON(SQLITE, another_process_sees_the_model_at_once),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}

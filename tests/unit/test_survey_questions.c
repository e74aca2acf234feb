/* Surveys with a name: which one asks, at the end of a case too, what their questions take, and what the
 * answers add up to. */
#include "case_story.h"
#include "policy/policy_priv.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char policy[] =
    "version: 1\n"
    "survey: {enabled: true, fatigue: never}\n"
    "surveys:\n"
    "  parcel: {order: 10, when: {category: logistics}, kind: nps}\n"
    "  ended:\n"
    "    order: 20\n"
    "    about: case\n"
    "    when: {kind: return, state: canceled}\n"
    "    kind: custom\n"
    "    questions:\n"
    "      speed: {type: scale, order: 1, required: true, low: 2}\n"
    "      again: {type: yes_no, order: 2, low: ['no']}\n"
    "      why: {type: choices, order: 3, choices: [price, quality, late], low: [late]}\n"
    "      where: {type: choice, order: 4, choices: [shop, web]}\n"
    "      words: {type: text, order: 5, most: 10}\n"
    "texts:\n"
    "  zh:\n"
    "    notify.survey.parcel.invite: 工单 {code}：您会推荐我们吗？\n"
    "    notify.survey.ended.invite: 关于 {code}，请回答几个问题。\n"
    "    survey.ended.speed: 快不快？\n"
    "    survey.ended.again: 还会再来吗？\n"
    "    survey.ended.why: 为什么？\n"
    "    survey.ended.why.price: 价格\n"
    "    survey.ended.why.quality: 质量\n"
    "    survey.ended.why.late: 太慢\n"
    "    survey.ended.where: 在哪里买的？\n"
    "    survey.ended.where.shop: 门店\n"
    "    survey.ended.where.web: 网上\n"
    "    survey.ended.words: 还有什么想说的？\n"
    "  en:\n"
    "    notify.survey.parcel.invite: 'Ticket {code}: would you recommend us?'\n"
    "    notify.survey.ended.invite: A few questions about {code}.\n"
    "    survey.ended.speed: How fast was it?\n"
    "    survey.ended.again: Would you come again?\n"
    "    survey.ended.why: Why?\n"
    "    survey.ended.why.price: price\n"
    "    survey.ended.why.quality: quality\n"
    "    survey.ended.why.late: too late\n"
    "    survey.ended.where: Where did you buy it?\n"
    "    survey.ended.where.shop: in a shop\n"
    "    survey.ended.where.web: on the web\n"
    "    survey.ended.words: What else?\n";

static void open_desk(case_desk *c, desk_kind kind) {
  case_usual(c, kind, CASE_DELIVERED);
  desk_policy(&c->d, policy);
}

/* ---- helpers ---- */

static aft_record *survey(case_desk *c, aft_id id) {
  aft_record *record;
  assert_gives(aft_survey_get(c->d.session, &c->d.system, id, &record, &case_error), AFT_OK);
  return record;
}

static aft_id nth(aft_cursor *cursor, uint32_t n) {
  aft_record *record;
  aft_id id = 0;
  for (uint32_t i = 0; i <= n; i++) {
    assert_gives(aft_cursor_next(cursor, &record, &case_error), AFT_OK);
    id = aft_survey_id(record);
  }
  aft_cursor_free(cursor);
  return id;
}

static aft_id survey_of_case(case_desk *c, aft_id of) {
  aft_cursor *cursor;
  assert_gives(aft_case_survey_list(c->d.session, &c->d.system, of, &cursor, &case_error), AFT_OK);
  return nth(cursor, 0);
}

static aft_id survey_of_ticket(case_desk *c, aft_id ticket, uint32_t n) {
  aft_cursor *cursor;
  assert_gives(aft_survey_list(c->d.session, &c->d.system, ticket, &cursor, &case_error), AFT_OK);
  return nth(cursor, n);
}

static void assert_survey(case_desk *c, aft_id id, const char *state, const char *reason, const char *name) {
  aft_record *record = survey(c, id);
  assert_string_equal(aft_survey_state(record), state);
  assert_string_equal(aft_survey_reason(record), reason);
  assert_string_equal(aft_survey_name(record), name);
  aft_record_free(record);
}

/* A return of one cup, from a ticket or from none. */
static aft_id file_from(case_desk *c, aft_id ticket) {
  aft_case_line_in line = {.size = sizeof line, .line = c->line[0], .quantity = 1};
  aft_case_in in = {.size = sizeof in,
                    .order = c->order,
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("changed_mind"),
                    .lines = &line,
                    .n_lines = 1,
                    .ticket = ticket,
                    .in_spite = 1 /* however often they come */};
  aft_record *record;
  assert_gives(aft_case_file(c->d.session, &c->d.as_agent, &in, &record, &case_error), AFT_OK);
  aft_id id = aft_case_id(record);
  aft_record_free(record);
  return id;
}

/* One that its buyer took back. */
static aft_id canceled(case_desk *c) {
  aft_id of = file_from(c, 0);
  case_act(c, &c->d.as_buyer, of, "cancel");
  return of;
}

/* The survey about one, which was sent. */
static aft_id sent(case_desk *c) {
  aft_id id = survey_of_case(c, canceled(c));
  desk_pass(&c->d, CASE_HOUR);
  desk_tick(&c->d);
  assert_survey(c, id, "sent", "", "ended");
  return id;
}

#define MOST_ANSWERS 6
typedef struct answers {
  aft_field_in list[MOST_ANSWERS];
  aft_survey_answer_in in;
} answers;

static void add(answers *a, const char *name, const char *text) {
  assert_true(a->in.n_answers < MOST_ANSWERS);
  a->list[a->in.n_answers++] =
      (aft_field_in){.size = sizeof(aft_field_in), .name = AFT_STR(name), .text = AFT_STR(text)};
}

static void begin(answers *a, aft_id id) {
  *a = (answers){.in = {.size = sizeof a->in, .survey = id, .source = AFT_VIA_PHONE}};
  a->in.answers = a->list;
}

static aft_status answer(case_desk *c, const answers *a) {
  return aft_survey_answer(c->d.session, &c->d.as_agent, &a->in, NULL, &case_error);
}

/* The replies of a survey as "again=no speed=2!": those that are low have a mark. */
static void assert_replies(case_desk *c, aft_id id, const char *expected) {
  aft_cursor *cursor;
  aft_record *r;
  char found[256] = "";
  size_t at = 0;
  assert_gives(aft_reply_list(c->d.session, &c->d.as_agent, id, &cursor, &case_error), AFT_OK);
  while (aft_cursor_next(cursor, &r, &case_error) == AFT_OK) {
    char number[24] = "";
    if (!aft_record_is_null(r, AFT_REPLY_NUMBER))
      snprintf(number, sizeof number, "%d", (int)aft_reply_number(r));
    at +=
        (size_t)snprintf(found + at, sizeof found - at, "%s%s=%s%s%s%s", at ? " " : "", aft_reply_question(r),
                         number, aft_reply_choices(r), aft_reply_text(r), aft_reply_low(r) ? "!" : "");
  }
  aft_cursor_free(cursor);
  assert_string_equal(found, expected);
}

static uint32_t effects(case_desk *c, aft_id subject, const char *topic, const char *part) {
  aft_cursor *cursor;
  aft_record *effect;
  uint32_t n = 0;
  assert_gives(aft_outbox_list(c->d.session, &c->d.system, subject, &cursor, &case_error), AFT_OK);
  while (aft_cursor_next(cursor, &effect, &case_error) == AFT_OK)
    n += strcmp(aft_effect_topic(effect), topic) == 0 && strstr(aft_effect_payload(effect), part) != NULL;
  aft_cursor_free(cursor);
  return n;
}

static aft_id say(case_desk *c, const char *external, const char *text) {
  aft_message_in in = desk_message(&c->d, external, text);
  aft_record *message;
  in.order = AFT_STR("O-1");
  assert_gives(aft_intake(c->d.session, &c->d.system, &in, &message, &case_error), AFT_OK);
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  return ticket;
}

/* ---- which survey asks ---- */

static void the_first_that_fits_asks(void **state) {
  ON_EACH_DESK(c, open_desk(&c, kind))
  aft_id parcel = desk_say(&c.d, "m1", "我的快递到哪了？");
  desk_act(&c.d, parcel, AFT_ACT_RESOLVE);
  aft_id id = survey_of_ticket(&c, parcel, 0);
  assert_survey(&c, id, "scheduled", "", "parcel");
  desk_pass(&c.d, CASE_HOUR);
  desk_tick(&c.d);
  assert_int_equal(effects(&c, parcel, "survey.send", "notify.survey.parcel.invite"), 1);
  answers a;
  begin(&a, id);
  a.in.score = 10;
  assert_gives(answer(&c, &a), AFT_OK);
  desk_pass(&c.d, 10 * CASE_DAY);
  aft_id invoice = desk_say(&c.d, "m2", "要发票");
  desk_act(&c.d, invoice, AFT_ACT_RESOLVE);
  aft_record *usual = survey(&c, survey_of_ticket(&c, invoice, 0));
  assert_string_equal(aft_survey_kind(usual), "csat");
  assert_true(aft_record_is_null(usual, AFT_SURVEY_NAME));
  aft_record_free(usual);
  END_DESK(c)
}

static void the_end_of_a_case_asks(void **state) {
  ON_EACH_DESK(c, open_desk(&c, kind))
  aft_id of = canceled(&c), id = survey_of_case(&c, of);
  assert_survey(&c, id, "scheduled", "", "ended");
  desk_pass(&c.d, CASE_HOUR);
  desk_tick(&c.d);
  aft_record *record = survey(&c, id);
  assert_string_equal(aft_survey_kind(record), "custom");
  assert_string_equal(aft_survey_product(record), "cup");
  assert_int_equal(aft_survey_case(record), of);
  assert_int_equal(aft_survey_ticket(record), 0);
  assert_int_equal(aft_survey_shop(record), c.d.shop);
  aft_record_free(record);
  assert_int_equal(effects(&c, of, "survey.send", "notify.survey.ended.invite"), 1);
  answers a;
  begin(&a, id);
  add(&a, "speed", "1");
  assert_gives(answer(&c, &a), AFT_OK); /* the call back has a ticket of its own */
  aft_record *call_of;
  assert_gives(aft_case_get(c.d.session, &c.d.system, of, &call_of, &case_error), AFT_OK);
  aft_id ticket = aft_case_ticket(call_of);
  aft_record_free(call_of);
  assert_true(ticket > 0);
  assert_int_equal(effects(&c, ticket, "work.order", "\"work\":\"call_back\""), 1);
  assert_gives(answer(&c, &a), AFT_OK); /* once a survey */
  assert_int_equal(effects(&c, ticket, "work.order", "\"work\":\"call_back\""), 1);
  assert_gives(aft_case_verify(c.d.session, &c.d.system, of, &case_error), AFT_OK);
  assert_gives(aft_survey_get(c.d.session, &c.d.as_buyer, id, &record, &case_error), AFT_OK);
  assert_true(aft_record_is_null(record, AFT_SURVEY_LOW));
  aft_record_free(record);
  assert_gives(aft_survey_get(c.d.session, &c.d.as_other_agent, id, &record, &case_error), AFT_E_DENIED);
  /* no survey asks of another end */
  aft_id other = file_from(&c, 0);
  case_ship(&c, other, "SF1");
  case_act(&c, &c.d.as_agent, other, "receive");
  case_act(&c, &c.d.as_agent, other, "accept_goods");
  case_confirm_all(&c, other);
  assert_case(&c, other, "refunded");
  aft_cursor *cursor;
  assert_gives(aft_case_survey_list(c.d.session, &c.d.system, other, &cursor, &case_error), AFT_OK);
  assert_int_equal(desk_count(cursor), 0);
  END_DESK(c)
}

/* Never of the ticket and of its case. */
static void one_matter_is_asked_about_once(void **state) {
  ON_EACH_DESK(c, open_desk(&c, kind))
  aft_id ticket = say(&c, "m1", "申请退货，寄回地址是哪里？"), of = file_from(&c, ticket);
  /* the case has resolved the ticket */
  assert_survey(&c, survey_of_ticket(&c, ticket, 0), "skipped", "case_open", "");
  case_act(&c, &c.d.as_buyer, of, "cancel");
  aft_id id = survey_of_case(&c, of);
  assert_survey(&c, id, "scheduled", "", "ended");
  desk_act(&c.d, ticket, AFT_ACT_REOPEN); /* the case stays at its end */
  assert_survey(&c, id, "scheduled", "", "ended");
  desk_act(&c.d, ticket, AFT_ACT_RESOLVE);
  assert_survey(&c, survey_of_ticket(&c, ticket, 2), "skipped", "asked_already", "");
  desk_pass(&c.d, CASE_HOUR);
  desk_tick(&c.d);
  answers a;
  begin(&a, id);
  add(&a, "speed", "1");
  assert_gives(answer(&c, &a), AFT_OK); /* the people of the ticket call back */
  assert_int_equal(effects(&c, ticket, "work.order", "\"work\":\"call_back\""), 1);
  assert_int_equal(effects(&c, of, "work.order", "\"work\":\"call_back\""), 0);

  desk_pass(&c.d, 10 * CASE_DAY);
  aft_id first = say(&c, "m2", "要发票");
  assert_int_not_equal(first, ticket);
  desk_act(&c.d, first, AFT_ACT_RESOLVE);
  assert_survey(&c, survey_of_ticket(&c, first, 0), "scheduled", "", "");
  aft_id later = file_from(&c, first);
  case_act(&c, &c.d.as_buyer, later, "cancel");
  assert_survey(&c, survey_of_case(&c, later), "skipped", "asked_already", "ended");
  END_DESK(c)
}

/* The case goes on with the ticket that stays, and so does what was asked about it. */
static void one_matter_is_asked_about_once_after_a_merge(void **state) {
  static const bool was_sent[] = {true, false};
  for (size_t i = 0; i < sizeof was_sent / sizeof *was_sent; i++) {
    ON_EACH_DESK(c, open_desk(&c, kind))
    aft_id from = say(&c, "m1", "申请退货，寄回地址是哪里？"), of = file_from(&c, from);
    desk_pass(&c.d, 4 * CASE_DAY);
    aft_id into = say(&c, "m2", "要发票");
    assert_int_not_equal(from, into);
    desk_act(&c.d, from, AFT_ACT_REOPEN);
    case_act(&c, &c.d.as_buyer, of, "cancel");
    aft_id id = survey_of_case(&c, of);
    if (was_sent[i]) {
      desk_pass(&c.d, CASE_HOUR);
      desk_tick(&c.d);
    }
    assert_survey(&c, id, was_sent[i] ? "sent" : "scheduled", "", "ended");
    assert_gives(desk_merge(&c.d, from, into, &case_error), AFT_OK);
    assert_survey(&c, id, was_sent[i] ? "sent" : "scheduled", "", "ended");
    aft_record *record = survey(&c, id);
    assert_int_equal(aft_survey_ticket(record), into);
    aft_record_free(record);
    desk_act(&c.d, into, AFT_ACT_RESOLVE);
    assert_survey(&c, survey_of_ticket(&c, into, 1), "skipped", "asked_already", "");
    END_DESK(c)
  }
}

static void a_survey_that_the_policy_drops_is_not_sent(void **state) {
  ON_EACH_DESK(c, open_desk(&c, kind))
  aft_id id = survey_of_case(&c, canceled(&c));
  desk_policy(&c.d, "version: 1\n");
  desk_pass(&c.d, CASE_HOUR);
  desk_tick(&c.d);
  assert_survey(&c, id, "cancelled", "withdrawn", "ended");
  END_DESK(c)
}

/* ---- what questions take ---- */

static void answers_are_kept_by_question(void **state) {
  ON_EACH_DESK(c, open_desk(&c, kind))
  aft_id id = sent(&c);
  answers a;
  begin(&a, id);
  add(&a, "words", "很好，谢谢");
  add(&a, "why", "late price");
  add(&a, "again", "no");
  add(&a, "where", "web");
  add(&a, "speed", "3");
  assert_gives(answer(&c, &a), AFT_OK);
  assert_replies(&c, id, "again=no! speed=3 where=web why=price late! words=很好，谢谢");
  aft_record *record = survey(&c, id);
  assert_int_equal(aft_survey_low(record), 1);
  assert_true(aft_record_is_null(record, AFT_SURVEY_SCORE));
  aft_record_free(record);
  begin(&a, id);
  add(&a, "speed", "5");
  assert_gives(answer(&c, &a), AFT_OK); /* takes the place of all of it */
  assert_replies(&c, id, "speed=5");
  desk_pass(&c.d, CASE_DAY);
  assert_gives(answer(&c, &a), AFT_E_EXISTS);
  END_DESK(c)
}

static void what_does_not_fit_is_refused(void **state) {
  static const struct {
    const char *name, *text, *where, *says;
  } wrong[] = {
      {"speed", "6", "survey.answers[1].text", "expected a whole number from 1 to 5, found '6'"},
      {"speed", "0", "survey.answers[1].text", "from 1 to 5"},
      {"speed", "-1", "survey.answers[1].text", "from 1 to 5"},
      {"speed", "3.5", "survey.answers[1].text", "from 1 to 5"},
      {"speed", "", "survey.answers[1].text", "from 1 to 5"},
      {"speed", "99999999999999999999", "survey.answers[1].text", "from 1 to 5"},
      {"again", "maybe", "survey.answers[1].text", "expected one of yes, no, found 'maybe'"},
      {"again", "yes no", "survey.answers[1].text", "expected one choice, found more"},
      {"why", "price nice", "survey.answers[1].text", "expected some of price, quality, late, found 'nice'"},
      {"why", "price price", "survey.answers[1].text", "'price' stands twice"},
      {"why", "", "survey.answers[1].text", "found ''"},
      {"why", " price", "survey.answers[1].text", "found ''"},
      {"where", "moon", "survey.answers[1].text", "expected one of shop, web"},
      {"words", "一二三四五六七八九十多", "survey.answers[1].text", "1 to 10 characters, found 11"},
      {"words", "", "survey.answers[1].text", "1 to 10 characters, found 0"},
      {"sped", "1", "survey.answers[1].name", "the survey has no question 'sped'"},
      {"where", "web", "survey.answers", "expected an answer to 'speed', found none"},
  };
  ON_EACH_DESK(c, open_desk(&c, kind))
  aft_id id = sent(&c);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    answers a;
    begin(&a, id);
    add(&a, strcmp(wrong[i].name, "words") == 0 ? "where" : "words",
        strcmp(wrong[i].name, "words") == 0 ? "shop" : "a");
    add(&a, wrong[i].name, wrong[i].text);
    assert_gives(answer(&c, &a), AFT_E_INVALID);
    if (strcmp(case_error.where, wrong[i].where) != 0 || !strstr(case_error.message, wrong[i].says))
      fail_msg("%s '%s': %s: %s", wrong[i].name, wrong[i].text, case_error.where, case_error.message);
  }
  answers a;
  begin(&a, id);
  add(&a, "speed", "3");
  add(&a, "speed", "4");
  assert_gives(answer(&c, &a), AFT_E_INVALID);
  assert_string_equal(case_error.where, "survey.answers[1].name");
  begin(&a, id);
  add(&a, "speed", "3");
  a.in.score = 3;
  assert_gives(answer(&c, &a), AFT_E_INVALID);
  assert_string_equal(case_error.where, "survey.score");
  a.in.score = 0;
  a.in.answers = NULL;
  assert_gives(answer(&c, &a), AFT_E_INVALID);
  assert_string_equal(case_error.where, "survey.answers");
  assert_survey(&c, id, "sent", "", "ended");
  assert_replies(&c, id, "");
  END_DESK(c)
}

static void a_key_knows_the_answers(void **state) {
  ON_EACH_DESK(c, open_desk(&c, kind))
  aft_call call = c.d.as_agent;
  answers a;
  begin(&a, sent(&c));
  call.key = AFT_STR("form-1");
  add(&a, "speed", "3");
  assert_gives(aft_survey_answer(c.d.session, &call, &a.in, NULL, &case_error), AFT_OK);
  assert_gives(aft_survey_answer(c.d.session, &call, &a.in, NULL, &case_error), AFT_REPLAYED);
  a.list[0].text = AFT_STR("4");
  assert_gives(aft_survey_answer(c.d.session, &call, &a.in, NULL, &case_error), AFT_E_KEY_REUSED);
  END_DESK(c)
}

static void the_form_says_what_is_asked(void **state) {
  ON_EACH_DESK(c, open_desk(&c, kind))
  aft_buf *form;
  aft_survey_form_in in = {.size = sizeof in, .survey = sent(&c), .locale = AFT_STR("zh")};
  assert_gives(aft_survey_form(c.d.session, &c.d.as_buyer, &in, &form, &case_error), AFT_OK);
  static const char *const parts[] = {
      "\"kind\":\"custom\",\"state\":\"sent\",\"score\":null",
      "{\"name\":\"speed\",\"type\":\"scale\",\"required\":true,\"text\":\"快不快？\",\"from\":1,\"to\":5}",
      "{\"name\":\"again\",\"type\":\"yes_no\",\"required\":false,\"text\":\"还会再来吗？\",\"choices\":["
      "{\"name\":\"yes\",\"text\":\"是\"},{\"name\":\"no\",\"text\":\"否\"}]}",
      "{\"name\":\"late\",\"text\":\"太慢\"}", "\"most\":10"};
  const char *at = aft_buf_data(form);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) /* in this order */
    at = at ? strstr(at, parts[i]) : NULL;
  if (!at)
    fail_msg("not all of it in %s", aft_buf_data(form));
  aft_buf_free(form);
  assert_gives(aft_survey_form(c.d.session, &c.d.as_other_buyer, &in, &form, &case_error), AFT_E_DENIED);
  in.survey = 0;
  assert_gives(aft_survey_form(c.d.session, &c.d.system, &in, &form, &case_error), AFT_E_INVALID);
  END_DESK(c)
}

/* ---- what they add up to ---- */

#define ANSWERED 40

static double number_after(const char *text, const char *key) {
  char quoted[48];
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *at = strstr(text, quoted);
  if (!at)
    fail_msg("no %s in %.200s", key, text);
  return strtod(at + strlen(quoted), NULL);
}

/* Wilson's ends are where (p - x)² = z² x (1 - x) / n. */
static void assert_share(const char *report, const char *answer, uint32_t k, uint32_t n) {
  char quoted[60];
  snprintf(quoted, sizeof quoted, "{\"answer\":\"%s\",", answer);
  const char *at = strstr(report, quoted);
  if (!at)
    fail_msg("no answer '%s' in %s", answer, report);
  assert_int_equal((int)number_after(at, "answered"), k);
  double p = (double)k / n, z = 1.959963984540054;
  const double ends[] = {number_after(at, "from"), number_after(at, "to")};
  assert_true(fabs(number_after(at, "share") - p) < 1e-5 && ends[0] <= p + 1e-5 && p <= ends[1] + 1e-5);
  for (int i = 0; i < 2; i++)
    if (fabs((p - ends[i]) * (p - ends[i]) - z * z * ends[i] * (1 - ends[i]) / n) > 1e-4)
      fail_msg("%f is no end of the interval of %u of %u", ends[i], k, n);
}

static char *report_of(case_desk *c, const char *question, uint32_t by) {
  static char text[20000];
  aft_buf *out;
  aft_survey_report_in in = {.size = sizeof in,
                             .begin = DESK_START,
                             .end = DESK_START + 400 * CASE_DAY,
                             .by = by,
                             .name = AFT_STR("ended"),
                             .question = AFT_STR(question)};
  assert_gives(aft_survey_report(c->d.session, &c->d.system, &in, &out, &case_error), AFT_OK);
  snprintf(text, sizeof text, "%s", aft_buf_data(out));
  aft_buf_free(out);
  return text;
}

static void answers_to_a_question_are_counted(void **state) {
  static const char *const reasons[] = {"price", "quality", "late"};
  ON_EACH_DESK(c, open_desk(&c, kind))
  uint64_t seed = seed_of("answers_to_a_question_are_counted");
  uint32_t speeds[6] = {0}, why[3] = {0}, n_why = 0, low = 0;
  for (uint32_t i = 0; i < ANSWERED; i++) {
    char speed[4], chosen[40] = "";
    uint32_t n = 1 + below(&seed, 5), mask = below(&seed, 8);
    answers a;
    begin(&a, sent(&c));
    snprintf(speed, sizeof speed, "%u", n);
    add(&a, "speed", speed);
    for (uint32_t r = 0; r < 3; r++)
      if (mask >> r & 1u) {
        snprintf(chosen + strlen(chosen), sizeof chosen - strlen(chosen), "%s%s", *chosen ? " " : "",
                 reasons[r]);
        why[r]++;
      }
    if (mask)
      add(&a, "why", chosen);
    assert_gives(answer(&c, &a), AFT_OK);
    speeds[n]++;
    n_why += mask != 0;
    low += n <= 2;
  }
  char *speed = report_of(&c, "speed", AFT_GROUP_PRODUCT);
  assert_non_null(strstr(speed, "{\"group\":\"cup\",\"sent\":40,\"answered\":40"));
  assert_non_null(strstr(speed, "\"score\":null"));
  double sum = 0;
  for (uint32_t i = 1; i <= 5; i++) {
    char text[4];
    snprintf(text, sizeof text, "%u", i);
    assert_share(speed, text, speeds[i], ANSWERED);
    sum += i * speeds[i];
  }
  const char *question = strstr(speed, "\"question\":{");
  assert_non_null(question);
  assert_int_equal((int)number_after(question, "low"), low);
  assert_true(fabs(number_after(question, "mean") - sum / ANSWERED) < 1e-5);
  char *reasoned = report_of(&c, "why", 0);
  for (uint32_t r = 0; r < 3; r++)
    assert_share(reasoned, reasons[r], why[r], n_why);
  END_DESK(c)
}

/* Of two categories one answers seldom. */
static void who_answers_more_often_is_told(void **state) {
  case_desk c;
  aft_buf *out;
  (void)state;
  open_desk(&c, DESK_MEMORY);
  desk_policy(&c.d, "version: 1\nsurvey: {enabled: true, fatigue: never}\n");
  for (int half = 0; half < 2; half++) {
    for (int i = 0; i < 80; i++) {
      char name[24];
      snprintf(name, sizeof name, "c%d_%d", half, i);
      bool parcel = i % 2;
      aft_id ticket = desk_say_as(&c.d, name, parcel ? "我的快递到哪了？" : "要发票");
      desk_act(&c.d, ticket, AFT_ACT_RESOLVE);
      desk_pass(&c.d, CASE_HOUR);
      desk_tick(&c.d);
      answers a;
      begin(&a, survey_of_ticket(&c, ticket, 0));
      a.in.score = 4;
      if (half ? !parcel || i % 10 == 1 : i % 4 < 2) /* both alike in the first half */
        assert_gives(answer(&c, &a), AFT_OK);
    }
    aft_survey_report_in in = {.size = sizeof in,
                               .begin = half ? atomic_load(&c.d.now) - 80 * CASE_HOUR + 1 : DESK_START,
                               .end = atomic_load(&c.d.now) + 1};
    assert_gives(aft_survey_report(c.d.session, &c.d.system, &in, &out, &case_error), AFT_OK);
    const char *bias = strstr(aft_buf_data(out), "\"bias\":{\"compared\":2,\"differ\":[");
    if (!bias)
      fail_msg("nothing is compared: %s", aft_buf_data(out));
    if (!half) {
      assert_non_null(strstr(bias, "\"differ\":[]"));
      assert_non_null(strstr(bias, "None of 2 groups"));
    } else {
      assert_non_null(strstr(bias, "{\"by\":\"category\",\"group\":\"invoice\",\"sent\":40,\"answered\":40"));
      assert_true(number_after(bias, "difference") > 0.7 && number_after(bias, "from") > 0);
      assert_non_null(strstr(bias, "Of 2 groups that were compared, 2 answered"));
    }
    aft_buf_free(out);
  }
  case_desk_close(&c);
}

static void a_report_names_its_survey(void **state) {
  ON_EACH_DESK(c, open_desk(&c, kind))
  aft_buf *out;
  aft_survey_report_in in = {.size = sizeof in, .begin = 0, .end = CASE_DAY, .question = AFT_STR("speed")};
  assert_gives(aft_survey_report(c.d.session, &c.d.system, &in, &out, &case_error), AFT_E_INVALID);
  assert_string_equal(case_error.where, "report.name");
  in.name = AFT_STR("gone");
  assert_gives(aft_survey_report(c.d.session, &c.d.system, &in, &out, &case_error), AFT_E_INVALID);
  in.kind = AFT_SCORE_CUSTOM; /* its answers may still be there */
  assert_gives(aft_survey_report(c.d.session, &c.d.system, &in, &out, &case_error), AFT_OK);
  aft_buf_free(out);
  END_DESK(c)
}

/* What a customer said goes with the survey, and is handed to the customer who asks for it. */
static int32_t keep_text(void *user, const void *data, size_t n) {
  const char *line = data;
  uint32_t *found = user;
  static const char words[] = "\"text\":\"很好\"";
  for (size_t i = 0; i + sizeof words - 1 <= n; i++)
    *found += memcmp(line + i, words, sizeof words - 1) == 0;
  return 0;
}

static void words_are_the_customers(void **state) {
  ON_EACH_DESK(c, open_desk(&c, kind))
  aft_id id = sent(&c);
  uint32_t found = 0;
  answers a;
  begin(&a, id);
  add(&a, "speed", "3");
  add(&a, "words", "很好");
  assert_gives(answer(&c, &a), AFT_OK);
  assert_gives(aft_person_export(c.d.session, &c.d.system, c.d.buyer, keep_text, &found, NULL, &case_error),
               AFT_OK);
  assert_int_equal(found, 1);
  aft_cursor *cursor;
  assert_gives(aft_reply_list(c.d.session, &c.d.as_buyer, id, &cursor, &case_error), AFT_E_DENIED);
  desk_policy(&c.d, "version: 1\nretention: {surveys: 30d}\n");
  desk_pass(&c.d, 40 * CASE_DAY);
  desk_tick(&c.d);
  aft_record *record;
  assert_gives(aft_survey_get(c.d.session, &c.d.system, id, &record, &case_error), AFT_E_NOT_FOUND);
  found = 0;
  assert_gives(aft_person_export(c.d.session, &c.d.system, c.d.buyer, keep_text, &found, NULL, &case_error),
               AFT_OK);
  assert_int_equal(found, 0);
  END_DESK(c)
}

/* ---- the policy ---- */

static void faults_are_told_with_their_place(void **state) {
  static const struct {
    const char *survey, *says;
  } faults[] = {
      {"{order: 1, kind: custom}", "surveys.s: a survey of kind custom asks nothing without questions"},
      {"{kind: csat}", "surveys.s: the key 'order' is missing"},
      {"{order: 1, about: parcel}", "surveys.s.about: expected ticket or case"},
      {"{order: 1}", "surveys.s: the text 'notify.survey.s.invite' is missing"},
      {"{order: 1, reminder: 1d}", "surveys.s: the text 'notify.survey.s.remind' is missing"},
      {"{order: 1, reminder: 14d}", "the reminder comes when the survey has ended"},
      {"{order: 1, kind: custom, low: 2, questions: {q: {type: text}}}",
       "a survey of kind custom has no score"},
      {"{order: 1, questions: {q: {type: stars}}}",
       "surveys.s.questions.q.type: expected one of scale, choice"},
      {"{order: 1, questions: {q: {type: text}}}", "surveys.s.questions.q: the text 'survey.s.q' is missing"},
      {"{order: 1, questions: {q: {type: choice, choices: [a, b]}}}", "the text 'survey.s.q.a' is missing"},
      {"{order: 1, questions: {q: {type: choice, choices: [a]}}}", "expected 2 to 32 choices, found 1"},
      {"{order: 1, questions: {q: {type: choice, choices: [a, a]}}}", "this choice stands twice"},
      {"{order: 1, questions: {q: {type: text, choices: [a, b]}}}",
       "only questions of type choice and choices"},
      {"{order: 1, questions: {q: {type: yes_no, low: [never]}}}", "the question has no such choice"},
      {"{order: 1, questions: {q: {type: yes_no, low: 'no'}}}", "expected a list of choices"},
      {"{order: 1, questions: {q: {type: scale, from: 5, to: 5}}}",
       "the scale ends at 5, which is not above 5"},
      {"{order: 1, questions: {q: {type: scale, low: 5}}}", "expected a whole number from 1 to 4"},
      {"{order: 1, questions: {q: {type: text, low: 5}}}", "no text is low"},
      {"{order: 1, questions: {q: {type: text, from: 5}}}", "only a question of type scale has 'from'"},
      {"{order: 1, questions: {q: {type: scale, most: 5}}}", "only a question of type text has 'most'"},
      {"{order: 1, when: {kidn: repair}}", "there is no fact 'kidn' to test (did you mean 'kind'?)"},
      {"{order: 1}, t: {order: 1}", "two surveys have the order 1"}};
  case_desk c;
  (void)state;
  case_usual(&c, DESK_MEMORY, CASE_DELIVERED);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    aft_policy *loaded = NULL;
    aft_buf *report = NULL;
    char yaml[300];
    snprintf(yaml, sizeof yaml, "version: 1\nsurveys: {s: %s}\n", faults[i].survey);
    aft_document document = {.size = sizeof document, .name = AFT_STR("shop.yaml"), .text = AFT_STR(yaml)};
    aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
    assert_true(aft_policy_load(c.d.env, &options, &loaded, &report, &case_error) < 0);
    if (!strstr(aft_buf_data(report), faults[i].says) || !strstr(aft_buf_data(report), "shop.yaml:2:"))
      fail_msg("%s: found %s", faults[i].survey, aft_buf_data(report));
    aft_buf_free(report);
  }
  case_desk_close(&c);
}

/* Whatever stands in a policy's compiled form, it is opened whole or refused. */
static void a_damaged_image_is_refused(void **state) {
  case_desk c;
  aft_policy *loaded;
  aft_buf *image;
  aft_document document = {.size = sizeof document, .name = AFT_STR("shop.yaml"), .text = AFT_STR(policy)};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  (void)state;
  case_usual(&c, DESK_MEMORY, CASE_DELIVERED);
  assert_gives(aft_policy_load(c.d.env, &options, &loaded, NULL, &case_error), AFT_OK);
  assert_gives(aft_policy_image(loaded, &image, &case_error), AFT_OK);
  aft_policy_unref(loaded);
  for (uint32_t s = AFT__SECTION_SURVEYS; s <= AFT__SECTION_QUESTIONS; s++) {
    const aft__section *section = &((const aft__image *)(const void *)aft_buf_data(image))->sections[s];
    for (size_t at = 0; at < (size_t)section->count * section->item; at += 4) {
      char *copy = malloc(aft_buf_size(image));
      assert_non_null(copy);
      memcpy(copy, aft_buf_data(image), aft_buf_size(image));
      memset(copy + section->offset + at, 0x7f, 4);
      aft__image *head = (aft__image *)(void *)copy;
      size_t from = offsetof(aft__image, hash);
      head->checksum = aft__hash64(copy + from, aft_buf_size(image) - from, 0);
      aft_status status = aft_policy_open_image(c.d.env, copy, aft_buf_size(image), &loaded, &case_error);
      if (status == AFT_OK) { /* a field that points nowhere: what it says is still used */
        aft__policy_survey told;
        aft__question question;
        aft__reply reply;
        aft__arena arena;
        aft__arena_init(&arena, c.d.env);
        aft__policy_survey_find(loaded, aft__cstr("ended"), &told);
        for (uint32_t i = 0; i < told.questions; i++) {
          aft__policy_question(loaded, &told, i, &question);
          aft__policy_reply(loaded, &question, aft__cstr("3"), "test", &arena, &reply, &case_error);
        }
        aft__arena_done(&arena);
        aft_policy_unref(loaded);
      } else {
        assert_int_equal(status, AFT_E_POLICY_IMAGE);
      }
      free(copy);
    }
  }
  aft_buf_free(image);
  case_desk_close(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_that_fits_asks),
      cmocka_unit_test(the_end_of_a_case_asks),
      cmocka_unit_test(one_matter_is_asked_about_once),
      cmocka_unit_test(one_matter_is_asked_about_once_after_a_merge),
      cmocka_unit_test(a_survey_that_the_policy_drops_is_not_sent),
      cmocka_unit_test(answers_are_kept_by_question),
      cmocka_unit_test(what_does_not_fit_is_refused),
      cmocka_unit_test(a_key_knows_the_answers),
      cmocka_unit_test(the_form_says_what_is_asked),
      cmocka_unit_test(answers_to_a_question_are_counted),
      cmocka_unit_test(who_answers_more_often_is_told),
      cmocka_unit_test(a_report_names_its_survey),
      cmocka_unit_test(words_are_the_customers),
      cmocka_unit_test(faults_are_told_with_their_place),
      cmocka_unit_test(a_damaged_image_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

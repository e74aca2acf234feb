/* Parts of a message that are taken away for good: what goes, what stays, and what is refused. */
#include "desk_fixture.h"
#include "random.h"
#include "raw_store.h"

#include <stdlib.h>
#include <string.h>

#include "text/text.h"

#define SECRET "zqsecret"

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

/* ---- the text alone, against a model that marks characters ---- */

#define MOST_CHARS 40

typedef struct model {
  char text[MOST_CHARS * 8 + 1];
  size_t at[MOST_CHARS + 1]; /* where each character begins */
  bool black[MOST_CHARS];
  uint32_t n;
} model;

static void draw_text(model *m, uint64_t *seed) {
  static const char *const chars[] = {"a",  "7",    " ", "我", "机", "e\xCC\x81", "👨‍👩‍👧",
                                      "🇨🇳", "\r\n", "é"};
  memset(m, 0, sizeof *m);
  m->n = 1 + below(seed, MOST_CHARS - 1);
  for (uint32_t i = 0; i < m->n; i++) {
    m->at[i] = strlen(m->text);
    /* Nothing that would join with what stands before it. */
    const char *next = chars[below(seed, i && strcmp(m->text + m->at[i - 1], "🇨🇳") == 0 ? 6 : 10)];
    if (strlen(m->text) + strlen(next) < sizeof m->text - 20)
      strcat(m->text, next);
    else
      strcat(m->text, "a");
  }
  m->at[m->n] = strlen(m->text);
}

static void expect(const model *m, char *out, int64_t *characters) {
  *characters = 0;
  *out = 0;
  for (uint32_t i = 0; i < m->n; i++) {
    *characters += m->black[i];
    if (!m->black[i])
      strncat(out, m->text + m->at[i], m->at[i + 1] - m->at[i]);
    else if (i == 0 || !m->black[i - 1])
      strcat(out, AFT__BLACK);
  }
}

static void what_a_span_touches_goes_and_nothing_else(void **state) {
  uint64_t seed = seed_of("black out");
  aft_error error = AFT_ERROR_INIT;
  aft_env_options options = {.size = sizeof options};
  aft_env *env;
  (void)state;
  assert_ok(aft_env_new(&options, &env, &error));
  for (int round = 0; round < 3000; round++) {
    model m;
    aft__black spans[8];
    aft__blackout sums = {0};
    aft__buf out;
    char expected[MOST_CHARS * 20];
    int64_t characters;
    uint32_t n = below(&seed, 8);
    draw_text(&m, &seed);
    for (uint32_t i = 0; i < n; i++) {
      uint32_t from = below(&seed, m.n), to = from + 1 + below(&seed, m.n - from);
      /* Inside of characters too: then these go whole. */
      spans[i].from = m.at[from] + below(&seed, (uint32_t)(m.at[from + 1] - m.at[from]));
      spans[i].to = m.at[to - 1] + 1 + below(&seed, (uint32_t)(m.at[to] - m.at[to - 1]));
      if (spans[i].to <= spans[i].from)
        spans[i].to = m.at[to];
      for (uint32_t k = from; k < to; k++)
        m.black[k] = true;
    }
    aft__buf_init(&out, env);
    assert_ok(aft__black_out(&out, aft__cstr(m.text), spans, n, &sums, &error));
    aft__buf_char(&out, 0);
    expect(&m, expected, &characters);
    assert_string_equal(out.data, expected);
    assert_int_equal(sums.characters, characters);
    aft__buf_done(&out);
  }
  aft_env_unref(env);
}

/* What is found is found whole, and nothing of it is found again in what is left. */
static void numbers_and_addresses_are_found_whole(void **state) {
  static const struct {
    const char *text, *find;
    uint32_t kind;
  } finds[] = {{"打我电话13800138000谢谢", "13800138000", AFT__PII_PHONE},
               {"call +86 138-0013-8000 now", "86 138-0013-8000", AFT__PII_PHONE},
               {"card 4111 1111 1111 1111.", "4111 1111 1111 1111", AFT__PII_CARD},
               {"身份证11010519491231002X", "11010519491231002X", AFT__PII_IDENTITY},
               {"写信到 li.wei@example.com.cn。", "li.wei@example.com.cn", AFT__PII_EMAIL},
               {"mail a@b.org.", "a@b.org", AFT__PII_EMAIL}};
  aft_error error = AFT_ERROR_INIT;
  aft_env_options options = {.size = sizeof options};
  aft_env *env;
  (void)state;
  assert_ok(aft_env_new(&options, &env, &error));
  for (size_t i = 0; i < sizeof finds / sizeof *finds; i++) {
    aft__buf spans;
    aft__pii_span span;
    aft__buf_init(&spans, env);
    assert_ok(aft__pii_find(&spans, aft__cstr(finds[i].text), &error));
    if (spans.len != sizeof span)
      fail_msg("%s: %zu finds", finds[i].text, spans.len / sizeof span);
    memcpy(&span, spans.data, sizeof span);
    assert_int_equal(span.kind, finds[i].kind);
    assert_int_equal(span.from, strstr(finds[i].text, finds[i].find) - finds[i].text);
    assert_int_equal(span.to - span.from, strlen(finds[i].find));
    aft__buf_done(&spans);
  }
  aft_env_unref(env);
}

/* ---- on a desk ---- */

static aft_id say(const char *external, const char *text, const char *subject) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_part_in part = {.size = sizeof part,
                      .kind = AFT_CONTENT_FILE,
                      .blob = AFT_STR("blob-" SECRET),
                      .name = AFT_STR(SECRET ".pdf")};
  aft_message_in in = desk_message(&d, external, text);
  in.subject = AFT_STR(subject);
  in.parts = &part;
  in.n_parts = 1;
  assert_ok(aft_intake(d.session, &d.system, &in, &made, &error));
  aft_id id = aft_message_id(made);
  aft_record_free(made);
  return id;
}

static aft_status redact(const aft_call *call, aft_redact_in *in, aft_error *error) {
  in->size = sizeof *in;
  return aft_message_redact(d.session, call, in, NULL, error);
}

static void revise(aft_id message, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  aft_message_change in = {.size = sizeof in, .message = message, .text = AFT_STR(text)};
  assert_ok(aft_message_revise(d.session, &d.system, &in, NULL, &error));
}

static aft_id ticket_of(aft_id message) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_id ticket = 0;
  aft_search_in in = {.size = sizeof in, .query = AFT_STR("手机")};
  assert_ok(aft_message_search(d.session, &d.system, &in, &cursor, &error));
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK)
    if (aft_message_id(record) == message)
      ticket = aft_message_ticket(record);
  aft_cursor_free(cursor);
  return ticket;
}

static void text_of(aft_id ticket, aft_id message, char *out, size_t size, int64_t *version) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  assert_ok(aft_message_list(d.session, &d.system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK)
    if (aft_message_id(record) == message) {
      snprintf(out, size, "%s", aft_message_text(record));
      *version = aft_message_version(record);
    }
  aft_cursor_free(cursor);
}

static void facts_of(aft_id ticket, char *out, size_t size) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  *out = 0;
  assert_ok(aft_ticket_history(d.session, &d.system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK)
    if (strcmp(aft_event_verb(record), "message.redacted") == 0)
      snprintf(out, size, "%s", aft_event_facts(record));
  aft_cursor_free(cursor);
}

static void words_go_wherever_the_message_left_them(void **state) {
  aft_error error = AFT_ERROR_INIT;
  char text[256], facts[512];
  int64_t version = 0;
  (void)state;
  aft_id message = say("m1", "手机坏了，密码是" SECRET "谢谢", "about " SECRET);
  aft_id ticket = ticket_of(message);
  revise(message, "手机坏了，密码是 " SECRET " \"quoted\" 谢谢");
  revise(message, "手机坏了，密码曾是" SECRET);
  desk_answer(&d, ticket, "您的密码 \"" SECRET "\" 收到");
  desk_tick(&d);
  aft_redact_in in = {.message = message, .words = AFT_STR(SECRET), .reason = AFT_STR("a password")};
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_OK);
  text_of(ticket, message, text, sizeof text, &version);
  assert_string_equal(text, "手机坏了，密码曾是" AFT__BLACK);
  assert_int_equal(version, 4);
  facts_of(ticket, facts, sizeof facts);
  assert_non_null(strstr(facts, "\"reason\":\"a password\""));
  assert_null(strstr(facts, SECRET));
  assert_true(raw_count(&d, SECRET) > 0); /* in the answer, which is another message, and in the host's id */
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_IGNORED);
  assert_int_equal(raw_verify_chains(&d) > 0, true);
}

/* The effects carry the words of answers: an answer that is redacted leaves without them. */
static void an_answer_on_its_way_leaves_without_them(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  (void)state;
  aft_id ticket = desk_say(&d, "m1", "手机坏了");
  aft_answer_in in = {.size = sizeof in,
                      .ticket = ticket,
                      .text = AFT_STR("line one\n\ttab \"" SECRET "\" \\ end \x01 13800138000")};
  assert_ok(aft_ticket_answer(d.session, &d.as_agent, &in, &made, &error));
  aft_redact_in what = {.message = aft_message_id(made), .words = AFT_STR(SECRET), .flags = AFT_REDACT_PHONE};
  aft_record_free(made);
  assert_true(raw_count(&d, SECRET) > 0);
  assert_int_equal(redact(&d.as_agent, &what, &error), AFT_OK);
  assert_int_equal(raw_count(&d, SECRET), 0);
  assert_int_equal(raw_count(&d, "13800138000"), 0);
  assert_true(raw_count(&d, "line one\\n\\ttab \\\"" AFT__BLACK "\\\" \\\\ end \\u0001 " AFT__BLACK "\"") >
              0);
}

static void spans_go_and_what_they_cover_goes_elsewhere(void **state) {
  aft_error error = AFT_ERROR_INIT;
  char text[256];
  int64_t version = 0;
  (void)state;
  aft_id message = say("m1", "手机 " SECRET " 坏了 " SECRET, "");
  aft_id ticket = ticket_of(message);
  revise(message, "手机 " SECRET " 坏了");
  int64_t from = (int64_t)strlen("手机 ");
  aft_redact_span_in spans[] = {{sizeof spans[0], from, from + 4},
                                {sizeof spans[0], from + 2, from + (int64_t)strlen(SECRET)}};
  aft_redact_in in = {.message = message, .version = 2, .spans = spans, .n_spans = 2};
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_OK);
  text_of(ticket, message, text, sizeof text, &version);
  assert_string_equal(text, "手机 " AFT__BLACK " 坏了");
  assert_int_equal(raw_count(&d, SECRET " 坏了"), 0);
}

/* A notice keeps the ticket's subject, which is how the message began. */
static void what_customers_were_told_says_it_no_more(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id message = say("m1", "手机 zqkey 坏了", ""), ticket = ticket_of(message);
  desk_act(&d, ticket, AFT_ACT_RESOLVE);
  desk_tick(&d);
  aft_redact_in in = {.message = message, .words = AFT_STR("zqkey")};
  assert_true(raw_count(&d, "手机 zqkey 坏了\n") > 0);
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_OK);
  assert_int_equal(raw_count(&d, "zqkey"), 0);
  assert_true(raw_count(&d, "手机 " AFT__BLACK) > 0);
}

static void a_part_goes_whole(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  (void)state;
  aft_id message = say("m1", "手机坏了", "");
  assert_ok(aft_part_list(d.session, &d.system, message, &cursor, &error));
  assert_int_equal(aft_cursor_next(cursor, &record, &error), AFT_OK);
  aft_redact_in in = {.message = message, .part = aft_part_id(record)};
  aft_cursor_free(cursor);
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_OK);
  assert_int_equal(raw_count(&d, SECRET ".pdf"), 0);
  assert_int_equal(raw_count(&d, "blob-" SECRET), 1); /* in the effect that tells the host */
}

static void the_search_forgets_it_by_the_end_of_the_day(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id message = say("m1", "手机坏了 xyzzyplugh", "");
  desk_tick(&d);
  assert_true(raw_count_index(&d, "zyplugh") > 0);
  aft_redact_in in = {.message = message, .words = AFT_STR("xyzzyplugh")};
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_OK);
  for (int i = 0; i < 2; i++) {
    desk_pass(&d, AFT__DAY);
    desk_tick(&d);
  }
  assert_int_equal(raw_count_index(&d, "zyplugh"), 0);
  assert_int_not_equal(ticket_of(message), 0); /* and still finds the rest */
}

/* ---- where the message was before ---- */

static aft_id ticket_with(const char *external, const char *text, aft_id *message) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_message_in in = desk_message(&d, external, text);
  assert_ok(aft_intake(d.session, &d.system, &in, &made, &error));
  aft_id ticket = aft_message_ticket(made);
  *message = aft_message_id(made);
  aft_record_free(made);
  return ticket;
}

static aft_id answer(aft_id ticket, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_answer_in in = {.size = sizeof in, .ticket = ticket, .text = AFT_STR(text)};
  assert_ok(aft_ticket_answer(d.session, &d.as_agent, &in, &made, &error));
  aft_id id = aft_message_id(made);
  aft_record_free(made);
  return id;
}

static aft_id split_off(aft_id ticket, aft_id message) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_split_in in = {.size = sizeof in, .ticket = ticket, .messages = &message, .n_messages = 1};
  assert_ok(aft_ticket_split(d.session, &d.as_agent, &in, &made, &error));
  aft_id id = aft_ticket_id(made);
  aft_record_free(made);
  return id;
}

static void assert_no_secret(void) {
  if (raw_count(&d, SECRET))
    fail_msg("it still stands in%s", raw_places(&d, SECRET));
}

static void count_salt(void *user, const aft__table *table, const aft__value *row) {
  if (table == &aft__event_table && row[AFT__EV_SUBJECT].number == *(aft_id *)user)
    assert_true(row[AFT__EV_SALT].type == AFT_SQL_NULL);
}

/* Subject, effects and events stay with the ticket that was merged, and its answers may not have left yet. */
static void redaction_after_a_merge(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_id said, other, third;
  (void)state;
  aft_id from = ticket_with("m1", "手机坏了 " SECRET, &said), answered = answer(from, "您的卡号 " SECRET);
  desk_pass(&d, 4 * AFT__DAY);
  aft_id into = ticket_with("m2", "另外一件事", &other);
  assert_int_not_equal(from, into);
  assert_ok(desk_merge(&d, from, into, &error));
  desk_pass(&d, 4 * AFT__DAY);
  aft_id last = ticket_with("m3", "第三件事", &third);
  assert_int_not_equal(into, last);
  assert_ok(desk_merge(&d, into, last, &error));
  aft_id both[] = {said, answered};
  for (int i = 0; i < 2; i++) {
    aft_redact_in in = {.message = both[i], .words = AFT_STR(SECRET)};
    assert_int_equal(redact(&d.as_agent, &in, &error), AFT_OK);
  }
  assert_no_secret();
  assert_true(desk_effects(&d, from, "message.send", AFT__BLACK) > 0);
  raw_each(&d, count_salt, &from);
  raw_verify_chains(&d);
}

static void redaction_after_a_split(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_id said, other;
  (void)state;
  aft_id ticket = ticket_with("m1", "手机坏了 " SECRET, &said);
  desk_pass(&d, AFT__MINUTE);
  assert_int_equal(ticket_with("m2", "还有发票", &other), ticket);
  split_off(ticket, said);
  aft_redact_in in = {.message = said, .words = AFT_STR(SECRET)};
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_OK);
  assert_no_secret();
}

/* A ticket that was split off and merged back leads to itself. */
static void redaction_after_a_way_back(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_id said, other;
  (void)state;
  aft_id ticket = ticket_with("m1", "手机坏了", &other);
  desk_pass(&d, AFT__MINUTE);
  assert_int_equal(ticket_with("m2", "还有发票 " SECRET, &said), ticket);
  aft_id away = split_off(ticket, said);
  assert_ok(desk_merge(&d, away, ticket, &error));
  aft_redact_in in = {.message = said, .words = AFT_STR(SECRET)};
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_OK);
  assert_no_secret();
}

/* Its subject and events are held, though the message is elsewhere. */
static void a_hold_where_the_message_was_keeps_it(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_id said, other;
  (void)state;
  aft_id ticket = ticket_with("m1", "手机坏了 " SECRET, &said);
  desk_pass(&d, AFT__MINUTE);
  ticket_with("m2", "还有发票", &other);
  split_off(ticket, said);
  aft_act_in hold = {.size = sizeof hold, .ticket = ticket, .act = AFT_ACT_HOLD, .reason = AFT_STR("court")};
  assert_ok(aft_ticket_act(d.session, &d.system, &hold, NULL, &error));
  aft_redact_in in = {.message = said, .words = AFT_STR(SECRET)};
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_E_DENIED);
  assert_true(raw_count(&d, SECRET) > 1);
}

/* ---- what else was made of it ---- */

static void what_was_said_in_a_call_goes_with_its_message(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_id said;
  (void)state;
  aft_id ticket = ticket_with("m1", "请回电", &said);
  aft_callback_in call = {.size = sizeof call, .ticket = ticket, .phone = AFT_STR("13800138000")};
  assert_ok(aft_callback_ask(d.session, &d.as_agent, &call, &made, &error));
  aft_attempt_in attempt = {.size = sizeof attempt,
                            .task = aft_task_id(made),
                            .outcome = AFT_CALLED_REACHED,
                            .done = 1,
                            .text = AFT_STR("卡号是 " SECRET)};
  aft_record_free(made);
  assert_ok(aft_attempt_note(d.session, &d.as_agent, &attempt, &made, &error));
  aft_redact_in in = {.message = aft_attempt_message(made), .words = AFT_STR(SECRET)};
  aft_record_free(made);
  assert_true(raw_count(&d, SECRET) > 1);
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_OK);
  assert_no_secret();
}

/* The customer's own choice is written by the channel, or by the customer. */
static void the_customers_choice_is_redacted_too(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  (void)state;
  aft_message_in in = desk_message(&d, "m1", "请回电 " SECRET);
  in.label = AFT_STR("other: " SECRET);
  assert_ok(aft_intake(d.session, &d.system, &in, &made, &error));
  aft_redact_in what = {.message = aft_message_id(made), .words = AFT_STR(SECRET)};
  aft_record_free(made);
  assert_int_equal(redact(&d.as_agent, &what, &error), AFT_OK);
  assert_no_secret();
}

static bool has_print(aft_id ticket) {
  aft_record *record = desk_ticket(&d, ticket);
  bool has = !aft_record_is_null(record, AFT_TICKET_FINGERPRINT);
  assert_int_equal(has, !aft_record_is_null(record, AFT_TICKET_SKETCH));
  aft_record_free(record);
  return has;
}

static void fingerprints_go_with_a_redaction(void **state) {
  static const char text[] = "please call me back about the broken phone on 13800138000 thanks a lot";
  aft_error error = AFT_ERROR_INIT;
  aft_id first, second;
  (void)state;
  aft_id ticket = ticket_with("m1", text, &first);
  desk_pass(&d, AFT__MINUTE);
  assert_int_equal(ticket_with("m2", text, &second), ticket);
  aft_redact_in in = {.message = second, .flags = AFT_REDACT_PHONE};
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_OK);
  assert_true(has_print(ticket)); /* which is of the first */
  in.message = first;
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_OK);
  assert_false(has_print(ticket));
}

static void what_is_wrong_is_named_and_changes_nothing(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id message = say("m1", "手机坏了", ""), other = say("m2", "手机还是坏的", "");
  aft_id ticket = ticket_of(message);
  aft_redact_span_in spans[65];
  for (size_t i = 0; i < 65; i++)
    spans[i] = (aft_redact_span_in){sizeof spans[i], 0, 3};
  aft_redact_span_in beyond = {sizeof beyond, 0, 13}, empty = {sizeof empty, 3, 3}, cut = {sizeof cut, 1, 6},
                     back = {sizeof back, 6, 3};
  char reason[202];
  memset(reason, 'x', 201);
  reason[201] = 0;
  const struct {
    aft_redact_in in;
    aft_status status;
    const char *where;
  } bad[] = {
      {{.message = message}, AFT_E_INVALID, "redact"},
      {{.message = 0, .flags = 1}, AFT_E_INVALID, "redact.message"},
      {{.message = d.shop, .flags = 1}, AFT_E_NOT_FOUND, "redact.message"},
      {{.message = message, .flags = 16}, AFT_E_INVALID, "redact.flags"},
      {{.message = message, .spans = spans, .n_spans = 1}, AFT_E_INVALID, "redact.version"},
      {{.message = message, .version = 2, .spans = spans, .n_spans = 1}, AFT_E_CONFLICT, "redact.version"},
      {{.message = message, .version = 1, .spans = spans, .n_spans = 65}, AFT_E_TOO_LARGE, "redact.spans"},
      {{.message = message, .version = 1, .n_spans = 1}, AFT_E_INVALID, "redact.spans"},
      {{.message = message, .version = 1, .spans = &beyond, .n_spans = 1}, AFT_E_INVALID, "redact.spans[0]"},
      {{.message = message, .version = 1, .spans = &empty, .n_spans = 1}, AFT_E_INVALID, "redact.spans[0]"},
      {{.message = message, .version = 1, .spans = &back, .n_spans = 1}, AFT_E_INVALID, "redact.spans[0]"},
      {{.message = message, .version = 1, .spans = &cut, .n_spans = 1}, AFT_E_INVALID, "redact.spans[0]"},
      {{.message = message, .words = AFT_STR("\xff")}, AFT_E_ENCODING, "redact.words"},
      {{.message = message, .words = AFT_STR("机"), .reason = AFT_STR(reason)},
       AFT_E_TOO_LARGE,
       "redact.reason"},
      {{.message = message, .part = message}, AFT_E_NOT_FOUND, "redact.part"},
      {{.message = message, .part = -1}, AFT_E_INVALID, "redact.part"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    aft_redact_in in = bad[i].in;
    aft_status status = redact(&d.as_agent, &in, &error);
    if (status != bad[i].status || strcmp(error.where, bad[i].where) != 0)
      fail_msg("case %zu: %s at %s: %s", i, aft_status_name(status), error.where, error.message);
  }
  aft_redact_in in = {.message = message, .words = AFT_STR("机")};
  assert_int_equal(redact(&d.as_buyer, &in, &error), AFT_E_DENIED);
  assert_int_equal(redact(&d.as_other_agent, &in, &error), AFT_E_DENIED);
  aft_act_in hold = {.size = sizeof hold, .ticket = ticket, .act = AFT_ACT_HOLD, .reason = AFT_STR("court")};
  assert_ok(aft_ticket_act(d.session, &d.system, &hold, NULL, &error));
  assert_int_equal(redact(&d.as_agent, &in, &error), AFT_E_DENIED);
  (void)other;
  assert_int_equal(raw_count(&d, AFT__BLACK), 0);
}

int main(void) {
#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(SQLITE, test), ON(MEMORY, test), ON(HOSTILE, test)
  const struct CMUnitTest tests[] = {
      EVERYWHERE(words_go_wherever_the_message_left_them),
      EVERYWHERE(an_answer_on_its_way_leaves_without_them),
      EVERYWHERE(spans_go_and_what_they_cover_goes_elsewhere),
      EVERYWHERE(what_customers_were_told_says_it_no_more),
      EVERYWHERE(a_part_goes_whole),
      EVERYWHERE(the_search_forgets_it_by_the_end_of_the_day),
      EVERYWHERE(redaction_after_a_merge),
      EVERYWHERE(redaction_after_a_split),
      EVERYWHERE(redaction_after_a_way_back),
      EVERYWHERE(a_hold_where_the_message_was_keeps_it),
      EVERYWHERE(what_was_said_in_a_call_goes_with_its_message),
      EVERYWHERE(the_customers_choice_is_redacted_too),
      EVERYWHERE(fingerprints_go_with_a_redaction),
      EVERYWHERE(what_is_wrong_is_named_and_changes_nothing),
      ON(MEMORY, what_a_span_touches_goes_and_nothing_else),
      ON(MEMORY, numbers_and_addresses_are_found_whole),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}

/* Kinds that retention goes through: cases, orders, what was said, customers, links and erasures. A random
 * history is held against a model that knows when each thing ended and what refers to what. */
#include "case_fixture.h"
#include "case_story.h"
#include "random.h"
#include "raw_store.h"

#include <stdlib.h>
#include <string.h>

#include "desk/desk_priv.h"

#define PEOPLE 8
#define DAYS   (4 * 366)

static const char policy[] =
    "version: 1\n"
    "retention: {tickets: 500d, messages: 60d, cases: 1096d, orders: 1200d,\n"
    "            customers: 300d, links: 367d, erasures: 90d, keys: 30d}\n";

/* ---- what happened ---- */

typedef struct somebody {
  aft_id customer, ticket, order, of; /* 0: none; of: a case */
  aft_time closed, ended, told, last; /* of ticket, case and order; anything about the customer */
  bool held;                          /* the case */
  char mark[24];                      /* that only their ticket says */
} somebody;

static void come_to_rest(desk *d) {
  desk_tick(d);
  desk_settle(d, AFT_OUTCOME_DONE);
  desk_tick(d);
}

static aft_id new_customer(desk *d, uint32_t i) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  char name[32];
  snprintf(name, sizeof name, "person-%u", i);
  aft_customer_in in = {.size = sizeof in, .external = AFT_STR(name), .name = AFT_STR(name)};
  assert_ok(aft_customer_put(d->session, &d->system, &in, &made, &error));
  aft_id id = aft_customer_id(made);
  aft_record_free(made);
  return id;
}

static void write_ticket(case_desk *c, somebody *s, uint32_t i) {
  desk *d = &c->d;
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  char external[32], text[96];
  snprintf(s->mark, sizeof s->mark, "mark%uend", i);
  snprintf(external, sizeof external, "m%u", i);
  snprintf(text, sizeof text, "my phone is broken %s", s->mark);
  aft_message_in in = desk_message(d, external, text);
  in.customer = s->customer;
  assert_ok(aft_intake(d->session, &d->system, &in, &made, &error));
  s->ticket = aft_message_ticket(made);
  aft_record_free(made);
  desk_act(d, s->ticket, AFT_ACT_RESOLVE);
  desk_act(d, s->ticket, AFT_ACT_CLOSE);
  s->closed = atomic_load(&d->now);
}

static void buy(case_desk *c, somebody *s, uint32_t i) {
  case_story story;
  char number[32], payment[32];
  snprintf(number, sizeof number, "O-%u", i);
  snprintf(payment, sizeof payment, "pay-%u", i);
  case_story_usual(&story, &c->d, CASE_DELIVERED);
  case_story_one(&story, 1, 9900);
  story.facts.number = AFT_STR(number);
  story.facts.customer = s->customer;
  story.payments[0].ref = AFT_STR(payment);
  case_story_tell(c, &story);
  s->order = c->order;
  s->told = atomic_load(&c->d.now);
}

static void file(case_desk *c, somebody *s) {
  aft_call as = c->d.system;
  as.role = AFT_ROLE_BUYER;
  as.actor = s->customer;
  s->of = case_file(c, &as, "return", "not_as_described", c->line[0], 1);
  case_act(c, &as, s->of, "cancel");
  s->ended = s->told = atomic_load(&c->d.now);
}

static void happen(case_desk *c, somebody *s, uint32_t i, uint64_t *seed) {
  aft_error error = AFT_ERROR_INIT;
  *s = (somebody){.customer = new_customer(&c->d, i)};
  if (below(seed, 2))
    write_ticket(c, s, i);
  if (below(seed, 2))
    buy(c, s, i);
  if (s->order && below(seed, 2))
    file(c, s);
  if (s->of && below(seed, 4) == 0) {
    assert_ok(aft_case_hold(c->d.session, &c->d.system, s->of, 1, "court", &error));
    s->held = true;
  }
  s->last = atomic_load(&c->d.now);
  come_to_rest(&c->d);
}

/* ---- what is there ---- */

typedef struct present {
  aft_id ids[4096];
  uint32_t n;
} present;

static void see(void *user, const aft__table *table, const aft__value *row) {
  present *p = user;
  if (table != &aft__ticket_table && table != &aft__case_table && table != &aft__order_table)
    return;
  assert_true(p->n < 4096);
  p->ids[p->n++] = row[AFT__COL_ID].number;
}

static bool is_there(const present *p, aft_id id) {
  for (uint32_t i = 0; i < p->n; i++)
    if (p->ids[i] == id)
      return true;
  return false;
}

static bool was_erased(desk *d, aft_id customer) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  assert_ok(aft_customer_get(d->session, &d->system, customer, &record, &error));
  bool erased = aft_customer_erased(record) != AFT_TIME_NONE;
  aft_record_free(record);
  return erased;
}

/* ---- the model: at the latest two rounds after its time something is gone, and never before it ---- */

typedef struct gone {
  bool ticket, words, of, order, customer;
} gone;

static bool over(aft_time end, int64_t span, aft_time now) { return end && end < now - span * AFT__DAY; }

static gone model(const somebody *s, aft_time now) {
  gone g;
  g.ticket = !s->ticket || over(s->closed, 500, now);
  g.words = !s->ticket || over(s->closed, 60, now);
  g.of = !s->of || (!s->held && over(s->ended, 1096, now));
  g.order = !s->order || (g.of && over(s->told, 1200, now));
  g.customer = g.ticket && g.of && g.order && over(s->last, 300, now);
  return g;
}

static void compare(const char *what, uint32_t i, bool is, bool early, bool late) {
  if (is && !early)
    fail_msg("%s of person %u went before its time", what, i);
  if (!is && late)
    fail_msg("%s of person %u is still there", what, i);
}

/* early: what may be gone now; late: what had to be gone days ago. */
static void hold_against_model(case_desk *c, const somebody *people) {
  aft_time now = atomic_load(&c->d.now);
  present *p = calloc(1, sizeof *p);
  assert_non_null(p);
  raw_each(&c->d, see, p);
  for (uint32_t i = 0; i < PEOPLE; i++) {
    const somebody *s = &people[i];
    gone early = model(s, now), late = model(s, now - 12 * AFT__DAY);
    compare("the ticket", i, !is_there(p, s->ticket), early.ticket, late.ticket);
    compare("the case", i, !is_there(p, s->of), early.of, late.of);
    compare("the order", i, !is_there(p, s->order), early.order, late.order);
    compare("the text", i, !*s->mark || !raw_count(&c->d, s->mark), early.words, late.words);
    compare("the name", i, was_erased(&c->d, s->customer), early.customer, late.customer);
  }
  free(p);
}

static void what_has_ended_goes_in_its_time_and_not_before(void **state) {
  (void)state;
  for (desk_kind kind = DESK_SQLITE; kind < desk_kinds(); kind++) {
    uint64_t seed = seed_of("retention");
    somebody people[PEOPLE];
    case_desk c;
    desk_open_evidence(&c.d, kind, NULL);
    desk_policy(&c.d, policy);
    aft_time start = atomic_load(&c.d.now);
    for (uint32_t i = 0; i < PEOPLE; i++) {
      happen(&c, &people[i], i, &seed);
      desk_pass(&c.d, (int64_t)below(&seed, 40) * AFT__DAY);
      come_to_rest(&c.d);
    }
    while (atomic_load(&c.d.now) - start < DAYS * AFT__DAY) {
      desk_pass(&c.d, (int64_t)(1 + below(&seed, 60)) * AFT__DAY);
      for (int i = 0; i < 10; i++) { /* what keeps something else goes a day before it, or a week */
        desk_pass(&c.d, AFT__DAY);
        come_to_rest(&c.d);
      }
      hold_against_model(&c, people);
    }
    raw_verify_chains(&c.d);
    case_desk_close(&c);
  }
}

/* ---- one by one ---- */

static void days(desk *d, int n) {
  for (int i = 0; i < n; i++) {
    desk_pass(d, AFT__DAY);
    come_to_rest(d);
  }
}

typedef struct count_of {
  const aft__table *table;
  uint32_t n;
} count_of;

static void count_row(void *user, const aft__table *table, const aft__value *row) {
  count_of *c = user;
  (void)row;
  c->n += table == c->table;
}

static uint32_t rows_of(desk *d, const aft__table *table) {
  count_of c = {.table = table};
  raw_each(d, count_row, &c);
  return c.n;
}

static void a_case_goes_with_all_that_belongs_to_it(void **state) {
  static const aft__table *const tables[] = {&aft__case_table, &aft__case_line_table, &aft__proposal_table,
                                             &aft__evidence_table};
  (void)state;
  case_desk c;
  case_usual(&c, DESK_SQLITE, CASE_DELIVERED);
  desk_policy(&c.d, policy);
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "not_as_described", c.line[0], 1);
  case_photo(&c, &c.d.as_buyer, id, "a handle");
  case_act(&c, &c.d.as_buyer, id, "cancel");
  days(&c.d, 1);
  desk_pass(&c.d, 1090 * AFT__DAY);
  days(&c.d, 3);
  assert_int_equal(rows_of(&c.d, &aft__case_table), 1);
  days(&c.d, 8);
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
    assert_int_equal(rows_of(&c.d, tables[i]), 0);
  assert_int_equal(rows_of(&c.d, &aft__order_table), 1);
  assert_int_equal(raw_count(&c.d, "case.removed"), 1);
  raw_verify_chains(&c.d);
  case_desk_close(&c);
}

static aft_id file_from(case_desk *c, aft_id ticket) {
  aft_case_line_in line = {.size = sizeof line, .line = c->line[0], .quantity = 1};
  aft_case_in in = {.size = sizeof in,
                    .order = c->order,
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("not_as_described"),
                    .customer = c->d.buyer,
                    .ticket = ticket,
                    .lines = &line,
                    .n_lines = 1};
  return case_file_in(c, &c->d.as_agent, &in);
}

/* A case from a ticket that is closed. */
static aft_id file_and_close(case_desk *c, aft_id *ticket) {
  *ticket = desk_say(&c->d, "m1", "the cup is broken zqwords");
  aft_id of = file_from(c, *ticket);
  desk_act(&c->d, *ticket, AFT_ACT_CLOSE);
  come_to_rest(&c->d);
  return of;
}

/* What was said in a ticket is part of each case that came from it. */
static void a_case_keeps_its_ticket(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket;
  desk_policy(&c.d, "version: 1\nretention: {tickets: 30d, messages: 30d}\n");
  aft_id of = file_and_close(&c, &ticket);
  assert_ok(aft_case_hold(c.d.session, &c.d.system, of, 1, "court", &error));
  case_act(&c, &c.d.as_buyer, of, "cancel");
  desk_pass(&c.d, 40 * AFT__DAY);
  days(&c.d, 10);
  assert_true(raw_count(&c.d, "zqwords") > 0);
  assert_int_equal(case_int(&c, of, AFT_CASE_TICKET), ticket);
  assert_ok(aft_case_hold(c.d.session, &c.d.system, of, 0, "", &error));
  days(&c.d, 10);
  assert_int_equal(raw_count(&c.d, "zqwords"), 0);
  assert_int_equal(raw_count(&c.d, "ticket.removed"), 1);
  END_DESK(c)
}

/* The case may be moved long after its ticket was closed, and its deadlines pass. */
static void an_open_case_goes_on_with_its_ticket(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket;
  aft_buf *health;
  desk_policy(&c.d, "version: 1\nretention: {tickets: 30d}\n");
  aft_id of = file_and_close(&c, &ticket);
  case_ship(&c, of, "SF1");
  case_act(&c, &c.d.as_agent, of, "receive");
  case_find(&c, of, c.line[0], "ok", 1);
  case_act(&c, &c.d.as_agent, of, "accept_goods");
  case_fail_all(&c, of);
  days(&c.d, 70);
  assert_int_equal(case_int(&c, of, AFT_CASE_TICKET), ticket);
  assert_ok(aft_store_health(c.d.session, &health, &error));
  assert_non_null(strstr(aft_buf_data(health), "\"due_parked\":0"));
  aft_buf_free(health);
  END_DESK(c)
}

/* A parcel may come back long after all was over. */
static void a_case_goes_on_though_its_ticket_is_gone(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_id ticket;
  desk_policy(&c.d, "version: 1\nretention: {tickets: 30d}\n");
  aft_id of = file_and_close(&c, &ticket);
  case_ship(&c, of, "SF1");
  assert_gives(case_track(&c, "SF1", "t1", "lost"), AFT_OK);
  case_act(&c, &c.d.as_agent, of, "close");
  desk_pass(&c.d, 40 * AFT__DAY);
  days(&c.d, 10);
  assert_int_equal(raw_count(&c.d, "ticket.removed"), 1);
  aft_record *record = case_get(&c, of);
  assert_true(aft_record_is_null(record, AFT_CASE_TICKET));
  aft_record_free(record);
  assert_gives(case_track(&c, "SF1", "t2", "delivered"), AFT_OK);
  assert_int_equal(desk_effects(&c.d, of, "work.order", "late_parcel"), 1);
  END_DESK(c)
}

static void figures_stay_when_words_go(void **state) {
  (void)state;
  case_desk c;
  aft_error error = AFT_ERROR_INIT;
  case_usual(&c, DESK_SQLITE, CASE_DELIVERED);
  desk_policy(&c.d, policy);
  aft_id ticket = desk_say(&c.d, "m1", "my phone is broken zqwords");
  desk_answer(&c.d, ticket, "sorry zqwords");
  desk_act(&c.d, ticket, AFT_ACT_RESOLVE);
  desk_act(&c.d, ticket, AFT_ACT_CLOSE);
  aft_act_in hold = {.size = sizeof hold, .ticket = ticket, .act = AFT_ACT_HOLD, .reason = AFT_STR("court")};
  assert_ok(aft_ticket_act(c.d.session, &c.d.system, &hold, NULL, &error));
  come_to_rest(&c.d);
  desk_pass(&c.d, 90 * AFT__DAY);
  days(&c.d, 2);
  assert_true(raw_count(&c.d, "zqwords") > 0);
  hold.act = AFT_ACT_UNHOLD;
  assert_ok(aft_ticket_act(c.d.session, &c.d.system, &hold, NULL, &error));
  days(&c.d, 3);
  assert_int_equal(raw_count(&c.d, "zqwords"), 0);
  assert_int_equal(raw_count_index(&c.d, "zqwords"), 0);
  aft_record *record = desk_ticket(&c.d, ticket);
  assert_string_equal(aft_ticket_state(record), "closed");
  assert_true(strlen(aft_ticket_category(record)) > 0);
  aft_record_free(record);
  assert_int_equal(rows_of(&c.d, &aft__message_table), 2);
  raw_verify_chains(&c.d);
  case_desk_close(&c);
}

static void close_ticket(desk *d, aft_id ticket) {
  desk_act(d, ticket, AFT_ACT_RESOLVE);
  desk_act(d, ticket, AFT_ACT_CLOSE);
  come_to_rest(d);
}

/* Whether a ticket has a subject says nothing of what was said in it. */
static void words_go_of_a_ticket_that_began_with_a_photo(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  desk *d = &c.d;
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  desk_policy(d, "version: 1\nretention: {messages: 30d}\n");
  aft_part_in part = {
      .size = sizeof part, .kind = AFT_CONTENT_IMAGE, .blob = AFT_STR("b1"), .name = AFT_STR("photo.jpg")};
  aft_message_in in = desk_message(d, "m1", "");
  in.parts = &part;
  in.n_parts = 1;
  assert_ok(aft_intake(d->session, &d->system, &in, &made, &error));
  aft_id ticket = aft_message_ticket(made), later = 0;
  aft_record_free(made);
  desk_pass(d, AFT__MINUTE);
  in = desk_message(d, "m2", "my phone is broken zqwords");
  assert_ok(aft_intake(d->session, &d->system, &in, &made, &error));
  assert_int_equal(aft_message_ticket(made), ticket);
  later = aft_message_id(made);
  aft_record_free(made);
  close_ticket(d, ticket);
  desk_pass(d, 40 * AFT__DAY);
  days(d, 5);
  assert_int_equal(raw_count(d, "zqwords"), 0);
  assert_int_equal(raw_count(d, "photo.jpg"), 0);
  /* nor of what is written there once it was emptied */
  aft_message_change edit = {.size = sizeof edit, .message = later, .text = AFT_STR("edited zqwords")};
  assert_ok(aft_message_revise(d->session, &d->system, &edit, NULL, &error));
  days(d, 3);
  assert_int_equal(raw_count(d, "zqwords"), 0);
  END_DESK(c)
}

static void a_guests_words_go_though_the_owner_was_erased(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  desk *d = &c.d;
  aft_error error = AFT_ERROR_INIT;
  char code[32];
  desk_policy(d, "version: 1\nretention: {messages: 30d}\n");
  aft_id ticket = desk_say(d, "m1", "the matter of the owner");
  assert_ok(aft_ticket_invite(d->session, &d->as_agent, ticket, d->other_buyer, &error));
  aft_record *record = desk_ticket(d, ticket);
  snprintf(code, sizeof code, "%s", aft_ticket_code(record));
  aft_record_free(record);
  aft_message_in in = desk_message(d, "p1", "words of the guest zqwords");
  in.customer = d->other_buyer;
  in.handle = AFT_STR("wx-guest");
  in.code = AFT_STR(code);
  assert_ok(aft_intake(d->session, &d->system, &in, NULL, &error));
  aft_erase_in erase = {.size = sizeof erase, .customer = d->buyer};
  assert_ok(aft_person_erase(d->session, &d->system, &erase, NULL, &error));
  desk_tick(d);
  assert_true(raw_count(d, "zqwords") > 0);
  close_ticket(d, ticket);
  desk_pass(d, 40 * AFT__DAY);
  days(d, 5);
  assert_int_equal(raw_count(d, "zqwords"), 0);
  END_DESK(c)
}

static const char case_surveys[] =
    "version: 1\n"
    "retention: {cases: 1096d, orders: 1200d}\n"
    "survey: {enabled: true, fatigue: never}\n"
    "surveys:\n"
    "  ended: {order: 20, about: case, when: {kind: return, state: canceled}, kind: csat,\n"
    "          questions: {why: {type: text, most: 200}}}\n"
    "texts:\n"
    "  zh: {notify.survey.ended.invite: '关于 {code}', survey.ended.why: 为什么}\n"
    "  en: {notify.survey.ended.invite: 'About {code}', survey.ended.why: Why}\n";

static aft_id survey_of(case_desk *c, aft_id of) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  assert_ok(aft_case_survey_list(c->d.session, &c->d.system, of, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
  aft_id id = aft_survey_id(record);
  aft_cursor_free(cursor);
  return id;
}

static void a_survey_goes_with_its_case(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  desk_policy(&c.d, case_surveys);
  aft_id of = file_from(&c, 0);
  case_act(&c, &c.d.as_buyer, of, "cancel");
  aft_id survey = survey_of(&c, of);
  desk_pass(&c.d, AFT__HOUR);
  desk_tick(&c.d);
  desk_pass(&c.d, AFT__DAY / 2);
  desk_tick(&c.d);
  aft_field_in why = {.size = sizeof why, .name = AFT_STR("why"), .text = AFT_STR("because zqwords")};
  aft_survey_answer_in in = {.size = sizeof in,
                             .survey = survey,
                             .score = 5,
                             .source = AFT_VIA_PHONE,
                             .text = AFT_STR("thanks zqwords"),
                             .answers = &why,
                             .n_answers = 1};
  assert_ok(aft_survey_answer(c.d.session, &c.d.system, &in, NULL, &error));
  come_to_rest(&c.d);
  desk_pass(&c.d, 1100 * AFT__DAY);
  days(&c.d, 10);
  assert_int_equal(raw_count(&c.d, "case.removed"), 1);
  assert_status(aft_survey_get(c.d.session, &c.d.system, survey, &record, &error), AFT_E_NOT_FOUND);
  assert_int_equal(raw_count(&c.d, "zqwords"), 0);
  END_DESK(c)
}

static void links_and_erasures_go_when_they_have_ended(void **state) {
  static const char secret[] = "0123456789abcdef0123456789abcdef";
  (void)state;
  case_desk c;
  aft_error error = AFT_ERROR_INIT;
  aft_link_keys *keys;
  aft_buf *token;
  aft_signing_key key = {.size = sizeof key, .name = AFT_STR("k"), .secret = secret, .n = 32};
  case_usual(&c, DESK_SQLITE, CASE_DELIVERED);
  desk_policy(&c.d, policy);
  assert_ok(aft_link_keys_new(c.d.env, &key, 1, &keys, &error));
  aft_link_in in = {.size = sizeof in, .customer = c.d.buyer, .order = c.order};
  assert_ok(aft_link_make(c.d.session, &c.d.system, keys, &in, &token, NULL, &error));
  aft_erase_in erase = {.size = sizeof erase, .customer = c.d.other_buyer};
  assert_ok(aft_person_erase(c.d.session, &c.d.system, &erase, NULL, &error));
  days(&c.d, 80);
  assert_int_equal(rows_of(&c.d, &aft__erasure_table), 1);
  days(&c.d, 15);
  assert_int_equal(rows_of(&c.d, &aft__erasure_table), 0);
  assert_int_equal(rows_of(&c.d, &aft__link_table), 1);
  desk_pass(&c.d, 270 * AFT__DAY);
  days(&c.d, 10);
  assert_int_equal(rows_of(&c.d, &aft__link_table), 0);
  aft_buf_free(token);
  aft_link_keys_unref(keys);
  case_desk_close(&c);
}

/* An order and its link, and the time of the link over. */
static aft_id old_link(desk *d) {
  static const char secret[] = "0123456789abcdef0123456789abcdef";
  aft_error error = AFT_ERROR_INIT;
  aft_link_keys *keys;
  aft_buf *token;
  aft_record *link;
  aft_signing_key key = {.size = sizeof key, .name = AFT_STR("k"), .secret = secret, .n = 32};
  aft_link_in in = {.size = sizeof in, .customer = d->buyer};
  in.order = case_order(d, "A-1", d->buyer, 0, 0);
  desk_policy(d, "version: 1\nretention: {links: 367d}\n");
  assert_ok(aft_link_keys_new(d->env, &key, 1, &keys, &error));
  assert_ok(aft_link_make(d->session, &d->system, keys, &in, &token, &link, &error));
  aft_id id = aft_link_id(link);
  aft_record_free(link);
  aft_buf_free(token);
  aft_link_keys_unref(keys);
  come_to_rest(d);
  desk_pass(d, 400 * AFT__DAY);
  return id;
}

/* Changes what the first event of a record says, and not its hash. */
static aft_status damage(aft__tx *tx, void *user, aft_error *error) {
  const aft_id *of = user; /* tenant, record */
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(of[0]), aft__int(of[1])},
                    .limit = 1};
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  assert_int_equal(n, 1);
  rows[0][AFT__EV_VERB] = aft__text(aft__cstr("link.mode"));
  return aft__update(tx, &aft__event_table, rows[0], UINT64_C(1) << AFT__EV_VERB, error);
}

static void one_damaged_record_does_not_stop_retention(void **state) {
  static const desk_kind kinds[] = {DESK_SQLITE, DESK_MEMORY};
  (void)state;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    desk d;
    aft_error error = AFT_ERROR_INIT;
    aft__tx_options options = {.name = "damage"};
    desk_open(&d, kinds[k]);
    aft_id ids[2] = {0, old_link(&d)};
    ids[0] = d.tenant;
    assert_ok(aft__tx_run(d.session, &options, damage, ids, &error));
    desk_policy(&d, "version: 1\nretention: {links: 367d, erasures: 90d}\n");
    aft_erase_in erase = {.size = sizeof erase, .customer = d.other_buyer};
    assert_ok(aft_person_erase(d.session, &d.system, &erase, NULL, &error));
    days(&d, 95);
    assert_int_equal(rows_of(&d, &aft__link_table), 1);
    assert_int_equal(rows_of(&d, &aft__erasure_table), 0); /* which is gone through after the links */
    desk_close(&d);
  }
}

static int64_t steps; /* of the clock below: a millisecond for each look at it */

static int64_t stepping(void *user) {
  (void)user;
  return ++steps * 1000000;
}

typedef struct noted {
  aft_id tenant;
  aft_time ended; /* the last pass over the tenant's links */
} noted;

static aft_status see_note(aft__tx *tx, void *user, aft_error *error) {
  noted *of = user;
  char name[64];
  bool known;
  snprintf(name, sizeof name, "retained_links_%lld", (long long)of->tenant);
  return aft__meta_get(tx, name, &known, &of->ended, error);
}

/* Time may be over at any moment: a pass counts as ended only where what is old is gone. */
static void a_pass_without_time_is_not_over(void **state) {
  uint32_t left = 1;
  (void)state;
  for (int64_t ms = 1; left && ms < 200; ms++) {
    desk d;
    aft_error error = AFT_ERROR_INIT;
    aft__retained retained;
    aft__tx_options reading = {.name = "look", .read = true};
    desk_open(&d, DESK_MEMORY);
    old_link(&d);
    int64_t (*usual)(void *) = d.env->o.clock.mono_ns;
    d.env->o.clock.mono_ns = stepping;
    assert_ok(aft__desk_retain(d.session, 1000, ms, &retained, &error));
    d.env->o.clock.mono_ns = usual;
    noted of = {.tenant = d.tenant};
    assert_ok(aft__tx_run(d.session, &reading, see_note, &of, &error));
    left = rows_of(&d, &aft__link_table);
    assert_int_equal(left, of.ended == atomic_load(&d.now) ? 0 : 1);
    desk_close(&d);
  }
  assert_int_equal(left, 0);
}

static void whom_a_living_order_names_is_not_forgotten(void **state) {
  static const desk_kind kinds[] = {DESK_SQLITE, DESK_MEMORY};
  (void)state;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    desk d;
    desk_open(&d, kinds[k]);
    aft_id payer = new_customer(&d, 1), recipient = new_customer(&d, 2), nobody = new_customer(&d, 3);
    case_order(&d, "A-1", d.buyer, payer, recipient);
    desk_policy(&d, "version: 1\nretention: {customers: 30d}\n");
    come_to_rest(&d);
    desk_pass(&d, 40 * AFT__DAY);
    days(&d, 3);
    assert_true(was_erased(&d, nobody));
    assert_false(was_erased(&d, d.buyer));
    assert_false(was_erased(&d, payer));
    assert_false(was_erased(&d, recipient));
    desk_close(&d);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_case_goes_with_all_that_belongs_to_it),
      cmocka_unit_test(a_case_keeps_its_ticket),
      cmocka_unit_test(an_open_case_goes_on_with_its_ticket),
      cmocka_unit_test(a_case_goes_on_though_its_ticket_is_gone),
      cmocka_unit_test(figures_stay_when_words_go),
      cmocka_unit_test(words_go_of_a_ticket_that_began_with_a_photo),
      cmocka_unit_test(a_guests_words_go_though_the_owner_was_erased),
      cmocka_unit_test(a_survey_goes_with_its_case),
      cmocka_unit_test(links_and_erasures_go_when_they_have_ended),
      cmocka_unit_test(one_damaged_record_does_not_stop_retention),
      cmocka_unit_test(a_pass_without_time_is_not_over),
      cmocka_unit_test(whom_a_living_order_names_is_not_forgotten),
      cmocka_unit_test(what_has_ended_goes_in_its_time_and_not_before),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

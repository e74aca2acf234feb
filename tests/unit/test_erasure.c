/* What is left of a person who was erased, whatever happened before: nothing but figures. */
#include "case_story.h"
#include "random.h"
#include "raw_store.h"

#include <stdlib.h>
#include <string.h>

#include "desk/desk_priv.h"
#include "desk/privacy/person.h"

/* Every text about the one person has the first word in it, and 龘; every text about the other the second,
 * and 靐. Nothing else has. */
#define ONE   "zqone"
#define OTHER "zqother"
#define STEPS 60

static const char document[] =
    "version: 1\n"
    "attributes:\n"
    "  ticket: {note: {type: text}}\n"
    "  customer: {note: {type: text}}\n"
    "  order: {note: {type: text}}\n";

/* ---- a history ---- */

typedef struct history {
  case_desk *c;
  uint64_t seed;
  uint32_t n;
  aft_id tickets[2][STEPS]; /* of each person */
  aft_id messages[2][STEPS];
  uint32_t n_tickets[2], n_messages[2];
  aft_id cases[STEPS];
  uint32_t n_cases;
} history;

typedef struct word {
  char text[128];
} word;

/* A text of a person's that nobody else has: in English, or in Chinese. */
static word word_of(history *h, int who) {
  word w;
  static const char *const texts[2][2] = {
      {"my phone is broken %s%u please 13800138000", "我的手机坏了龘 %s%u 请退款"},
      {"where is my parcel %s%u", "快递到哪里了靐 %s%u"}};
  snprintf(w.text, sizeof w.text, texts[who][below(&h->seed, 2)], who ? OTHER : ONE, h->n++);
  return w;
}

static aft_id person(const history *h, int who) { return who ? h->c->d.other_buyer : h->c->d.buyer; }
static aft_id any_of(history *h, const aft_id *ids, uint32_t n) { return n ? ids[below(&h->seed, n)] : 0; }

static void say(history *h, int who, const char *code) {
  desk *d = &h->c->d;
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  char external[32], handle[32];
  word text = word_of(h, who), name = word_of(h, who), part_text = word_of(h, who);
  aft_part_in parts[] = {
      {.size = sizeof parts[0],
       .kind = AFT_CONTENT_IMAGE,
       .blob = AFT_STR("blob"),
       .name = AFT_STR(name.text)},
      {.size = sizeof parts[0], .kind = AFT_CONTENT_HTML, .text = AFT_STR(part_text.text)}};
  snprintf(external, sizeof external, "m%u", h->n);
  snprintf(handle, sizeof handle, "%s-wx", who ? OTHER : ONE);
  aft_message_in in = desk_message(d, external, text.text);
  in.customer = person(h, who);
  in.handle = AFT_STR(handle);
  in.subject = AFT_STR(below(&h->seed, 2) ? name.text : "");
  in.code = (aft_str){code, code ? AFT_NTS : 0};
  in.parts = parts;
  in.n_parts = below(&h->seed, 3);
  assert_ok(aft_intake(d->session, &d->system, &in, &made, &error));
  h->messages[who][h->n_messages[who]++] = aft_message_id(made);
  aft_id ticket = aft_message_ticket(made);
  aft_record_free(made);
  if (code)
    return;
  h->tickets[who][h->n_tickets[who]++] = ticket;
}

/* The other takes part in a ticket of the one, or the other way round, and writes there. */
static void join(history *h, int who) {
  desk *d = &h->c->d;
  aft_error error = AFT_ERROR_INIT;
  char code[32];
  aft_id ticket = any_of(h, h->tickets[who], h->n_tickets[who]);
  if (!ticket)
    return;
  aft_status status = aft_ticket_invite(d->session, &d->as_agent, ticket, person(h, !who), &error);
  if (status < 0)
    return;
  aft_record *record = desk_ticket(d, ticket);
  snprintf(code, sizeof code, "%s", aft_ticket_code(record));
  aft_record_free(record);
  say(h, !who, code);
}

static void change(history *h, int who, bool recall) {
  desk *d = &h->c->d;
  aft_error error = AFT_ERROR_INIT;
  word text = word_of(h, who);
  aft_message_change in = {.size = sizeof in,
                           .message = any_of(h, h->messages[who], h->n_messages[who]),
                           .text = AFT_STR(text.text),
                           .recalled = recall};
  if (in.message)
    assert_ok(aft_message_revise(d->session, &d->system, &in, NULL, &error));
}

static void answer(history *h, int who, uint32_t visibility) {
  desk *d = &h->c->d;
  aft_error error = AFT_ERROR_INIT;
  word text = word_of(h, who);
  aft_answer_in in = {.size = sizeof in,
                      .ticket = any_of(h, h->tickets[who], h->n_tickets[who]),
                      .text = AFT_STR(text.text),
                      .visibility = visibility};
  aft_status status = in.ticket ? aft_ticket_answer(d->session, &d->as_agent, &in, NULL, &error) : AFT_OK;
  if (status != AFT_E_TRANSITION)
    assert_ok(status);
}

static void act(history *h, int who) {
  static const uint32_t acts[] = {AFT_ACT_ASSIGN, AFT_ACT_RESOLVE, AFT_ACT_CLOSE, AFT_ACT_MERGE,
                                  AFT_ACT_CLASSIFY};
  desk *d = &h->c->d;
  aft_error error = AFT_ERROR_INIT;
  aft_act_in in = {.size = sizeof in,
                   .ticket = any_of(h, h->tickets[who], h->n_tickets[who]),
                   .other = any_of(h, h->tickets[who], h->n_tickets[who]),
                   .act = acts[below(&h->seed, 5)],
                   .agent = d->agent,
                   .category = AFT_STR("quality"),
                   .reason = AFT_STR("solved")};
  if (in.act == AFT_ACT_MERGE && in.other == in.ticket)
    return;
  if (in.act != AFT_ACT_ASSIGN)
    in.agent = 0;
  if (in.act != AFT_ACT_MERGE)
    in.other = 0;
  if (in.ticket)
    (void)aft_ticket_act(d->session, &d->as_agent, &in, NULL, &error); /* not every state lets it */
}

static void label(history *h, int who) {
  desk *d = &h->c->d;
  aft_error error = AFT_ERROR_INIT;
  word text = word_of(h, who);
  static const uint32_t kinds[] = {AFT_KIND_TICKET, AFT_KIND_CUSTOMER, AFT_KIND_ORDER};
  uint32_t kind = kinds[below(&h->seed, who ? 2 : 3)];
  aft_attribute_in in = {
      .size = sizeof in, .kind = kind, .name = AFT_STR("note"), .text = AFT_STR(text.text)};
  in.subject = kind == AFT_KIND_TICKET     ? any_of(h, h->tickets[who], h->n_tickets[who])
               : kind == AFT_KIND_CUSTOMER ? person(h, who)
                                           : h->c->order;
  aft_tag_in tag = {
      .size = sizeof tag, .kind = AFT_KIND_CUSTOMER, .subject = person(h, who), .tag = AFT_STR("complains")};
  if (in.subject)
    assert_ok(aft_attribute_set(d->session, &d->system, &in, &error));
  assert_ok(aft_tag_add(d->session, &d->system, &tag, &error));
}

static void correct(history *h, int who) {
  desk *d = &h->c->d;
  aft_error error = AFT_ERROR_INIT;
  aft_correction_in in = {.size = sizeof in,
                          .message = any_of(h, h->messages[who], h->n_messages[who]),
                          .label = AFT_STR("quality")};
  if (in.message)
    (void)aft_correction_put(d->session, &d->as_agent, &in, NULL, &error); /* not of one that was recalled */
}

static void introduce(history *h, int who) {
  desk *d = &h->c->d;
  aft_error error = AFT_ERROR_INIT;
  word name = word_of(h, who);
  char external[32], phone[32];
  snprintf(external, sizeof external, "%s-account", who ? OTHER : ONE);
  snprintf(phone, sizeof phone, "%s-1380", who ? OTHER : ONE);
  aft_customer_in in = {.size = sizeof in,
                        .id = person(h, who),
                        .external = AFT_STR(external),
                        .name = AFT_STR(name.text),
                        .phone = AFT_STR(phone),
                        .email = AFT_STR(external)};
  assert_ok(aft_customer_put(d->session, &d->system, &in, NULL, &error));
}

static void file(history *h) {
  desk *d = &h->c->d;
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  word text = word_of(h, 0), address = word_of(h, 0);
  aft_case_line_in line = {.size = sizeof line, .line = h->c->line[0], .quantity = 1};
  aft_case_in in = {.size = sizeof in,
                    .order = h->c->order,
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("not_as_described"),
                    .lines = &line,
                    .n_lines = 1,
                    .ticket = any_of(h, h->tickets[0], h->n_tickets[0]),
                    .text = AFT_STR(text.text),
                    .address = AFT_STR(address.text)};
  if (aft_case_file(d->session, &d->as_buyer, &in, &made, &error) < 0)
    return; /* nothing is left to return */
  aft_id id = aft_case_id(made);
  aft_record_free(made);
  h->cases[h->n_cases++] = id;
  word photo = word_of(h, 0), bytes = word_of(h, 0);
  char content[160];
  snprintf(content, sizeof content, "\xff\xd8\xff\xe0JFIF %s", bytes.text);
  aft_evidence_in evidence = {.size = sizeof evidence,
                              .of = id,
                              .kind = AFT_STR("photo"),
                              .type = AFT_STR("image/jpeg"),
                              .name = AFT_STR(photo.text)};
  assert_ok(aft_evidence_add(d->session, &d->as_buyer, &evidence, content, strlen(content), NULL, &error));
}

static void take_back(history *h) {
  aft_error error = AFT_ERROR_INIT;
  word text = word_of(h, 0);
  aft_case_act_in in = {.size = sizeof in,
                        .case_id = any_of(h, h->cases, h->n_cases),
                        .event = AFT_STR("cancel"),
                        .text = AFT_STR(text.text)};
  if (in.case_id)
    (void)aft_case_act(h->c->d.session, &h->c->d.as_buyer, &in, NULL, &error); /* once */
}

static void send_some(history *h) {
  desk *d = &h->c->d;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *claimed;
  aft_record *effect;
  assert_ok(aft_outbox_claim(d->session, NULL, &claimed, &error));
  while (aft_cursor_next(claimed, &effect, &error) == AFT_OK)
    if (below(&h->seed, 2))
      assert_ok(aft_outbox_settle(d->session, aft_effect_id(effect), aft_effect_fence(effect),
                                  AFT_OUTCOME_DONE, "", &error));
  aft_cursor_free(claimed);
}

static void pass(history *h) {
  desk_pass(&h->c->d, (int64_t)below(&h->seed, 3 * 3600) * 1000);
  desk_tick(&h->c->d);
}

static void step(history *h) {
  int who = (int)below(&h->seed, 2);
  switch (below(&h->seed, 14)) {
  case 0:
  case 1:
  case 2:
    say(h, who, NULL);
    break;
  case 3:
    change(h, who, below(&h->seed, 3) == 0);
    break;
  case 4:
    answer(h, who, AFT_PUBLIC);
    break;
  case 5:
    answer(h, who, AFT_PRIVATE);
    break;
  case 6:
    act(h, who);
    break;
  case 7:
    label(h, who);
    break;
  case 8:
    correct(h, who);
    break;
  case 9:
    introduce(h, who);
    break;
  case 10:
    file(h);
    break;
  case 11:
    take_back(h);
    break;
  case 12:
    join(h, who);
    break;
  default:
    send_some(h);
    pass(h);
    break;
  }
}

static void tell_order(case_desk *c, desk_kind kind) {
  case_story s;
  case_story_open(c, &s, kind, CASE_DELIVERED);
  desk_policy(&c->d, document);
  s.parcels[0].address = AFT_STR("Nanjing Road 1, " ONE "address");
  s.payments[0].account = AFT_STR("Visa ***" ONE "1234");
  case_story_tell(c, &s);
}

static void live(history *h, case_desk *c, desk_kind kind) {
  *h = (history){.c = c, .seed = seed_of("history")};
  tell_order(c, kind);
  introduce(h, 0);
  introduce(h, 1);
  desk_say(&c->d, "first", "手机坏了龘 " ONE);
  say(h, 0, NULL);
  say(h, 1, NULL);
  for (int i = 0; i < STEPS - 4; i++)
    step(h);
  pass(h);
}

static void end_cases(history *h) {
  aft_error error = AFT_ERROR_INIT;
  for (uint32_t i = 0; i < h->n_cases; i++) {
    aft_case_act_in in = {.size = sizeof in, .case_id = h->cases[i], .event = AFT_STR("cancel")};
    (void)aft_case_act(h->c->d.session, &h->c->d.as_buyer, &in, NULL, &error);
  }
}

/* ---- erasing ---- */

static aft_status ask(desk *d, aft_id customer) {
  aft_error error = AFT_ERROR_INIT;
  aft_erase_in in = {.size = sizeof in, .customer = customer, .reason = AFT_STR("request 7")};
  aft_status status = aft_person_erase(d->session, &d->system, &in, NULL, &error);
  assert_true(status >= 0);
  return status;
}

/* The state of the person's erasure, and what it says is kept. */
static void assert_erasure(desk *d, const char *state, const char *kept) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  assert_ok(aft_erasure_list(d->session, &d->system, d->buyer, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
  const char *says = aft_erasure_kept(record) ? aft_erasure_kept(record) : "";
  if (strcmp(aft_erasure_state(record), state) != 0 || !strstr(says, kept))
    fail_msg("the erasure is %s and keeps %s; expected %s and %s", aft_erasure_state(record), says, state,
             kept);
  aft_cursor_free(cursor);
}

static void days(desk *d, int n) {
  for (int i = 0; i < n; i++) {
    desk_pass(d, AFT__DAY);
    desk_tick(d);
  }
}

static void assert_no_word(desk *d, const char *mark) {
  if (raw_count(d, mark))
    fail_msg("%s still stands in%s", mark, raw_places(d, mark));
}

/* Nor in the search index, once that was begun anew. A term is written there without the bytes that it shares
 * with the one before: the first letter may be such a one. */
static void assert_gone(desk *d, const char *mark) {
  assert_no_word(d, mark);
  assert_int_equal(raw_count_index(d, mark), 0);
  assert_int_equal(raw_count_index(d, &ONE[1]), 0);
}

/* ---- figures ---- */

typedef struct figures {
  int64_t money, categories, states, scores, rows;
} figures;

static void add_row(void *user, const aft__table *table, const aft__value *row) {
  figures *f = user;
  static const aft__table *const money[] = {&aft__line_table,    &aft__payment_table, &aft__fund_table,
                                            &aft__leg_table,     &aft__share_table,   &aft__case_line_table,
                                            &aft__proposal_table};
  for (size_t i = 0; i < sizeof money / sizeof *money; i++)
    for (uint32_t k = 2; table == money[i] && k < table->n_columns; k++)
      f->money += row[k].type == AFT_SQL_INT ? row[k].number % 1000003 * (k + 1) : 0;
  if (table == &aft__ticket_table) {
    aft_str category = aft__row_str(row, AFT__TICKET_CATEGORY), state = aft__row_str(row, AFT__TICKET_STATE);
    f->categories += (int64_t)(aft__hash64(category.data, category.len, 1) >> 20);
    f->states += (int64_t)(aft__hash64(state.data, state.len, 1) >> 20);
  }
  if (table == &aft__survey_table)
    f->scores += aft__row_int(row, AFT__SURVEY_SCORE) + 1;
  if (table == &aft__message_table || table == &aft__ticket_table || table == &aft__order_table ||
      table == &aft__case_table || table == &aft__revision_table || table == &aft__part_table)
    f->rows++;
}

static figures figures_of(desk *d) {
  figures f = {0};
  raw_each(d, add_row, &f);
  return f;
}

static uint32_t found(desk *d, const char *query) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_search_in in = {.size = sizeof in, .query = AFT_STR(query)};
  assert_ok(aft_ticket_search(d->session, &d->system, &in, &cursor, &error));
  return desk_count(cursor);
}

/* ---- the log ---- */

typedef struct salts {
  const history *h;
  aft_time until;
  uint32_t n;
} salts;

static bool is_ones(const history *h, aft_id subject) {
  bool found = subject == h->c->d.buyer || subject == h->c->order;
  for (uint32_t i = 0; i < h->n_tickets[0]; i++)
    found |= subject == h->tickets[0][i];
  for (uint32_t i = 0; i < h->n_cases; i++)
    found |= subject == h->cases[i];
  return found;
}

/* Labels train on texts, and reasons may name words of them. Reasons that arise later, when an open ticket
 * misses its time, know no words any more. */
static bool is_of_words(const salts *s, const aft__table *table, const aft__value *row) {
  if (table == &aft__correction_table)
    return is_ones(s->h, row[AFT__CORRECTION_TICKET].number);
  return table == &aft__decision_table && is_ones(s->h, row[AFT__DECISION_TICKET].number) &&
         aft__row_int(row, AFT__DECISION_CREATED) <= s->until;
}

/* In the other's tickets too. */
static bool names_ones(const history *h, aft_str facts) {
  aft_id message = aft__event_message(facts);
  for (uint32_t i = 0; i < h->n_messages[0]; i++)
    if (message == h->messages[0][i])
      return true;
  return false;
}

static void count_salt(void *user, const aft__table *table, const aft__value *row) {
  salts *s = user;
  s->n += is_of_words(s, table, row);
  if (table == &aft__event_table &&
      (is_ones(s->h, row[AFT__EV_SUBJECT].number) || names_ones(s->h, aft__row_str(row, AFT__EV_FACTS))))
    s->n += row[AFT__EV_SALT].type != AFT_SQL_NULL || row[AFT__EV_PERSONAL].type != AFT_SQL_NULL;
}

/* And with a salt, a guess at what was said could be held against the digest that stays. */
static uint32_t salts_of(const history *h, aft_time until) {
  salts s = {.h = h, .until = until};
  raw_each(&h->c->d, count_salt, &s);
  return s.n;
}

/* ---- properties ---- */

static void nothing_of_the_person_is_left_and_all_of_the_others(void **state) {
  (void)state;
  for (desk_kind kind = DESK_SQLITE; kind < desk_kinds(); kind++) {
    case_desk c;
    history h;
    live(&h, &c, kind);
    end_cases(&h);
    days(&c.d, 1);
    uint32_t of_other = raw_count(&c.d, OTHER), chains = raw_verify_chains(&c.d);
    figures before = figures_of(&c.d);
    aft_time asked = atomic_load(&c.d.now);
    assert_true(salts_of(&h, asked) > 0);
    assert_true(raw_count(&c.d, ONE) > 0 && raw_count_index(&c.d, &ONE[1]) > 0 && found(&c.d, "龘") > 0);
    assert_int_equal(ask(&c.d, c.d.buyer), AFT_OK);
    desk_tick(&c.d);
    assert_erasure(&c.d, "done", "");
    assert_int_equal(found(&c.d, "龘"), 0);
    assert_no_word(&c.d, ONE);
    days(&c.d, 2);
    assert_gone(&c.d, ONE);
    assert_gone(&c.d, "龘");
    assert_int_equal(salts_of(&h, asked), 0);
    assert_int_equal(raw_count(&c.d, OTHER), of_other);
    figures after = figures_of(&c.d);
    assert_memory_equal(&before, &after, sizeof before);
    assert_true(raw_verify_chains(&c.d) >= chains);
    ask(&c.d, c.d.buyer);
    days(&c.d, 1);
    figures again = figures_of(&c.d);
    assert_memory_equal(&before, &again, sizeof before);
    case_desk_close(&c);
  }
}

/* ---- what is kept, and until when ---- */

#define ON_EACH(c)                                                  \
  (void)state;                                                      \
  for (desk_kind kind = DESK_SQLITE; kind < desk_kinds(); kind++) { \
    case_desk c;                                                    \
    tell_order(&c, kind);
#define END_EACH(c)    \
  case_desk_close(&c); \
  }

static void hold_ticket(desk *d, aft_id ticket, uint32_t what) {
  aft_error error = AFT_ERROR_INIT;
  aft_act_in in = {.size = sizeof in, .ticket = ticket, .act = what, .reason = AFT_STR("court")};
  assert_ok(aft_ticket_act(d->session, &d->system, &in, NULL, &error));
}

static void a_ticket_on_hold_stays_and_the_rest_goes(void **state) {
  ON_EACH(c)
  aft_id held = desk_say(&c.d, "m1", "the court asks about " ONE "held");
  aft_message_in in = desk_message(&c.d, "m2", "and this is " ONE "free");
  aft_error error = AFT_ERROR_INIT;
  in.shop = c.d.other_shop;
  assert_ok(aft_intake(c.d.session, &c.d.system, &in, NULL, &error));
  hold_ticket(&c.d, held, AFT_ACT_HOLD);
  ask(&c.d, c.d.buyer);
  desk_tick(&c.d);
  assert_erasure(&c.d, "waiting", "legal_hold");
  assert_true(raw_count(&c.d, ONE "held") > 0);
  assert_no_word(&c.d, ONE "free");
  days(&c.d, 2);
  assert_erasure(&c.d, "waiting", "legal_hold");
  hold_ticket(&c.d, held, AFT_ACT_UNHOLD);
  days(&c.d, 1);
  assert_erasure(&c.d, "done", "");
  assert_no_word(&c.d, ONE);
  END_EACH(c)
}

/* A survey about the ticket, once it was sent. */
static aft_id asked_about(desk *d, aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  desk_answer(d, ticket, "today");
  desk_act(d, ticket, AFT_ACT_RESOLVE);
  desk_pass(d, 2 * AFT__HOUR);
  desk_tick(d);
  desk_pass(d, AFT__DAY / 2);
  desk_tick(d);
  assert_ok(aft_survey_list(d->session, &d->system, ticket, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
  assert_string_equal(aft_survey_state(record), "sent");
  aft_id id = aft_survey_id(record);
  aft_cursor_free(cursor);
  return id;
}

static aft_status answer_survey(desk *d, aft_id survey, const char *text, aft_error *error) {
  aft_survey_answer_in in = {
      .size = sizeof in, .survey = survey, .score = 1, .source = AFT_VIA_PHONE, .text = AFT_STR(text)};
  return aft_survey_answer(d->session, &d->system, &in, NULL, error);
}

/* What was answered is part of the matter, also where the ticket was merged into the one on hold. */
static void a_held_tickets_survey_stays(void **state) {
  ON_EACH(c)
  aft_error error = AFT_ERROR_INIT;
  desk_policy(&c.d, "version: 1\nsurvey: {enabled: true, fatigue: never}\n");
  aft_id merged = desk_say(&c.d, "m1", "where is my parcel");
  aft_id survey = asked_about(&c.d, merged);
  assert_ok(answer_survey(&c.d, survey, "they lied " ONE "held", &error));
  desk_pass(&c.d, 4 * AFT__DAY);
  aft_id held = desk_say(&c.d, "m2", "the parcel again");
  assert_int_not_equal(held, merged);
  desk_act(&c.d, merged, AFT_ACT_REOPEN);
  assert_ok(desk_merge(&c.d, merged, held, &error));
  hold_ticket(&c.d, held, AFT_ACT_HOLD);
  ask(&c.d, c.d.buyer);
  desk_tick(&c.d);
  assert_erasure(&c.d, "waiting", "\"survey\"");
  assert_true(raw_count(&c.d, ONE "held") > 0);
  hold_ticket(&c.d, held, AFT_ACT_UNHOLD);
  days(&c.d, 1);
  assert_erasure(&c.d, "done", "");
  assert_no_word(&c.d, ONE);
  END_EACH(c)
}

/* Who asks again need not wait for the next day. */
static void an_open_case_stays_until_it_has_ended(void **state) {
  ON_EACH(c)
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "not_as_described", c.line[0], 1);
  ask(&c.d, c.d.buyer);
  desk_tick(&c.d);
  assert_erasure(&c.d, "waiting", "open_case");
  assert_true(raw_count(&c.d, ONE "address") > 0); /* where the goods are fetched */
  case_act(&c, &c.d.as_buyer, id, "cancel");
  assert_int_equal(ask(&c.d, c.d.buyer), AFT_IGNORED);
  desk_tick(&c.d);
  assert_erasure(&c.d, "done", "");
  assert_no_word(&c.d, ONE);
  END_EACH(c)
}

static void see_wish(void *user, const aft__table *table, const aft__value *row) {
  (void)row;
  *(uint32_t *)user += table == &aft__contact_table;
}

/* Somebody whose case goes on is told of it as they wish, on a handle that is still known. */
static void wishes_stay_while_somebody_is_still_told(void **state) {
  ON_EACH(c)
  aft_error error = AFT_ERROR_INIT;
  desk *d = &c.d;
  desk_say(d, "m1", "broken " ONE);
  aft_contact_in wish = {.size = sizeof wish, .customer = d->buyer, .no_channels = AFT_STR("wechat")};
  assert_ok(aft_contact_put(d->session, &d->system, &wish, NULL, &error));
  aft_id id = case_file(&c, &d->as_buyer, "return", "not_as_described", c.line[0], 1);
  ask(d, d->buyer);
  desk_tick(d);
  assert_erasure(d, "waiting", "open_case");
  case_act(&c, &d->as_buyer, id, "cancel");
  assert_int_equal(desk_effects(d, id, "message.send", "\"channel\":\"wechat\""), 0);
  days(d, 1);
  assert_erasure(d, "done", "");
  uint32_t wishes = 0;
  raw_each(d, see_wish, &wishes);
  assert_int_equal(wishes, 0);
  END_EACH(c)
}

static void a_kept_case_still_reaches_its_buyer(void **state) {
  ON_EACH(c)
  desk *d = &c.d;
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_message_in in = desk_message(d, "m1", "hello " ONE);
  in.customer = 0;
  in.handle = AFT_STR("wx-buyer");
  assert_ok(aft_intake(d->session, &d->system, &in, &made, &error));
  aft_id who = aft_message_customer(made);
  aft_record_free(made);
  case_story story;
  case_story_usual(&story, d, CASE_DELIVERED);
  case_story_one(&story, 1, 9900);
  story.facts.number = AFT_STR("O-9");
  story.facts.customer = who;
  story.payments[0].ref = AFT_STR("pay-9");
  case_story_tell(&c, &story);
  aft_call as = d->as_buyer;
  as.actor = who;
  aft_id id = case_file(&c, &as, "return", "not_as_described", c.line[0], 1);
  ask(d, who);
  desk_tick(d);
  uint32_t before = desk_effects(d, id, "message.send", "\"handle\":\"wx-buyer\"");
  case_act(&c, &as, id, "cancel");
  assert_int_equal(desk_effects(d, id, "message.send", "\"handle\":\"\""), 0);
  assert_true(desk_effects(d, id, "message.send", "\"handle\":\"wx-buyer\"") > before);
  END_EACH(c)
}

static void see_renewal(void *user, const aft__table *table, const aft__value *row) {
  *(uint32_t *)user +=
      table == &aft__due_table && aft__str_eq(aft__row_str(row, AFT__DU_NAME), aft__cstr("search"));
}

static uint32_t renewals(desk *d) {
  uint32_t n = 0;
  raw_each(d, see_renewal, &n);
  return n;
}

/* To begin it anew costs as much as all that the tenant ever wrote. */
static void an_erasure_that_waits_leaves_the_index_alone(void **state) {
  ON_EACH(c)
  desk *d = &c.d;
  aft_id held = desk_say(d, "m1", "the court asks about " ONE);
  hold_ticket(d, held, AFT_ACT_HOLD);
  ask(d, d->buyer);
  desk_tick(d);
  assert_erasure(d, "waiting", "legal_hold");
  assert_int_equal(renewals(d), 1); /* other words of theirs went */
  days(d, 2);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(renewals(d), 0);
    days(d, 1);
  }
  hold_ticket(d, held, AFT_ACT_UNHOLD);
  days(d, 1);
  assert_erasure(d, "done", "");
  assert_int_equal(renewals(d), 1);
  days(d, 2);
  assert_gone(d, ONE);
  END_EACH(c)
}

static aft_status count_one(void *user, const char *digest, const aft_blob_info *info, aft_error *error) {
  (void)digest, (void)info, (void)error;
  ++*(int *)user;
  return AFT_OK;
}

static int blobs_kept(desk *d) {
  aft_error error = AFT_ERROR_INIT;
  int n = 0;
  assert_ok(d->blobs->driver.list(d->blobs->driver.user, count_one, &n, &error));
  return n;
}

static void evidence_goes_with_its_bytes_unless_it_is_held(void **state) {
  ON_EACH(c)
  aft_error error = AFT_ERROR_INIT;
  aft_id id = case_file(&c, &c.d.as_buyer, "return", "not_as_described", c.line[0], 1);
  aft_id photo = case_photo(&c, &c.d.as_buyer, id, "a handle");
  case_act(&c, &c.d.as_buyer, id, "cancel");
  assert_ok(aft_evidence_hold(c.d.session, &c.d.system, photo, 1, NULL, &error));
  ask(&c.d, c.d.buyer);
  days(&c.d, 1);
  assert_erasure(&c.d, "waiting", "legal_hold");
  assert_int_equal(blobs_kept(&c.d), 1);
  assert_ok(aft_evidence_hold(c.d.session, &c.d.system, photo, 0, NULL, &error));
  days(&c.d, 2);
  assert_erasure(&c.d, "done", "");
  assert_int_equal(blobs_kept(&c.d), 0);
  END_EACH(c)
}

/* ---- step by step ---- */

#define MANY 100

/* *state, where there is one, and the counts of the only erasure; they live until the next call. */
static const char *counts_of(desk *d, char state[16]) {
  static char counts[256];
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  assert_ok(aft_erasure_list(d->session, &d->system, 0, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
  snprintf(counts, sizeof counts, "%s", aft_erasure_counts(record) ? aft_erasure_counts(record) : "");
  snprintf(state, 16, "%s", aft_erasure_state(record));
  aft_cursor_free(cursor);
  return counts;
}

/* Each tick does a little of it, and whatever comes in meanwhile is forgotten too. */
static void a_long_history_goes_in_steps(void **state) {
  (void)state;
  for (desk_kind kind = DESK_SQLITE; kind < desk_kinds(); kind++) {
    desk d;
    aft_error error = AFT_ERROR_INIT;
    char stage[16] = "", external[16];
    uint32_t running = 0;
    desk_open(&d, kind);
    for (int i = 0; i < MANY; i++) {
      snprintf(external, sizeof external, "m%d", i);
      aft_id ticket = desk_say(&d, external, "my phone is broken " ONE);
      desk_act(&d, ticket, AFT_ACT_RESOLVE);
      desk_act(&d, ticket, AFT_ACT_CLOSE);
    }
    desk_tick(&d);
    ask(&d, d.buyer);
    for (int i = 0; i < 200 && strcmp(stage, "done") != 0; i++) {
      aft_tick_report report = {.size = sizeof report};
      aft_tick_budget budget = {.size = sizeof budget, .rows = 1};
      assert_ok(aft_tick(d.session, &budget, &report, &error));
      counts_of(&d, stage);
      running += strcmp(stage, "running") == 0;
      if (running == 1 && strcmp(stage, "running") == 0)
        desk_say(&d, "late", "and one more word " ONE);
    }
    assert_string_equal(stage, "done");
    assert_true(running > 2);
    assert_no_word(&d, ONE);
    assert_non_null(strstr(counts_of(&d, stage), "ticket=101"));
    assert_non_null(strstr(counts_of(&d, stage), "message=101"));
    raw_verify_chains(&d);
    desk_close(&d);
  }
}

/* ---- what else was taken in ---- */

/* Nobody checks what a channel calls the customer's choice. */
static void what_the_customer_chose_goes_too(void **state) {
  ON_EACH(c)
  aft_error error = AFT_ERROR_INIT;
  aft_message_in in = desk_message(&c.d, "m1", "where is my parcel");
  in.label = AFT_STR("other: I am " ONE);
  assert_ok(aft_intake(c.d.session, &c.d.system, &in, NULL, &error));
  assert_true(raw_count(&c.d, ONE) > 0);
  ask(&c.d, c.d.buyer);
  desk_tick(&c.d);
  assert_erasure(&c.d, "done", "");
  assert_no_word(&c.d, ONE);
  END_EACH(c)
}

static aft_id customer_of(desk *d, aft_id ticket) {
  aft_record *record = desk_ticket(d, ticket);
  aft_id id = aft_ticket_customer(record);
  aft_record_free(record);
  return id;
}

/* One answer with one file goes to all tickets of an incident: the last that goes takes the bytes along. */
static void a_file_that_others_need_is_not_named_for_removal(void **state) {
  ON_EACH(c)
  desk *d = &c.d;
  aft_error error = AFT_ERROR_INIT;
  aft_id incident = desk_say(d, "m0", "支付失败了");
  aft_id one = desk_say_as(d, "wx_one", "付不了款"), two = desk_say_as(d, "wx_two", "付不了款啊");
  assert_ok(aft_ticket_attach(d->session, &d->as_agent, one, incident, &error));
  assert_ok(aft_ticket_attach(d->session, &d->as_agent, two, incident, &error));
  aft_part_in part = {.size = sizeof part,
                      .kind = AFT_CONTENT_FILE,
                      .blob = AFT_STR("manual-77"),
                      .name = AFT_STR("manual.pdf")};
  aft_incident_answer_in in = {
      .size = sizeof in, .incident = incident, .text = AFT_STR("已恢复"), .parts = &part, .n_parts = 1};
  assert_ok(aft_incident_answer(d->session, &d->as_agent, &in, NULL, &error));
  desk_tick(d);
  const aft_id tickets[] = {one, incident, two};
  for (size_t i = 0; i < sizeof tickets / sizeof *tickets; i++) {
    ask(d, customer_of(d, tickets[i]));
    desk_tick(d);
    assert_int_equal(desk_effects(d, tickets[i], "blobs.remove", "manual-77"), i == 2);
  }
  END_EACH(c)
}

/* ---- after a merge ---- */

typedef struct salts_at {
  aft_id subject, message;
  uint32_t n;
} salts_at;

static void count_salt_at(void *user, const aft__table *table, const aft__value *row) {
  salts_at *s = user;
  s->n += table == &aft__event_table && row[AFT__EV_SUBJECT].number == s->subject &&
          row[AFT__EV_SALT].type != AFT_SQL_NULL &&
          aft__event_message(aft__row_str(row, AFT__EV_FACTS)) == s->message;
}

static uint32_t salts_there(desk *d, aft_id subject, aft_id message) {
  salts_at s = {subject, message, 0};
  raw_each(d, count_salt_at, &s);
  return s.n;
}

/* The other buyer is invited and writes; the message's id. */
static aft_id guest_writes(desk *d, aft_id ticket, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  char code[32];
  assert_ok(aft_ticket_invite(d->session, &d->as_agent, ticket, d->other_buyer, &error));
  aft_record *record = desk_ticket(d, ticket);
  snprintf(code, sizeof code, "%s", aft_ticket_code(record));
  aft_record_free(record);
  aft_message_in in = desk_message(d, "guest", text);
  in.customer = d->other_buyer;
  in.handle = AFT_STR("wx-guest");
  in.code = AFT_STR(code);
  assert_ok(aft_intake(d->session, &d->system, &in, &made, &error));
  assert_int_equal(aft_message_ticket(made), ticket);
  aft_id id = aft_message_id(made);
  aft_record_free(made);
  return id;
}

/* What a guest did stands in the log of the ticket where they did it. */
static void salts_of_a_participant_go_after_a_merge(void **state) {
  ON_EACH(c)
  desk *d = &c.d;
  aft_error error = AFT_ERROR_INIT;
  aft_id from = desk_say(d, "m1", "first matter of the owner"),
         said = guest_writes(d, from, "words of the guest " OTHER);
  desk_pass(d, 4 * AFT__DAY);
  aft_id into = desk_say(d, "m2", "second matter");
  assert_int_not_equal(from, into);
  assert_ok(desk_merge(d, from, into, &error));
  assert_true(salts_there(d, from, said) > 0);
  assert_int_equal(ask(d, d->other_buyer), AFT_OK);
  desk_tick(d);
  assert_int_equal(salts_there(d, from, said), 0);
  assert_no_word(d, OTHER);
  raw_verify_chains(d);
  END_EACH(c)
}

/* ---- afterwards ---- */

static void who_was_erased_is_a_stranger(void **state) {
  ON_EACH(c)
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_id ticket = desk_say(&c.d, "m1", "broken " ONE);
  ask(&c.d, c.d.buyer);
  desk_tick(&c.d);
  aft_message_in in = desk_message(&c.d, "m2", "hello again");
  assert_status(aft_intake(c.d.session, &c.d.system, &in, NULL, &error), AFT_E_DENIED);
  assert_status(aft_intake(c.d.session, &c.d.as_buyer, &in, NULL, &error), AFT_E_DENIED);
  aft_customer_in put = {.size = sizeof put, .id = c.d.buyer, .name = AFT_STR("Wang")};
  assert_status(aft_customer_put(c.d.session, &c.d.system, &put, NULL, &error), AFT_E_DENIED);
  aft_answer_in answer_in = {.size = sizeof answer_in, .ticket = ticket, .text = AFT_STR("sorry")};
  assert_status(aft_ticket_answer(c.d.session, &c.d.as_agent, &answer_in, NULL, &error), AFT_E_DENIED);
  in.customer = 0;
  assert_ok(aft_intake(c.d.session, &c.d.system, &in, &made, &error));
  assert_int_not_equal(aft_message_customer(made), c.d.buyer);
  aft_record_free(made);
  days(&c.d, 30); /* deadlines of the open ticket pass, and nothing is sent */
  assert_no_word(&c.d, ONE);
  END_EACH(c)
}

/* An erasure that is done, of somebody with an open ticket. */
static aft_id erased_with_ticket(desk *d) {
  aft_id ticket = desk_say(d, "m1", "broken " ONE);
  ask(d, d->buyer);
  desk_tick(d);
  assert_erasure(d, "done", "");
  return ticket;
}

static void an_erased_customer_says_nothing_more(void **state) {
  ON_EACH(c)
  aft_error error = AFT_ERROR_INIT;
  desk_policy(&c.d, "version: 1\nsurvey: {enabled: true, fatigue: never}\n");
  aft_id ticket = desk_say(&c.d, "m1", "where is my parcel"), survey = asked_about(&c.d, ticket);
  ask(&c.d, c.d.buyer);
  desk_tick(&c.d);
  assert_erasure(&c.d, "done", "");
  assert_status(answer_survey(&c.d, survey, "call me " ONE, &error), AFT_E_DENIED);
  assert_no_word(&c.d, ONE);
  END_EACH(c)
}

/* What comes late from a channel is not written where something was blanked; to take it back is no harm. */
static void an_erased_message_is_not_written_again(void **state) {
  ON_EACH(c)
  aft_error error = AFT_ERROR_INIT;
  erased_with_ticket(&c.d);
  aft_message_change in = {.size = sizeof in,
                           .channel = AFT_STR("wechat"),
                           .account = desk_message(&c.d, "m1", "").account,
                           .external = AFT_STR("m1"),
                           .text = AFT_STR("edited there " ONE)};
  assert_status(aft_message_revise(c.d.session, &c.d.system, &in, NULL, &error), AFT_E_DENIED);
  in.recalled = 1;
  assert_ok(aft_message_revise(c.d.session, &c.d.system, &in, NULL, &error));
  assert_no_word(&c.d, ONE);
  END_EACH(c)
}

static void nothing_is_filed_for_an_erased_customer(void **state) {
  ON_EACH(c)
  erased_with_ticket(&c.d);
  aft_error error = AFT_ERROR_INIT;
  aft_session *s = c.d.session;
  aft_case_line_in line = {.size = sizeof line, .line = c.line[0], .quantity = 1};
  aft_case_in in = {.size = sizeof in,
                    .order = c.order,
                    .kind = AFT_STR("return"),
                    .reason = AFT_STR("not_as_described"),
                    .lines = &line,
                    .n_lines = 1,
                    .text = AFT_STR("note " ONE),
                    .address = AFT_STR("street " ONE)};
  assert_status(aft_case_file(s, &c.d.as_agent, &in, NULL, &error), AFT_E_DENIED);
  in.customer = c.d.buyer;
  assert_status(aft_case_file(s, &c.d.as_agent, &in, NULL, &error), AFT_E_DENIED);
  aft_order_in put = {.size = sizeof put, .shop = c.d.shop, .customer = c.d.buyer, .number = AFT_STR("Z-1")};
  assert_status(aft_order_put(s, &c.d.system, &put, NULL, &error), AFT_E_DENIED);
  case_story story;
  case_story_usual(&story, &c.d, CASE_DELIVERED);
  story.payments[0].account = AFT_STR(ONE "***1234");
  assert_status(aft_order_tell(s, &c.d.system, &story.facts, NULL, &error), AFT_E_DENIED);
  assert_no_word(&c.d, ONE);
  END_EACH(c)
}

static void nobody_writes_about_an_erased_customer(void **state) {
  ON_EACH(c)
  desk_policy(&c.d, document);
  aft_id ticket = erased_with_ticket(&c.d), task;
  aft_error error = AFT_ERROR_INIT;
  aft_session *s = c.d.session;
  aft_record *made;
  aft_answer_in note = {
      .size = sizeof note, .ticket = ticket, .text = AFT_STR(ONE), .visibility = AFT_PRIVATE};
  assert_status(aft_ticket_answer(s, &c.d.as_agent, &note, NULL, &error), AFT_E_DENIED);
  aft_callback_in call = {
      .size = sizeof call, .ticket = ticket, .phone = AFT_STR("13800138000"), .reason = AFT_STR(ONE)};
  assert_status(aft_callback_ask(s, &c.d.as_agent, &call, NULL, &error), AFT_E_DENIED);
  aft_task_in add = {
      .size = sizeof add, .ticket = ticket, .name = AFT_STR("follow_up"), .reason = AFT_STR(ONE)};
  assert_status(aft_task_add(s, &c.d.as_agent, &add, NULL, &error), AFT_E_DENIED);
  add.reason = AFT_STR("");
  assert_ok(aft_task_add(s, &c.d.as_agent, &add, &made, &error));
  task = aft_task_id(made);
  aft_record_free(made);
  aft_task_end_in end = {.size = sizeof end, .task = task, .text = AFT_STR(ONE)};
  assert_status(aft_task_end(s, &c.d.as_agent, &end, NULL, &error), AFT_E_DENIED);
  assert_status(aft_task_cancel(s, &c.d.as_agent, task, ONE, NULL, &error), AFT_E_DENIED);
  aft_attempt_in attempt = {
      .size = sizeof attempt, .task = task, .outcome = AFT_CALLED_REACHED, .text = AFT_STR(ONE)};
  assert_status(aft_attempt_note(s, &c.d.as_agent, &attempt, NULL, &error), AFT_E_DENIED);
  end.text = AFT_STR("");
  assert_ok(aft_task_end(s, &c.d.as_agent, &end, NULL, &error));
  const struct {
    uint32_t kind;
    aft_id subject;
  } subjects[] = {{AFT_KIND_TICKET, ticket}, {AFT_KIND_CUSTOMER, c.d.buyer}, {AFT_KIND_ORDER, c.order}};
  for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
    aft_attribute_in set = {.size = sizeof set,
                            .kind = subjects[i].kind,
                            .subject = subjects[i].subject,
                            .name = AFT_STR("note"),
                            .text = AFT_STR(ONE)};
    assert_status(aft_attribute_set(s, &c.d.system, &set, &error), AFT_E_DENIED);
    set.text = (aft_str){0};
    set.clear = 1;
    assert_ok(aft_attribute_set(s, &c.d.system, &set, &error));
  }
  aft_tag_in tag = {.size = sizeof tag, .kind = AFT_KIND_CUSTOMER, .subject = c.d.buyer, .tag = AFT_STR(ONE)};
  assert_status(aft_tag_add(s, &c.d.system, &tag, &error), AFT_E_DENIED);
  assert_no_word(&c.d, ONE);
  END_EACH(c)
}

/* Where a parcel is concerns the shop all the same; who took it does not. */
static void a_parcel_arrives_without_the_carriers_words(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_SHIPPED))
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *parcel;
  erased_with_ticket(&c.d);
  assert_ok(aft_parcel_list(c.d.session, &c.d.system, c.order, &cursor, &error));
  assert_status(aft_cursor_next(cursor, &parcel, &error), AFT_OK);
  aft_track_in in = {.size = sizeof in,
                     .parcel = aft_parcel_id(parcel),
                     .ref = AFT_STR("t9"),
                     .status = AFT_STR("delivered"),
                     .text = AFT_STR("signed for by " ONE),
                     .at = c.d.now};
  aft_cursor_free(cursor);
  assert_ok(aft_parcel_track(c.d.session, &c.d.system, &in, &parcel, &error));
  assert_string_equal(aft_parcel_state(parcel), "delivered");
  aft_record_free(parcel);
  assert_no_word(&c.d, ONE);
  END_DESK(c)
}

static aft_status write_subject(aft__tx *tx, void *user, aft_error *error) {
  aft__value *row;
  AFT__TRY(aft__get(tx, &aft__ticket_table, *(aft_id *)user, &row, error));
  row[AFT__TICKET_SUBJECT] = aft__text(aft__cstr("brought back " ONE));
  return aft__update(tx, &aft__ticket_table, row, UINT64_C(1) << AFT__TICKET_SUBJECT, error);
}

static void bring_back(desk *d, aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options options = {.name = "test"};
  aft_status status;
  do
    status = aft__tx_run(d->session, &options, write_subject, &ticket, &error);
  while (status == AFT_E_UNKNOWN); /* of a hostile store: writing the same again does no harm */
  assert_ok(status);
}

/* As after an older copy of the store was put back in part. */
static void asking_again_begins_anew(void **state) {
  ON_EACH(c)
  bring_back(&c.d, erased_with_ticket(&c.d));
  assert_int_equal(ask(&c.d, c.d.buyer), AFT_IGNORED);
  assert_erasure(&c.d, "asked", "");
  desk_tick(&c.d);
  assert_erasure(&c.d, "done", "");
  assert_no_word(&c.d, ONE);
  END_EACH(c)
}

static void bad_requests_are_refused(void **state) {
  ON_EACH(c)
  aft_error error = AFT_ERROR_INIT;
  aft_session *s = c.d.session;
  char text[202];
  memset(text, 'x', 201);
  text[201] = 0;
  aft_erase_in in = {.size = sizeof in, .customer = c.d.buyer};
  assert_status(aft_person_erase(s, &c.d.as_buyer, &in, NULL, &error), AFT_E_DENIED);
  assert_status(aft_person_erase(s, &c.d.as_agent, &in, NULL, &error), AFT_E_DENIED);
  in.reason = AFT_STR(text);
  assert_status(aft_person_erase(s, &c.d.system, &in, NULL, &error), AFT_E_TOO_LARGE);
  in.reason = AFT_STR("\xff");
  assert_status(aft_person_erase(s, &c.d.system, &in, NULL, &error), AFT_E_ENCODING);
  assert_string_equal(error.where, "erase.reason");
  in.reason = AFT_STR("");
  in.customer = 0;
  assert_status(aft_person_erase(s, &c.d.system, &in, NULL, &error), AFT_E_INVALID);
  in.customer = c.d.shop;
  assert_status(aft_person_erase(s, &c.d.system, &in, NULL, &error), AFT_E_NOT_FOUND);
  assert_status(aft_person_erase(s, &c.d.system, NULL, NULL, &error), AFT_E_NULL_HANDLE);
  days(&c.d, 1);
  assert_true(raw_count(&c.d, ONE) > 0);
  END_EACH(c)
}

/* ---- the file ---- */

/* How often a word stands in the bytes of a file; 0 where there is none. */
static int in_file(const char *path, const char *what) {
  FILE *file = fopen(path, "rb");
  int n = 0;
  if (!file)
    return 0;
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file), len = strlen(what);
  char *bytes = malloc(size + 1);
  rewind(file);
  assert_int_equal(fread(bytes, 1, size, file), size);
  for (size_t i = 0; i + len <= size; i++)
    n += memcmp(bytes + i, what, len) == 0;
  free(bytes);
  fclose(file);
  return n;
}

static void fill(char *text, size_t size, const char *with) {
  for (size_t n = 0; n + strlen(with) + 2 < size; n = strlen(text))
    snprintf(text + n, size - n, "%s ", with);
}

/* A long text has pages of its own, which become free. */
static void the_file_of_sqlite_forgets_too(void **state) {
  char text[20000] = "";
  (void)state;
  if (place_on_server())
    return;
  desk d;
  desk_open(&d, DESK_SQLITE);
  fill(text, sizeof text, ONE "long");
  desk_say(&d, "m1", text);
  desk_say(&d, "m2", "short " ONE "short");
  days(&d, 1);
  ask(&d, d.buyer);
  days(&d, 3);
  assert_no_word(&d, ONE);
  aft_session_close(d.session);
  aft_store_unref(d.store);
  d.session = NULL;
  d.store = NULL;
  assert_int_equal(in_file(d.place.file, ONE), 0);
  assert_true(in_file(d.place.file, "aft_message") > 0);
  desk_close(&d);
}

/* ---- the table ---- */

static bool is_reached(uint32_t kind) {
  if (kind == AFT__KIND_CUSTOMER)
    return true;
  for (size_t i = 0; i < aft__person_branch_count; i++)
    if (aft__person_branches[i].child == kind && is_reached(aft__person_branches[i].parent))
      return true;
  return false;
}

/* Those who work for a shop are no customers: what is known of them is the shop's to give and to forget. */
static void every_kind_with_personal_fields_is_reached(void **state) {
  (void)state;
  for (uint32_t kind = 1; kind < AFT__KIND_COUNT; kind++) {
    const aft__kind *k = aft__kind_get(kind);
    bool personal = false;
    for (uint32_t i = 0; k && i < k->n_fields; i++)
      personal |= k->fields[i].personal;
    if (personal && kind != AFT__KIND_AGENT && !is_reached(kind))
      fail_msg("%s has personal fields, and no line in lib/desk/privacy/person.c", k->name);
  }
}

/* A step goes on after a row by one column at most, and it must be a number. Where it is, the kind's name
 * says: each stands below the customer once. */
static void every_branch_can_be_gone_through_in_steps(void **state) {
  (void)state;
  for (size_t i = 0; i < aft__person_branch_count; i++) {
    const aft__person_branch *b = &aft__person_branches[i];
    const aft__table *table = aft__kind_get(b->child)->table;
    const aft__index *index = &table->indexes[b->index];
    assert_true(index->n >= 2 && index->n <= 3);
    bool number = index->n == 2 || table->columns[index->columns[2]].type == AFT_SQL_INT;
    if (b->parent == AFT__KIND_CUSTOMER && b->way != AFT__ERASE_REMOVE && !number)
      fail_msg("%s is gone through by a text", table->name);
    for (size_t k = 0; k < i && b->parent == AFT__KIND_CUSTOMER; k++)
      if (aft__person_branches[k].parent == AFT__KIND_CUSTOMER && aft__person_branches[k].child == b->child)
        fail_msg("%s stands below the customer twice", table->name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_ticket_on_hold_stays_and_the_rest_goes),
      cmocka_unit_test(a_held_tickets_survey_stays),
      cmocka_unit_test(an_open_case_stays_until_it_has_ended),
      cmocka_unit_test(wishes_stay_while_somebody_is_still_told),
      cmocka_unit_test(a_kept_case_still_reaches_its_buyer),
      cmocka_unit_test(an_erasure_that_waits_leaves_the_index_alone),
      cmocka_unit_test(evidence_goes_with_its_bytes_unless_it_is_held),
      cmocka_unit_test(a_long_history_goes_in_steps),
      cmocka_unit_test(what_the_customer_chose_goes_too),
      cmocka_unit_test(a_file_that_others_need_is_not_named_for_removal),
      cmocka_unit_test(salts_of_a_participant_go_after_a_merge),
      cmocka_unit_test(who_was_erased_is_a_stranger),
      cmocka_unit_test(an_erased_customer_says_nothing_more),
      cmocka_unit_test(an_erased_message_is_not_written_again),
      cmocka_unit_test(nothing_is_filed_for_an_erased_customer),
      cmocka_unit_test(nobody_writes_about_an_erased_customer),
      cmocka_unit_test(a_parcel_arrives_without_the_carriers_words),
      cmocka_unit_test(asking_again_begins_anew),
      cmocka_unit_test(bad_requests_are_refused),
      cmocka_unit_test(the_file_of_sqlite_forgets_too),
      cmocka_unit_test(every_kind_with_personal_fields_is_reached),
      cmocka_unit_test(every_branch_can_be_gone_through_in_steps),
      cmocka_unit_test(nothing_of_the_person_is_left_and_all_of_the_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

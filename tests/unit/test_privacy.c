/* What the desk gives of a person, and to whom. */
#include "case_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct heap {
  char *text;
  size_t size;
  int lines, most; /* most: after so many the sink has enough; 0: never */
} heap;

static int collect(void *user, const void *given, size_t n) {
  const char *line = given;
  heap *h = user;
  assert_true(n > 1 && line[n - 1] == '\n' && !memchr(line, '\n', n - 1));
  h->text = realloc(h->text, h->size + n + 1);
  memcpy(h->text + h->size, line, n);
  h->size += n;
  h->text[h->size] = 0;
  h->lines++;
  return h->most && h->lines >= h->most;
}

static int count(const char *text, const char *part) {
  int n = 0;
  for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
    n++;
  return n;
}

static heap export_of(case_desk *c, aft_id customer) {
  aft_error error = AFT_ERROR_INIT;
  heap h = {0};
  int64_t records;
  assert_ok(aft_person_export(c->d.session, &c->d.system, customer, collect, &h, &records, &error));
  assert_int_equal(records, h.lines);
  return h;
}

/* A ticket and a case with its photo of the one customer; a message of the other's. */
static void story(case_desk *c, desk_kind kind) {
  aft_error error = AFT_ERROR_INIT;
  case_story s;
  case_story_open(c, &s, kind, CASE_DELIVERED);
  case_story_tell(c, &s);
  desk_say(&c->d, "m1", "杯子的手柄是坏的，我的电话是 13800138000");
  aft_contact_in wishes = {.size = sizeof wishes, .customer = c->d.buyer, .channels = AFT_STR("wechat")};
  assert_ok(aft_contact_put(c->d.session, &c->d.as_buyer, &wishes, NULL, &error));
  aft_message_in other = desk_message(&c->d, "m2", "这条是别人写的");
  other.customer = c->d.other_buyer;
  other.handle = AFT_STR("wx_li");
  assert_ok(aft_intake(c->d.session, &c->d.system, &other, NULL, &error));
  aft_id id = case_file(c, &c->d.as_buyer, "return", "not_as_described", c->line[0], 1);
  case_photo(c, &c->d.as_buyer, id, "a handle");
}

static void all_that_is_known_of_a_person(void **state) {
  ON_EACH_DESK(c, story(&c, kind))
  heap h = export_of(&c, c.d.buyer);
  static const struct {
    const char *kind;
    int least;
  } kinds[] = {{"customer", 1}, {"ticket", 1},  {"message", 1},  {"order", 1},    {"line", 3},
               {"payment", 2},  {"case", 1},    {"proposal", 1}, {"evidence", 1}, {"event", 3},
               {"effect", 1},   {"contact", 1}, {"notice", 1}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    char part[64];
    snprintf(part, sizeof part, "{\"kind\":\"%s\",\"record\":{", kinds[i].kind);
    if (count(h.text, part) < kinds[i].least)
      fail_msg("expected %d of %s in %s", kinds[i].least, kinds[i].kind, h.text);
  }
  assert_int_equal(count(h.text, "\"kind\":\"customer\""), 1);
  assert_non_null(strstr(h.text, "13800138000"));
  assert_null(strstr(h.text, "这条是别人写的"));
  free(h.text);
  h = export_of(&c, c.d.other_buyer);
  assert_non_null(strstr(h.text, "这条是别人写的"));
  assert_null(strstr(h.text, "13800138000"));
  free(h.text);
  END_DESK(c)
}

static void who_may_have_it_and_who_ends_it(void **state) {
  ON_EACH_DESK(c, story(&c, kind))
  aft_error error = AFT_ERROR_INIT;
  heap h = {.most = 2};
  aft_session *s = c.d.session;
  assert_status(aft_person_export(s, &c.d.as_buyer, c.d.buyer, collect, &h, NULL, &error), AFT_E_DENIED);
  assert_status(aft_person_export(s, &c.d.as_agent, c.d.buyer, collect, &h, NULL, &error), AFT_E_DENIED);
  assert_status(aft_person_export(s, &c.d.system, c.d.shop, collect, &h, NULL, &error), AFT_E_NOT_FOUND);
  assert_status(aft_person_export(s, &c.d.system, c.d.buyer, NULL, &h, NULL, &error), AFT_E_NULL_HANDLE);
  assert_int_equal(h.lines, 0);
  assert_status(aft_person_export(s, &c.d.system, c.d.buyer, collect, &h, NULL, &error), AFT_E_CALLBACK);
  assert_int_equal(h.lines, 2);
  free(h.text);
  END_DESK(c)
}

/* What a guest did before a merge stands in the history of the old ticket. */
static void what_a_guest_did_before_a_merge_is_given(void **state) {
  ON_EACH_DESK(c, case_usual(&c, kind, CASE_DELIVERED))
  desk *d = &c.d;
  aft_error error = AFT_ERROR_INIT;
  char code[32], subject[64];
  aft_id from = desk_say(d, "m1", "第一件事"), into;
  assert_ok(aft_ticket_invite(d->session, &d->as_agent, from, d->other_buyer, &error));
  aft_record *record = desk_ticket(d, from);
  snprintf(code, sizeof code, "%s", aft_ticket_code(record));
  aft_record_free(record);
  aft_message_in guest = desk_message(d, "p1", "客人说的话");
  guest.customer = d->other_buyer;
  guest.code = AFT_STR(code);
  assert_ok(aft_intake(d->session, &d->as_other_buyer, &guest, NULL, &error));
  desk_pass(d, 4 * AFT__DAY);
  into = desk_say(d, "m2", "第二件事");
  assert_int_not_equal(from, into);
  assert_ok(desk_merge(d, from, into, &error));
  heap h = export_of(&c, d->other_buyer);
  snprintf(subject, sizeof subject, "\"subject\":\"%lld\"", (long long)from);
  assert_non_null(strstr(h.text, "客人说的话"));
  if (!strstr(h.text, subject))
    fail_msg("nothing of ticket %lld in %s", (long long)from, h.text);
  free(h.text);
  END_DESK(c)
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_that_is_known_of_a_person),
      cmocka_unit_test(what_a_guest_did_before_a_merge_is_given),
      cmocka_unit_test(who_may_have_it_and_who_ends_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

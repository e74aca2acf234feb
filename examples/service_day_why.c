/* Why this one next: what stood at the heads of the lanes at telling moments, and the reason in plain words.
 */
#include "service_day.h"

#include <stdio.h>
#include <string.h>

#define SHOWN 3 /* candidates, beside those that matter */

static const char *tier_name(const service_day *d, const char *tier) {
  if (!strcmp(tier, "gold"))
    return say(d, "黄金会员", "gold");
  return !strcmp(tier, "vip") ? say(d, "贵宾", "vip") : say(d, "普通", "no tier");
}

static const char *catalogued(const service_day *d, const char *kind, const char *name) {
  char key[96];
  snprintf(key, sizeof key, "%s.%s", kind, name);
  const char *text = aft_policy_text(d->policy, d->zh ? "zh" : "en", key);
  return strcmp(text, key) == 0 ? name : text;
}

static void tell_candidate(const service_day *d, const json_t *c) {
  char since[8], place[8], may[32];
  clock_text(d, number_of(c, "since"), since);
  clock_text(d, number_of(c, "place"), place);
  span_text(d, number_of(c, "may_wait_ms"), may);
  printf("   %s ", json_is_true(json_object_get(c, "chosen")) ? "→" : " ");
  cell(tier_name(d, text_of(c, "tier")), 10);
  cell(catalogued(d, "priority", text_of(c, "priority")), 9);
  cell(catalogued(d, "category", text_of(c, "category")), 22);
  cell(say(d, "来于 ", "came "), 5);
  cell(since, 7);
  cell(say(d, "可等 ", "may wait "), d->zh ? 5 : 9);
  cell(may, 13);
  printf("%s%s\n", say(d, "次序 ", "place "), place);
}

static const json_t *chosen_of(const json_t *choice) {
  const json_t *list = json_object_get(choice, "candidates");
  for (size_t i = 0; i < json_array_size(list); i++)
    if (json_is_true(json_object_get(json_array_get(list, i), "chosen")))
      return json_array_get(list, i);
  return NULL;
}

/* The one that came first of those that were left. */
static const json_t *oldest_left(const json_t *choice) {
  const json_t *list = json_object_get(choice, "candidates"), *oldest = NULL;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *c = json_array_get(list, i);
    if (!json_is_true(json_object_get(c, "chosen")) &&
        (!oldest || number_of(c, "since") < number_of(oldest, "since")))
      oldest = c;
  }
  return oldest;
}

/* The last that came of those that may wait less than the chosen one. */
static const json_t *latest_held(const json_t *choice) {
  const json_t *list = json_object_get(choice, "candidates"), *chosen = chosen_of(choice), *latest = NULL;
  for (size_t i = 0; chosen && i < json_array_size(list); i++) {
    const json_t *c = json_array_get(list, i);
    if (number_of(c, "may_wait_ms") < number_of(chosen, "may_wait_ms") &&
        (!latest || number_of(c, "since") > number_of(latest, "since")))
      latest = c;
  }
  return latest;
}

static void why_held(const service_day *d, const json_t *chosen, const json_t *held) {
  char came[8], since[8], may[32];
  clock_text(d, number_of(held, "since"), came);
  clock_text(d, number_of(chosen, "since"), since);
  span_text(d, number_of(held, "may_wait_ms"), may);
  line(say(d, "     %s 来的那位只能等 %s，也排在它后面：它从 %s 等起，没有人会一直被人超过。",
           "     The one of %s may wait only %s and is behind it all the same: this one has waited\n"
           "     since %s, and nobody is overtaken for ever."),
       came, may, since);
}

static void why_passed(const service_day *d, const json_t *chosen, const json_t *left) {
  char ahead[32], until[8];
  span_text(d, number_of(chosen, "since") - number_of(left, "since"), ahead);
  clock_text(d, number_of(left, "place"), until);
  line(say(d, "     它晚来了 %s，但能等的时间短；最先来的那位到 %s 才到期。",
           "     It came %s after the oldest, but may wait less; the oldest has until %s."),
       ahead, until);
}

static void reason(const service_day *d, const json_t *choice) {
  const json_t *chosen = chosen_of(choice), *left = oldest_left(choice), *held = latest_held(choice);
  if (!chosen || !left)
    return;
  if (held && number_of(held, "since") > number_of(chosen, "since"))
    why_held(d, chosen, held);
  else if (number_of(chosen, "since") > number_of(left, "since"))
    why_passed(d, chosen, left);
  else
    line("     %s", say(d, "它来得最早，也最先到期。", "It came first, and its time is up first."));
}

/* The first few, and those that the reason speaks of. */
static bool shown(const json_t *choice, size_t i) {
  const json_t *c = json_array_get(json_object_get(choice, "candidates"), i);
  return i < SHOWN || c == chosen_of(choice) || c == oldest_left(choice) || c == latest_held(choice);
}

static void tell_choice(const service_day *d, const json_t *choice) {
  const json_t *list = json_object_get(choice, "candidates");
  char at[8];
  clock_text(d, number_of(choice, "at"), at);
  line(say(d, "\n  %s  %s 空出手来：", "\n  %s  %s has a hand free:"), at, text_of(choice, "agent"));
  for (size_t i = 0; i < json_array_size(list); i++)
    if (shown(choice, i))
      tell_candidate(d, json_array_get(list, i));
  reason(d, choice);
}

/* Of what was asked for, a customer of a tier who passes others. */
static bool is_tiers(const json_t *choice) {
  const json_t *chosen = chosen_of(choice), *left = oldest_left(choice), *held = latest_held(choice);
  if (held && chosen && number_of(held, "since") > number_of(chosen, "since"))
    return false;
  return !strcmp(text_of(choice, "why"), "asked") && chosen && left && *text_of(chosen, "tier") &&
         number_of(chosen, "since") > number_of(left, "since");
}

static const json_t *first_that(const json_t *choices, bool (*fits)(const json_t *choice)) {
  for (size_t i = 0; i < json_array_size(choices); i++)
    if (fits(json_array_get(choices, i)))
      return json_array_get(choices, i);
  return NULL;
}

static bool is_passed(const json_t *choice) { return !strcmp(text_of(choice, "why"), "passed"); }
static bool is_held(const json_t *choice) { return !strcmp(text_of(choice, "why"), "held"); }

void tell_choices(const service_day *d) {
  const json_t *choices = json_object_get(d->told[BY_PLACE], "choices");
  const json_t *telling[] = {first_that(choices, is_tiers), first_that(choices, is_held),
                             first_that(choices, is_passed)};
  title(say(d, "为什么下一张是它", "Why this one next"));
  line("%s", say(d, "  次序 = 从何时等起 + 可以等多久；最小的先来",
                 "  place = since when it waits + how long it may; the smallest is next"));
  for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
    if (telling[i])
      tell_choice(d, telling[i]);
}

/* Prints timelines and money for a terminal of 100 columns. */
#include "returns.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void note(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  putchar('\n');
}

void money_text(const world *w, int64_t minor, const char *currency, char out[AFT_MONEY_SIZE]) {
  aft_money money = {.minor = minor};
  aft_error error = AFT_ERROR_INIT;
  out[0] = 0;
  if (strlen(currency) == 3) {
    strcpy(money.currency, currency);
    aft_money_format(&money, w->zh ? "zh" : "en", out, &error);
  }
}

/* The text up to a width; Chinese characters take two columns. */
static int fit(const char *text, size_t width) {
  size_t at = 0, used = 0;
  while (text[at]) {
    unsigned char c = (unsigned char)text[at];
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4, columns = aft_text_columns(text + at, n);
    if (used + columns > width)
      break;
    used += columns;
    at += n;
  }
  return (int)at;
}

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

/* 2026-11-20T03:00:00.000Z as the shop's clock shows it: the day of the month and the time in Shanghai. */
static void clock_text(const char *iso, char out[32]) {
  aft_time at;
  char local[AFT_TIME_ISO_SIZE];
  aft_error error = AFT_ERROR_INIT;
  out[0] = 0;
  if (aft_time_parse(iso, strlen(iso), &at, &error) < 0 ||
      aft_time_iso(at + 8 * HOUR, NULL, local, &error) < 0)
    return;
  snprintf(out, 32, "%.5s %.5s", local + 5, local + 11);
}

static json_t *story_of(world *w, aft_id id) {
  aft_buf *buf;
  must(w, aft_case_timeline(w->session, &w->as_buyer, id, w->zh ? "zh" : "en", &buf, &w->error));
  json_t *story = json_loadb(aft_buf_data(buf), aft_buf_size(buf), 0, NULL);
  aft_buf_free(buf);
  return story;
}

void heading(world *w, int number, aft_id id, const char *zh, const char *en) {
  json_t *story = story_of(w, id);
  int bold = isatty(STDOUT_FILENO);
  printf("\n%s", bold ? "\033[1m" : "");
  if (number)
    printf("%d. ", number);
  printf("%s · %s%s\n", text_of(story, "kind"), say(w, zh, en), bold ? "\033[0m" : "");
  printf("   %s\n", text_of(story, "code"));
  json_decref(story);
}

static void print_steps(const json_t *story) {
  size_t i;
  json_t *step;
  char at[32];
  const char *last = "";
  json_array_foreach(json_object_get(story, "steps"), i, step) {
    const char *text = text_of(step, "text");
    if (!strcmp(text, last))
      continue;
    clock_text(text_of(step, "at"), at);
    printf("   %s  %.*s\n", at, fit(text, 80), text);
    last = text;
  }
}

static void print_money(const world *w, const json_t *story) {
  size_t i;
  json_t *leg;
  char amount[AFT_MONEY_SIZE];
  json_array_foreach(json_object_get(story, "money"), i, leg) {
    bool to_buyer = strcmp(text_of(leg, "payer"), "buyer") != 0;
    const char *state = text_of(leg, "state"), *account = text_of(leg, "account");
    money_text(w, json_integer_value(json_object_get(leg, "amount")), text_of(leg, "currency"), amount);
    printf("   %s %s  %s%s%s\n", to_buyer ? say(w, "→ 买家", "→ buyer ") : say(w, "← 买家", "← buyer "),
           amount, !strcmp(state, "confirmed") ? say(w, "已到账", "arrived") : say(w, "处理中", "under way"),
           *account ? "  " : "", account);
  }
}

void timeline(world *w, aft_id id) {
  json_t *story = story_of(w, id);
  print_steps(story);
  print_money(w, story);
  json_decref(story);
}

/* Prints timelines and money for a terminal of 100 columns. */
#include "returns.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_COLUMNS 70

void note(const char *format, ...) {
  va_list args;
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  putchar('\n');
}

void title(const char *text) {
  int bold = isatty(STDOUT_FILENO);
  printf("\n%s%s%s\n", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
}

void cell(const char *text, size_t width) {
  size_t used = aft_text_columns(text, strlen(text));
  printf("%s%*s", text, used < width ? (int)(width - used) : 1, "");
}

void money_text(const world *w, int64_t minor, const char *currency, char out[AFT_MONEY_SIZE]) {
  aft_money money = {.minor = minor};
  snprintf(money.currency, sizeof money.currency, "%s", currency);
  if (aft_money_format(&money, w->zh ? "zh" : "en", out, NULL) < 0)
    snprintf(out, AFT_MONEY_SIZE, "?");
}

void money_cell(const world *w, int64_t minor, const char *currency, size_t width) {
  char amount[AFT_MONEY_SIZE];
  money_text(w, minor, currency, amount);
  size_t used = aft_text_columns(amount, strlen(amount));
  printf("%*s%s", used < width ? (int)(width - used) : 1, "", amount);
}

const char *named(const world *w, const char *name) {
  static const struct {
    const char *name, *zh, *en;
  } known[] = {{"buyer", "买家", "buyer"},         {"agent", "商家", "shop"},
               {"seller", "商家", "shop"},         {"system", "系统", "desk"},
               {"warehouse", "仓库", "warehouse"}, {"arbiter", "平台", "arbiter"},
               {"platform", "平台", "platform"},   {"insurer", "保险公司", "insurer"},
               {"carrier", "快递公司", "carrier"}, {"wechat", "微信支付", "WeChat Pay"},
               {"card", "银行卡", "card"},         {"balance", "余额", "balance"},
               {"transfer", "转账", "transfer"},   {"store_credit", "店铺余额", "store credit"},
               {"refund", "退款", "refund"},       {"advance", "先行退款", "advance"},
               {"freight", "退货运费", "freight"}, {"compensation", "补偿", "compensation"},
               {"clawback", "追回", "debt"},       {"charge", "补差价", "charge"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (!strcmp(name, known[i].name))
      return w->zh ? known[i].zh : known[i].en;
  return name;
}

/* Bytes of the text up to a width; Chinese characters take two columns. */
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

/* ---- the story of a case ---- */

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

void time_text(const world *w, aft_time at, char out[16]) {
  char local[AFT_TIME_ISO_SIZE];
  out[0] = 0;
  if (aft_time_iso(at, w->zone, local, NULL) >= 0)
    snprintf(out, 16, "%.5s %.5s", local + 5, local + 11);
}

static json_t *story_of(world *w, aft_id id) {
  aft_buf *buf;
  must(w, aft_case_timeline(w->session, &w->as_buyer, id, w->zh ? "zh" : "en", &buf, &w->error));
  json_t *story = json_loadb(aft_buf_data(buf), aft_buf_size(buf), 0, NULL);
  aft_buf_free(buf);
  return story;
}

void heading(world *w, int number, aft_id id, const char *zh, const char *en) {
  char text[240], serial[16] = "";
  json_t *story = story_of(w, id);
  if (number)
    snprintf(serial, sizeof serial, "%d. ", number);
  snprintf(text, sizeof text, "%s%s %s: %s", serial, text_of(story, "kind"), text_of(story, "code"),
           say(w, zh, en));
  title(text);
  json_decref(story);
}

/* A case may pass through a state without telling anything new. */
static size_t print_steps(const world *w, const json_t *story, size_t from) {
  const json_t *steps = json_object_get(story, "steps");
  const char *last = "";
  char at[16];
  aft_time when;
  for (size_t i = 0; i < json_array_size(steps); i++) {
    const json_t *step = json_array_get(steps, i);
    const char *text = text_of(step, "text");
    if (i >= from && strcmp(text, last) != 0) {
      if (aft_time_parse(text_of(step, "at"), AFT_NTS, &when, NULL) < 0)
        when = 0;
      time_text(w, when, at);
      printf("   %s  ", at);
      cell(named(w, text_of(step, "by")), 11);
      printf("%.*s\n", fit(text, TEXT_COLUMNS), text);
    }
    last = text;
  }
  return json_array_size(steps);
}

static void print_leg(const world *w, const json_t *leg) {
  bool from_buyer = !strcmp(text_of(leg, "payer"), "buyer");
  const char *payer = named(w, text_of(leg, "payer"));
  char way[64];
  snprintf(way, sizeof way, "%s → %s", payer, from_buyer ? named(w, "seller") : named(w, "buyer"));
  printf("   ");
  money_cell(w, json_integer_value(json_object_get(leg, "amount")), text_of(leg, "currency"), 11);
  printf("  ");
  cell(named(w, text_of(leg, "kind")), 11);
  cell(way, 19);
  cell(named(w, text_of(leg, "instrument")), 14);
  printf("%s%s%s\n", text_of(leg, "account"), *text_of(leg, "account") ? "  " : "",
         strcmp(text_of(leg, "state"), "confirmed") ? say(w, "处理中", "under way")
                                                    : say(w, "已到账", "arrived"));
}

static void print_money(const world *w, const json_t *story) {
  const json_t *money = json_object_get(story, "money");
  for (size_t i = 0; i < json_array_size(money); i++)
    print_leg(w, json_array_get(money, i));
}

size_t timeline(world *w, aft_id id, size_t from) {
  json_t *story = story_of(w, id);
  size_t n = print_steps(w, story, from);
  if (n > from)
    print_money(w, story);
  json_decref(story);
  return n;
}

void next_step(world *w, aft_id id) {
  json_t *story = story_of(w, id);
  note("   → %s", text_of(story, "next"));
  json_decref(story);
}

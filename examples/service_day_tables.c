/* The day hour by hour, and what it adds up to in each way. */
#include "service_day.h"

#include <inttypes.h>
#include <stdio.h>

#define BAR   30
#define LABEL 34
#define WIDE  22

/* ---- hour by hour ---- */

static void bar(double waiting, double most) {
  int n = most > 0 ? (int)(waiting / most * BAR + 0.5) : 0;
  for (int i = 0; i < BAR; i++)
    putchar(i < n ? '#' : ' ');
}

static double waiting_of(const service_day *d, int way, size_t hour) {
  const json_t *hours = json_object_get(d->told[way], "hours");
  return json_number_value(json_object_get(json_array_get(hours, hour), "waiting"));
}

static double most_waiting(const service_day *d) {
  double most = 0;
  for (int way = 0; way < WAYS; way++)
    for (size_t i = 0; i < json_array_size(json_object_get(d->told[way], "hours")); i++)
      most = waiting_of(d, way, i) > most ? waiting_of(d, way, i) : most;
  return most;
}

static void tell_hour(const service_day *d, const json_t *hour, size_t i, double most) {
  char at[8], text[32];
  clock_text(d, number_of(hour, "from"), at);
  printf("  %s", at);
  snprintf(text, sizeof text, "%" PRId64, number_of(hour, "arrived"));
  cell_right(text, 9);
  snprintf(text, sizeof text, "%.0f", json_number_value(json_object_get(hour, "agents")));
  cell_right(text, 8);
  for (int way = BY_PLACE; way < WAYS; way++) {
    snprintf(text, sizeof text, "%.0f", waiting_of(d, way, i));
    cell_right(text, 5);
    putchar(' ');
    bar(waiting_of(d, way, i), most);
  }
  putchar('\n');
}

void tell_hours(const service_day *d) {
  const json_t *hours = json_object_get(d->told[BY_PLACE], "hours");
  char text[160];
  snprintf(text, sizeof text,
           say(d, "客服的一天：%zu 张工单，%d 名客服，中午涌入；种子 %" PRIu64,
               "A day of service: %zu tickets, %d agents, a rush at noon; seed %" PRIu64),
           aft_demand_count(d->demand), (int)shop_agents(), d->seed);
  title(text);
  line("%s", say(d, "每小时：来了多少，几人在班，平均多少在等",
                 "Hour by hour: how many came, who was on shift, how many waited on average"));
  cell("", 7);
  cell_right(say(d, "到来", "arrived"), 9);
  cell_right(say(d, "在班", "agents"), 8);
  cell(say(d, "   在等", "   waiting"), 36);
  cell(say(d, "   再加两人", "   with two more agents"), 36);
  putchar('\n');
  for (size_t i = 0; i < json_array_size(hours); i++)
    tell_hour(d, json_array_get(hours, i), i, most_waiting(d));
}

/* ---- side by side ---- */

typedef enum shape {
  COUNT,
  SHARE,
  SPAN
} shape;

static void value(const service_day *d, int64_t number, shape as, char out[32]) {
  if (as == SHARE)
    snprintf(out, 32, "%" PRId64 ".%" PRId64 " %%", number / 10, number % 10);
  else if (as == SPAN)
    span_text(d, number, out);
  else
    snprintf(out, 32, "%" PRId64, number);
}

static void row(const service_day *d, const char *label, const char *tier, uint32_t field, shape as) {
  char text[32];
  printf("  ");
  cell(label, LABEL);
  for (int way = 0; way < WAYS; way++) {
    value(d, aft_simulated_number(d->played[way], tier, field), as, text);
    cell_right(text, WIDE - (way == 0 ? 4 : 2));
  }
  putchar('\n');
}

static const char *const tiers[] = {"gold", "vip", ""};

static const char *tier_name(const service_day *d, int i) {
  static const char *const names[][2] = {
      {"  黄金会员", "  gold"}, {"  贵宾", "  vip"}, {"  其他顾客", "  all others"}};
  return say(d, names[i][0], names[i][1]);
}

static void block(const service_day *d, const char *label, uint32_t field, shape as) {
  row(d, label, NULL, field, as);
  for (int i = 0; i < 3; i++)
    row(d, tier_name(d, i), tiers[i], field, as);
}

static void content_row(const service_day *d) {
  char text[32];
  printf("  ");
  cell(say(d, "满意（占回复者）", "content, of those who replied"), LABEL);
  for (int way = 0; way < WAYS; way++) {
    int64_t replies = aft_simulated_number(d->played[way], NULL, AFT_SIMULATED_REPLIES);
    int64_t content = aft_simulated_number(d->played[way], NULL, AFT_SIMULATED_CONTENT);
    value(d, replies ? content * 1000 / replies : 0, SHARE, text);
    cell_right(text, WIDE - (way == 0 ? 4 : 2));
  }
  putchar('\n');
}

void tell_levels(const service_day *d) {
  title(say(d, "同样的工单，三种做法", "The same tickets, in three ways"));
  cell("", LABEL + 2);
  cell_right(say(d, "先到先得", "first come"), WIDE - 4);
  cell_right(say(d, "按期限", "by deadline"), WIDE - 2);
  cell_right(say(d, "按期限，再加两人", "two more agents"), WIDE - 2);
  putchar('\n');
  block(d, say(d, "按时首次答复", "first answer in time"), AFT_SIMULATED_WITHIN, SHARE);
  block(d, say(d, "首次答复逾期", "first answer too late"), AFT_SIMULATED_BREACHES, COUNT);
  block(d, say(d, "百人中九十人等不过", "90 of 100 waited at most"), AFT_SIMULATED_P90, SPAN);
  block(d, say(d, "百人中九十九人等不过", "99 of 100 waited at most"), AFT_SIMULATED_P99, SPAN);
  row(d, say(d, "没等到就离开（在线聊天）", "gave up waiting (chat)"), NULL, AFT_SIMULATED_ABANDONED, COUNT);
  row(d, say(d, "收工时仍未答复", "unanswered when the day ended"), NULL, AFT_SIMULATED_UNANSWERED, COUNT);
  row(d, say(d, "调查：回复", "survey: replies"), NULL, AFT_SIMULATED_REPLIES, COUNT);
  content_row(d);
  row(d, say(d, "客服忙碌的时间", "agents at work, of their time"), NULL, AFT_SIMULATED_UTILISATION, SHARE);
}

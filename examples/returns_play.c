/* One case, step by step: what can be done now, and by whom. */
#include "returns.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 40

typedef struct choice {
  const aft_call *as;
  char event[64], label[160];
} choice;

static const bought pot = {"pot", "Pot", 1, 25900, NULL};

static int offer(world *w, aft_id id, const aft_call *as, const char *who, choice *list, int n) {
  aft_buf *buf;
  size_t i;
  json_t *one;
  must(w, aft_case_options(w->session, as, id, w->zh ? "zh" : "en", &buf, &w->error));
  json_t *all = json_loadb(aft_buf_data(buf), aft_buf_size(buf), 0, NULL);
  aft_buf_free(buf);
  json_array_foreach(all, i, one) {
    if (n == MOST)
      break;
    list[n].as = as;
    snprintf(list[n].event, sizeof list[n].event, "%s", json_string_value(json_object_get(one, "event")));
    snprintf(list[n].label, sizeof list[n].label, "%s: %s", who,
             json_string_value(json_object_get(one, "label")));
    n++;
  }
  json_decref(all);
  return n;
}

static int offer_all(world *w, aft_id id, choice *list) {
  int n = offer(w, id, &w->as_buyer, say(w, "买家", "buyer"), list, 0);
  n = offer(w, id, &w->seller, say(w, "商家", "seller"), list, n);
  return offer(w, id, &w->warehouse, say(w, "仓库", "warehouse"), list, n);
}

static void do_it(world *w, aft_id id, const choice *c) {
  aft_case_act_in in = {.size = sizeof in, .case_id = id, .event = AFT_STR(c->event)};
  if (!strcmp(c->event, "ship")) {
    in.carrier = AFT_STR("sf");
    in.waybill = AFT_STR("RET-PLAY");
  }
  if (!strcmp(c->event, "counter")) {
    aft_record *record;
    must(w, aft_case_get(w->session, &w->system, id, &record, &w->error));
    in.amount = (aft_money){aft_case_asked(record) / 2, "CNY"};
    aft_record_free(record);
  }
  aft_status status = aft_case_act(w->session, c->as, &in, NULL, &w->error);
  if (status < 0)
    note("   %s: %s", aft_status_name(status), w->error.message);
  gateway(w);
}

static bool open(world *w, aft_id id) {
  aft_record *record;
  must(w, aft_case_get(w->session, &w->system, id, &record, &w->error));
  bool work = aft_case_open(record) != 0;
  aft_record_free(record);
  return work;
}

static void show(world *w, aft_id id, const choice *list, int n) {
  heading(w, 0, id, "一步一步", "step by step");
  timeline(w, id);
  for (int i = 0; i < n; i++)
    note("  %2d  %s", i + 1, list[i].label);
  note("   t  %s", say(w, "过一天", "a day passes"));
  note("   q  %s", say(w, "结束", "quit"));
  printf("> ");
  fflush(stdout);
}

int play(world *w) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true};
  aft_id id = file_units(w, tell_order(w, &s), "return", "defective_on_arrival", "pot", 1);
  char line[64];
  choice list[MOST];
  while (open(w, id)) {
    int n = offer_all(w, id, list);
    show(w, id, list, n);
    if (!fgets(line, sizeof line, stdin) || line[0] == 'q')
      break;
    int chosen = atoi(line);
    if (line[0] == 't')
      pass(w, DAY);
    else if (chosen >= 1 && chosen <= n)
      do_it(w, id, &list[chosen - 1]);
    else
      note(say(w, "   请输入 1 到 %d、t 或 q", "   expected 1 to %d, t or q"), n);
    gateway(w);
  }
  heading(w, 0, id, "经过", "what happened");
  timeline(w, id);
  ledger(w);
  return w->wrong ? 1 : 0;
}

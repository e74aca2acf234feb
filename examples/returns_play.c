/* One case, step by step: what can be done now, and by whom. */
#include "returns.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST 40

typedef struct choice {
  const aft_call *as;
  aft_id id;             /* the case */
  const char *who;       /* as named() knows them */
  const char *condition; /* of what is inspected; NULL: no inspection */
  char event[64], label[160];
  char kind[32], reason[64]; /* of a case about this one that is filed instead; empty: none */
} choice;

typedef struct menu {
  choice all[MOST];
  int n;
} menu;

static const bought pot = {"pot", "Pot", 1, 25900, NULL};

static void add(menu *m, const choice *c) {
  if (m->n < MOST)
    m->all[m->n++] = *c;
}

static void text_of(const json_t *option, const char *key, char *out, size_t size) {
  const char *text = json_string_value(json_object_get(option, key));
  snprintf(out, size, "%s", text ? text : "");
}

/* An inspection has two outcomes to choose from. Photos are not at hand here. */
static void add_option(const world *w, menu *m, choice c, const json_t *option) {
  char label[160];
  text_of(option, "event", c.event, sizeof c.event);
  text_of(option, "file", c.kind, sizeof c.kind);
  text_of(option, "reason", c.reason, sizeof c.reason);
  text_of(option, "label", label, sizeof label);
  snprintf(c.label, sizeof c.label, "%s", label);
  if (!c.event[0] && !c.kind[0])
    return;
  if (strcmp(c.event, "inspect") != 0) {
    add(m, &c);
    return;
  }
  c.condition = "ok";
  snprintf(c.label, sizeof c.label, say(w, "%s：完好", "%s: in good order"), label);
  add(m, &c);
  c.condition = "wrong";
  snprintf(c.label, sizeof c.label, say(w, "%s：不是原商品", "%s: something else"), label);
  add(m, &c);
}

static void offer(world *w, menu *m, aft_id id, const aft_call *as, const char *who) {
  aft_buf *buf;
  choice c = {.as = as, .id = id, .who = who};
  must(w, aft_case_options(w->session, as, id, w->zh ? "zh" : "en", &buf, &w->error));
  json_t *all = json_loadb(aft_buf_data(buf), aft_buf_size(buf), 0, NULL);
  for (size_t i = 0; i < json_array_size(all); i++)
    add_option(w, m, c, json_array_get(all, i));
  json_decref(all);
  aft_buf_free(buf);
}

static void not_possible(const world *w) {
  note("   %s: %s", say(w, "不行", "not possible"), w->error.message);
}

/* The dispute stands in the menu beside the case that it is about. */
static void file_about(world *w, const choice *c, aft_id *dispute) {
  aft_record *record = case_of(w, c->id), *made;
  aft_case_in in = {.size = sizeof in,
                    .order = aft_case_order(record),
                    .kind = AFT_STR(c->kind),
                    .reason = AFT_STR(c->reason),
                    .parent = c->id};
  aft_record_free(record);
  if (aft_case_file(w->session, c->as, &in, &made, &w->error) < 0) {
    not_possible(w);
    return;
  }
  *dispute = aft_case_id(made);
  aft_record_free(made);
}

/* What an event needs beside its name is filled in as these people would. */
static void choose(world *w, const choice *c) {
  aft_case_act_in in = {.size = sizeof in, .case_id = c->id, .event = AFT_STR(c->event)};
  aft_record *record = case_of(w, c->id);
  aft_case_line_in line = {.size = sizeof line, .quantity = 1};
  line.line = line_of(w, aft_case_order(record), "pot");
  if (!strcmp(c->event, "ship")) {
    in.carrier = AFT_STR("sf");
    in.waybill = AFT_STR("RET-PLAY");
  }
  if (!strcmp(c->event, "counter"))
    in.amount = (aft_money){aft_case_asked(record) / 2, "CNY", 0};
  if (c->condition) {
    line.condition = AFT_STR(c->condition);
    in.lines = &line;
    in.n_lines = 1;
  }
  aft_record_free(record);
  if (aft_case_act(w->session, c->as, &in, NULL, &w->error) < 0)
    not_possible(w);
}

static bool in_work(world *w, aft_id id) {
  aft_record *record = case_of(w, id);
  bool work = aft_case_open(record) != 0;
  aft_record_free(record);
  return work;
}

static void print_menu(const world *w, const menu *m) {
  for (int i = 0; i < m->n; i++) {
    printf("  %3d  ", i + 1);
    cell(named(w, m->all[i].who), 11);
    puts(m->all[i].label);
  }
  printf("    t  ");
  cell(say(w, "时钟", "clock"), 11);
  printf("%s\n    q  %s\n> ", say(w, "过一天", "a day passes"), say(w, "结束", "quit"));
  fflush(stdout);
}

/* A line without its end; whatever of it is too long is skipped. false at the end of the input. */
static bool read_line(char *line, int size) {
  int c = 0;
  if (!fgets(line, size, stdin))
    return false;
  if (!strchr(line, '\n'))
    while ((c = getchar()) != '\n' && c != EOF)
      ;
  line[strcspn(line, "\r\n")] = 0;
  if (!isatty(STDIN_FILENO))
    puts(line); /* nobody's terminal has shown it */
  return true;
}

static void let_a_day_pass(world *w) {
  char now[16];
  pass(w, DAY);
  time_text(w, w->now, now);
  note(say(w, "   现在是 %s", "   It is %s."), now);
}

static void take(world *w, const choice *c, aft_id *dispute) {
  if (c->kind[0])
    file_about(w, c, dispute);
  else
    choose(w, c);
}

/* false to quit */
static bool take_turn(world *w, const menu *m, aft_id *dispute) {
  char line[32], *end;
  if (!read_line(line, sizeof line)) {
    putchar('\n');
    return false;
  }
  if (!strcmp(line, "q"))
    return false;
  long chosen = strtol(line, &end, 10);
  if (!strcmp(line, "t"))
    let_a_day_pass(w);
  else if (*line && !*end && chosen >= 1 && chosen <= m->n)
    take(w, &m->all[chosen - 1], dispute);
  else
    note(say(w, "   请输入 1 到 %d、t 或 q", "   expected 1 to %d, t or q"), m->n);
  gateway(w);
  return true;
}

static void offer_all(world *w, menu *m, aft_id id) {
  offer(w, m, id, &w->as_buyer, "buyer");
  offer(w, m, id, &w->seller, "seller");
  offer(w, m, id, &w->warehouse, "warehouse");
}

int play(world *w) {
  sold s = {.lines = &pot, .n_lines = 1, .delivered = true};
  aft_id id = file_units(w, tell_order(w, &s), "return", "defective_on_arrival", "pot", 1);
  aft_id dispute = 0;
  size_t seen = 0;
  heading(w, 0, id, "锅有质量问题，一步一步办", "a faulty pot, step by step");
  for (bool going = true; going;) {
    menu m = {.n = 0};
    seen = timeline(w, id, seen);
    next_step(w, id);
    if (!in_work(w, id))
      break;
    offer_all(w, &m, id);
    if (dispute && in_work(w, dispute)) {
      offer_all(w, &m, dispute);
      offer(w, &m, dispute, &w->arbiter, "arbiter");
    }
    print_menu(w, &m);
    going = take_turn(w, &m, &dispute);
  }
  ledger(w);
  return w->wrong ? 1 : 0;
}

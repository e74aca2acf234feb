/* A shop's day in cases: what the parts of the program share. */
#ifndef RETURNS_H
#define RETURNS_H

#include <stdbool.h>

#include <aftersales.h>

#define DAY  INT64_C(86400000)
#define HOUR INT64_C(3600000)

#define MOST_CASES 64

typedef struct world {
  bool zh;
  int64_t now;
  uint64_t random;
  aft_env *env;
  aft_store *store;
  aft_session *session;
  aft_policy *policy;
  aft_id shop, agent, buyer, stranger;
  aft_call system, seller, warehouse, arbiter, as_buyer, as_stranger;
  aft_id cases[MOST_CASES]; /* in the order of filing */
  int n_cases;
  int orders;     /* told so far */
  bool bank_down; /* the gateway declines */
  int wrong;      /* what was not as the story says */
  aft_error error;
} world;

/* One line of an order that a story tells. */
typedef struct bought {
  const char *ref, *title;
  int64_t quantity, price;
  const char *nature; /* NULL: goods */
} bought;

typedef struct sold {
  const char *country, *zone, *currency; /* NULL: CN, Asia/Shanghai, CNY */
  const bought *lines;
  int n_lines;
  int64_t off;         /* a discount on the whole */
  const char *invoice; /* its number */
  bool shipped, delivered, insured;
  bool warranty; /* of two years */
} sold;

/* ---- returns_world.c ---- */

int world_open(world *w, bool zh); /* 0 on success */
void world_close(world *w);
const char *say(const world *w, const char *zh, const char *en);
/* Ends the program with the library's own words when a call failed. */
aft_status must(world *w, aft_status status);

aft_id tell_order(world *w, const sold *s);
aft_id line_of(world *w, aft_id order, const char *ref);
/* Files a case; the library's refusal ends the program. lines: NULL for all of the order. */
aft_id file_case(world *w, const aft_call *as, aft_case_in *in);
aft_id file_units(world *w, aft_id order, const char *kind, const char *reason, const char *ref, int64_t n);
void act(world *w, const aft_call *as, aft_id id, const char *event);
void act_with(world *w, const aft_call *as, aft_id id, const char *event, aft_case_act_in *in);
void ship(world *w, aft_id id, const char *waybill, int64_t cost);
void track(world *w, const char *waybill, const char *status);
/* The goods come back and are looked at; condition NULL: good. */
void come_back(world *w, aft_id id, const char *waybill, const char *condition);
void pass(world *w, int64_t ms);
/* The shop's gateway: takes what waits in the outbox and says what came of it. */
void gateway(world *w);
const char *state_of(world *w, aft_id id, char out[40]);
/* An hour later the shop approves, where the policy has not. */
void approve_if_asked(world *w, aft_id id);
void expect_state(world *w, aft_id id, const char *state);

/* ---- returns_print.c ---- */

void heading(world *w, int number, aft_id id, const char *zh, const char *en);
void timeline(world *w, aft_id id);
void note(const char *format, ...);
void money_text(const world *w, int64_t minor, const char *currency, char out[AFT_MONEY_SIZE]);

/* ---- the parts of the day ---- */

void stories(world *w); /* returns_stories.c */
void cheats(world *w);  /* returns_cheats.c */
void ledger(world *w);  /* returns_ledger.c */
int play(world *w);     /* returns_play.c; the exit status */

#endif

/* A shop's day in cases: what the parts of the program share. */
#ifndef RETURNS_H
#define RETURNS_H

#include <stdbool.h>

#include <aftersales.h>

#define DAY  INT64_C(86400000)
#define HOUR INT64_C(3600000)

#define MOST_CASES  64
#define MOST_ORDERS 64
#define MOST_ROWS   64

/* What one party paid and received by one instrument. */
typedef struct row {
  char party[16], instrument[24], currency[4];
  int64_t paid, received;
} row;

typedef struct book {
  row rows[MOST_ROWS];
  int n;
} book;

typedef struct world {
  bool zh;
  int64_t now;
  uint64_t random;
  char folder[64]; /* of the evidence; a temporary one */
  aft_env *env;
  aft_blobs *blobs;
  aft_store *store;
  aft_session *session;
  aft_zone *zone; /* of the buyer whose story is told */
  aft_id shop, buyer, stranger;
  aft_call system, seller, warehouse, arbiter, as_buyer, as_stranger;
  aft_id first_case;
  aft_id orders[MOST_ORDERS]; /* in the order of telling */
  int n_orders;
  int invoices;     /* reversed so far */
  int stops, sends; /* asked of the carrier and of the warehouse so far */
  book bank;        /* what the gateway paid out, as it wrote it down itself */
  int wrong;        /* what was not as the story says */
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

/* ---- returns_world.c: the shop and its clock ---- */

void world_open(world *w, bool zh);
void world_close(world *w);
const char *say(const world *w, const char *zh, const char *en);
/* Ends the program with the library's own words when a call failed. */
aft_status must(world *w, aft_status status);
/* Notes on stderr what is not as the story says; the program then fails at its end. */
void check(world *w, bool holds, const char *what);
void pass(world *w, int64_t ms);

/* ---- returns_orders.c ---- */

aft_id tell_order(world *w, const sold *s);
aft_id line_of(world *w, aft_id order, const char *ref);
/* The parcel with what replaces the units of a case leaves, and arrives. */
void send_replacement(world *w, aft_id id, bool arrived);

/* ---- returns_cases.c ---- */

/* Files a case; the library's refusal ends the program. */
aft_id file_case(world *w, const aft_call *call, aft_case_in *in);
/* ref: NULL for all of the order. */
aft_id file_units(world *w, aft_id order, const char *kind, const char *reason, const char *ref, int64_t n);
void act(world *w, const aft_call *call, aft_id id, const char *event);
void act_with(world *w, const aft_call *call, aft_id id, const char *event, aft_case_act_in *in);
void ship(world *w, aft_id id, const char *waybill, int64_t cost);
void track(world *w, const char *waybill, const char *status);
/* The warehouse finds all units of the case in one condition. */
void inspect(world *w, aft_id id, const char *condition);
/* The goods come back and are looked at; condition NULL: good. */
void come_back(world *w, aft_id id, const char *waybill, const char *condition);
/* Then the shop accepts them, and the money goes back: the case ends as refunded. */
void finish(world *w, aft_id id, const char *waybill);
/* New goods are sent and arrive: the case ends as completed. */
void replace_goods(world *w, aft_id id);
void add_photo(world *w, const aft_call *call, aft_id id, const char *name);
aft_record *case_of(world *w, aft_id id);
bool is_in(world *w, aft_id id, const char *state);
/* An hour later the shop approves, where the policy has not. */
void approve_if_asked(world *w, aft_id id);
void expect_state(world *w, aft_id id, const char *state);
/* That a confirmed movement of money of this kind exists. */
void expect_money(world *w, aft_id id, const char *kind, const char *payer, const char *payee,
                  int64_t amount);

/* ---- returns_host.c: gateway and issuer of invoices ---- */

/* Takes what waits in the outbox, carries it out and says what came of it. */
void gateway(world *w);

/* ---- returns_print.c ---- */

void title(const char *text);
void heading(world *w, int number, aft_id id, const char *zh, const char *en);
/* The steps from number `from` on, and the money; how many steps there are. */
size_t timeline(world *w, aft_id id, size_t from);
void next_step(world *w, aft_id id);
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "11-20 03:00" on the buyer's clock. */
void time_text(const world *w, aft_time at, char out[16]);
void cell(const char *text, size_t width);
void money_cell(const world *w, int64_t minor, const char *currency, size_t width); /* to the right */
void money_text(const world *w, int64_t minor, const char *currency, char out[AFT_MONEY_SIZE]);
/* What people call a party, an instrument or a movement of money. */
const char *named(const world *w, const char *name);

/* ---- the parts of the day ---- */

void stories(world *w);           /* returns_stories.c */
void disagreements(world *w);     /* returns_disputes.c: the second half of the stories */
void cheats(world *w);            /* returns_cheats.c */
void ledger(world *w);            /* returns_ledger.c */
int play(world *w);               /* returns_play.c; the exit status */
void enter(book *b, const row *); /* adds what it says to the row of its party and instrument */

#endif

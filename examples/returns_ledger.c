/* One ledger of all that moved: what each party paid stands as the desk's records have it, what each received
 * as the gateway wrote it down. Where the two agree, every currency sums to zero. */
#include "returns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool same_row(const row *a, const row *b) {
  return !strcmp(a->party, b->party) && !strcmp(a->instrument, b->instrument) &&
         !strcmp(a->currency, b->currency);
}

void enter(book *b, const row *what) {
  int i = 0;
  while (i < b->n && !same_row(&b->rows[i], what))
    i++;
  if (i == MOST_ROWS)
    return;
  if (i == b->n) {
    b->rows[b->n] = *what;
    b->rows[b->n].paid = b->rows[b->n].received = 0;
    b->n++;
  }
  b->rows[i].paid += what->paid;
  b->rows[i].received += what->received;
}

/* ---- what the desk has ---- */

static row row_of(aft_record *leg, const char *party, int64_t paid, int64_t received) {
  row r = {.paid = paid, .received = received};
  snprintf(r.party, sizeof r.party, "%s", party);
  snprintf(r.instrument, sizeof r.instrument, "%s", aft_leg_instrument(leg));
  snprintf(r.currency, sizeof r.currency, "%s", aft_leg_currency(leg));
  return r;
}

static void read_case(world *w, book *desk, aft_id id) {
  aft_cursor *cursor;
  aft_record *leg;
  must(w, aft_case_parts(w->session, &w->system, id, AFT_KIND_LEG, &cursor, &w->error));
  while (aft_cursor_next(cursor, &leg, &w->error) == AFT_OK) {
    const char *state = aft_leg_state(leg);
    int64_t amount = aft_leg_confirmed(leg);
    row payer = row_of(leg, aft_leg_payer(leg), amount, 0),
        payee = row_of(leg, aft_leg_payee(leg), 0, amount);
    check(w, !strcmp(state, "confirmed") || !strcmp(state, "void"), "money is still under way");
    if (amount) {
      enter(desk, &payer);
      enter(desk, &payee);
    }
  }
  aft_cursor_free(cursor);
}

static int by_id(const void *a, const void *b) {
  aft_id x = *(const aft_id *)a, y = *(const aft_id *)b;
  return (x > y) - (x < y);
}

/* All that the desk has, also those that followed from others by themselves; ids grow with time. */
static void read_cases(world *w, book *desk) {
  aft_id ids[MOST_CASES] = {0};
  int n = 0;
  aft_cursor *cursor;
  aft_record *one;
  must(w, aft_case_list(w->session, &w->system, NULL, &cursor, &w->error));
  while (n < MOST_CASES && aft_cursor_next(cursor, &one, &w->error) == AFT_OK)
    ids[n++] = aft_case_id(one);
  aft_cursor_free(cursor);
  check(w, n < MOST_CASES, "there are more cases than the ledger has room for");
  qsort(ids, (size_t)n, sizeof *ids, by_id);
  for (int i = 0; i < n; i++)
    read_case(w, desk, ids[i]);
}

/* No payment gives back more than it took. */
static int read_payments(world *w, aft_id order) {
  aft_cursor *cursor;
  aft_record *p;
  int n = 0;
  must(w, aft_payment_list(w->session, &w->system, order, &cursor, &w->error));
  while (aft_cursor_next(cursor, &p, &w->error) == AFT_OK) {
    int64_t gone = aft_payment_reversed(p) + aft_payment_planned(p) + aft_payment_refunded(p);
    check(w, gone <= aft_payment_captured(p), "a payment gave back more than it took");
    n++;
  }
  aft_cursor_free(cursor);
  return n;
}

/* ---- both beside each other ---- */

static const row *find(const book *b, const row *what) {
  for (int i = 0; i < b->n; i++)
    if (same_row(&b->rows[i], what))
      return &b->rows[i];
  return NULL;
}

static book join(world *w, const book *desk) {
  book joined = {.n = 0};
  for (int i = 0; i < desk->n; i++) {
    const row *bank = find(&w->bank, &desk->rows[i]);
    row both = desk->rows[i];
    both.received = bank ? bank->received : 0;
    check(w, bank && bank->paid == both.paid && both.received == desk->rows[i].received,
          "desk and gateway do not have the same");
    enter(&joined, &both);
  }
  check(w, w->bank.n == desk->n, "the gateway moved money that the desk knows nothing of");
  return joined;
}

static void print_row(const world *w, const row *r) {
  printf("   ");
  cell(named(w, r->party), 12);
  cell(named(w, r->instrument), 14);
  money_cell(w, r->paid, r->currency, 14);
  money_cell(w, r->received, r->currency, 14);
  money_cell(w, r->received - r->paid, r->currency, 15);
  putchar('\n');
}

static void print_currency(world *w, const book *b, const char *currency) {
  row sum = {.paid = 0};
  snprintf(sum.party, sizeof sum.party, "%s", say(w, "合计", "sum"));
  snprintf(sum.currency, sizeof sum.currency, "%s", currency);
  for (int i = 0; i < b->n; i++)
    if (!strcmp(b->rows[i].currency, currency)) {
      sum.paid += b->rows[i].paid;
      sum.received += b->rows[i].received;
      print_row(w, &b->rows[i]);
    }
  if (!sum.paid && !sum.received)
    return;
  print_row(w, &sum);
  check(w, sum.paid == sum.received, "the ledger does not sum to zero");
}

static void print_right(const char *text, size_t width) {
  size_t used = aft_text_columns(text, strlen(text));
  printf("%*s%s", used < width ? (int)(width - used) : 1, "", text);
}

static void print_head(const world *w) {
  printf("   %26s", "");
  print_right(say(w, "付出", "paid"), 14);
  print_right(say(w, "收到", "received"), 14);
  print_right(say(w, "差额", "balance"), 15);
  putchar('\n');
}

void ledger(world *w) {
  book desk = {.n = 0};
  int payments = 0;
  read_cases(w, &desk);
  for (int i = 0; i < w->n_orders; i++)
    payments += read_payments(w, w->orders[i]);
  book joined = join(w, &desk);
  title(say(w, "账本：付出以售后台的记录为准，收到以支付网关的流水为准",
            "The ledger: paid as the desk has it, received as the gateway has it"));
  if (!joined.n) {
    note("   %s", say(w, "没有款项往来", "no money moved"));
    return;
  }
  print_head(w);
  print_currency(w, &joined, "CNY");
  print_currency(w, &joined, "EUR");
  note(say(w, "   核对了 %d 笔付款，没有一笔退得比收的多",
           "   %d payments looked at: none gave back more than it took"),
       payments);
}

/* One ledger of all that moved: each confirmed movement takes from one and gives to another, so that every
 * currency sums to zero; and no payment gave back more than it took. */
#include "returns.h"

#include <stdio.h>
#include <string.h>

#define MOST_ROWS 64

typedef struct row {
  char party[16], instrument[24], currency[4];
  int64_t amount;
} row;

typedef struct book {
  row rows[MOST_ROWS];
  int n;
} book;

static void enter(book *b, const char *party, const char *instrument, const char *currency, int64_t amount) {
  int i = 0;
  while (i < b->n && (strcmp(b->rows[i].party, party) || strcmp(b->rows[i].instrument, instrument) ||
                      strcmp(b->rows[i].currency, currency)))
    i++;
  if (i == MOST_ROWS)
    return;
  if (i == b->n) {
    snprintf(b->rows[i].party, sizeof b->rows[i].party, "%s", party);
    snprintf(b->rows[i].instrument, sizeof b->rows[i].instrument, "%s", instrument);
    snprintf(b->rows[i].currency, sizeof b->rows[i].currency, "%s", currency);
    b->n++;
  }
  b->rows[i].amount += amount;
}

static void read_case(world *w, book *b, aft_id id) {
  aft_cursor *cursor;
  aft_record *leg;
  must(w, aft_case_parts(w->session, &w->system, id, AFT_KIND_LEG, &cursor, &w->error));
  while (aft_cursor_next(cursor, &leg, &w->error) == AFT_OK) {
    int64_t amount = aft_leg_confirmed(leg);
    if (!amount)
      continue;
    enter(b, aft_leg_payer(leg), aft_leg_instrument(leg), aft_leg_currency(leg), -amount);
    enter(b, aft_leg_payee(leg), aft_leg_instrument(leg), aft_leg_currency(leg), amount);
  }
  aft_cursor_free(cursor);
}

static const char *party(const world *w, const char *name) {
  static const struct {
    const char *name, *zh, *en;
  } known[] = {{"buyer", "买家", "buyer"},
               {"seller", "商家", "seller"},
               {"insurer", "保险公司", "insurer"},
               {"carrier", "快递公司", "carrier"},
               {"platform", "平台", "platform"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (!strcmp(name, known[i].name))
      return w->zh ? known[i].zh : known[i].en;
  return name;
}

static void cell(const char *text, size_t width) {
  size_t used = aft_text_columns(text, strlen(text));
  printf("%s%*s", text, used < width ? (int)(width - used) : 1, "");
}

static int64_t sum_of(const book *b, const char *currency) {
  int64_t sum = 0;
  for (int i = 0; i < b->n; i++)
    if (!strcmp(b->rows[i].currency, currency))
      sum += b->rows[i].amount;
  return sum;
}

static bool has(const book *b, const char *currency) {
  for (int i = 0; i < b->n; i++)
    if (!strcmp(b->rows[i].currency, currency))
      return true;
  return false;
}

static void print(world *w, const book *b, const char *currency) {
  char amount[AFT_MONEY_SIZE];
  if (!has(b, currency))
    return;
  for (int i = 0; i < b->n; i++) {
    const row *r = &b->rows[i];
    if (strcmp(r->currency, currency))
      continue;
    money_text(w, r->amount, currency, amount);
    printf("   ");
    cell(party(w, r->party), 12);
    cell(r->instrument, 16);
    printf("%16s\n", amount);
  }
  money_text(w, sum_of(b, currency), currency, amount);
  printf("   ");
  cell(say(w, "合计", "sum"), 28);
  printf("%16s\n", amount);
}

void ledger(world *w) {
  static const char *const currencies[] = {"CNY", "EUR"};
  book b = {.n = 0};
  for (int i = 0; i < w->n_cases; i++)
    read_case(w, &b, w->cases[i]);
  note("\n%s", say(w, "账本：每一笔都有付有收", "The ledger: what one pays another gets"));
  for (size_t i = 0; i < 2; i++) {
    print(w, &b, currencies[i]);
    if (sum_of(&b, currencies[i]) != 0) {
      fprintf(stderr, "returns: the ledger in %s does not sum to zero\n", currencies[i]);
      w->wrong++;
    }
  }
}

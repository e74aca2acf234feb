/* Inside the search: what of a ticket is searched, and what is looked for. */
#ifndef AFT_SEARCH_PRIV_H
#define AFT_SEARCH_PRIV_H

#include "desk/desk_priv.h"
#include "text/text.h"

#include <aftersales/search.h>

/* ---- search_index.c: what is in the index ---- */

/* Documents are tickets. Beside the terms of their texts they have these, which no text has: one that all
 * have, one for the shop, and one for each customer who may see the ticket. */
#define AFT__TERM_ALL      "\1"
#define AFT__TERM_SHOP     's'
#define AFT__TERM_CUSTOMER 'c'
#define AFT__TERM_OF_BYTES 24
aft_str aft__search_term_of(char what, aft_id id, char out[AFT__TERM_OF_BYTES]);
/* Whether an event may have brought its ticket a text or a person. */
bool aft__search_matters(const aft__value *event);

/* ---- search_match.c: whether a ticket or message has what is looked for ---- */

typedef struct aft__search {
  aft_env *env;
  aft__arena arena; /* of the query and the shops */
  aft_call call;
  bool messages; /* are listed, not tickets */
  aft__query query;
  aft_id shop, customer;
  aft_time from, to;
  bool open;
  aft_id *shops; /* of an agent, sorted; NULL: all */
  uint32_t n_shops;
} aft__search;

/* One page's work. */
typedef struct aft__match_run {
  aft__tx *tx;
  const aft__search *search;
  aft__buf form;   /* of the text that is looked at */
  uint32_t wanted; /* a bit for each word that has to occur */
  uint32_t barred; /* and that must not */
  uint64_t bytes;  /* of text looked at so far */
} aft__match_run;

void aft__match_begin(aft__match_run *run, aft__tx *tx, const aft__search *search);
void aft__match_end(aft__match_run *run);
/* The ticket where the actor may see it and it passes the filters; *row is NULL where not. */
aft_status aft__match_load(aft__match_run *run, aft_id ticket, aft__value **row, aft_error *error);
aft_status aft__match_ticket(aft__match_run *run, const aft__value *ticket, bool *out, aft_error *error);

#define AFT__MATCH_MESSAGES 64
/* Looks at up to AFT__MATCH_MESSAGES messages of a ticket before one (0: from the latest), and gives those
 * that match. *last is the last one that was looked at, 0 at the end. */
aft_status aft__match_messages(aft__match_run *run, aft_id ticket, aft_id before,
                               aft_id found[AFT__MATCH_MESSAGES], uint32_t *n, aft_id *last,
                               aft_error *error);

#endif

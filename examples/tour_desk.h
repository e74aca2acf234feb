/* The desk of the tour: one store, one tenant with a shop and an agent, and a clock that can be moved on. */
#ifndef TOUR_DESK_H
#define TOUR_DESK_H

#include "tour.h"

#ifdef TOUR_POSTGRESQL
#include <aftersales/postgres.h>
#endif

typedef struct tour {
  const char *lang; /* "zh" or "en" */
  int64_t shift_ms; /* how far the clock was moved on */
  aft_error error;
  aft_env *env;
  aft_store *store;
  aft_session *session;
  aft_policy *policy; /* the default, with the tour's texts */
  aft_zone *zone;
  aft_call system, agent;
  aft_id shop;
  tour_journal *journal;
} tour;

/* Ends the program with the error's own words when a call failed; otherwise its status. */
aft_status must(tour *t, aft_status status);

void tour_open(tour *t, const char *db);
/* Whether it names a database on a server rather than a file. */
int tour_on_server(const char *db);
void tour_close(tour *t);
/* The tour's policy with one more document on top (NULL: none) becomes the current one. */
void tour_activate(tour *t, const char *yaml);
void tour_pass(tour *t, int64_t ms);

/* A text of the catalogue with its places {a} {b} {c} {d} filled in; kept until the 8th call after. */
const char *say(tour *t, const char *key, const char *a, const char *b, const char *c, const char *d);
const char *label(tour *t, const char *group, const char *name); /* "priority", "urgent" → "Urgent" */
const char *number(int64_t n);
const char *clock_text(tour *t, aft_time at);      /* "14:05" on the tenant's clock */
const char *span_text(tour *t, int64_t ms);        /* "14 min" */
const char *due_text(tour *t, aft_record *ticket); /* of what is owed first */

/* Takes one message in and journals it; the caller frees the ticket. */
aft_record *tour_say(tour *t, const char *external, const char *handle, const char *text, aft_status *status);
aft_record *tour_ticket(tour *t, aft_id id);

#endif

/* A desk to test on: an environment with a clock of its own, a store of one of three kinds, a tenant
 * with two shops, agents and customers. */
#ifndef DESK_FIXTURE_H
#define DESK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>

#include <cmocka.h>

#include <aftersales.h>

#include "base/base.h"
#include "store/store.h"
#include "value/value.h"

#include "assert_status.h"
#include "test_place.h"

typedef enum desk_kind {
  DESK_SQLITE,
  DESK_MEMORY,
  DESK_HOSTILE,
  DESK_KINDS
} desk_kind;

/* Where the kinds end: on a server after the first, as those in memory are the same everywhere. */
desk_kind desk_kinds(void);

typedef struct desk {
  desk_kind kind;
  test_place place;    /* of DESK_SQLITE: a file, or a schema on the server that AFT_TEST_DSN names */
  _Atomic int64_t now; /* what the clock says */
  uint64_t seed;       /* of a hostile store */
  aft_env *env;
  aft_blobs *blobs; /* NULL unless the desk takes evidence */
  char blob_folder[80];
  aft_store *store;
  aft_session *session;
  aft_id tenant, shop, other_shop, agent, other_agent, buyer, other_buyer;
  aft_call system, as_agent, as_other_agent, as_buyer, as_other_buyer;
} desk;

#define DESK_START INT64_C(1795000000000) /* 2026-11-18 */

void desk_open(desk *d, desk_kind kind);
/* With an allocator in place of the usual one. */
void desk_open_with(desk *d, desk_kind kind, const aft_alloc *alloc);
/* The same, with a blob store in a folder beside the database. alloc may be NULL. */
void desk_open_evidence(desk *d, desk_kind kind, const aft_alloc *alloc);
void desk_close(desk *d);
/* How to open the desk's store once more. */
aft_store_options desk_store(const desk *d, uint32_t flags);
/* Makes a document over the default policy the tenant's own; fails with what is wrong with it. */
void desk_policy(desk *d, const char *document);
void desk_pass(desk *d, int64_t ms); /* moves the clock, without a tick */
uint32_t desk_tick(desk *d);         /* until nothing is due any more; how many fired */

/* A message from the usual customer on WeChat. */
aft_message_in desk_message(const desk *d, const char *external, const char *text);
/* Takes it in and returns the ticket's id. */
aft_id desk_say(desk *d, const char *external, const char *text);
aft_record *desk_ticket(desk *d, aft_id id);
/* The ticket's state, for comparing; lives until the next call on this desk. */
void assert_state(desk *d, aft_id id, const char *state);
void desk_answer(desk *d, aft_id ticket, const char *text);
void desk_act(desk *d, aft_id ticket, uint32_t act);
uint32_t desk_count(aft_cursor *cursor); /* and frees it */
/* How many effects of a topic (NULL: of any) a ticket has that have this in their payload, and how many
 * events. */
uint32_t desk_effects(desk *d, aft_id ticket, const char *topic, const char *part);
uint32_t desk_events(desk *d, aft_id ticket, const char *verb);
/* Of those, the ones that have this in their facts. */
uint32_t desk_events_with(desk *d, aft_id ticket, const char *verb, const char *part);
/* Claims what is ready in the outbox and settles it, until nothing is. */
void desk_settle(desk *d, uint32_t outcome);
/* As the agent. */
aft_status desk_merge(desk *d, aft_id from, aft_id into, aft_error *error);
/* A message of somebody else than the usual customer, by handle; the ticket's id. */
aft_id desk_say_as(desk *d, const char *handle, const char *text);

#endif

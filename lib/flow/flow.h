/* State machines as data: definition, check, pure step, export. */
#ifndef AFT_FLOW_H
#define AFT_FLOW_H

#include "base/base.h"

#include <aftersales/actor.h>

/* All parts are plain arrays of native-endian words; names are offsets into a
 * block of NUL-closed texts. So a machine can lie in a mapped file as it is. */

#define AFT__FLOW_TERMINAL 1u /* nothing leaves but what the machine names; needs no deadline */
#define AFT__FLOW_OPEN     2u /* work is going on: replies thread here, clocks may run */
#define AFT__FLOW_PAUSED   4u /* the resolution clock stands still here */

#define AFT__FLOW_BUSINESS 8u /* the deadline counts business days: deadline_ms is 24 hours for each */

#define AFT__FLOW_ACTOR(role) ((uint16_t)(1u << (role))) /* the bit of AFT_ROLE_… */

#define AFT__FLOW_NONE   UINT32_MAX /* no guard, no deadline event */
#define AFT__FLOW_IGNORE UINT16_MAX /* as a target: the event is defined to have no effect */

typedef struct aft__flow_state {
  uint32_t name;
  uint32_t flags;
  uint32_t deadline_event; /* index of an event, or AFT__FLOW_NONE */
  uint32_t line, column;   /* where the definition stands, 0 if none */
  uint32_t calendar;       /* on whose hours the deadline counts; offset of an empty text: on every hour */
  int64_t deadline_ms;
} aft__flow_state;

typedef struct aft__flow_event {
  uint32_t name;
  uint32_t reserved0;
} aft__flow_event;

typedef struct aft__flow_effect {
  uint32_t verb; /* "notify" */
  uint32_t arg;  /* "ticket.acknowledged"; offset of an empty text when there is none */
} aft__flow_effect;

typedef struct aft__flow_move {
  uint16_t from, event;
  uint16_t to;              /* a state, or AFT__FLOW_IGNORE */
  uint16_t actors;          /* bit per role, 1 << AFT_ROLE_… */
  uint32_t guard;           /* a condition's number, or AFT__FLOW_NONE */
  uint32_t effect, effects; /* first and count */
  uint32_t line, column;
} aft__flow_move;

typedef struct aft__flow {
  const char *texts;
  const char *name;
  const aft__flow_state *states;
  const aft__flow_event *events;
  const aft__flow_move *moves; /* in the order in which guards are tried */
  const aft__flow_effect *effects;
  uint32_t n_states, n_events, n_moves, n_effects;
  uint32_t initial;
} aft__flow;

/* What the service behind a machine fires and understands. Ends of lists are NULL. */
typedef struct aft__flow_contract {
  const char *const *states;  /* states that must exist */
  const char *const *fires;   /* events that the service fires: each must be named by some move */
  const char *const *effects; /* effects that the service can carry out */
} aft__flow_contract;

/* One fault of a definition: where it stands and a sentence. */
typedef void (*aft__flow_report)(void *user, uint32_t line, uint32_t column, const char *message);

/* Every state reachable; from every state a terminal one; every non-terminal
 * state has a deadline whose event the system may fire there, unguarded or with
 * a last unguarded move; no two moves of one state, event and actor without a
 * guard to tell them apart; nothing leaves a terminal state except by an event
 * that an agent or the system fires; all names of the contract exist. Reports
 * every fault; returns how many. The machine must be valid (below). Uses arena for its tables; *error on
 * AFT_E_NOMEM. */
aft_status aft__flow_check(const aft__flow *flow, const aft__flow_contract *contract, aft__arena *arena,
                           aft__flow_report report, void *user, uint32_t *faults, aft_error *error);

/* Whether all indexes are inside: for machines from outside. */
bool aft__flow_valid(const aft__flow *flow, size_t texts_size);

const char *aft__flow_role_name(uint32_t role); /* "system"; NULL for a number that is no role */
uint32_t aft__flow_state_find(const aft__flow *flow, aft_str name); /* AFT__FLOW_NONE when missing */
uint32_t aft__flow_event_find(const aft__flow *flow, aft_str name);

/* When the deadline of a state passes that is entered at a time. Business days are Monday to Friday on the
 * clock that is offset_minutes ahead of UTC: a deadline of one ends at the same time of the next such day,
 * and what begins on a weekend begins as Monday does. A time too far to count is INT64_MAX. */
aft_time aft__flow_deadline(const aft__flow_state *state, aft_time from, int32_t offset_minutes);
void aft__flow_deadline_text(const aft__flow_state *state, char out[32]); /* "48h", "3bd" */

/* Whether a condition holds. Without a function no condition holds. */
typedef bool (*aft__flow_guard)(void *user, uint32_t guard);

typedef struct aft__flow_step_out {
  uint32_t from, to;
  const aft__flow_effect *effects;
  uint32_t n_effects;
  const aft__flow_move *move;
} aft__flow_step_out;

/* AFT_OK; AFT_IGNORED (to is from, no effects); AFT_E_TRANSITION (no move of the state has the event, or
 * no guard held); AFT_E_DENIED (moves have it, but not for this role). The error
 * names state, event and what would be possible. actor is one bit. */
aft_status aft__flow_step(const aft__flow *flow, uint32_t state, uint32_t event, uint16_t actor,
                          aft__flow_guard guard, void *user, aft__flow_step_out *out, aft_error *error);

typedef enum aft__flow_format {
  AFT__FLOW_DOT = 1,
  AFT__FLOW_MERMAID = 2,
  AFT__FLOW_JSON = 3
} aft__flow_format;
/* Appended to out, whose failed flag tells about memory. */
void aft__flow_export(const aft__flow *flow, aft__flow_format format, aft__buf *out);

#endif

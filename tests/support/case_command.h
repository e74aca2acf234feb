/* Commands about the cases of one order, in a form that means the same in every store: cases are named by the
 * command that filed them, legs by their place in their case, lines by their number in the order. So a life
 * can be lived in one store and told again in another. */
#ifndef CASE_COMMAND_H
#define CASE_COMMAND_H

#include "case_desk.h"

#include <stdatomic.h>
#include <stdbool.h>

#define MOST_COMMANDS 1024 /* of one life */
#define COMMAND_WORD  32

typedef enum case_verb {
  COMMAND_FILE,
  COMMAND_ACT,
  COMMAND_SETTLE,
  COMMAND_TRACK
} case_verb;

typedef struct command_line {
  uint32_t line; /* of case_desk.line */
  int64_t quantity, wants_price;
  const char *condition; /* of an inspection */
  const char *wants;     /* an article in exchange; NULL: the same */
} command_line;

typedef struct case_command {
  case_verb verb;
  uint32_t number; /* its idempotency key, and the name of what it files */
  uint32_t role;
  uint32_t of;  /* number of the command that filed the case that it is about; of a dispute: its parent */
  uint32_t leg; /* which of the case's */
  const char *kind, *reason;
  char event[COMMAND_WORD], waybill[COMMAND_WORD], ref[COMMAND_WORD];
  const char *status, *reference;
  command_line lines[2];
  uint32_t n_lines;
  bool disputes, in_spite, priced;
  uint32_t outcome;
  int64_t amount, freight, share, rev, late;
} case_command;

/* A desk, and by the numbers of their commands the cases that were filed there, and who sent a parcel. */
typedef struct case_world {
  case_desk c;
  _Atomic int64_t filed[MOST_COMMANDS];
  atomic_bool shipped[MOST_COMMANDS];
} case_world;

/* What it says of a leg that is not there (yet): no status of the library. */
#define COMMAND_NO_LEG INT32_MIN

/* Carries it out, and keeps what it filed. Asserts nothing, so that any thread may. */
aft_status case_command_run(case_world *w, aft_session *session, const case_command *command,
                            aft_error *error);

/* A random command that is likely to be done, or is not. Reads in the session what could be done. */
void case_command_draw(case_world *w, aft_session *session, uint64_t *seed, uint32_t number,
                       case_command *out);

/* One line, for whoever reads a failure; lives until the next call. */
const char *case_command_text(const case_command *command);

/* What the store keeps of the commands under their keys. */
typedef struct command_outcome {
  aft_id place; /* 0: it was not done. Drawn last in its transaction: the order in which commands were done */
  aft_status status;
  aft_id made;
} command_outcome;

void case_command_outcomes(case_desk *c, command_outcome out[MOST_COMMANDS]);

/* Words of the default policy, for whoever draws commands of their own. */
const char *case_any_kind(uint64_t *seed);
const char *case_any_reason(uint64_t *seed);
const char *case_any_condition(uint64_t *seed);
const char *case_any_scan(uint64_t *seed);

#endif

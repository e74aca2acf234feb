/* Why things are due, in words: of what decisions kept, the chains that still hold; and what falls due
 * without a decision of its own. */
#ifndef AFT_DUE_EXPLAIN_H
#define AFT_DUE_EXPLAIN_H

#include "desk/desk_priv.h"

/* The clocks of service levels, the stage, and its extension in a season. */
#define AFT__DUE_SUBJECTS (AFT__SLAS + 2u)

typedef struct aft__explanation {
  aft__cmd *cmd;
  aft_id subject;
  const char *about, *locale;
  aft__buf *out;
  const aft__flow *flow; /* the machine, and the state that it is in */
  uint32_t state;
  aft_time ends;   /* when the stage ends by itself; AFT_TIME_NONE: it does not */
  uint32_t clocks; /* bits of those that run, or were over */
  aft_zone *zone;
  aft_str last_state; /* of the last stage that was explained */
  uint32_t last[AFT__DUE_SUBJECTS], seen[AFT__DUE_SUBJECTS];
} aft__explanation;

/* Whether something was asked about: everything, or what is due. */
bool aft__explains_due(const aft__explanation *e);
/* Renders all kept reasons of the subject but the chains that others took the place of, then the stage. */
aft_status aft__explain_kept(aft__explanation *e, aft_error *error);
/* Renders reasons as they are. */
void aft__explain_say(aft__explanation *e, const aft__buf *reasons);

#endif

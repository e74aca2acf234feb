/* Private to the files of triage: what one pass over a text has found so far. */
#ifndef AFT_TRIAGE_PRIV_H
#define AFT_TRIAGE_PRIV_H

#include "policy/policy_priv.h"

#define AFT__COVER_MOST 400u /* bytes: what is longer is no mere acknowledgement */

enum {
  AFT__COVER_ACKNOWLEDGEMENT = 1,
  AFT__COVER_CLOSING = 2,
  AFT__COVER_GREETING = 4,
  AFT__COVER_PARTICLE = 8
};

typedef struct aft__rule_state {
  uint32_t word; /* first that was found, from 1 */
  uint16_t found;
  bool with, unless;
  int32_t score;
} aft__rule_state;

typedef struct aft__triage_scan {
  const aft_policy *policy;
  const aft__mark *marks;
  const aft__word *words;
  const aft__rule *rules;
  uint32_t n_marks, n_words, n_rules, n_categories;
  aft_str text;   /* normalised */
  uint32_t *ends; /* by slot: where the part was last found, plus 1 */
  aft__rule_state *states;
  int32_t *scores; /* by category */
  aft__tone_hit *tones;
  uint32_t n_tones;
  uint8_t cover[AFT__COVER_MOST];
  bool seen[AFT__MARKS];
} aft__triage_scan;

/* triage_scan.c: one pass of the matcher. AFT_E_NOMEM alone. */
aft_status aft__triage_prepare(aft__triage_scan *s, const aft_policy *policy, aft_str text, aft__arena *arena,
                               aft_error *error);
void aft__triage_scan_run(aft__triage_scan *s);

/* triage_act.c: what the turn does in the conversation. */
const char *aft__triage_act(const aft__triage_scan *s, bool question);
bool aft__triage_asks(aft_str text); /* a question mark stands in it */

/* triage_fuse.c: the category that the evidence adds up to. */
void aft__triage_choose(aft__triage_scan *s, aft_str label, aft__triage *out);
aft_str aft__triage_category(const aft__triage_scan *s, uint32_t index);

/* triage_reasons.c */
void aft__triage_explain(const aft__triage_scan *s, aft_str label, const aft__triage *t, aft__buf *reasons);

static inline bool aft__triage_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

#endif

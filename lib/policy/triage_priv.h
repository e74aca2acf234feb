/* Private to the files of triage: what one pass over a text has found so far. */
#ifndef AFT_TRIAGE_PRIV_H
#define AFT_TRIAGE_PRIV_H

#include "policy/policy_priv.h"

#define AFT__COVER_MOST 400u /* bytes: what is longer is no mere acknowledgement */

enum {
  AFT__COVER_ACKNOWLEDGEMENT = 1,
  AFT__COVER_CLOSING = 2,
  AFT__COVER_GREETING = 4,
  AFT__COVER_PARTICLE = 8,
  AFT__COVER_COURTESY = 15, /* the four above */
  AFT__COVER_YES_NO = 16,
  AFT__COVER_ANNOUNCED = 32, /* words that announce a number */
  AFT__COVER_NUMBER = 64
};

typedef struct aft__rule_state {
  uint32_t word; /* first that was found, from 1 */
  uint16_t found;
  bool with, unless;
  int32_t score;
} aft__rule_state;

typedef struct aft__triage_scan {
  const aft_policy *policy;
  const aft__triage_in *in;
  const aft__mark *marks;
  const aft__word *words;
  const aft__rule *rules;
  uint32_t n_marks, n_words, n_rules, n_categories;
  aft_str text;    /* normalised: the earlier turns and the last one, a line each */
  uint32_t own;    /* where the last turn begins */
  bool foreign;    /* of a language that the policy's words do not cover */
  uint32_t *found; /* bits by mark: parts of rules' words */
  uint32_t *ends;  /* by mark: where the part was last found; unset before */
  aft__rule_state *states;
  int32_t *scores; /* by category: points */
  int32_t *shares; /* by category: millionths, with a model; or NULL */
  aft__tone_hit *tones;
  uint32_t n_tones, n_asks, n_address;
  aft__ask_hit *asks;
  bool question;                  /* the turns ask */
  bool brackets;                  /* masked data may stand in the text */
  uint8_t cover[AFT__COVER_MOST]; /* of the last turn */
  bool seen[AFT__MARKS];
  aft__match first[AFT__MARKS]; /* of those that were seen */
} aft__triage_scan;

static inline aft_str aft__triage_own(const aft__triage_scan *s) {
  return aft__str(s->text.data ? s->text.data + s->own : "", s->text.len - s->own);
}
static inline bool aft__triage_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/* triage_turns.c: the language of the turns, and whether the policy's words cover it. */
const char *aft__triage_language(const aft__triage_in *in, uint32_t turns);
bool aft__triage_covers(const aft_policy *policy, const char *language, aft_str text);

/* triage_scan.c: one pass of the matcher. AFT_E_NOMEM alone. */
aft_status aft__triage_prepare(aft__triage_scan *s, const aft_policy *policy, aft_str text, aft__arena *arena,
                               aft_error *error);
void aft__triage_scan_run(aft__triage_scan *s);

/* triage_act.c: what the turn does in the conversation. human: it asks for a person, and for little else. */
const char *aft__triage_act(const aft__triage_scan *s, bool question, bool human);
/* Whether words of courtesy cover the last turn apart from punctuation, emoji and `spare` characters. */
bool aft__triage_courteous(const aft__triage_scan *s, uint32_t spare);
bool aft__triage_asks(aft_str text);     /* a question mark stands in it */
bool aft__triage_pictograph(uint32_t c); /* emoji and their modifiers, by block */

/* triage_fuse.c: the category that the evidence adds up to. AFT_E_NOMEM alone. */
aft_status aft__triage_choose(aft__triage_scan *s, const aft__triage_in *in, const aft__facts *facts,
                              aft__arena *arena, aft__triage *out, aft_error *error);
aft_str aft__triage_category(const aft__triage_scan *s, uint32_t index);
/* What rules and label, and the model, say of each category: see aft__triage_evidence. */
void aft__triage_weigh(aft__triage_scan *s, const aft__triage_in *in, const aft__facts *facts,
                       int32_t *points, int64_t *model);

/* triage_stated.c: what the last turn states, found with the words that announce it. */
aft_status aft__triage_state(const aft_policy *policy, const aft__triage_in *in, aft__arena *arena,
                             aft__triage *out, aft_error *error);

/* triage_reasons.c */
void aft__triage_explain(const aft__triage_scan *s, const aft__triage *t, aft__buf *reasons);

#endif

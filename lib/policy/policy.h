/* Policies: YAML to one compiled, immutable image, and the decisions over it. All pure. */
#ifndef AFT_POLICY_INTERNAL_H
#define AFT_POLICY_INTERNAL_H

#include "base/base.h"
#include "flow/flow.h"
#include "text/text.h"
#include "value/value.h"

#include <aftersales/policy.h>

aft_env *aft__policy_env(const aft_policy *policy);

/* ---- facts: what conditions see ---- */

typedef enum aft__fact_id {
#define AFT__FACT(id, name, type) AFT__FACT_##id,
#include "policy/facts.def"
#undef AFT__FACT
  AFT__FACTS
} aft__fact_id;

/* One tag or attribute that a record has. */
typedef struct aft__label {
  uint32_t fact; /* AFT__FACT_TAG, AFT__FACT_ORDER_ATTRIBUTE … */
  aft_str name;  /* of the attribute */
  aft_str text;  /* the tag, or the value of a text or choice */
  int64_t key;   /* of an attribute: see aft__policy_attribute_key */
} aft__label;

typedef struct aft__facts {
  aft_str text[AFT__FACTS];
  int64_t number[AFT__FACTS]; /* flags as 0 and 1 */
  const aft__label *labels;   /* of those facts that the policy's conditions ask for */
  uint32_t n_labels;
} aft__facts;

/* Bit per fact of a message or ticket (later facts have none): whether any condition of the policy tests it,
 * those of triage's rules apart. */
static inline uint64_t aft__fact_bit(aft__fact_id fact) { return fact < 64 ? UINT64_C(1) << fact : 0; }
static inline bool aft__fact_is_label(uint32_t fact) {
  return fact >= AFT__FACT_TAG && fact <= AFT__FACT_ORDER_ATTRIBUTE;
}
uint64_t aft__policy_tests(const aft_policy *policy);
uint64_t aft__policy_rule_tests(const aft_policy *policy);
/* Those of priorities, service levels, queues and suggestions alone. */
uint64_t aft__policy_ticket_tests(const aft_policy *policy);

/* ---- reasons.c: why something was decided, kept as text and shown in any language ---- */

/* One line each: about, key of the catalogue, name=value …, separated by tabs and escaped. */
void aft__reason_add(aft__buf *reasons, const char *about, const char *key, const aft__arg *args, size_t n);
/* Begins a value that is a moment: milliseconds follow, and who shows it says on which clock. */
#define AFT__REASON_MOMENT "@"
/* Before all others. */
void aft__reason_add_first(aft__buf *reasons, const char *about, const char *key, const aft__arg *args,
                           size_t n);
/* One line of kept reasons. */
typedef struct aft__reason {
  aft_str about, key;
  aft_str args; /* the rest, as it is kept */
} aft__reason;
/* Takes the next line off; false at the end. */
bool aft__reason_next(aft_str *reasons, aft__reason *out);
/* An argument as it is kept, which for names and numbers is as it was; empty for none. */
aft_str aft__reason_arg(const aft__reason *reason, const char *name);
/* Renders the lines about something (NULL: all) as sentences of a language, one a line. A value is shown
 * by the catalogue's text "<argument>.<value>" where there is one. */
void aft__reasons_render(const aft_policy *policy, const char *locale, aft_str reasons, const char *about,
                         aft__buf *out);
/* The same with moments on the clock of a zone; NULL: UTC. */
void aft__reasons_render_at(const aft_policy *policy, const char *locale, aft_str reasons, const char *about,
                            const aft_zone *zone, aft__buf *out);

/* ---- triage.c: what a text is about ---- */

/* What a model says of a text: a probability in millionths. */
typedef struct aft__triage_score {
  aft_str category;
  int64_t ppm;
} aft__triage_score;

/* A message in its conversation. */
typedef struct aft__triage_in {
  aft_str text;
  const aft_str *earlier; /* what the customer said shortly before, the oldest first */
  size_t n_earlier;
  aft_str label;                                  /* the customer's own choice of category */
  aft_str order_state, case_state, channel, tier; /* facts for the conditions of rules */
  aft_str language;                               /* empty: told from the text */
  bool has_order;
  bool asked;              /* what the desk said last was a question */
  aft_str desk;            /* what it said, where that is known; it is looked at where asked is false */
  const aft_str *products; /* names of what was ordered */
  size_t n_products;
  aft_str currency; /* of the order */
  const aft__triage_score *scores;
  size_t n_scores;
  int32_t model_weight, rule_weight; /* permille, learnt from labels; both 0: the policy's */
} aft__triage_in;

typedef struct aft__triage {
  aft_str category;             /* name in the policy; "other" when unsure */
  aft_str guess;                /* the best even where unsure */
  aft_str topic;                /* of the category; may be empty */
  aft_str runner_up;            /* the category next to the guess; may be empty */
  int32_t confidence;           /* of the guess, 0..1000 */
  int32_t runner_up_confidence; /* likewise */
  int32_t points;               /* of rules and label, for the guess */
  bool unsure;                  /* below the policy's threshold: a person decides */
  bool courtesy;                /* nothing to sort */
  int32_t tone;                 /* -1000..1000 */
  bool question, urgent, chaser, human;
  aft_str tone_name; /* negative, neutral, positive */
  aft_str complaint; /* none, service, regulator, media */
  aft_str act;       /* request, question, answer, acknowledgement, greeting, human, closing */
  int32_t agreement; /* of the customer's label with the guess: 1, -1, or 0 without one */
  uint32_t turns;    /* earlier ones that were read too */
  const char *language;
  const aft__stated *facts; /* what the text states, in the arena; places are those of in->text */
  uint32_t n_facts;
  aft_str order_state, case_state; /* of the input */
  bool has_order, asked;
} aft__triage;

/* Texts of the result belong to the policy, the input or the arena. Appends reasons about "category",
 * "tone", "act", "question", "urgent", "chaser", "human", "complaint" and "facts". Errors: AFT_E_ENCODING,
 * AFT_E_NUL_BYTE, AFT_E_NOMEM. */
aft_status aft__triage_run(const aft_policy *policy, const aft__triage_in *in, aft__arena *arena,
                           aft__triage *out, aft__buf *reasons, aft_error *error);

/* triage_turns.c: the turns as one normalised text. AFT_E_ENCODING, AFT_E_NUL_BYTE, AFT_E_NOMEM. */
aft_status aft__triage_join(const aft__triage_in *in, aft__buf *out, uint32_t *own, uint32_t *turns,
                            aft_error *error);

/* What the decision rests on, for each category of the policy in its order: the points of rules and label,
 * and the logarithm of the model's probability in millionths (0 for all without scores). */
aft_status aft__triage_evidence(const aft_policy *policy, const aft__triage_in *in, aft__arena *arena,
                                int32_t *points, int64_t *model, aft_error *error);

/* ---- triage_weights.c: how much rules and model count, learnt from labels ---- */

/* Evidence of labelled texts: row by row a value for each category. */
typedef struct aft__fusion {
  uint32_t n, categories;
  const float *points; /* of rules and label, in hundreds */
  const float *model;  /* logarithm of the probability */
  const uint32_t *truth;
  const uint8_t *half; /* 0 or 1, by a hash of the text */
  uint32_t other;      /* the category "other" … */
  float prior;         /* … and its prior, as a logit */
} aft__fusion;

typedef struct aft__fusion_weights {
  double model, rule;
} aft__fusion_weights;

void aft__fusion_prior(const aft_policy *policy, aft__fusion *out); /* other and prior */
aft__fusion_weights aft__fusion_default(const aft_policy *policy);
/* The weights that make the labels of a half (0, 1; 2: of both) likeliest, drawn towards start by a little.
 */
aft__fusion_weights aft__fusion_learn(const aft__fusion *f, uint32_t half, aft__fusion_weights start);
/* The category that a row comes to. */
uint32_t aft__fusion_best(const aft__fusion *f, uint32_t row, aft__fusion_weights weights);
/* By the rules alone: what has most points, "other" where nothing has any. */
uint32_t aft__fusion_rules(const aft__fusion *f, uint32_t row);

/* Whether the desk's text asks the customer something that wants an answer. */
aft_status aft__triage_wants_answer(const aft_policy *policy, aft_str text, aft__arena *arena, bool *out,
                                    aft_error *error);

/* A text on its own, with the customer's label or an empty one. */
aft_status aft__policy_triage(const aft_policy *policy, aft_str text, aft_str label, aft__arena *arena,
                              aft__triage *out, aft__buf *reasons, aft_error *error);

/* Whether it says what it is about, other than an answer or mere courtesy. */
bool aft__triage_content(const aft__triage *triage);
/* Fills the facts that a triage result decides. */
void aft__triage_facts(const aft__triage *triage, aft__facts *facts);

/* ---- decide.c ---- */

bool aft__policy_holds(const aft_policy *policy, uint32_t condition, const aft__facts *facts);

typedef struct aft__priority {
  aft_str name; /* of the level: "urgent" */
  int32_t rank; /* 0 is the most urgent level */
  int32_t points;
} aft__priority;

/* Sums the points of all rules that hold. Appends reasons about "priority". */
void aft__policy_priority(const aft_policy *policy, const aft__facts *facts, aft__priority *out,
                          aft__buf *reasons);
/* The level of a name; false when the policy has none. */
bool aft__policy_priority_find(const aft_policy *policy, aft_str name, aft__priority *out);

/* The first queue of the policy that takes the ticket; empty where there is none. Appends a reason about
 * "queue". */
aft_str aft__policy_queue(const aft_policy *policy, const aft__facts *facts, aft__buf *reasons);
/* What the desk may offer: calls back with each suggestion of the policy whose condition holds. Appends
 * reasons about "suggestion". */
typedef void (*aft__suggest_fn)(void *user, aft_str name);
void aft__policy_suggest(const aft_policy *policy, const aft__facts *facts, aft__suggest_fn fn, void *user,
                         aft__buf *reasons);

/* Its place in the order in which queues are asked, from 0; -1 for a queue that the policy lacks. */
int32_t aft__policy_queue_rank(const aft_policy *policy, aft_str name);

/* ---- event_rules.c: rules on events, and macros ---- */

typedef enum aft__action_kind {
#define AFT__ACTION(id, word, argument, raises, later) AFT__ACTION_##id,
#include "policy/actions.def"
#undef AFT__ACTION
  AFT__ACTIONS
} aft__action_kind;
extern const char *const aft__action_words[AFT__ACTIONS]; /* "assign.queue" */

#define AFT__MOST_RULES    256u
#define AFT__MOST_TRIGGERS 64u /* events that the rules of one policy ask for */
#define AFT__MOST_ACTIONS  16u /* of one rule or macro */

/* One thing to do; texts belong to the policy. */
typedef struct aft__action_of {
  aft__action_kind kind;
  aft_str name;   /* of the attribute; the kind of a case */
  aft_str value;  /* tag, agent, queue, key of a text, reason … */
  int64_t number; /* of an attribute that is one */
} aft__action_of;

typedef struct aft__rule_of {
  aft_str name;
  uint64_t on;        /* bit per trigger of the policy */
  uint32_t condition; /* AFT__FLOW_NONE: always */
  uint32_t n_actions;
  uint32_t first; /* for aft__policy_action */
  bool stop;
  bool enabled;
} aft__rule_of;

typedef struct aft__macro_of {
  aft_str name;
  uint32_t condition, n_actions, first;
  uint32_t roles; /* bit per AFT_ROLE_… */
} aft__macro_of;

/* The triggers that an event of a ticket is, of rules that are enabled; 0 at once in a policy without. */
uint64_t aft__policy_raises(const aft_policy *policy, aft_str verb);
/* The same for rules that are not enabled too. */
uint64_t aft__policy_triggers(const aft_policy *policy, aft_str verb);
aft_str aft__policy_trigger(const aft_policy *policy, uint32_t index); /* its event; empty past the last */
/* Rules in the order in which they are asked; macros by name. False past the last. */
bool aft__policy_rule_at(const aft_policy *policy, uint32_t index, aft__rule_of *out);
bool aft__policy_macro_at(const aft_policy *policy, uint32_t index, aft__macro_of *out);
bool aft__policy_macro_find(const aft_policy *policy, aft_str name, aft__macro_of *out);
void aft__policy_action(const aft_policy *policy, uint32_t index, aft__action_of *out);
/* The facts that a condition looks at, each once, with what was found. */
typedef void (*aft__tested_fn)(void *user, const char *fact, aft_str found);
void aft__policy_tested(const aft_policy *policy, uint32_t condition, const aft__facts *facts,
                        aft__tested_fn fn, void *user);
/* The first queue, by order, of a team; empty where it has none. */
aft_str aft__policy_team_queue(const aft_policy *policy, aft_str team);
/* The category that a topic is of; empty for none. */
aft_str aft__policy_topic_category(const aft_policy *policy, aft_str topic);
/* ---- collaboration.c: agents on one ticket ---- */

bool aft__policy_follow_on_mention(const aft_policy *policy); /* whoever is mentioned follows the ticket */

/* ---- routing.c: who takes what ---- */

typedef enum aft__assign {
  AFT__ASSIGN_CLAIM, /* agents take the next one themselves */
  AFT__ASSIGN_ROUND_ROBIN,
  AFT__ASSIGN_LEAST_LOADED,
  AFT__ASSIGN_LONGEST_WAITING,
  AFT__ASSIGN_STICKY, /* to the customer's last agent */
  AFT__ASSIGNS
} aft__assign;
extern const char *const aft__assigns[AFT__ASSIGNS + 1];

typedef enum aft__hand_back {
  AFT__HAND_BACK_UNANSWERED,
  AFT__HAND_BACK_ALL,
  AFT__HAND_BACK_NEVER,
  AFT__HAND_BACKS
} aft__hand_back;
extern const char *const aft__hand_backs[AFT__HAND_BACKS + 1];

typedef struct aft__routing {
  int64_t patience_ms;                 /* of a ticket without a target */
  int64_t away_after_ms;               /* without a sign of an agent; -1: never */
  int64_t rate_claims, rate_within_ms; /* for one agent; 0: without bound */
  uint32_t hand_back, reserved0;       /* aft__hand_back */
} aft__routing;
void aft__policy_routing_of(const aft_policy *policy, aft__routing *out);

aft_str aft__policy_queue_name(const aft_policy *policy, uint32_t index); /* empty past the last */
/* How a queue gives its tickets out. then: what a sticky one falls to. */
aft__assign aft__policy_assign(const aft_policy *policy, aft_str queue, aft__assign *then);
bool aft__policy_pushes(const aft_policy *policy); /* whether any queue does not wait for claims */
/* Skills that the queue needs, appended with spaces between. */
void aft__policy_queue_skills(const aft_policy *policy, aft_str queue, aft__buf *out);
bool aft__policy_team_find(const aft_policy *policy, aft_str name);
bool aft__policy_team_has(const aft_policy *policy, aft_str team, aft_str queue); /* names it itself */
/* What decides which lanes are for somebody: words with spaces between. */
typedef struct aft__taker {
  aft_str languages; /* empty: all */
  aft_str skills, teams;
} aft__taker;
bool aft__policy_speaks(const aft__taker *taker, aft_str language);
bool aft__policy_team_takes(const aft_policy *policy, aft_str teams, aft_str queue);
bool aft__policy_skilled(const aft_policy *policy, const aft__taker *taker, aft_str needed);
/* Whether the teams take the queue and the skills that it needs are there, of their own or a team's. */
bool aft__policy_takes(const aft_policy *policy, const aft__taker *taker, aft_str queue, aft_str skills);
/* The next of "chat=3 email=20"; false at the end. */
bool aft__capacities_next(aft_str *words, aft_str *channel, int64_t *most);
/* Whether the rate lets somebody have one more who got so many since a time; AFT_TIME_NONE: none yet. */
bool aft__routing_lets(const aft__routing *routing, aft_time from, int64_t count, aft_time now);

/* A place in lanes and inbox, the smallest first; of equal ones the older record. */
static inline bool aft__place_before(int64_t place, int64_t id, int64_t than_place, int64_t than_id) {
  return place < than_place || (place == than_place && id < than_id);
}
/* Who gets a ticket that is given out: the least weight, of equal ones who got one least recently. */
static inline bool aft__turn_before(int64_t weight, aft_time served, int64_t than_weight,
                                    aft_time than_served) {
  return weight < than_weight || (weight == than_weight && served < than_served);
}

/* ---- tiers.c: what a customer's standing brings, and how it is earned ---- */

#define AFT__PRIVILEGES 2u
extern const char *const aft__privileges[AFT__PRIVILEGES + 1]; /* "advance_refund", "free_pickup" */

bool aft__policy_tier_find(const aft_policy *policy, aft_str name);
int32_t aft__policy_tier_targets(const aft_policy *policy, aft_str name); /* permille; 1000 for any other */
aft_str aft__policy_tier_agent(const aft_policy *policy, aft_str name);   /* the host's name; empty: nobody */
void aft__policy_tier_facts(const aft_policy *policy, aft__facts *facts); /* of the tier in the facts */

typedef struct aft__purchase {
  aft_time placed;
  int64_t total;
  aft_str currency; /* may lie in code */
  char code[4];
} aft__purchase;
typedef struct aft__purchases {
  int64_t orders, value, since_last_ms;
} aft__purchases;

bool aft__policy_earns(const aft_policy *policy); /* whether any tier is */
/* The first tier, by order, that the purchases reach; one that the customer has needs what staying asks for.
 * Empty for none. *out: the purchases that counted for it. */
aft_str aft__policy_tier_earned(const aft_policy *policy, aft_str has, const aft__purchase *list, uint32_t n,
                                aft_time now, aft__purchases *out);
/* When it may change with no further purchase; AFT_TIME_NONE: never. */
aft_time aft__policy_tier_review(const aft_policy *policy, const aft__purchase *list, uint32_t n,
                                 aft_time now);

/* ---- labels.c: the shop's own attributes and tags ---- */

typedef enum aft__label_kind {
  AFT__LABELS_TICKET,
  AFT__LABELS_CUSTOMER,
  AFT__LABELS_ORDER,
  AFT__LABEL_KINDS
} aft__label_kind;

typedef enum aft__value_type {
  AFT__VALUE_TEXT,
  AFT__VALUE_CHOICE,
  AFT__VALUE_DATE, /* YYYY-MM-DD */
  AFT__VALUE_NUMBER,
  AFT__VALUE_FLAG,
  AFT__VALUE_TIME,
  AFT__VALUE_TYPES
} aft__value_type;
extern const char *const aft__value_types[AFT__VALUE_TYPES + 1]; /* "text", "choice" … */

typedef struct aft__attribute_def {
  uint32_t index; /* in the policy */
  aft_str name;
  aft__value_type type;
  bool indexed; /* lists find records by it */
} aft__attribute_def;

/* Whether values of a type are numbers; others are texts. */
static inline bool aft__value_is_number(aft__value_type type) { return type >= AFT__VALUE_NUMBER; }
/* AFT_E_INVALID names the attribute that is closest where there is none of this name. */
aft_status aft__policy_attribute_find(const aft_policy *policy, aft__label_kind kind, aft_str name,
                                      aft__attribute_def *out, aft_error *error);
/* Checks a value against its declaration. *key is what lists and conditions compare: the number itself, the
 * days of a date since 1970, or a hash of a text. */
aft_status aft__policy_attribute_key(const aft_policy *policy, const aft__attribute_def *def, aft_str text,
                                     int64_t number, int64_t *key, aft_error *error);
bool aft__label_key_of_date(aft_str text, int64_t *key); /* false for what is no date */
int64_t aft__label_key_of_text(aft_str text);
/* The form in which tags are kept and compared, appended to out. AFT_E_INVALID for one that the policy does
 * not list where it lists any. */
aft_status aft__policy_tag(const aft_policy *policy, aft__label_kind kind, aft_str tag, aft__buf *out,
                           aft_error *error);
#define AFT__TAG_BYTES 64

/* ---- levels.c: service-level arithmetic ---- */

typedef enum aft__sla {
  AFT__SLA_FIRST_RESPONSE,
  AFT__SLA_NEXT_RESPONSE,
  AFT__SLA_RESOLUTION,
  AFT__SLAS
} aft__sla;
const char *aft__sla_name(aft__sla sla); /* "first_response" */
bool aft__sla_find(aft_str name, aft__sla *out);
typedef struct aft__hold {
  aft_time from, to;
} aft__hold;
typedef struct aft__owed {
  aft_str priority;
  const aft__facts *facts; /* for levels with a condition; NULL passes them over */
  aft__sla sla;
  aft_time began;
  aft_str tier;           /* of the customer: may shorten the target */
  const aft__hold *holds; /* ascending and apart: time that does not count */
  uint32_t n_holds;
} aft__owed;

/* Whether levels have conditions, so that facts are worth gathering. */
bool aft__policy_levels_ask(const aft_policy *policy);
/* The target of the first level that counts, or -1 where the policy sets none. */
int64_t aft__policy_target(const aft_policy *policy, const aft__owed *in);
/* Where it stands among what waits: since when, and how long it may (in NULL: nothing says so). A deadline in
 * plain time: on a calendar two tickets could change their order by what lies between them. */
aft_time aft__policy_place(const aft_policy *policy, const aft__owed *in, aft_time since);
/* When it is due: when the target has passed since began, on the level's calendar and without what was on
 * hold; AFT_TIME_NONE without a target. Appends reasons about "due" (NULL allowed): the target, each stretch
 * that counts, each that was on hold, and the time. */
aft_time aft__policy_due(const aft_policy *policy, const aft__owed *in, aft__buf *reasons);
/* When people are to be warned of it; AFT_TIME_NONE where they are not. A tier shortens the warning as it
 * does the target. */
aft_time aft__policy_warning(const aft_policy *policy, const aft__owed *in);
bool aft__policy_warns(const aft_policy *policy); /* at all */
/* When the deadline of a state ends that was entered at from. It counts on the hours of the state's calendar,
 * else of that of the level (NULL: of none), or in business days: on which the state's calendar is open, else
 * the one of cases, else Monday to Friday of the given offset. Calendars are those of the policy, or of the
 * one that the machine is from. Appends reasons about "due" (NULL allowed) where a calendar or business days
 * decide.
 */
aft_time aft__policy_deadline(const aft_policy *policy, const aft_policy *own, const aft__flow *flow,
                              const aft__flow_state *state, const aft__owed *level, aft_time from,
                              int32_t offset_minutes, aft__buf *reasons);
int32_t aft__policy_most_level(const aft_policy *policy); /* the highest escalation level */

/* ---- levels.c, surveys.c: the rest that services ask for ---- */

typedef struct aft__policy_intake {
  int64_t thread_window_ms; /* same customer and open ticket: joined within this time */
  int64_t pause_ms;         /* what a customer says within it is read together */
  uint32_t flood_messages;  /* so many first messages that are alike are a flood; 0: never */
  int64_t flood_within_ms;
} aft__policy_intake;
void aft__policy_intake_of(const aft_policy *policy, aft__policy_intake *out);

/* surveys.c */

typedef enum aft__survey_about {
  AFT__ABOUT_TICKET, /* asked when it is resolved */
  AFT__ABOUT_CASE,   /* asked at its end */
  AFT__ABOUTS
} aft__survey_about;
extern const char *const aft__survey_abouts[AFT__ABOUTS + 1];

#define AFT__MOST_QUESTIONS 32u /* of a survey, and choices of one of them */

typedef struct aft__policy_survey {
  aft_str name; /* empty: the usual one */
  bool enabled;
  bool custom; /* questions alone, without a score */
  aft__survey_about about;
  aft__score_kind kind;
  int32_t sample;      /* permille of the surveys that are sent */
  int32_t low;         /* the highest score that counts as low */
  int64_t after_ms;    /* after resolution, or the case's end */
  int64_t fatigue_ms;  /* a person is asked once in this time; -1: as often as it comes */
  int64_t reminder_ms; /* after sending; -1: none */
  int64_t expires_ms;  /* after sending */
  int64_t edit_ms;     /* after the first answer; -1: it stands at once */
  uint32_t calendar;   /* AFT__FLOW_NONE: it may be sent at any time */
  uint32_t first, questions;
} aft__policy_survey;
/* The usual survey for an empty name; false for one that the policy lacks, and *out is the usual one. */
bool aft__policy_survey_find(const aft_policy *policy, aft_str name, aft__policy_survey *out);
/* The first survey whose condition holds; false where nobody is to be asked. */
bool aft__policy_survey_pick(const aft_policy *policy, aft__survey_about about, const aft__facts *facts,
                             aft__policy_survey *out);
/* Whether any survey asks about it; has_conditions (NULL allowed): whether facts decide which. */
bool aft__policy_surveys_ask(const aft_policy *policy, aft__survey_about about, bool *has_conditions);
/* The first moment from then on at which a survey may be sent; AFT_TIME_NONE where there is none. */
aft_time aft__policy_survey_opening(const aft_policy *policy, const aft__policy_survey *survey,
                                    aft_time from);
/* "csat", "nps", "ces" or "custom". */
const char *aft__policy_survey_kind(const aft__policy_survey *survey);

/* ---- survey_questions.c: what a survey asks beside its score ---- */

typedef enum aft__question_type {
  AFT__QUESTION_SCALE,
  AFT__QUESTION_CHOICE,
  AFT__QUESTION_CHOICES, /* any number of them */
  AFT__QUESTION_YES_NO,  /* a choice of yes and no */
  AFT__QUESTION_TEXT,
  AFT__QUESTION_TYPES
} aft__question_type;
extern const char *const aft__question_types[AFT__QUESTION_TYPES + 1];

typedef struct aft__question {
  aft_str name;
  aft__question_type type;
  bool required;
  int32_t from, to;   /* of a scale */
  uint32_t most;      /* characters of a text */
  uint32_t n_choices; /* aft__policy_choice */
  uint32_t row;       /* in the policy */
} aft__question;
/* By number, from 0 to survey->questions - 1. */
void aft__policy_question(const aft_policy *policy, const aft__policy_survey *survey, uint32_t index,
                          aft__question *out);
bool aft__policy_question_find(const aft_policy *policy, const aft__policy_survey *survey, aft_str name,
                               aft__question *out);
aft_str aft__policy_choice(const aft_policy *policy, const aft__question *question, uint32_t index);

typedef struct aft__reply {
  int64_t number;  /* of a scale */
  aft_str choices; /* chosen, in the policy's order, with spaces between; in the arena */
  aft_str text;
  bool low;
} aft__reply;
/* Checks an answer against its question. AFT_E_INVALID at where says what is expected. */
aft_status aft__policy_reply(const aft_policy *policy, const aft__question *question, aft_str text,
                             const char *where, aft__arena *arena, aft__reply *out, aft_error *error);

/* ---- tasks.c: what people may owe for a ticket ---- */

typedef enum aft__task_kind {
  AFT__TASK_FOLLOW_UP,
  AFT__TASK_CALL_BACK,
  AFT__TASK_WORK_ORDER,
  AFT__TASK_KINDS
} aft__task_kind;
extern const char *const aft__task_kinds[AFT__TASK_KINDS + 1]; /* "follow_up", "call_back", "work_order" */
#define AFT__TASK_SPAN (366 * AFT__DAY)                        /* the longest of its times */

typedef struct aft__policy_task {
  uint32_t index; /* in the policy */
  aft__task_kind kind;
  aft_str name, party;
  aft_str script;               /* key of a text; empty for none */
  uint32_t attempts, most_open; /* most_open: of one ticket */
  bool ruled;                   /* messages may open it */
} aft__policy_task;

bool aft__policy_task_at(const aft_policy *policy, uint32_t index, aft__policy_task *out);
bool aft__policy_task_find(const aft_policy *policy, aft_str name, aft__policy_task *out);
bool aft__policy_task_party(const aft_policy *policy, aft_str party); /* whether any task is this party's */
bool aft__policy_task_rules(const aft_policy *policy);                /* whether messages open any */
/* Whether a message after which the ticket has these facts opens it. */
bool aft__policy_task_asked(const aft_policy *policy, const aft__policy_task *task, const aft__facts *facts);
/* Whether an agent with these teams and skills may take it for a ticket of a queue. */
bool aft__policy_task_fits(const aft_policy *policy, const aft__policy_task *task, aft_str queue,
                           aft_str teams, aft_str skills);
/* On the task's calendar: when its target has passed, when it may be attempted again, and when people are
 * warned of what is due then; AFT_TIME_NONE where they are not. */
aft_time aft__policy_task_due(const aft_policy *policy, const aft__policy_task *task, aft_time from);
aft_time aft__policy_task_again(const aft_policy *policy, const aft__policy_task *task, aft_time from);
aft_time aft__policy_task_warning(const aft_policy *policy, const aft__policy_task *task, aft_time from,
                                  aft_time due);
/* The first open stretch of its calendar at or after from; false where there is none. */
bool aft__policy_task_open(const aft_policy *policy, const aft__policy_task *task, aft_time from,
                           aft_time *start, aft_time *end);

/* retention.c: how long records are kept, in milliseconds after their end, or AFT__RETAIN_NEVER: they are
 * never removed. */
typedef enum aft__retain {
  AFT__RETAIN_TICKETS,
  AFT__RETAIN_SURVEYS,
  AFT__RETAIN_EFFECTS,
  AFT__RETAIN_REFUSALS,
  AFT__RETAIN_KEYS,
  AFT__RETAIN_MESSAGES, /* what was said in tickets that stay */
  AFT__RETAIN_CASES,
  AFT__RETAIN_ORDERS,
  AFT__RETAIN_CUSTOMERS, /* of whom nothing is left */
  AFT__RETAIN_LINKS,
  AFT__RETAIN_ERASURES,
  AFT__RETAINS
} aft__retain;
#define AFT__RETAIN_NEVER INT64_C(-1)
int64_t aft__policy_retain(const aft_policy *policy, aft__retain what);

const aft__flow *aft__policy_machine(const aft_policy *policy, const char *name);  /* NULL when missing */
const aft__flow *aft__policy_machine_at(const aft_policy *policy, uint32_t index); /* NULL past the last */

/* Whether a category exists in the policy. */
bool aft__policy_category_find(const aft_policy *policy, aft_str name, aft_str *out);
/* Whether the category has the topic. */
bool aft__policy_topic_find(const aft_policy *policy, aft_str category, aft_str topic);
/* The categories by number, from 0; AFT_STR("") past the last. */
uint32_t aft__policy_categories(const aft_policy *policy);
aft_str aft__policy_category(const aft_policy *policy, uint32_t index);

/* forms.c */
typedef struct aft__form_value {
  aft_str name, text;
} aft__form_value;
/* Checks values field by field against a form of the policy. AFT_E_FORM names the first wrong field in
 * error->where ("form.contact.order") and says how many there are; AFT_E_NOT_FOUND for an unknown form.
 * *report (NULL allowed) gets one line for each wrong field. */
aft_status aft__policy_form_check(const aft_policy *policy, aft_str form, const aft__form_value *values,
                                  size_t n, aft__buf *report, aft_error *error);

/* 5 to 20 digits, with the usual separators. */
bool aft__phone_ok(aft_str text);

/* What a field means to the desk: "name", "order", "description", "label", "phone", "email" or empty. */
aft_str aft__policy_form_meaning(const aft_policy *policy, aft_str form, aft_str field);

/* ---- notices.c: what customers are told, and in which words ---- */

typedef enum aft__notice_group {
#define AFT__NOTICE_GROUP(ID, name) AFT__NOTICES_OF_##ID,
#define AFT__NOTICE_FIELD(...)
#define AFT__NOTICE_FIELD_OF(...)
#define AFT__NOTICE(...)
#include "policy/notices.def"
#undef AFT__NOTICE_GROUP
#undef AFT__NOTICE_FIELD
#undef AFT__NOTICE_FIELD_OF
#undef AFT__NOTICE
  AFT__NOTICE_GROUPS
} aft__notice_group;
extern const char *const aft__notice_groups[AFT__NOTICE_GROUPS + 1]; /* "ticket", … */

typedef struct aft__notice_field {
  const char *name;
  const char *words; /* the events of the default policy that have it; NULL: all of the group */
  aft__value_kind kind;
  bool own; /* events that a shop's machines name may have it */
} aft__notice_field;
/* The fields of a group, closed by one without a name. */
const aft__notice_field *aft__notice_fields(aft__notice_group group);
/* Whether texts of the event may have a place for it. own: the default policy has no such event. */
bool aft__notice_has(const aft__notice_field *field, aft_str event, bool own);
/* The group of an event such as "ticket.resolved"; false where there is none. */
bool aft__notice_group_of(aft_str event, aft__notice_group *out);
/* The words of those that the desk sends by itself: "survey.invite"; NULL past the last. */
const char *aft__notice_own(uint32_t index);

#define AFT__NOTICE_PREFIX   "notify." /* of their texts */
#define AFT__NOTICE_CHANNELS 8u

typedef struct aft__notice_plan {
  aft_str topic; /* what customers opt out of */
  bool off;      /* it is not sent */
  bool urgent;   /* no quiet hours hold it */
  bool awaited;  /* the policy's quiet hours do not hold it, the customer's own do */
  bool must;     /* no opt-out stops it, and it is never made one with others */
  bool record;   /* kept also where it leaves at once */
  int64_t coalesce_ms;
  aft_str channels[AFT__NOTICE_CHANNELS]; /* AFT__NOTICE_SAME: the one that the matter came on */
  uint32_t n_channels;                    /* 0: any */
} aft__notice_plan;
#define AFT__NOTICE_SAME "same"
void aft__policy_notice_of(const aft_policy *policy, aft_str event, aft__notice_plan *out);
/* Whether any event has the topic; must: all that have it must be sent. */
bool aft__policy_notice_topic(const aft_policy *policy, aft_str topic, bool *must);

typedef struct aft__notice_fill {
  aft_str event, channel;
  const char *locale; /* "zh" or "en" */
  const aft__filling *values;
  size_t n;
} aft__notice_fill;
/* Appends what it says on its channel, and its subject where the channel has one; false without a text. */
bool aft__policy_notice_write(const aft_policy *policy, const aft__notice_fill *in, aft__buf *text,
                              aft__buf *subject);
const char *aft__policy_notice_format(const aft_policy *policy,
                                      aft_str channel); /* "plain", "html", "json" */

/* A text of any kind filled with values, for plain text. Where a value is named so and not 0, a text for
 * those who see no prices is taken, "key.plain", if there is one. */
#define AFT__NOTICE_UNPRICED "unpriced"
void aft__policy_fill(const aft_policy *policy, const char *locale, const char *key,
                      const aft__filling *values, size_t n, aft__buf *out);

/* When the policy leaves customers in peace who said nothing of it. */
typedef struct aft__quiet {
  int32_t from, until; /* minutes of the day; both 0: never */
  uint32_t of_shop;    /* by the shop's clock, not by the customer's */
  uint32_t reserved0;
} aft__quiet;
void aft__policy_quiet(const aft_policy *policy, aft__quiet *out);

/* ---- notice_route.c: where to and when, by the policy and the customer's wishes ---- */

/* Lists have their words parted by spaces; all may be empty. */
typedef struct aft__wishes {
  aft_str channels;                /* the best first */
  aft_str no_channels, no_topics;  /* what they opted out of */
  int32_t quiet_from, quiet_until; /* minutes of the day; both 0: no quiet hours */
  const aft_zone *zone;            /* of those; NULL: UTC */
} aft__wishes;

/* Why it is not to be sent at all ("off", "opted_out"), or NULL. */
const char *aft__notice_refused(const aft__notice_plan *plan, const aft__wishes *wishes);
/* The channels to try, in their order; same: that of the matter, may be empty. Returns how many. */
#define AFT__NOTICE_ROUTE 24u
uint32_t aft__notice_route(const aft__notice_plan *plan, const aft__wishes *wishes, aft_str same,
                           aft_str out[AFT__NOTICE_ROUTE]);
/* The first moment from then on outside of quiet hours. */
aft_time aft__notice_awake(const aft__wishes *wishes, aft_time from);

/* A text of the catalogue rendered with arguments, appended to out. */
void aft__policy_render(const aft_policy *policy, const char *locale, const char *key, const aft__arg *args,
                        size_t n, aft__buf *out);

#include "policy/cases.h"
#include "policy/refund_split.h"

#endif

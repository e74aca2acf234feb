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
/* Renders the lines about something (NULL: all) as sentences of a language, one a line. A value is shown
 * by the catalogue's text "<argument>.<value>" where there is one. */
void aft__reasons_render(const aft_policy *policy, const char *locale, aft_str reasons, const char *about,
                         aft__buf *out);

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
/* Whether a member of these teams takes the queue; and has the needed skills, of their own or a team's. */
bool aft__policy_team_takes(const aft_policy *policy, aft_str teams, aft_str queue);
bool aft__policy_skilled(const aft_policy *policy, aft_str teams, aft_str skills, aft_str needed);

/* ---- tiers.c: what a customer's standing brings, and how it is earned ---- */

#define AFT__PRIVILEGES 2u
extern const char *const aft__privileges[AFT__PRIVILEGES + 1]; /* "advance_refund", "free_pickup" */

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
typedef struct aft__owed {
  aft_str priority;
  const aft__facts *facts; /* for levels with a condition; NULL passes them over */
  aft__sla sla;
  aft_time began;
  int64_t paused_ms; /* time on hold, as the level's calendar counts it */
  aft_str tier;      /* of the customer: may shorten the target */
} aft__owed;

/* Whether levels have conditions, so that facts are worth gathering. */
bool aft__policy_levels_ask(const aft_policy *policy);
/* The target of the first level that counts, or -1 where the policy sets none. */
int64_t aft__policy_target(const aft_policy *policy, const aft__owed *in);
/* When it is due: when target and time on hold have passed since began, on the level's calendar;
 * AFT_TIME_NONE without a target. Appends reasons about "due" (NULL allowed): the target, and each stretch
 * that counts. */
aft_time aft__policy_due(const aft_policy *policy, const aft__owed *in, aft__buf *reasons);
/* When people are to be warned of it; AFT_TIME_NONE where they are not, or have no time for it. */
aft_time aft__policy_warning(const aft_policy *policy, const aft__owed *in);
bool aft__policy_warns(const aft_policy *policy); /* at all */
/* Time between two moments as the level's calendar counts it. */
int64_t aft__policy_open_time(const aft_policy *policy, const aft__owed *in, aft_time from, aft_time to);
int32_t aft__policy_most_level(const aft_policy *policy); /* the highest escalation level */

/* ---- levels.c, surveys.c: the rest that services ask for ---- */

typedef struct aft__policy_intake {
  int64_t thread_window_ms; /* same customer and open ticket: joined within this time */
  int64_t pause_ms;         /* what a customer says within it is read together */
  uint32_t flood_messages;  /* so many first messages that are alike are a flood; 0: never */
  int64_t flood_within_ms;
} aft__policy_intake;
void aft__policy_intake_of(const aft_policy *policy, aft__policy_intake *out);

typedef struct aft__policy_survey {
  bool enabled;
  aft__score_kind kind;
  int32_t sample;      /* permille of the surveys that are sent */
  int32_t low;         /* the highest answer that counts as low */
  int64_t after_ms;    /* after resolution */
  int64_t fatigue_ms;  /* a person is asked once in this time; -1: as often as it comes */
  int64_t reminder_ms; /* after sending; -1: none */
  int64_t expires_ms;  /* after sending */
  int64_t edit_ms;     /* after the first answer; -1: it stands at once */
} aft__policy_survey;
void aft__policy_survey_of(const aft_policy *policy, aft__policy_survey *out);
/* The first moment from then on at which surveys may be sent; AFT_TIME_NONE where there is none. */
aft_time aft__policy_survey_opening(const aft_policy *policy, aft_time from);

/* retention.c: how long records are kept, in milliseconds after their end, or AFT__RETAIN_NEVER: they are
 * never removed. */
typedef enum aft__retain {
  AFT__RETAIN_TICKETS,
  AFT__RETAIN_SURVEYS,
  AFT__RETAIN_EFFECTS,
  AFT__RETAIN_REFUSALS,
  AFT__RETAIN_KEYS,
  AFT__RETAINS
} aft__retain;
#define AFT__RETAIN_NEVER INT64_C(-1)
int64_t aft__policy_retain(const aft_policy *policy, aft__retain what);

const aft__flow *aft__policy_machine(const aft_policy *policy, const char *name);  /* NULL when missing */
const aft__flow *aft__policy_machine_at(const aft_policy *policy, uint32_t index); /* NULL past the last */

/* Whether a category exists in the policy. */
bool aft__policy_category_find(const aft_policy *policy, aft_str name, aft_str *out);
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

/* What a field means to the desk: "name", "order", "description", "label", "phone", "email" or empty. */
aft_str aft__policy_form_meaning(const aft_policy *policy, aft_str form, aft_str field);

/* ---- notices.c: what customers are told, and in which words ---- */

typedef enum aft__notice_group {
#define AFT__NOTICE_GROUP(ID, name) AFT__ABOUT_##ID,
#define AFT__NOTICE_FIELD(...)
#define AFT__NOTICE(...)
#include "policy/notices.def"
#undef AFT__NOTICE_GROUP
#undef AFT__NOTICE_FIELD
#undef AFT__NOTICE
  AFT__ABOUTS
} aft__notice_group;
extern const char *const aft__notice_groups[AFT__ABOUTS + 1]; /* "ticket", … */

typedef struct aft__notice_field {
  const char *name;
  aft__value_kind kind;
} aft__notice_field;
/* The fields of a group, closed by one without a name. */
const aft__notice_field *aft__notice_fields(aft__notice_group group);
/* The group of an event such as "ticket.resolved"; false where there is none. */
bool aft__notice_group_of(aft_str event, aft__notice_group *out);
/* The words of those that the desk sends by itself: "survey.invite"; NULL past the last. */
const char *aft__notice_own(uint32_t index);

#define AFT__NOTICE_PREFIX   "notify." /* of their texts */
#define AFT__NOTICE_CHANNELS 8u

typedef struct aft__notice_plan {
  aft_str topic; /* what customers opt out of */
  bool off;      /* it is not sent */
  bool urgent;   /* quiet hours do not hold it */
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

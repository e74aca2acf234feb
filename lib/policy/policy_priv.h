/* Private to lib/policy: node trees, faults, the compiled image and the policy object. */
#ifndef AFT_POLICY_PRIV_H
#define AFT_POLICY_PRIV_H

#include "policy/cases.h"
#include "policy/policy.h"

/* ---- yaml_read.c: one document as a tree; merge.c: several as one ---- */

typedef enum aft__node_kind {
  AFT__NODE_NULL,
  AFT__NODE_TEXT, /* any other scalar */
  AFT__NODE_LIST,
  AFT__NODE_MAP
} aft__node_kind;

typedef struct aft__node aft__node;

typedef struct aft__item {
  aft_str key; /* empty in lists */
  const aft__node *value;
  uint32_t line, column; /* of the key */
  uint32_t document;
  uint32_t reserved0;
} aft__item;

struct aft__node {
  aft__node_kind kind;
  uint32_t document, line, column;
  aft_str text;
  aft__item *items;
  uint32_t count;
  uint32_t height; /* 1 for a scalar */
  uint32_t weight; /* nodes with all aliases expanded */
};

#define AFT__POLICY_DEPTH     32u
#define AFT__POLICY_NODES     100000u
#define AFT__POLICY_DOCUMENTS 64u

/* ---- faults.c: what is wrong, all of it ---- */

#define AFT__FAULTS_MOST 100u

typedef struct aft__fault {
  aft_status code;
  uint32_t document, line, column;
  const char *path, *message;
} aft__fault;

typedef struct aft__faults {
  aft__arena *arena;
  const aft_document *documents;
  aft__fault *list;
  uint32_t count; /* kept; at most AFT__FAULTS_MOST */
  uint32_t total;
  uint32_t nodes; /* of all documents, with aliases expanded */
  bool nomem;
  char path[512]; /* where the reader stands: "priority.rules.late" */
  size_t path_len;
} aft__faults;

#define AFT__NO_DOCUMENT UINT32_MAX

void aft__faults_init(aft__faults *faults, aft__arena *arena, const aft_document *documents);
size_t aft__path_push(aft__faults *faults, aft_str name); /* returns the mark for aft__path_pop */
void aft__path_pop(aft__faults *faults, size_t mark);
void aft__fault_at(aft__faults *faults, aft_status code, uint32_t document, uint32_t line, uint32_t column,
                   const char *fmt, ...) AFT__PRINTF(6, 7);
void aft__fault_node(aft__faults *faults, aft_status code, const aft__node *node, const char *fmt, ...)
    AFT__PRINTF(4, 5);
void aft__fault_key(aft__faults *faults, aft_status code, const aft__item *item, const char *fmt, ...)
    AFT__PRINTF(4, 5);
/* The error of the first fault, and one line a fault appended to report (NULL allowed). AFT_OK without any.
 */
aft_status aft__faults_end(aft__faults *faults, aft__buf *report, aft_error *error);
/* " (did you mean 'x'?)" for the nearest of the names, or "". Lives in the arena. */
typedef aft_str (*aft__name_at)(const void *names, uint32_t i);
const char *aft__did_you_mean(aft__faults *faults, aft_str wrong, const void *names, uint32_t count,
                              aft__name_at at);
/* The key of an item of a map, for that. */
static inline aft_str aft__item_key(const void *items, uint32_t i) {
  return ((const aft__item *)items)[i].key;
}

/* Reads documents[index]. NULL when faults or the lack of memory made a tree impossible. */
const aft__node *aft__yaml_read(aft__faults *faults, uint32_t index, const aft_env *env);

/* over on top of base (NULL: nothing): maps by key, others replace, null removes. The result's maps are
 * sorted by key. NULL when out of memory. */
const aft__node *aft__merge(aft__faults *faults, const aft__node *base, const aft__node *over);
/* What the tree says, as JSON with sorted keys and every scalar a text. */
void aft__canonical(const aft__node *node, aft__buf *out);

const aft__item *aft__node_find(const aft__node *map, const char *key);
const aft__node *aft__node_get(const aft__node *map, const char *key); /* NULL when missing or no map */
bool aft__node_int(const aft__node *node, int64_t *out);
bool aft__node_bool(const aft__node *node, bool *out);
bool aft__node_duration(const aft__node *node, int64_t *ms);

/* ---- floors.c ---- */

/* What a merged document takes away that law gives: before (NULL: nothing) it was laid over, and after. */
void aft__floors_check(aft__faults *faults, const aft__node *before, const aft__node *after);

/* ---- schema.c ---- */

/* Checks the shape of a merged policy; the readers below it may then take shapes for granted. */
void aft__schema_check(aft__faults *faults, const aft__node *root);
bool aft__name_ok(aft_str name);

/* ---- the image ---- */

/* Everything is native-endian, 8-byte aligned and position-independent: texts are offsets into the block
 * of NUL-closed texts (0 is the empty one), the rest are indexes. That block begins with the content, which
 * has nearly all texts of the other sections in it. */

typedef enum aft__section_id {
  AFT__SECTION_TEXTS,      /* bytes */
  AFT__SECTION_SETTINGS,   /* one aft__settings */
  AFT__SECTION_CATEGORIES, /* aft__category */
  AFT__SECTION_TOPICS,     /* aft__topic */
  AFT__SECTION_RULES,      /* aft__rule */
  AFT__SECTION_WORDS,      /* aft__word */
  AFT__SECTION_MARKS,      /* aft__mark: what a pattern of the matcher stands for */
  AFT__SECTION_MATCHER,    /* bytes */
  AFT__SECTION_CONDITIONS, /* aft__condition */
  AFT__SECTION_LEVELS,     /* aft__level, the most urgent first */
  AFT__SECTION_CAUSES,     /* aft__cause: priority rules */
  AFT__SECTION_FORMS,      /* aft__form */
  AFT__SECTION_FIELDS,     /* aft__form_field */
  AFT__SECTION_CHOICES,    /* uint32_t texts */
  AFT__SECTION_MACHINES,   /* aft__machine */
  AFT__SECTION_STATES,     /* aft__flow_state, likewise below */
  AFT__SECTION_EVENTS,
  AFT__SECTION_MOVES,
  AFT__SECTION_EFFECTS,
  AFT__SECTION_CATALOGUE,   /* aft__entry, sorted by key */
  AFT__SECTION_SOURCE,      /* bytes: the content, among the texts. Its place is the same in every version */
  AFT__SECTION_ATTRIBUTES,  /* aft__attribute */
  AFT__SECTION_TAGS,        /* aft__known_tag */
  AFT__SECTION_QUEUES,      /* aft__queue, in the order in which they are asked */
  AFT__SECTION_LANGUAGES,   /* uint32_t texts: what the words of the policy cover; none: all */
  AFT__SECTION_SUGGESTIONS, /* aft__suggestion */
  AFT__SECTION_CASES,       /* one aft__case_settings, or none: a policy without cases */
  AFT__SECTION_REASONS,     /* aft__case_reason */
  AFT__SECTION_WINDOWS,     /* aft__window */
  AFT__SECTION_EXCEPTIONS,  /* aft__exception */
  AFT__SECTION_CLAUSES,     /* aft__clause, in the order in which they are asked */
  AFT__SECTION_CASE_RULES,  /* aft__case_rule, likewise */
  AFT__SECTION_PAIRS,       /* aft__pair: what has a name and a value */
  AFT__SECTION_CALENDARS,   /* aft__calendar_row */
  AFT__SECTION_HOURS,       /* aft__hours: of the days of calendars */
  AFT__SECTION_DAYS,        /* aft__special_day: of each calendar, ascending */
  AFT__SECTION_TARGETS,     /* aft__target: those with a condition, by order, then those of priorities */
  AFT__SECTION_TEAMS,       /* aft__team */
  AFT__SECTION_TIERS,       /* aft__tier, by order */
  AFT__SECTION_TRIGGERS,    /* uint32_t texts: events that rules ask for; bits of aft__automation.on */
  AFT__SECTION_AUTOMATIONS, /* aft__automation, in the order in which they are asked */
  AFT__SECTION_MACROS,      /* aft__macro, by name */
  AFT__SECTION_ACTIONS,     /* aft__action: of each rule and macro together */
  AFT__SECTION_SURVEYS,     /* aft__survey_row: the usual one, then those with a name, by order */
  AFT__SECTION_QUESTIONS,   /* aft__question_row: of each survey, by order */
  AFT__SECTION_TASKS,       /* aft__task_row */
  AFT__SECTION_COLLABORATION, /* one aft__collaboration */
  AFT__SECTION_CHANNELS,      /* aft__channel */
  AFT__SECTION_NOTICES,       /* aft__notice_rule */
  AFT__SECTIONS
} aft__section_id;

typedef struct aft__section {
  uint64_t offset;
  uint32_t count, item; /* item: bytes of one */
} aft__section;

#define AFT__IMAGE_MAGIC   "AFTPOLCY"
#define AFT__IMAGE_ORDER   0x01020304u
#define AFT__IMAGE_VERSION 9u
#define AFT__IMAGE_OLDEST  1u /* older than the present one: compiled anew from its source */
#define AFT__IMAGE_JSON    3u /* the last version whose source is canonical JSON */

typedef struct aft__image {
  char magic[8];
  uint32_t order;
  uint32_t version;
  uint64_t size;
  uint64_t checksum; /* of everything behind this field */
  char hash[72];     /* 64 hexadecimal digits and NULs */
  aft__section sections[AFT__SECTIONS];
} aft__image;

typedef struct aft__settings {
  int64_t thread_window_ms;
  int32_t threshold, damp, label_points, more_words;
  int32_t most_level;
  uint32_t other; /* text: "other" */
  int32_t least, disagreement, tone_clear;
  int32_t model_weight, rule_weight, other_prior; /* permille */
  int64_t pause_ms, flood_within_ms;
  int32_t flood_messages, reserved0;
  uint64_t tests, rule_tests;   /* aft__policy_tests, aft__policy_rule_tests */
  uint64_t ticket_tests;        /* aft__policy_ticket_tests */
  int64_t retain[AFT__RETAINS]; /* milliseconds, or -1 */
  aft__routing routing;
  aft__quiet quiet;
} aft__settings;

typedef struct aft__collaboration {
  uint32_t follow_on_mention, reserved0; /* whoever is mentioned follows the ticket */
} aft__collaboration;

typedef struct aft__category {
  uint32_t name, reserved0;
} aft__category;

typedef struct aft__topic {
  uint32_t category, name;
} aft__topic;

typedef struct aft__rule {
  uint32_t name;
  uint32_t category; /* index */
  uint32_t topic;    /* text; 0 for none */
  int32_t weight;
  uint32_t flags;
  uint32_t condition; /* AFT__FLOW_NONE: always */
  uint32_t most;      /* characters of a text in which it counts; 0: any number */
  uint32_t reserved0;
} aft__rule;

#define AFT__RULE_WITH  1u /* also needs one of its "with" words */
#define AFT__RULE_ASKS  2u /* counts in questions alone */
#define AFT__RULE_TELLS 4u /* counts in texts alone that are no question */

/* A word of a rule: parts that follow each other, "付款..失败". */
typedef struct aft__word {
  uint32_t text; /* as written; empty for AFT__WORD_WITH and _UNLESS */
  uint16_t rule;
  uint8_t role; /* AFT__WORD_… */
  uint8_t parts;
} aft__word;

#define AFT__WORD_PARTS 8u

enum {
  AFT__WORD_FOR,
  AFT__WORD_WITH,
  AFT__WORD_UNLESS
};

/* The parts of a rule's word have marks that follow each other. */
typedef struct aft__mark {
  uint32_t kind : 5;   /* AFT__MARK_… */
  uint32_t stem : 1;   /* no letter may stand before, any may follow */
  uint32_t part : 3;   /* of a rule's word */
  uint32_t value : 23; /* a rule's word, or AFT__WEIGHT_MOST and the weight of a tone or degree word */
} aft__mark;

#define AFT__WEIGHT_MOST 5000

typedef enum aft__mark_kind {
  AFT__MARK_RULE,
  AFT__MARK_TONE,
  AFT__MARK_NEGATION,
  AFT__MARK_DEGREE,
  AFT__MARK_ACKNOWLEDGEMENT,
  AFT__MARK_CLOSING,
  AFT__MARK_GREETING,
  AFT__MARK_PARTICLE,
  AFT__MARK_HUMAN,
  AFT__MARK_QUESTION,
  AFT__MARK_URGENT,
  AFT__MARK_CHASER,
  AFT__MARK_SERVICE, /* complaints, the graver the later */
  AFT__MARK_REGULATOR,
  AFT__MARK_MEDIA,
  AFT__MARK_QUESTION_FIRST, /* how it asks: aft__ask_kind */
  AFT__MARK_QUESTION_LAST,
  AFT__MARK_QUESTION_TAIL,
  AFT__MARK_QUESTION_HELPER,
  AFT__MARK_NO_QUESTION,
  AFT__MARK_COURTESY,     /* thanks, which tell a mood only where they stand alone */
  AFT__MARK_ORDER_NUMBER, /* words that announce what follows */
  AFT__MARK_WAYBILL,
  AFT__MARK_PHONE,
  AFT__MARK_PRODUCT,
  AFT__MARK_ADDRESS,
  AFT__MARK_YES_NO,
  AFT__MARK_ASKS_FOR,      /* of the desk */
  AFT__MARK_ANYTHING_ELSE, /* a question that expects no answer */
  AFT__MARKS               /* at most 32 */
} aft__mark_kind;

static inline int32_t aft__mark_weight(const aft__mark *mark) {
  return (int32_t)mark->value - AFT__WEIGHT_MOST;
}

#define AFT__CONDITION_DEPTH 40u /* of conditions in conditions */

typedef struct aft__condition {
  uint32_t op; /* AFT__OP_… */
  uint32_t fact;
  uint32_t first, count; /* children, which stand behind their parent and belong to it alone */
  uint32_t text;
  uint32_t name; /* text: of the attribute */
  int64_t number;
} aft__condition;

typedef enum aft__op {
  AFT__OP_ALL,
  AFT__OP_ANY,
  AFT__OP_NOT, /* none of the children */
  AFT__OP_TEXT,
  AFT__OP_EQUAL,
  AFT__OP_ABOVE,
  AFT__OP_BELOW,
  AFT__OP_AT_LEAST,
  AFT__OP_AT_MOST,
  AFT__OPS
} aft__op;

typedef struct aft__level {
  uint32_t name;
  int32_t points; /* at least so many */
} aft__level;

typedef struct aft__calendar_row {
  uint32_t name, zone;
  aft__hours_of week[7]; /* Monday first */
  uint32_t first_day, n_days;
} aft__calendar_row;

typedef struct aft__target {
  uint32_t name;
  uint32_t condition;    /* AFT__FLOW_NONE: the name is a priority, and it counts for that */
  uint32_t calendar;     /* AFT__FLOW_NONE: round the clock */
  int32_t order;         /* of those with a condition */
  int64_t ms[AFT__SLAS]; /* or -1 */
  int64_t warn_ms;       /* so much open time before a time is due; 0: no warning */
} aft__target;

typedef struct aft__cause {
  uint32_t name, condition;
  int32_t points;
  uint32_t reserved0;
} aft__cause;

/* Names in AFT__SECTION_CHOICES; none: all. */
typedef struct aft__names {
  uint32_t first, count;
} aft__names;

typedef struct aft__queue {
  uint32_t name, condition; /* AFT__FLOW_NONE: takes every ticket */
  int32_t order;
  uint32_t assign, then; /* aft__assign */
  aft__names skills;     /* that an agent needs; none: no skill */
} aft__queue;

/* What purchases must reach; -1: whatever they are. */
typedef struct aft__standing {
  int64_t orders, value, recent_ms;
} aft__standing;

typedef struct aft__tier {
  uint32_t name;
  int32_t order;
  int32_t targets;     /* permille of the targets of service levels */
  uint32_t agent;      /* text: the host's name of who serves them first; 0: nobody */
  uint32_t privileges; /* bit per aft__privileges */
  uint32_t earned;     /* by purchases */
  uint32_t currency, reserved0;
  int64_t within_ms; /* purchases count for so long; -1: for ever */
  aft__standing enter, stay;
} aft__tier;

typedef struct aft__team {
  uint32_t name;
  aft__names queues, skills; /* none: none */
  uint32_t reserved0;
} aft__team;

typedef struct aft__automation {
  uint64_t on; /* bit per trigger */
  uint32_t name, condition;
  int32_t order;
  uint32_t flags;
  uint32_t first, count; /* actions */
} aft__automation;

#define AFT__AUTOMATION_STOP  1u
#define AFT__AUTOMATION_OFF   2u
#define AFT__AUTOMATION_FLAGS 3u

typedef struct aft__macro {
  uint32_t name, condition;
  uint32_t roles, reserved0;
  uint32_t first, count; /* actions */
} aft__macro;

typedef struct aft__action {
  uint32_t kind; /* aft__action_kind */
  uint32_t name, value, reserved0;
  int64_t number;
} aft__action;
typedef struct aft__survey_row {
  uint32_t name; /* text; 0: the usual one */
  uint32_t about;
  uint32_t condition; /* AFT__FLOW_NONE: asked whatever the facts are */
  uint32_t kind;      /* aft__score_kind; AFT__SCORES: questions alone */
  int32_t order, sample, low;
  uint32_t enabled;
  uint32_t hours;        /* calendar or AFT__FLOW_NONE */
  uint32_t first, count; /* questions */
  uint32_t reserved0;
  int64_t after_ms, fatigue_ms, reminder_ms, expires_ms, edit_ms; /* -1: never */
} aft__survey_row;

typedef struct aft__question_row {
  uint32_t name, type; /* aft__question_type */
  uint32_t required;
  int32_t order;
  int32_t from, to;           /* of a scale */
  int32_t low;                /* of a scale: the highest answer that is low; below from: none is */
  uint32_t most;              /* characters of a text */
  aft__names choices, lowest; /* lowest: choices that are low */
} aft__question_row;
typedef struct aft__task_row {
  uint32_t name, kind;          /* aft__task_kind */
  uint32_t party, team, script; /* texts; team and script 0: none */
  uint32_t condition;           /* AFT__FLOW_NONE: no message opens it */
  uint32_t calendar;            /* AFT__FLOW_NONE: round the clock */
  aft__names skills;            /* none: no skill */
  uint32_t attempts, most_open, reserved0;
  int64_t target_ms, warn_ms, again_ms;
} aft__task_row;
/* How texts are written for a channel. */
typedef struct aft__channel {
  uint32_t name;
  uint32_t format;  /* aft__markup */
  uint32_t subject; /* text: key of the catalogue; 0: none */
  uint32_t most;    /* characters; 0: any number */
} aft__channel;

/* What holds for the events of a pattern: "default", "case.*" or one event's name. */
typedef struct aft__notice_rule {
  uint32_t pattern, topic; /* texts; topic 0: the pattern says none */
  uint32_t says, flags;    /* AFT__NOTICE_…: which flags it sets, and those that are set to true */
  aft__names channels;     /* where AFT__NOTICE_LISTS is said */
  int64_t coalesce_ms;     /* where AFT__NOTICE_JOINS is said */
} aft__notice_rule;

#define AFT__NOTICE_OFF     1u
#define AFT__NOTICE_URGENT  2u
#define AFT__NOTICE_MUST    4u
#define AFT__NOTICE_RECORD  8u
#define AFT__NOTICE_LISTS   16u
#define AFT__NOTICE_JOINS   32u
#define AFT__NOTICE_AWAITED 64u
#define AFT__NOTICE_SAYS    127u

extern const char *const aft__markups[AFT__MARKUPS + 1]; /* "plain", "html", "json" */

/* What the desk may offer. */
typedef struct aft__suggestion {
  uint32_t name, condition;
} aft__suggestion;

/* A shop's own attribute of a kind of record. */
typedef struct aft__attribute {
  uint32_t kind; /* aft__label_kind */
  uint32_t name;
  uint32_t type; /* aft__value_type */
  uint32_t indexed;
  uint32_t first, count; /* choices */
  int64_t least, most;   /* of a number; characters of a text */
} aft__attribute;

typedef struct aft__known_tag {
  uint32_t kind; /* aft__label_kind */
  uint32_t tag;
} aft__known_tag;

typedef struct aft__form {
  uint32_t name, first, count, reserved0;
} aft__form;

typedef struct aft__form_field {
  uint32_t name, type, meaning, required;
  uint32_t first, count; /* choices */
  uint32_t least, most;  /* characters of texts, value of numbers */
} aft__form_field;

typedef enum aft__field_type {
  AFT__FIELD_TEXT,
  AFT__FIELD_NUMBER,
  AFT__FIELD_PHONE,
  AFT__FIELD_EMAIL,
  AFT__FIELD_ORDER,
  AFT__FIELD_CHOICE,
  AFT__FIELD_DATE,
  AFT__FIELD_TYPES
} aft__field_type;
extern const char *const aft__field_types[AFT__FIELD_TYPES + 1];

typedef struct aft__machine {
  uint32_t name, initial;
  uint32_t first_state, n_states;
  uint32_t first_event, n_events;
  uint32_t first_move, n_moves;
  uint32_t first_effect, n_effects;
} aft__machine;

#define AFT__LOCALES 2u
extern const char *const aft__locales[AFT__LOCALES + 1]; /* "zh", "en" */

typedef struct aft__entry {
  uint32_t key;
  uint32_t text[AFT__LOCALES];
  uint32_t reserved0;
} aft__entry;

extern const char *const aft__label_kinds[AFT__LABEL_KINDS + 1]; /* "ticket", "customer", "order" */
/* The key of a value written in a policy; false where it is none of the type. Choices are not checked. */
bool aft__label_key(aft__value_type type, aft_str text, int64_t *key);

/* ---- cases ---- */

typedef struct aft__case_reason {
  uint32_t name, liable;
  aft__names kinds, evidence;
  uint32_t undelivered; /* 1: units that have not arrived are at issue first */
} aft__case_reason;

typedef enum aft__window_source {
  AFT__SOURCE_LAW,
  AFT__SOURCE_PLATFORM,
  AFT__SOURCE_SHOP,
  AFT__SOURCES
} aft__window_source;

typedef enum aft__window_start {
  AFT__START_DELIVERY,
  AFT__START_ORDER,
  AFT__START_SHIPPED,
  AFT__STARTS
} aft__window_start;

typedef struct aft__window {
  uint32_t name, source, law;
  uint32_t condition; /* AFT__FLOW_NONE: always */
  aft__names kinds;
  int64_t from, to; /* days since 1970 on which the order was placed, both counted; INT64_MIN and _MAX: any */
  uint32_t n, unit; /* of its length: aft__span_unit */
  uint32_t refund_n, refund_unit; /* 0: the policy sets none */
  uint32_t start;
  uint32_t flags;
} aft__window;

#define AFT__WINDOW_INCLUDES  1u /* the day of the start counts */
#define AFT__WINDOW_SHIFTS    2u /* an end on a weekend moves to Monday */
#define AFT__WINDOW_STATUTORY 4u
#define AFT__WINDOW_SELLER    8u /* who pays the way back */
#define AFT__WINDOW_OFF       16u
#define AFT__WINDOW_GOODS     32u /* the clock of the refund begins when the goods are back */
#define AFT__WINDOW_FLAGS     63u

typedef struct aft__exception {
  uint32_t name, condition, law;
  aft__names excludes; /* names of windows */
  uint32_t reserved0;
} aft__exception;

typedef struct aft__clause {
  uint32_t name, condition;
  aft__names kinds;
  int32_t order;
  uint32_t verdict;   /* aft__decision */
  uint32_t statutory; /* holds against rights that law gives too */
  uint32_t reserved0;
} aft__clause;

typedef struct aft__case_rule {
  uint32_t name, condition;
  int32_t order;
  uint32_t flags;
} aft__case_rule;

#define AFT__CASE_RULE_AUTO       1u
#define AFT__CASE_RULE_ADVANCE    2u
#define AFT__CASE_RULE_RETURNLESS 4u
#define AFT__CASE_RULE_FLAGS      7u

typedef enum aft__pair_list {
  AFT__PAIRS_ALWAYS,       /* key: a kind that needs no window */
  AFT__PAIRS_INSTRUMENT,   /* key: in order */
  AFT__PAIRS_RELEASE,      /* key: kind or "default"; value: when */
  AFT__PAIRS_PERMILLE,     /* key: funder; number: of what was paid */
  AFT__PAIRS_CEILING,      /* key: funder; other: currency; number: minor units */
  AFT__PAIRS_RESTOCKING,   /* condition; number: permille */
  AFT__PAIRS_FREIGHT_OUT,  /* condition; number: aft__give */
  AFT__PAIRS_DUTY_OUT,     /* likewise */
  AFT__PAIRS_PAPERS,       /* condition; number: 1 where money waits */
  AFT__PAIRS_FREIGHT_MOST, /* key: currency; number: minor units */
  AFT__PAIRS_ARRIVES,      /* key: instrument; number: length; unit */
  AFT__PAIRS_TYPE,         /* key: media type */
  AFT__PAIRS_ADDRESS,      /* key: route; value: address */
  AFT__PAIRS_OFFER,        /* key: its name; kind; value: reason; condition */
  AFT__PAIRS_PLATFORM,     /* key: platform; other: status; kind; value: state; number: certainty */
  AFT__PAIRS_FREIGHT_BACK, /* condition; key: who pays the way back */
  AFT__PAIR_LISTS
} aft__pair_list;

typedef struct aft__pair {
  uint32_t list;
  uint32_t key, other, kind, value; /* texts */
  uint32_t condition;               /* AFT__FLOW_NONE: always */
  uint32_t unit;
  uint32_t reserved0;
  int64_t number;
} aft__pair;

typedef struct aft__case_settings {
  int64_t reconcile_ms, retries, rounds;
  int64_t most_bytes, most_pieces, quota_bytes, retention_ms;
  int64_t serial_cases, serial_within_ms, empty_cases, empty_within_ms, drift_cases, drift_within_ms;
  int64_t waybill_reuse, evidence_reuse, link_ms;
  uint32_t compensation_instrument; /* text */
  uint32_t coupon_full, coupon_part;
  uint32_t points_spent, gift_kept;       /* aft__extra_rule */
  uint32_t calendar;                      /* AFT__FLOW_NONE: business days are Monday to Friday */
  uint32_t season, reserved0;             /* text: the name of a season; 0: none */
  int64_t season_ms;                      /* by how much its stages last longer */
  aft__names season_kinds, season_states; /* none: all */
} aft__case_settings;

extern const char *const aft__window_sources[AFT__SOURCES + 1]; /* "law", "platform", "shop" */
extern const char *const aft__window_starts[AFT__STARTS + 1];   /* "delivery", "order", "shipped" */
extern const char *const aft__certainties[4];                   /* "sure", "likely", "unsure" */

/* Appends the canonical content of an image of an older version, or of this one. AFT_E_POLICY_IMAGE for no
 * image. */
aft_status aft__image_source(const void *image, size_t size, aft__buf *out, aft_error *error);
/* image.c: whether a block from outside is whole: every offset and index inside. */
aft_status aft__image_check(const void *image, size_t size, aft_error *error);
size_t aft__section_item(aft__section_id id);

/* ---- compile.c: from trees to an image ---- */

typedef struct aft__compile {
  const aft_env *env;
  aft__arena *arena;
  aft__faults *faults;
  const aft__node *root;
  const aft__node *built_in; /* the default policy below a shop's documents; NULL: there is none */
  aft__buf section[AFT__SECTIONS];
  aft__map texts;
  uint32_t source_size;
  uint64_t tests, rule_tests; /* facts that conditions ask for; those of triage's rules */
  uint64_t ticket_tests;      /* those of priorities, levels, queues and suggestions */
  bool again;                 /* from the content of an image of an earlier version */
  bool nomem;
} aft__compile;

uint32_t aft__compile_text(aft__compile *cx, aft_str text);
void *aft__compile_add(aft__compile *cx, aft__section_id id, const void *item);
uint32_t aft__compile_count(const aft__compile *cx, aft__section_id id);

/* source.c: the content as the first texts of all */
void aft__source_write(aft__compile *cx);
/* Appends it as canonical JSON; false when the bytes are damaged. */
bool aft__source_read(aft_str source, aft__buf *out);

void aft__compile_triage(aft__compile *cx);    /* compile_triage.c: categories, rules, lexicons */
void aft__compile_decisions(aft__compile *cx); /* compile_decide.c: priority, levels, intake */
void aft__compile_surveys(aft__compile *cx);   /* after the calendars */
uint32_t aft__compile_condition(aft__compile *cx, const aft__node *when); /* compile_condition.c */
bool aft__node_lists(const aft__node *list, aft_str text);                /* has it as a plain value */
bool aft__topic_known(const aft__node *categories, aft_str name);
void aft__compile_labels(aft__compile *cx);                      /* compile_labels.c */
aft__value_type aft__attribute_type(const aft__node *attribute); /* of a declaration */
/* A tag in the form in which tags are compared; lives in the arena. */
aft_str aft__compile_tag(aft__compile *cx, aft_str tag);
void aft__compile_queues(aft__compile *cx); /* compile_queues.c */
/* compile_routing.c: the part of the settings, and teams; and how one queue gives its tickets out */
void aft__compile_routing(aft__compile *cx);
void aft__compile_tiers(aft__compile *cx);         /* compile_tiers.c */
void aft__compile_collaboration(aft__compile *cx); /* collaboration.c */
void aft__compile_assign(aft__compile *cx, const aft__node *map, aft__queue *queue);
void aft__compile_automations(aft__compile *cx); /* compile_automation.c: rules and macros */
/* compile_actions.c: a list under the key `do`. *first: of what was added. Returns how many. */
uint32_t aft__compile_actions(aft__compile *cx, const aft__node *map, uint32_t *first);
/* rule_loops.c: refuses rules that cause each other in a circle. items: where each rule of the section is
 * written. */
void aft__rule_loops(aft__compile *cx, const aft__item *const *items);
void aft__compile_calendars(aft__compile *cx); /* compile_calendars.c */
/* "09:30", the five bytes at p; 24:00 ends a day. */
bool aft__clock_parse(const char *p, uint16_t *minute);
/* The calendar that a key names; AFT__FLOW_NONE without the key, and with a fault for one that is not there.
 */
uint32_t aft__compile_calendar_ref(aft__compile *cx, const aft__node *owner, const char *key);
void aft__compile_service(aft__compile *cx);     /* compile_service.c: after calendars and levels */
void aft__compile_suggestions(aft__compile *cx); /* compile_queues.c */
void aft__compile_tasks(aft__compile *cx);       /* tasks.c: after calendars */
void aft__compile_cases(aft__compile *cx);       /* compile_cases.c */
void aft__compile_windows(aft__compile *cx, const aft__node *cases);   /* compile_windows.c */
void aft__compile_platforms(aft__compile *cx, const aft__node *cases); /* compile_platforms.c */
/* Names of a list under a key, checked against the keys of a map (NULL: not checked). */
aft__names aft__compile_names(aft__compile *cx, const aft__node *map, const char *key, const aft__node *known,
                              const char *what);
/* Names of kinds of case under the key `kinds`: each has a machine or is one of the usual ones. */
aft__names aft__compile_kinds(aft__compile *cx, const aft__node *map);
/* AFT__FLOW_NONE where the map has no `when`. */
uint32_t aft__compile_when(aft__compile *cx, const aft__node *map);
/* compile_forms.c */
void aft__compile_forms(aft__compile *cx);
void aft__compile_machines(aft__compile *cx); /* compile_machine.c */
/* "48h", or business days "3bd"; *ms is 24 hours for each of them. */
bool aft__deadline_parse(aft_str text, int64_t *ms, bool *business);
const aft__flow_contract *aft__machine_contract(const char *machine); /* compile_contract.c */
void aft__case_contract(const aft__flow *flow, aft__flow_report report, void *user);
void aft__contract_targets(aft__compile *cx,
                           const aft__node *machines); /* of effects that lead to other kinds */
void aft__compile_catalogue(aft__compile *cx);         /* compile_catalogue.c */
void aft__compile_notices(aft__compile *cx);           /* compile_notices.c */
/* compile_plain_texts.c: a text that is none of a notice: its places are plain names, of what is filled in
 * there. */
void aft__compile_plain_places(aft__compile *cx, aft_str key, const aft__node *text, bool zh);
/* "code, n", "a text without places" for none; lives in the arena. */
const char *aft__compile_listed(aft__compile *cx, const char *const *names, uint32_t n);
/* compile_notice_texts.c: a text of the catalogue, in one language: its places are fields of its event. */
void aft__compile_places(aft__compile *cx, aft_str key, const aft__node *text, bool zh);
/* compile_quiet.c: the quiet hours of the policy, part of the settings. */
void aft__compile_quiet(aft__compile *cx);
/* Whether the key of a text is another one's for a channel, or its subject there. */
typedef struct aft__notice_key {
  aft_str event;   /* "ticket.resolved"; empty for what is no notice */
  aft_str channel; /* behind the '@'; empty: for all */
  bool subject;
} aft__notice_key;
aft__notice_key aft__notice_key_of(aft_str key);
/* retention.c; part of the settings */
void aft__compile_retention(aft__compile *cx, int64_t retain[AFT__RETAINS]);

/* Appends the image of documents merged in order to out. based: the first is the default policy. Faults go to
 * report and error. */
aft_status aft__policy_compile(const aft_env *env, const aft_document *documents, size_t n, bool based,
                               aft__buf *image, aft__buf *report, aft_error *error);
/* The same from the content of an image that an earlier version made: its texts were checked by the rules of
 * their time, and stay as they are. */
aft_status aft__policy_compile_again(const aft_env *env, const aft_document *content, aft__buf *image,
                                     aft_error *error);

/* policy_load.c: a policy compiled anew from the canonical content of an older image. */
aft_status aft__policy_renew(aft_env *env, const void *image, size_t size, aft_policy **out,
                             aft_error *error);

/* ---- policy.c: the object ---- */

typedef enum aft__image_owner {
  AFT__IMAGE_STATIC,
  AFT__IMAGE_HEAP,
  AFT__IMAGE_FILE
} aft__image_owner;

struct aft_policy {
  atomic_int refs;
  aft_env *env;
  aft__image_owner owner;
  aft__file file; /* the image's bytes, whoever owns them */
  const aft__image *image;
  const char *texts;
  const aft__settings *settings;
  aft__flow *machines;
  uint32_t n_machines;
  uint32_t n_calendars;
  aft__calendar *calendars; /* of AFT__SECTION_CALENDARS; each holds its zone */
};

/* Takes over a block on success alone. checked: the block is the library's own. */
aft_status aft__policy_new(aft_env *env, aft__image_owner owner, const void *image, size_t size, bool trusted,
                           aft_policy **out, aft_error *error);

static inline const void *aft__section_data(const aft_policy *p, aft__section_id id, uint32_t *count) {
  const aft__section *s = &p->image->sections[id];
  *count = s->count;
  return (const char *)p->image + s->offset;
}
static inline aft_str aft__policy_str(const aft_policy *p, uint32_t text) {
  return aft__cstr(p->texts + text);
}

/* due_chain.c: when so much time has passed since began, on the calendar (NULL: round the clock) and without
 * the holds; AFT_TIME_NONE where it never does. Appends the stretches, the holds and the time to reasons
 * (NULL allowed). */
aft_time aft__chain_due(const aft__calendar *calendar, aft_time began, int64_t span_ms,
                        const aft__hold *holds, uint32_t n, aft__buf *reasons);

/* catalogue.c: the text of a key, or false. */
bool aft__catalogue_find(const aft_policy *policy, const char *locale, aft_str key, aft_str *out);

/* ---- the library's own policy: generated by compile_default.c ---- */

extern const uint64_t aft__default_image[];
extern const size_t aft__default_image_size; /* bytes */

#endif

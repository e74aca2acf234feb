/* The shape of a policy: which keys stand where and what values they take. */
#include "policy/policy_priv.h"

typedef enum kind {
  TEXT,
  NAME,
  WHOLE,
  FLAG,
  DURATION,
  DEADLINE,
  SPAN,
  LENGTH,
  COUNTED,
  CHOICE,
  LIST,
  MAP,
  STRUCT,
  ONE_OR_LIST,
  ANY
} kind;

typedef struct spec spec;

typedef struct entry {
  const char *name;
  const spec *shape;
  bool required;
} entry;

struct spec {
  kind kind;
  const char *expected;       /* "a whole number from 0 to 1000" */
  int64_t least, most;        /* WHOLE; SPAN, LENGTH: milliseconds */
  const char *const *choices; /* CHOICE */
  const spec *of;             /* LIST, MAP, ONE_OR_LIST */
  const entry *fields;        /* STRUCT: up to a NULL name */
  bool words;                 /* MAP: keys are free texts, not names */
};

#define SHAPE static const spec

SHAPE any = {.kind = ANY};
SHAPE text = {.kind = TEXT, .expected = "a text"};
SHAPE name = {.kind = NAME, .expected = "a name of small letters, digits and '_'"};
SHAPE flag = {.kind = FLAG, .expected = "true or false"};
SHAPE duration = {.kind = DURATION, .expected = "a duration such as 30m, 48h or 7d"};
SHAPE deadline = {.kind = DEADLINE, .expected = "a duration such as 48h or 7d, or business days such as 3bd"};
SHAPE texts = {.kind = LIST, .expected = "a list of texts", .of = &text};
SHAPE names = {.kind = LIST, .expected = "a list of names", .of = &name};
SHAPE permille = {.kind = WHOLE, .expected = "a whole number from 0 to 1000", .least = 0, .most = 1000};
SHAPE strength = {.kind = WHOLE, .expected = "a whole number from 1 to 1000", .least = 1, .most = 1000};
SHAPE degree = {.kind = WHOLE, .expected = "a whole number from 1 to 5000", .least = 1, .most = 5000};
SHAPE points = {
    .kind = WHOLE, .expected = "a whole number from -1000000 to 1000000", .least = -1000000, .most = 1000000};
SHAPE count = {.kind = WHOLE, .expected = "a whole number from 0 to 1000000", .least = 0, .most = 1000000};
SHAPE characters = {
    .kind = WHOLE, .expected = "a number of characters from 1 to 1000", .least = 1, .most = 1000};
SHAPE version = {.kind = WHOLE, .expected = "1, the only version", .least = 1, .most = 1};

static const entry category_fields[] = {{"topics", &names, false}, {NULL, NULL, false}};
SHAPE category = {.kind = STRUCT, .expected = "a map with topics", .fields = category_fields};
SHAPE categories = {.kind = MAP, .expected = "a map of categories", .of = &category};

static const entry rule_fields[] = {{"category", &name, true},   {"topic", &name, false},
                                    {"weight", &strength, true}, {"words", &texts, true},
                                    {"with", &texts, false},     {"unless", &texts, false},
                                    {"question", &flag, false},  {"most", &characters, false},
                                    {"when", &any, false},       {NULL, NULL, false}};
SHAPE rule = {.kind = STRUCT, .expected = "a map with category, weight and words", .fields = rule_fields};
SHAPE rules = {.kind = MAP, .expected = "a map of rules", .of = &rule};

SHAPE strengths = {.kind = MAP, .expected = "a map of words to strengths", .of = &strength, .words = true};
SHAPE degrees = {.kind = MAP, .expected = "a map of words to permille", .of = &degree, .words = true};
static const entry tone_fields[] = {{"positive", &strengths, false}, {"negative", &strengths, false},
                                    {"negation", &texts, false},     {"degree", &degrees, false},
                                    {"courtesy", &texts, false},     {NULL, NULL, false}};
SHAPE tone = {.kind = STRUCT, .expected = "a map with positive and negative", .fields = tone_fields};
static const entry lexicon_fields[] = {{"tone", &tone, false},
                                       {"acknowledgement", &texts, false},
                                       {"closing", &texts, false},
                                       {"greeting", &texts, false},
                                       {"particle", &texts, false},
                                       {"human", &texts, false},
                                       {"question", &texts, false},
                                       {"question_first", &texts, false},
                                       {"question_last", &texts, false},
                                       {"question_tail", &texts, false},
                                       {"question_helper", &texts, false},
                                       {"no_question", &texts, false},
                                       {"urgent", &texts, false},
                                       {"chaser", &texts, false},
                                       {"complaint_service", &texts, false},
                                       {"complaint_regulator", &texts, false},
                                       {"complaint_media", &texts, false},
                                       {"order_number", &texts, false},
                                       {"waybill", &texts, false},
                                       {"phone", &texts, false},
                                       {"product", &texts, false},
                                       {"address", &texts, false},
                                       {"yes_no", &texts, false},
                                       {"asks_for", &texts, false},
                                       {"anything_else", &texts, false},
                                       {NULL, NULL, false}};
SHAPE lexicons = {.kind = STRUCT, .expected = "a map of lexicons", .fields = lexicon_fields};

SHAPE fusion = {.kind = WHOLE, .expected = "a whole number from 0 to 10000", .least = 0, .most = 10000};
SHAPE prior = {
    .kind = WHOLE, .expected = "a whole number from -10000 to 10000", .least = -10000, .most = 10000};
static const entry triage_fields[] = {{"threshold", &permille, false},
                                      {"damp", &strength, false},
                                      {"label_weight", &permille, false},
                                      {"more_words", &permille, false},
                                      {"least", &permille, false},
                                      {"disagreement", &permille, false},
                                      {"tone_clear", &strength, false},
                                      {"pause", &duration, false},
                                      {"languages", &names, false},
                                      {"model_weight", &fusion, false},
                                      {"rule_weight", &fusion, false},
                                      {"other_prior", &prior, false},
                                      {NULL, NULL, false}};
SHAPE triage = {.kind = STRUCT, .expected = "a map with threshold", .fields = triage_fields};

SHAPE level_map = {.kind = MAP, .expected = "a map of levels to least points", .of = &points};
static const entry cause_fields[] = {{"when", &any, true}, {"points", &points, true}, {NULL, NULL, false}};
SHAPE cause = {.kind = STRUCT, .expected = "a map with when and points", .fields = cause_fields};
SHAPE causes = {.kind = MAP, .expected = "a map of priority rules", .of = &cause};
static const entry priority_fields[] = {
    {"levels", &level_map, true}, {"rules", &causes, false}, {NULL, NULL, false}};
SHAPE priority = {.kind = STRUCT, .expected = "a map with levels and rules", .fields = priority_fields};

SHAPE assign = {.kind = CHOICE,
                .expected = "one of claim, round_robin, least_loaded, longest_waiting, sticky",
                .choices = aft__assigns};
static const entry queue_fields[] = {{"when", &any, false},      {"order", &count, true},
                                     {"assign", &assign, false}, {"then", &assign, false},
                                     {"skills", &names, false},  {NULL, NULL, false}};
SHAPE queue = {.kind = STRUCT, .expected = "a map with order and when", .fields = queue_fields};
SHAPE queues = {.kind = MAP, .expected = "a map of queues", .of = &queue};

static const entry team_fields[] = {
    {"queues", &names, false}, {"skills", &names, false}, {NULL, NULL, false}};
SHAPE team = {.kind = STRUCT, .expected = "a map with queues and skills", .fields = team_fields};
SHAPE teams = {.kind = MAP, .expected = "a map of teams", .of = &team};
SHAPE hand_back = {.kind = CHOICE, .expected = "one of unanswered, all, never", .choices = aft__hand_backs};
SHAPE away_after = {
    .kind = SPAN, .expected = "never, or 1m to 366d", .least = AFT__MINUTE, .most = 366 * AFT__DAY};
SHAPE claims = {.kind = WHOLE, .expected = "a whole number from 1 to 1000000", .least = 1, .most = 1000000};
static const entry rate_fields[] = {
    {"claims", &claims, true}, {"within", &duration, true}, {NULL, NULL, false}};
SHAPE rate = {.kind = STRUCT, .expected = "a map with claims and within", .fields = rate_fields};
SHAPE privilege = {
    .kind = CHOICE, .expected = "one of advance_refund, free_pickup", .choices = aft__privileges};
SHAPE privileges = {.kind = LIST, .expected = "a list of privileges", .of = &privilege};
SHAPE amount = {.kind = WHOLE,
                .expected = "a whole number of minor units, from 0",
                .least = 0,
                .most = INT64_C(1000000000000000)};
static const entry standing_fields[] = {
    {"orders", &count, false}, {"value", &amount, false}, {"recent", &duration, false}, {NULL, NULL, false}};
SHAPE standing = {
    .kind = STRUCT, .expected = "a map with orders, value or recent", .fields = standing_fields};
SHAPE currency_code = {.kind = TEXT, .expected = "a currency such as CNY"};
static const entry tier_fields[] = {
    {"order", &count, false},           {"targets", &strength, false},       {"agent", &text, false},
    {"privileges", &privileges, false}, {"currency", &currency_code, false}, {"within", &duration, false},
    {"enter", &standing, false},        {"stay", &standing, false},          {NULL, NULL, false}};
SHAPE tier = {.kind = STRUCT, .expected = "a map with targets, privileges or enter", .fields = tier_fields};
SHAPE tiers = {.kind = MAP, .expected = "a map of tiers", .of = &tier};
static const entry routing_fields[] = {{"patience", &duration, false},
                                       {"away_after", &away_after, false},
                                       {"hand_back", &hand_back, false},
                                       {"rate", &rate, false},
                                       {NULL, NULL, false}};
SHAPE routing = {.kind = STRUCT, .expected = "a map with patience and hand_back", .fields = routing_fields};

static const entry collaboration_fields[] = {{"follow_on_mention", &flag, false}, {NULL, NULL, false}};
SHAPE collaboration = {
    .kind = STRUCT, .expected = "a map with follow_on_mention", .fields = collaboration_fields};

static const entry suggestion_fields[] = {{"when", &any, true}, {NULL, NULL, false}};
SHAPE suggestion = {.kind = STRUCT, .expected = "a map with when", .fields = suggestion_fields};
SHAPE suggestions = {.kind = MAP, .expected = "a map of suggestions", .of = &suggestion};

static const entry automation_fields[] = {
    {"order", &count, true}, {"on", &any, true},        {"when", &any, false}, {"do", &any, true},
    {"stop", &flag, false},  {"enabled", &flag, false}, {NULL, NULL, false}};
SHAPE automation = {
    .kind = STRUCT, .expected = "a map with order, on, when and do", .fields = automation_fields};
SHAPE automations = {.kind = MAP, .expected = "a map of rules on events", .of = &automation};
static const char *const macro_roles[] = {"agent", "arbiter", "system", NULL};
SHAPE macro_role = {.kind = CHOICE, .expected = "one of agent, arbiter, system", .choices = macro_roles};
SHAPE macro_by = {.kind = LIST, .expected = "a list of roles", .of = &macro_role};
static const entry macro_fields[] = {
    {"when", &any, false}, {"do", &any, true}, {"by", &macro_by, false}, {NULL, NULL, false}};
SHAPE macro = {.kind = STRUCT, .expected = "a map with do", .fields = macro_fields};
SHAPE macros = {.kind = MAP, .expected = "a map of macros", .of = &macro};
SHAPE task_kind = {
    .kind = CHOICE, .expected = "one of follow_up, call_back, work_order", .choices = aft__task_kinds};
SHAPE task_span = {
    .kind = LENGTH, .expected = "a duration from 1s to 366d", .least = 1000, .most = AFT__TASK_SPAN};
SHAPE tries = {.kind = WHOLE, .expected = "a whole number from 1 to 100", .least = 1, .most = 100};
static const entry task_fields[] = {
    {"kind", &task_kind, true}, {"party", &name, false},      {"team", &name, false},
    {"skills", &names, false},  {"target", &task_span, true}, {"warn", &task_span, false},
    {"calendar", &name, false}, {"attempts", &tries, false},  {"again", &task_span, false},
    {"script", &text, false},   {"most_open", &tries, false}, {"when", &any, false},
    {NULL, NULL, false}};
SHAPE task = {.kind = STRUCT, .expected = "a map with kind and target", .fields = task_fields};
SHAPE tasks = {.kind = MAP, .expected = "a map of tasks", .of = &task};

SHAPE value_type = {
    .kind = CHOICE, .expected = "one of text, choice, date, number, flag, time", .choices = aft__value_types};
SHAPE bound = {.kind = WHOLE, .expected = "a whole number", .least = INT64_MIN, .most = INT64_MAX};
static const entry attribute_fields[] = {{"type", &value_type, true}, {"indexed", &flag, false},
                                         {"choices", &texts, false},  {"least", &bound, false},
                                         {"most", &bound, false},     {NULL, NULL, false}};
SHAPE attribute = {.kind = STRUCT, .expected = "a map with type", .fields = attribute_fields};
SHAPE attribute_map = {.kind = MAP, .expected = "a map of attributes", .of = &attribute};
static const entry attributes_fields[] = {{"ticket", &attribute_map, false},
                                          {"customer", &attribute_map, false},
                                          {"order", &attribute_map, false},
                                          {NULL, NULL, false}};
SHAPE attributes = {
    .kind = STRUCT, .expected = "a map with ticket, customer and order", .fields = attributes_fields};
static const entry tags_fields[] = {
    {"ticket", &texts, false}, {"customer", &texts, false}, {"order", &texts, false}, {NULL, NULL, false}};
SHAPE tags = {.kind = STRUCT, .expected = "a map with ticket, customer and order", .fields = tags_fields};

static const entry target_fields[] = {{"first_response", &duration, false},
                                      {"next_response", &duration, false},
                                      {"resolution", &duration, false},
                                      {"warn", &duration, false},
                                      {"order", &count, false},
                                      {"when", &any, false},
                                      {"calendar", &name, false},
                                      {NULL, NULL, false}};
SHAPE targets = {.kind = STRUCT, .expected = "a map of targets", .fields = target_fields};
SHAPE hours_map = {.kind = MAP, .expected = "a map of days to hours", .of = &texts, .words = true};
static const entry calendar_fields[] = {{"zone", &text, true},
                                        {"hours", &hours_map, true},
                                        {"holidays", &texts, false},
                                        {"workdays", &hours_map, false},
                                        {NULL, NULL, false}};
SHAPE calendar = {.kind = STRUCT, .expected = "a map with zone and hours", .fields = calendar_fields};
SHAPE calendars = {.kind = MAP, .expected = "a map of calendars", .of = &calendar};
SHAPE service_levels = {.kind = MAP, .expected = "a map of priorities or names to targets", .of = &targets};

SHAPE most_level = {.kind = WHOLE, .expected = "a whole number from 0 to 9", .least = 0, .most = 9};
static const entry escalation_fields[] = {{"most", &most_level, false}, {NULL, NULL, false}};
SHAPE escalation = {.kind = STRUCT, .expected = "a map with most", .fields = escalation_fields};
SHAPE flood_size = {.kind = WHOLE, .expected = "a whole number from 0 to 1000", .least = 0, .most = 1000};
static const entry flood_fields[] = {
    {"messages", &flood_size, false}, {"within", &duration, false}, {NULL, NULL, false}};
SHAPE flood = {.kind = STRUCT, .expected = "a map with messages and within", .fields = flood_fields};
static const entry intake_fields[] = {
    {"thread_window", &duration, false}, {"flood", &flood, false}, {NULL, NULL, false}};
SHAPE intake = {.kind = STRUCT, .expected = "a map with thread_window and flood", .fields = intake_fields};
#define MOST_SPAN (36500 * AFT__DAY)
static const char *const survey_kinds[] = {"csat", "nps", "ces", NULL};
SHAPE survey_kind = {.kind = CHOICE, .expected = "one of csat, nps, ces", .choices = survey_kinds};
SHAPE survey_low = {.kind = WHOLE, .expected = "a whole number from 0 to 10", .least = 0, .most = 10};
SHAPE an_hour = {.kind = SPAN, .expected = "never, or 1h to 36500d", .least = AFT__HOUR, .most = MOST_SPAN};
SHAPE a_minute = {
    .kind = SPAN, .expected = "never, or 1m to 366d", .least = AFT__MINUTE, .most = 366 * AFT__DAY};
SHAPE survey_end = {.kind = LENGTH, .expected = "1h to 366d", .least = AFT__HOUR, .most = 366 * AFT__DAY};
/* Of the usual survey, and of those with a name, which begin with its values. */
#define OF_SURVEYS                                                                                \
  {"enabled", &flag, false}, {"after", &duration, false}, {"sample", &permille, false},           \
      {"fatigue", &an_hour, false}, {"hours", &name, false}, {"reminder", &an_hour, false},       \
      {"expires", &survey_end, false}, {"edit", &a_minute, false}, {"low", &survey_low, false}, { \
    NULL, NULL, false                                                                             \
  }
static const entry survey_fields[] = {{"kind", &survey_kind, false}, OF_SURVEYS};
SHAPE survey = {.kind = STRUCT, .expected = "a map with enabled, kind and after", .fields = survey_fields};

SHAPE question_type = {.kind = CHOICE,
                       .expected = "one of scale, choice, choices, yes_no, text",
                       .choices = aft__question_types};
SHAPE scale_end = {.kind = WHOLE, .expected = "a whole number from 0 to 100", .least = 0, .most = 100};
SHAPE question_text = {
    .kind = WHOLE, .expected = "a number of characters from 1 to 4000", .least = 1, .most = 4000};
static const entry question_fields[] = {
    {"type", &question_type, true},  {"order", &count, false},  {"required", &flag, false},
    {"from", &scale_end, false},     {"to", &scale_end, false}, {"choices", &names, false},
    {"most", &question_text, false}, {"low", &any, false},      {NULL, NULL, false}};
SHAPE question = {.kind = STRUCT, .expected = "a map with type", .fields = question_fields};
SHAPE questions = {.kind = MAP, .expected = "a map of questions", .of = &question};
static const char *const named_survey_kinds[] = {"csat", "nps", "ces", "custom", NULL};
SHAPE named_survey_kind = {
    .kind = CHOICE, .expected = "one of csat, nps, ces, custom", .choices = named_survey_kinds};
SHAPE survey_about = {.kind = CHOICE, .expected = "ticket or case", .choices = aft__survey_abouts};
static const entry named_survey_fields[] = {
    {"order", &count, true},          {"about", &survey_about, false},     {"when", &any, false},
    {"questions", &questions, false}, {"kind", &named_survey_kind, false}, OF_SURVEYS};
SHAPE named_survey = {
    .kind = STRUCT, .expected = "a map with order, about and when", .fields = named_survey_fields};
SHAPE named_surveys = {.kind = MAP, .expected = "a map of surveys", .of = &named_survey};

SHAPE a_day = {.kind = SPAN, .expected = "never, or 1d to 36500d", .least = AFT__DAY, .most = MOST_SPAN};
SHAPE a_week = {.kind = SPAN, .expected = "never, or 7d to 36500d", .least = 7 * AFT__DAY, .most = MOST_SPAN};
SHAPE a_month = {
    .kind = SPAN, .expected = "never, or 30d to 36500d", .least = 30 * AFT__DAY, .most = MOST_SPAN};
/* China's E-Commerce Law, article 31, has what was traded kept for three years. */
SHAPE three_years = {
    .kind = SPAN, .expected = "never, or 1096d to 36500d", .least = 1096 * AFT__DAY, .most = MOST_SPAN};
/* No link is good for longer than 366 days. */
SHAPE past_links = {
    .kind = SPAN, .expected = "never, or 367d to 36500d", .least = 367 * AFT__DAY, .most = MOST_SPAN};
static const entry retention_fields[] = {
    {"tickets", &a_month, false},   {"surveys", &a_month, false},    {"effects", &a_week, false},
    {"refusals", &a_week, false},   {"keys", &a_day, false},         {"messages", &a_month, false},
    {"cases", &three_years, false}, {"orders", &three_years, false}, {"customers", &a_month, false},
    {"links", &past_links, false},  {"erasures", &a_month, false},   {NULL, NULL, false}};
SHAPE retention = {
    .kind = STRUCT, .expected = "a map of kinds of records to durations", .fields = retention_fields};

static const char *const meanings[] = {"name", "order", "description", "label", "phone", "email", NULL};
SHAPE meaning = {
    .kind = CHOICE, .expected = "one of name, order, description, label, phone, email", .choices = meanings};
const char *const aft__field_types[AFT__FIELD_TYPES + 1] = {"text",  "number", "phone", "email",
                                                            "order", "choice", "date",  NULL};
SHAPE field_type = {.kind = CHOICE,
                    .expected = "one of text, number, phone, email, order, choice, date",
                    .choices = aft__field_types};
static const entry form_field_fields[] = {{"type", &field_type, true}, {"required", &flag, false},
                                          {"most", &count, false},     {"least", &count, false},
                                          {"choices", &texts, false},  {"meaning", &meaning, false},
                                          {NULL, NULL, false}};
SHAPE form_field = {.kind = STRUCT, .expected = "a map with type", .fields = form_field_fields};
SHAPE form_fields = {.kind = MAP, .expected = "a map of fields", .of = &form_field};
static const entry form_shape_fields[] = {{"fields", &form_fields, true}, {NULL, NULL, false}};
SHAPE form = {.kind = STRUCT, .expected = "a map with fields", .fields = form_shape_fields};
SHAPE forms = {.kind = MAP, .expected = "a map of forms", .of = &form};

static const char *const roles[] = {"system", "agent", "buyer", "warehouse", "arbiter", NULL};
SHAPE role = {
    .kind = CHOICE, .expected = "one of system, agent, buyer, warehouse, arbiter", .choices = roles};
SHAPE role_list = {.kind = LIST, .expected = "a list of roles", .of = &role};
SHAPE effects = {.kind = LIST, .expected = "a list of effects", .of = &any};
static const entry move_fields[] = {{"to", &name, false},  {"ignore", &flag, false}, {"by", &role_list, true},
                                    {"when", &any, false}, {"do", &effects, false},  {NULL, NULL, false}};
SHAPE move = {.kind = STRUCT, .expected = "a map with to and by", .fields = move_fields};
SHAPE moves = {.kind = ONE_OR_LIST, .expected = "a map with to and by, or a list of such", .of = &move};
SHAPE on = {.kind = MAP, .expected = "a map of events", .of = &moves};
static const entry state_fields[] = {{"terminal", &flag, false}, {"open", &flag, false},
                                     {"paused", &flag, false},   {"deadline", &deadline, false},
                                     {"then", &name, false},     {"on", &on, false},
                                     {"calendar", &name, false}, {NULL, NULL, false}};
SHAPE state = {.kind = STRUCT, .expected = "a map of a state", .fields = state_fields};
SHAPE states = {.kind = MAP, .expected = "a map of states", .of = &state};
static const entry machine_fields[] = {
    {"initial", &name, true}, {"states", &states, true}, {NULL, NULL, false}};
SHAPE machine = {.kind = STRUCT, .expected = "a map with initial and states", .fields = machine_fields};
SHAPE machines = {.kind = MAP, .expected = "a map of machines", .of = &machine};

SHAPE catalogue = {.kind = MAP, .expected = "a map of keys to texts", .of = &text, .words = true};
static const entry locale_fields[] = {
    {"zh", &catalogue, true}, {"en", &catalogue, true}, {NULL, NULL, false}};
SHAPE locales = {.kind = STRUCT, .expected = "a map with zh and en", .fields = locale_fields};

/* ---- cases ---- */

SHAPE span = {.kind = COUNTED, .expected = "a span such as 48h, 7d, 5bd or 12mo"};
static const char *const parties[] = {"buyer", "seller", "carrier", "platform", NULL};
SHAPE party = {.kind = CHOICE, .expected = "one of buyer, seller, carrier, platform", .choices = parties};
static const entry reason_fields[] = {{"liable", &party, true},
                                      {"evidence", &names, false},
                                      {"kinds", &names, false},
                                      {"undelivered", &flag, false},
                                      {NULL, NULL, false}};
SHAPE reason = {.kind = STRUCT, .expected = "a map with liable", .fields = reason_fields};
SHAPE reason_map = {.kind = MAP, .expected = "a map of reasons", .of = &reason};

SHAPE source = {.kind = CHOICE, .expected = "one of law, platform, shop", .choices = aft__window_sources};
SHAPE start = {.kind = CHOICE, .expected = "one of delivery, order, shipped", .choices = aft__window_starts};
static const char *const grades[] = {"A", "B", "C", NULL};
SHAPE grade = {.kind = CHOICE, .expected = "one of A, B, C", .choices = grades};
static const char *const shifts[] = {"none", "next_business_day", NULL};
static const char *const refund_starts[] = {"filing", "goods", NULL};
SHAPE refund_from = {.kind = CHOICE, .expected = "one of filing, goods", .choices = refund_starts};
SHAPE end_shift = {.kind = CHOICE, .expected = "one of none, next_business_day", .choices = shifts};
static const char *const payers[] = {"buyer", "seller", NULL};
SHAPE payer = {.kind = CHOICE, .expected = "one of buyer, seller", .choices = payers};
static const entry window_fields[] = {{"source", &source, true},
                                      {"law", &text, false},
                                      {"certainty", &grade, false},
                                      {"checked_on", &text, false},
                                      {"from", &text, false},
                                      {"to", &text, false},
                                      {"when", &any, false},
                                      {"kinds", &names, false},
                                      {"window", &span, true},
                                      {"start", &start, false},
                                      {"include_start_day", &flag, false},
                                      {"end_shift", &end_shift, false},
                                      {"statutory", &flag, false},
                                      {"freight", &payer, false},
                                      {"refund_within", &span, false},
                                      {"refund_from", &refund_from, false},
                                      {"enabled", &flag, false},
                                      {NULL, NULL, false}};
SHAPE window = {.kind = STRUCT, .expected = "a map with source and window", .fields = window_fields};
SHAPE windows = {.kind = MAP, .expected = "a map of windows", .of = &window};
static const entry exception_fields[] = {
    {"when", &any, true}, {"excludes", &names, true}, {"law", &text, false}, {NULL, NULL, false}};
SHAPE exception = {.kind = STRUCT, .expected = "a map with when and excludes", .fields = exception_fields};
SHAPE exceptions = {.kind = MAP, .expected = "a map of exceptions", .of = &exception};

SHAPE verdict = {.kind = CHOICE, .expected = "one of no, person, yes", .choices = aft__decisions};
static const entry clause_fields[] = {{"order", &count, true},     {"when", &any, false},
                                      {"verdict", &verdict, true}, {"kinds", &names, false},
                                      {"statutory", &flag, false}, {NULL, NULL, false}};
SHAPE clause = {.kind = STRUCT, .expected = "a map with order and verdict", .fields = clause_fields};
SHAPE clauses = {.kind = MAP, .expected = "a map of clauses", .of = &clause};
static const entry case_rule_fields[] = {{"order", &count, true},         {"when", &any, false},
                                         {"auto_ok", &flag, false},       {"advance_ok", &flag, false},
                                         {"returnless_ok", &flag, false}, {NULL, NULL, false}};
SHAPE case_rule = {.kind = STRUCT, .expected = "a map with order", .fields = case_rule_fields};
SHAPE case_rules = {.kind = MAP, .expected = "a map of rules", .of = &case_rule};

SHAPE minor = {.kind = WHOLE,
               .expected = "a whole number of minor units, from 0",
               .least = 0,
               .most = INT64_C(1000000000000000)};
SHAPE minors = {.kind = MAP, .expected = "a map of currencies to minor units", .of = &minor, .words = true};
static const char *const release_points[] = {"approval", "pickup", "delivery", "inspection", NULL};
SHAPE release_point = {
    .kind = CHOICE, .expected = "one of approval, pickup, delivery, inspection", .choices = release_points};
SHAPE release_map = {.kind = MAP, .expected = "a map of kinds to what releases money", .of = &release_point};
static const entry funder_fields[] = {
    {"permille", &permille, false}, {"most", &minors, false}, {NULL, NULL, false}};
SHAPE funder = {.kind = STRUCT, .expected = "a map with permille and most", .fields = funder_fields};
SHAPE funders = {.kind = MAP, .expected = "a map of funders", .of = &funder};
static const entry restocking_fields[] = {
    {"when", &any, false}, {"permille", &permille, true}, {NULL, NULL, false}};
SHAPE restocking = {.kind = STRUCT, .expected = "a map with permille", .fields = restocking_fields};
SHAPE restockings = {.kind = LIST, .expected = "a list of fees", .of = &restocking};
SHAPE give = {.kind = CHOICE, .expected = "one of all, share, none", .choices = aft__gives};
static const entry freight_fields[] = {{"when", &any, false}, {"give", &give, true}, {NULL, NULL, false}};
SHAPE freight = {.kind = STRUCT, .expected = "a map with give", .fields = freight_fields};
static const char *const papers_words[] = {"goes", "waits", NULL};
SHAPE papers_word = {.kind = CHOICE, .expected = "one of goes, waits", .choices = papers_words};
static const entry papers_fields[] = {
    {"when", &any, false}, {"money", &papers_word, true}, {NULL, NULL, false}};
SHAPE papers_rule = {.kind = STRUCT, .expected = "a map with money", .fields = papers_fields};
SHAPE papers_rules = {.kind = LIST, .expected = "a list of rules for papers", .of = &papers_rule};
SHAPE freights = {.kind = LIST, .expected = "a list of freight rules", .of = &freight};
/* A rule of the shop is kinder than the law alone: it never leaves the way back to the buyer. */
static const char *const kind_payers[] = {"seller", "platform", NULL};
SHAPE kind_payer = {.kind = CHOICE, .expected = "one of seller, platform", .choices = kind_payers};
static const entry freight_back_fields[] = {
    {"when", &any, false}, {"payer", &kind_payer, true}, {NULL, NULL, false}};
SHAPE freight_back = {.kind = STRUCT, .expected = "a map with payer", .fields = freight_back_fields};
SHAPE freight_backs = {.kind = LIST, .expected = "a list of rules for the way back", .of = &freight_back};
static const char *const coupon_fulls[] = {"give_back", "keep", NULL};
SHAPE coupon_full = {.kind = CHOICE, .expected = "one of give_back, keep", .choices = coupon_fulls};
static const char *const coupon_parts[] = {"share", "keep", NULL};
SHAPE coupon_part = {.kind = CHOICE, .expected = "one of share, keep", .choices = coupon_parts};
static const entry coupon_fields[] = {
    {"full", &coupon_full, false}, {"part", &coupon_part, false}, {NULL, NULL, false}};
SHAPE coupons = {.kind = STRUCT, .expected = "a map with full and part", .fields = coupon_fields};
SHAPE extra = {.kind = CHOICE, .expected = "one of deduct, person, ignore", .choices = aft__extra_rules};
SHAPE arrives = {.kind = MAP, .expected = "a map of instruments to spans", .of = &span};
SHAPE few = {.kind = WHOLE, .expected = "a whole number from 0 to 100", .least = 0, .most = 100};
static const entry money_fields[] = {{"instruments", &names, false},
                                     {"release", &release_map, false},
                                     {"compensation_instrument", &name, false},
                                     {"compensation", &funders, false},
                                     {"restocking", &restockings, false},
                                     {"freight_out", &freights, false},
                                     {"duty_out", &freights, false},
                                     {"freight_back", &freight_backs, false},
                                     {"papers_first", &papers_rules, false},
                                     {"freight_most", &minors, false},
                                     {"reconcile", &duration, false},
                                     {"retries", &few, false},
                                     {"coupons", &coupons, false},
                                     {"points_spent", &extra, false},
                                     {"gift_kept", &extra, false},
                                     {"arrives", &arrives, false},
                                     {NULL, NULL, false}};
SHAPE case_money = {.kind = STRUCT, .expected = "a map of money rules", .fields = money_fields};

static const entry negotiation_fields[] = {{"rounds", &few, false}, {NULL, NULL, false}};
SHAPE negotiation = {.kind = STRUCT, .expected = "a map with rounds", .fields = negotiation_fields};
static const entry evidence_fields[] = {{"most_bytes", &minor, false},   {"most_pieces", &count, false},
                                        {"quota_bytes", &minor, false},  {"types", &texts, false},
                                        {"retention", &duration, false}, {NULL, NULL, false}};
SHAPE case_evidence = {.kind = STRUCT, .expected = "a map of bounds", .fields = evidence_fields};
static const entry risk_rule_fields[] = {
    {"cases", &count, true}, {"within", &duration, true}, {NULL, NULL, false}};
SHAPE risk_rule = {.kind = STRUCT, .expected = "a map with cases and within", .fields = risk_rule_fields};
static const entry risk_fields[] = {{"serial_returner", &risk_rule, false}, {"empty_box", &risk_rule, false},
                                    {"reason_drift", &risk_rule, false},    {"waybill_reuse", &count, false},
                                    {"evidence_reuse", &count, false},      {NULL, NULL, false}};
SHAPE risk = {.kind = STRUCT, .expected = "a map of signals", .fields = risk_fields};
static const entry link_fields[] = {{"lifetime", &duration, true}, {NULL, NULL, false}};
SHAPE links = {.kind = STRUCT, .expected = "a map with lifetime", .fields = link_fields};
SHAPE addresses = {.kind = MAP, .expected = "a map of routes to addresses", .of = &text};

SHAPE certainty = {.kind = CHOICE, .expected = "one of sure, likely, unsure", .choices = aft__certainties};
static const entry status_fields[] = {
    {"kind", &name, false}, {"state", &name, true}, {"certainty", &certainty, true}, {NULL, NULL, false}};
SHAPE status = {.kind = STRUCT, .expected = "a map with state and certainty", .fields = status_fields};
SHAPE status_lines = {
    .kind = ONE_OR_LIST, .expected = "a map with state and certainty, or a list of such", .of = &status};
SHAPE statuses = {.kind = MAP, .expected = "a map of statuses", .of = &status_lines, .words = true};
SHAPE platforms = {.kind = MAP, .expected = "a map of platforms", .of = &statuses};

static const entry offer_fields[] = {
    {"when", &any, true}, {"kind", &name, true}, {"reason", &name, true}, {NULL, NULL, false}};
SHAPE offer = {.kind = STRUCT, .expected = "a map with when, kind and reason", .fields = offer_fields};
SHAPE offers = {.kind = MAP, .expected = "a map of offers", .of = &offer};

SHAPE season_by = {.kind = LENGTH, .expected = "1m to 366d", .least = AFT__MINUTE, .most = 366 * AFT__DAY};
static const entry season_fields[] = {{"name", &name, true},
                                      {"by", &season_by, true},
                                      {"kinds", &names, false},
                                      {"states", &names, false},
                                      {NULL, NULL, false}};
SHAPE season = {.kind = STRUCT, .expected = "a map with name and by", .fields = season_fields};

static const entry case_fields[] = {{"reasons", &reason_map, true},
                                    {"windows", &windows, true},
                                    {"exceptions", &exceptions, false},
                                    {"decide", &clauses, false},
                                    {"always", &names, false},
                                    {"rules", &case_rules, false},
                                    {"money", &case_money, false},
                                    {"calendar", &name, false},
                                    {"season", &season, false},
                                    {"negotiation", &negotiation, false},
                                    {"evidence", &case_evidence, false},
                                    {"risk", &risk, false},
                                    {"links", &links, false},
                                    {"addresses", &addresses, false},
                                    {"offers", &offers, false},
                                    {"platforms", &platforms, false},
                                    {NULL, NULL, false}};
SHAPE cases = {.kind = STRUCT, .expected = "a map with reasons and windows", .fields = case_fields};

SHAPE target = {.kind = CHOICE, .expected = "one of plain, html, json", .choices = aft__markups};
static const entry channel_fields[] = {
    {"format", &target, false}, {"subject", &text, false}, {"most", &characters, false}, {NULL, NULL, false}};
SHAPE channel = {.kind = STRUCT, .expected = "a map with format, subject or most", .fields = channel_fields};
SHAPE channels = {.kind = MAP, .expected = "a map of channels", .of = &channel};
SHAPE a_window = {.kind = LENGTH, .expected = "1s to 1d", .least = AFT__SECOND, .most = AFT__DAY};
static const entry notice_fields[] = {
    {"channels", &names, false}, {"topic", &name, false},        {"urgent", &flag, false},
    {"must", &flag, false},      {"coalesce", &a_window, false}, {"off", &flag, false},
    {"record", &flag, false},    {"awaited", &flag, false},      {NULL, NULL, false}};
SHAPE notice = {
    .kind = STRUCT, .expected = "a map with channels, topic or coalesce", .fields = notice_fields};
SHAPE notices = {.kind = MAP, .expected = "a map of events", .of = &notice, .words = true};
static const char *const quiet_zones[] = {"customer", "shop", NULL};
SHAPE quiet_zone = {.kind = CHOICE, .expected = "customer or shop", .choices = quiet_zones};
static const entry quiet_fields[] = {
    {"from", &text, true}, {"until", &text, true}, {"zone", &quiet_zone, false}, {NULL, NULL, false}};
SHAPE quiet = {.kind = STRUCT, .expected = "a map with from and until", .fields = quiet_fields};
static const entry notifications_fields[] = {{"channels", &channels, false},
                                             {"events", &notices, false},
                                             {"quiet", &quiet, false},
                                             {NULL, NULL, false}};
SHAPE notifications = {
    .kind = STRUCT, .expected = "a map with channels, events and quiet", .fields = notifications_fields};

static const entry root_fields[] = {{"version", &version, true},
                                    {"categories", &categories, true},
                                    {"rules", &rules, false},
                                    {"lexicons", &lexicons, false},
                                    {"triage", &triage, false},
                                    {"priority", &priority, true},
                                    {"calendars", &calendars, false},
                                    {"service_levels", &service_levels, false},
                                    {"escalation", &escalation, false},
                                    {"intake", &intake, false},
                                    {"survey", &survey, false},
                                    {"surveys", &named_surveys, false},
                                    {"retention", &retention, false},
                                    {"queues", &queues, false},
                                    {"teams", &teams, false},
                                    {"routing", &routing, false},
                                    {"tiers", &tiers, false},
                                    {"collaboration", &collaboration, false},
                                    {"suggestions", &suggestions, false},
                                    {"automations", &automations, false},
                                    {"macros", &macros, false},
                                    {"tasks", &tasks, false},
                                    {"attributes", &attributes, false},
                                    {"tags", &tags, false},
                                    {"forms", &forms, false},
                                    {"machines", &machines, true},
                                    {"cases", &cases, false},
                                    {"notifications", &notifications, false},
                                    {"texts", &locales, true},
                                    {NULL, NULL, false}};
SHAPE root_shape = {.kind = STRUCT, .expected = "a map of sections", .fields = root_fields};

bool aft__name_ok(aft_str s) {
  if (s.len == 0 || s.len > 64 || s.data[0] < 'a' || s.data[0] > 'z')
    return false;
  for (size_t i = 0; i < s.len; i++) {
    char c = s.data[i];
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
      return false;
  }
  return true;
}

static const char *what(const aft__node *node) {
  static const char *const kinds[] = {"nothing", "a text", "a list", "a map"};
  return kinds[node->kind];
}

static void unexpected(aft__faults *faults, const spec *shape, const aft__node *node) {
  if (node->kind == AFT__NODE_TEXT)
    aft__fault_node(faults, AFT_E_POLICY, node, "expected %s, found '%.*s'", shape->expected,
                    (int)aft__utf8_cut(node->text, 60), node->text.data);
  else
    aft__fault_node(faults, AFT_E_POLICY, node, "expected %s, found %s", shape->expected, what(node));
}

static aft_str field_name(const void *fields, uint32_t i) {
  return aft__cstr(((const entry *)fields)[i].name);
}
static aft_str choice_name(const void *choices, uint32_t i) {
  return aft__cstr(((const char *const *)choices)[i]);
}

static const entry *field_of(const spec *shape, aft_str key, uint32_t *count_out) {
  const entry *found = NULL;
  uint32_t n = 0;
  for (; shape->fields[n].name; n++)
    if (aft__str_eq(aft__cstr(shape->fields[n].name), key))
      found = &shape->fields[n];
  *count_out = n;
  return found;
}

static void check(aft__faults *faults, const spec *shape, const aft__node *node);

static void check_struct(aft__faults *faults, const spec *shape, const aft__node *node) {
  for (uint32_t i = 0; i < node->count; i++) {
    const aft__item *item = &node->items[i];
    uint32_t n = 0;
    const entry *field = field_of(shape, item->key, &n);
    size_t mark = aft__path_push(faults, item->key);
    if (field)
      check(faults, field->shape, item->value);
    else
      aft__fault_key(faults, AFT_E_POLICY_KEY, item, "this key is unknown here%s",
                     aft__did_you_mean(faults, item->key, shape->fields, n, field_name));
    aft__path_pop(faults, mark);
  }
  for (const entry *field = shape->fields; field->name; field++)
    if (field->required && !aft__node_get(node, field->name))
      aft__fault_node(faults, AFT_E_POLICY, node, "the key '%s' is missing", field->name);
}

static void check_map(aft__faults *faults, const spec *shape, const aft__node *node) {
  for (uint32_t i = 0; i < node->count; i++) {
    const aft__item *item = &node->items[i];
    size_t mark = aft__path_push(faults, item->key);
    if (!shape->words && !aft__name_ok(item->key))
      aft__fault_key(faults, AFT_E_POLICY, item,
                     "a name begins with a small letter and has up to 64 small letters, digits and '_'");
    else
      check(faults, shape->of, item->value);
    aft__path_pop(faults, mark);
  }
}

static void check_list(aft__faults *faults, const spec *shape, const aft__node *node) {
  for (uint32_t i = 0; i < node->count; i++)
    check(faults, shape->of, node->items[i].value);
}

static bool is_choice(const spec *shape, const aft__node *node, uint32_t *count_out) {
  bool found = false;
  uint32_t n = 0;
  for (; shape->choices[n]; n++)
    found |= aft__str_eq(aft__cstr(shape->choices[n]), node->text);
  *count_out = n;
  return found;
}

static void check_choice(aft__faults *faults, const spec *shape, const aft__node *node) {
  uint32_t n = 0;
  if (is_choice(shape, node, &n))
    return;
  aft__fault_node(faults, AFT_E_POLICY, node, "expected %s, found '%.*s'%s", shape->expected,
                  (int)aft__utf8_cut(node->text, 60), node->text.data,
                  aft__did_you_mean(faults, node->text, shape->choices, n, choice_name));
}

static bool length_ok(const spec *shape, const aft__node *node) {
  int64_t n = 0;
  return aft__duration_parse(node->text, &n, NULL) >= 0 && n >= shape->least && n <= shape->most;
}

static bool scalar_ok(const spec *shape, const aft__node *node) {
  int64_t n = 0;
  uint32_t days = 0;
  aft__span_unit unit = AFT__SPAN_DAYS;
  bool b = false;
  switch (shape->kind) {
  case TEXT:
    return true;
  case NAME:
    return aft__name_ok(node->text);
  case WHOLE:
    return aft__node_int(node, &n) && n >= shape->least && n <= shape->most;
  case FLAG:
    return aft__node_bool(node, &b);
  case DURATION:
    return aft__duration_parse(node->text, &n, NULL) >= 0 && n > 0;
  case DEADLINE:
    return aft__deadline_parse(node->text, &n, &b);
  case COUNTED:
    return aft__span_parse(node->text, &days, &unit);
  case SPAN:
    if (aft__str_eq(node->text, aft__cstr("never")))
      return true;
    return length_ok(shape, node);
  case LENGTH:
    return length_ok(shape, node);
  default:
    return false;
  }
}

static void check(aft__faults *faults, const spec *shape, const aft__node *node) {
  switch (shape->kind) {
  case ANY:
    return;
  case STRUCT:
  case MAP:
    if (node->kind != AFT__NODE_MAP)
      unexpected(faults, shape, node);
    else if (shape->kind == STRUCT)
      check_struct(faults, shape, node);
    else
      check_map(faults, shape, node);
    return;
  case LIST:
    if (node->kind != AFT__NODE_LIST)
      unexpected(faults, shape, node);
    else
      check_list(faults, shape, node);
    return;
  case ONE_OR_LIST:
    if (node->kind == AFT__NODE_LIST)
      check_list(faults, shape, node);
    else if (node->kind == AFT__NODE_MAP)
      check(faults, shape->of, node);
    else
      unexpected(faults, shape, node);
    return;
  case CHOICE:
    if (node->kind != AFT__NODE_TEXT)
      unexpected(faults, shape, node);
    else
      check_choice(faults, shape, node);
    return;
  default:
    if (node->kind != AFT__NODE_TEXT || !scalar_ok(shape, node))
      unexpected(faults, shape, node);
  }
}

void aft__schema_check(aft__faults *faults, const aft__node *root) { check(faults, &root_shape, root); }

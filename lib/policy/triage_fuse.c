/* The category of a text: the points of rules and label added up, weighed with a model's probabilities
 * where there are any, and how clearly the best leads. */
#include "policy/triage_priv.h"

/*
 * Without a model the confidence is the share of the best category in what the
 * two best have, with a damper against weak evidence.
 *
 * With a model, for each category c
 *
 *   logit(c) = a ln p(c) + b points(c) / 100 + prior(c)
 *
 * and the confidence is the share of exp(logit) in the sum over all categories. a
 * and b are learnt from labels or the policy's; the prior is 0 but for "other".
 * This is the product of two experts with exponents, which is what logistic
 * regression over both would learn. Logarithm and exponential are computed in
 * whole numbers, so that every machine comes to the same result.
 */
#define MILLION     INT64_C(1000000)
#define LISTED_PPM  INT64_C(100)   /* a model rules nothing out altogether */
#define MISSING_PPM INT64_C(10000) /* nor what it was never taught */
#define LN2_PPM     INT64_C(693147)
#define ONE         (INT64_C(1) << 30)

/* ---- logarithm and exponential ---- */

/* ln(ppm / 10^6) in millionths, for 1 to 10^6: bit by bit by squaring. */
static int64_t ln_ppm(int64_t ppm) {
  static const int64_t ln_million = 13815511; /* ln 10^6 in millionths */
  uint64_t x = (uint64_t)ppm;
  int64_t whole = 31, fraction = 0;
  while (x < (UINT64_C(1) << 31)) {
    x <<= 1;
    whole--;
  }
  for (int i = 0; i < 24; i++) {
    x = (x * x) >> 31;
    fraction <<= 1;
    if (x >= (UINT64_C(1) << 32)) {
      x >>= 1;
      fraction |= 1;
    }
  }
  return whole * LN2_PPM + ((fraction * LN2_PPM) >> 24) - ln_million;
}

/* exp(x) in 2^-30 for x ≤ 0 in millionths. */
static int64_t exp_ppm(int64_t x) {
  /* 2^(-2^-k) in 2^-30 for k from 1 */
  static const int64_t roots[] = {759250125,  902905651,  984625594,  1028218693, 1050733751, 1062175491,
                                  1067942999, 1070838486, 1072289173, 1073015252, 1073378477, 1073560135,
                                  1073650976, 1073696399, 1073719111, 1073730468, 1073736146, 1073738985,
                                  1073740404, 1073741114, 1073741469, 1073741647};
  int64_t whole = -x / LN2_PPM, result = ONE;
  if (whole >= 30)
    return 0;
  int64_t fraction = (-x % LN2_PPM) * ONE / LN2_PPM;
  for (size_t k = 0; k < AFT__COUNT(roots); k++)
    if (fraction >> (29 - k) & 1)
      result = result * roots[k] >> 30;
  return result >> whole;
}

/* ---- evidence ---- */

static bool speaks(const aft__triage_scan *s, uint32_t i, uint32_t characters, const aft__facts *facts) {
  const aft__rule_state *state = &s->states[i];
  const aft__rule *rule = &s->rules[i];
  if (state->word == 0 || state->unless || (rule->most > 0 && characters > rule->most) ||
      ((rule->flags & AFT__RULE_WITH) && !state->with) || ((rule->flags & AFT__RULE_ASKS) && !s->question) ||
      ((rule->flags & AFT__RULE_TELLS) && s->question))
    return false;
  return rule->condition == AFT__FLOW_NONE || aft__policy_holds(s->policy, rule->condition, facts);
}

static void score_rules(aft__triage_scan *s, const aft__facts *facts) {
  const aft__settings *settings = s->policy->settings;
  uint32_t characters = aft__utf8_length(s->text);
  for (uint32_t i = 0; i < s->n_rules; i++) {
    aft__rule_state *state = &s->states[i];
    if (!speaks(s, i, characters, facts))
      continue;
    int32_t more = state->found > 4 ? 3 : state->found - 1;
    state->score = s->rules[i].weight + s->rules[i].weight * more * settings->more_words / 1000;
    s->scores[s->rules[i].category] += state->score;
  }
}

aft_str aft__triage_category(const aft__triage_scan *s, uint32_t index) {
  uint32_t n = 0;
  const aft__category *categories = aft__section_data(s->policy, AFT__SECTION_CATEGORIES, &n);
  return aft__policy_str(s->policy, categories[index].name);
}

static uint32_t category_index(const aft__triage_scan *s, aft_str name) {
  uint32_t i = 0;
  while (i < s->n_categories && (name.len == 0 || !aft__str_eq(aft__triage_category(s, i), name)))
    i++;
  return i;
}

static void add_label(aft__triage_scan *s, uint32_t label) {
  if (label < s->n_categories)
    s->scores[label] += s->policy->settings->label_points;
}

/* ---- with a model ---- */

/* The model's probabilities by category; 0 for one that it does not list. */
static void take_scores(const aft__triage_scan *s, const aft__triage_in *in, int64_t *ppm) {
  int64_t listed = 0;
  uint32_t missing = s->n_categories;
  for (size_t i = 0; i < in->n_scores; i++) {
    uint32_t c = category_index(s, in->scores[i].category);
    if (c == s->n_categories || ppm[c] > 0)
      continue;
    int64_t p = in->scores[i].ppm;
    ppm[c] = p < LISTED_PPM ? LISTED_PPM : p > MILLION ? MILLION : p;
    listed += ppm[c];
    missing--;
  }
  int64_t rest = missing > 0 && listed < MILLION ? (MILLION - listed) / missing : 0;
  for (uint32_t c = 0; c < s->n_categories; c++)
    if (ppm[c] == 0)
      ppm[c] = rest > MISSING_PPM ? rest : MISSING_PPM;
}

/* Logits in place of probabilities, in millionths. */
static void weigh(const aft__triage_scan *s, const aft__triage_in *in, int64_t *values) {
  const aft__settings *settings = s->policy->settings;
  bool learnt = in->model_weight > 0 || in->rule_weight > 0;
  int64_t a = learnt ? in->model_weight : settings->model_weight;
  int64_t b = learnt ? in->rule_weight : settings->rule_weight;
  for (uint32_t c = 0; c < s->n_categories; c++) {
    values[c] = a * ln_ppm(values[c]) / 1000 + b * s->scores[c] * 10;
    if (aft__str_eq(aft__triage_category(s, c), aft__policy_str(s->policy, settings->other)))
      values[c] += settings->other_prior * INT64_C(1000);
  }
}

/* Shares of exp(logit) in millionths. */
static void share_out(const aft__triage_scan *s, const int64_t *logits) {
  int64_t most = logits[0], sum = 0;
  for (uint32_t c = 1; c < s->n_categories; c++)
    most = logits[c] > most ? logits[c] : most;
  for (uint32_t c = 0; c < s->n_categories; c++)
    sum += exp_ppm(logits[c] - most);
  for (uint32_t c = 0; c < s->n_categories; c++)
    s->shares[c] = (int32_t)(exp_ppm(logits[c] - most) * MILLION / sum);
}

static aft_status fuse(aft__triage_scan *s, const aft__triage_in *in, aft__arena *arena, aft_error *error) {
  int64_t *values = aft__arena_alloc(arena, s->n_categories * sizeof(*values));
  s->shares = aft__arena_alloc(arena, s->n_categories * sizeof(*s->shares));
  if (!values || !s->shares)
    return aft__nomem(error);
  take_scores(s, in, values);
  weigh(s, in, values);
  share_out(s, values);
  return AFT_OK;
}

/* ---- the choice ---- */

static uint32_t best_of(const aft__triage_scan *s, uint32_t except) {
  const int32_t *values = s->shares ? s->shares : s->scores;
  uint32_t best = UINT32_MAX;
  for (uint32_t i = 0; i < s->n_categories; i++)
    if (i != except && values[i] > 0 && (best == UINT32_MAX || values[i] > values[best]))
      best = i;
  return best;
}

/* Of one of the two best. */
static int32_t confidence_of(const aft__triage_scan *s, uint32_t category, uint32_t other) {
  if (s->shares)
    return s->shares[category] / 1000;
  int64_t own = s->scores[category], next = other == UINT32_MAX ? 0 : s->scores[other];
  return (int32_t)(1000 * own / (own + next + s->policy->settings->damp));
}

static aft_str topic_of(const aft__triage_scan *s, uint32_t category) {
  int32_t best = 0;
  uint32_t topic = 0;
  for (uint32_t i = 0; i < s->n_rules; i++) {
    if (s->rules[i].category == category && s->rules[i].topic && s->states[i].score > best) {
      best = s->states[i].score;
      topic = s->rules[i].topic;
    }
  }
  return aft__policy_str(s->policy, topic);
}

/* A customer who chose "other" only said that nothing fitted. */
static void compare_label(const aft__triage_scan *s, uint32_t label, uint32_t best, aft__triage *out) {
  const aft__settings *settings = s->policy->settings;
  if (label == s->n_categories || s->policy->texts + settings->other == aft__triage_category(s, label).data)
    return;
  out->agreement = label == best ? 1 : -1;
  if (out->agreement < 0)
    out->confidence = out->confidence > settings->disagreement ? out->confidence - settings->disagreement : 0;
}

static void choose(const aft__triage_scan *s, uint32_t label, aft__triage *out) {
  const aft__settings *settings = s->policy->settings;
  uint32_t best = best_of(s, UINT32_MAX), second = best_of(s, best);
  if (best == UINT32_MAX)
    return;
  out->confidence = confidence_of(s, best, second);
  out->points = s->scores[best];
  compare_label(s, label, best, out);
  if (out->confidence >= settings->least)
    out->guess = aft__triage_category(s, best);
  if (second != UINT32_MAX) {
    out->runner_up = aft__triage_category(s, second);
    out->runner_up_confidence = confidence_of(s, second, best);
  }
  out->unsure = out->confidence < settings->threshold;
  if (out->unsure)
    return;
  out->category = out->guess;
  out->topic = topic_of(s, best);
}

aft_status aft__triage_choose(aft__triage_scan *s, const aft__triage_in *in, const aft__facts *facts,
                              aft__arena *arena, aft__triage *out, aft_error *error) {
  uint32_t label = category_index(s, in->label);
  out->category = out->guess = aft__policy_str(s->policy, s->policy->settings->other);
  out->topic = out->runner_up = aft__cstr("");
  out->unsure = true;
  score_rules(s, facts);
  add_label(s, label);
  if (in->n_scores > 0)
    AFT__TRY(fuse(s, in, arena, error));
  choose(s, label, out);
  return AFT_OK;
}

/* ---- for learning how much each counts ---- */

void aft__triage_weigh(aft__triage_scan *s, const aft__triage_in *in, const aft__facts *facts,
                       int32_t *points, int64_t *model) {
  score_rules(s, facts);
  add_label(s, category_index(s, in->label));
  for (uint32_t c = 0; c < s->n_categories; c++) {
    points[c] = s->scores[c];
    model[c] = 0;
  }
  if (in->n_scores == 0)
    return;
  take_scores(s, in, model);
  for (uint32_t c = 0; c < s->n_categories; c++)
    model[c] = ln_ppm(model[c]);
}

/* Triage for callers: an input checked, a result that owns what it hands out. */
#include "policy/policy_priv.h"

#include <aftersales/triage.h>

#define TRIAGE_V1        (offsetof(aft_triage_in, rule_weight) + sizeof(uint32_t))
#define SCORE_V1         (offsetof(aft_triage_score, ppm) + sizeof(int64_t))
#define NAME_MOST        255u
#define TEXTS_MOST       64u
#define SCORES_MOST      1024u
#define SUGGESTIONS_MOST 32u
#define PPM_MOST         1000000
#define WEIGHT_MOST      10000u

struct aft_triage {
  aft_policy *policy; /* a reference */
  aft__arena arena;   /* the texts of the result */
  aft__triage is;
  aft_str label;
  aft__priority priority;
  aft_str queue;
  const aft__stated *stated[AFT__FACTS_MOST]; /* without what is not told */
  uint32_t n_stated;
  aft_str suggestions[SUGGESTIONS_MOST];
  uint32_t n_suggestions;
  aft__buf reasons;
};

/* ---- the input ---- */

static aft_status check_text(aft_str *text, uint64_t most, const char *where, aft_error *error) {
  if (!text->data && text->len != 0 && text->len != AFT_NTS)
    return aft__error(error, AFT_E_INVALID, where, "expected %zu bytes, found NULL", text->len);
  *text = text->data ? aft__str(text->data, text->len) : aft__cstr("");
  if (text->len > most)
    return aft__error(error, AFT_E_TOO_LARGE, where, "expected at most %llu bytes, found %zu",
                      (unsigned long long)most, text->len);
  return aft__utf8_require(*text, where, error);
}

static aft_status too_many(const char *where, size_t most, size_t n, aft_error *error) {
  return aft__error(error, AFT_E_TOO_LARGE, where, "expected at most %zu, found %zu", most, n);
}

static aft_status copy_texts(aft__arena *arena, const aft_str **list, size_t n, uint64_t most,
                             const char *where, aft_error *error) {
  if (n > TEXTS_MOST)
    return too_many(where, TEXTS_MOST, n, error);
  if (n && !*list)
    return aft__error(error, AFT_E_INVALID, where, "the array is NULL but counts %zu", n);
  aft_str *copies = aft__arena_alloc(arena, (n + 1) * sizeof *copies);
  if (!copies)
    return aft__nomem(error);
  for (size_t i = 0; i < n; i++) {
    copies[i] = (*list)[i];
    AFT__TRY(check_text(&copies[i], most, where, error));
  }
  *list = copies;
  return AFT_OK;
}

/* Callers of an older version have a smaller struct: their own size is the step. */
static aft_status copy_scores(aft__arena *arena, const aft_triage_in *in, aft__triage_in *to,
                              aft_error *error) {
  static const char where[] = "triage.scores";
  if (in->n_scores > SCORES_MOST)
    return too_many(where, SCORES_MOST, in->n_scores, error);
  if (in->n_scores && !in->scores)
    return aft__error(error, AFT_E_INVALID, where, "the array is NULL but counts %zu", in->n_scores);
  aft__triage_score *copies = aft__arena_alloc(arena, (in->n_scores + 1) * sizeof *copies);
  if (!copies)
    return aft__nomem(error);
  const char *at = (const char *)in->scores;
  for (size_t i = 0; i < in->n_scores; i++) {
    aft_triage_score score;
    AFT__TRY(aft__abi_next(&score, sizeof score, &at, SCORE_V1, "aft_triage_score", error));
    AFT__TRY(check_text(&score.category, NAME_MOST, where, error));
    if (score.ppm < 0 || score.ppm > PPM_MOST)
      return aft__error(error, AFT_E_INVALID, where, "expected a probability from 0 to %d, found %lld",
                        PPM_MOST, (long long)score.ppm);
    copies[i] = (aft__triage_score){score.category, score.ppm};
  }
  to->scores = copies;
  to->n_scores = in->n_scores;
  return AFT_OK;
}

static aft_status check_weight(uint32_t weight, const char *where, aft_error *error) {
  if (weight <= WEIGHT_MOST)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, where, "expected at most %u, found %u", WEIGHT_MOST, weight);
}

static aft_status check_names(aft_triage_in *in, aft_error *error) {
  const struct {
    aft_str *text;
    const char *where;
  } names[] = {{&in->label, "triage.label"},
               {&in->order_state, "triage.order_state"},
               {&in->case_state, "triage.case_state"},
               {&in->channel, "triage.channel"},
               {&in->tier, "triage.tier"},
               {&in->language, "triage.language"},
               {&in->currency, "triage.currency"}};
  for (size_t i = 0; i < AFT__COUNT(names); i++)
    AFT__TRY(check_text(names[i].text, NAME_MOST, names[i].where, error));
  AFT__TRY(check_weight(in->model_weight, "triage.model_weight", error));
  return check_weight(in->rule_weight, "triage.rule_weight", error);
}

static aft_status check_input(aft__arena *arena, const aft_triage_in *given, aft__triage_in *to,
                              aft_error *error) {
  aft_triage_in in;
  uint64_t most = arena->env->o.limits.text_bytes;
  AFT__TRY(aft__abi_copy(&in, sizeof in, given, TRIAGE_V1, "aft_triage_in", error));
  AFT__TRY(check_text(&in.text, most, "triage.text", error));
  AFT__TRY(check_text(&in.desk, most, "triage.desk", error));
  AFT__TRY(check_names(&in, error));
  AFT__TRY(copy_texts(arena, &in.earlier, in.n_earlier, most, "triage.earlier", error));
  AFT__TRY(copy_texts(arena, &in.products, in.n_products, most, "triage.products", error));
  *to = (aft__triage_in){.text = in.text,
                         .earlier = in.earlier,
                         .n_earlier = in.n_earlier,
                         .label = in.label,
                         .order_state = in.order_state,
                         .case_state = in.case_state,
                         .channel = in.channel,
                         .tier = in.tier,
                         .language = in.language,
                         .has_order = in.has_order != 0,
                         .asked = in.asked != 0,
                         .desk = in.desk,
                         .products = in.products,
                         .n_products = in.n_products,
                         .currency = in.currency,
                         .model_weight = (int32_t)in.model_weight,
                         .rule_weight = (int32_t)in.rule_weight};
  return copy_scores(arena, &in, to, error);
}

/* ---- the result ---- */

static void keep_suggestion(void *user, aft_str name) {
  aft_triage *t = user;
  if (t->n_suggestions < SUGGESTIONS_MOST)
    t->suggestions[t->n_suggestions++] = name;
}

static void decide(aft_triage *t, const aft__triage_in *in) {
  aft__facts facts;
  memset(&facts, 0, sizeof facts);
  aft__triage_facts(&t->is, &facts);
  facts.text[AFT__FACT_CHANNEL] = in->channel;
  facts.text[AFT__FACT_TIER] = in->tier;
  facts.text[AFT__FACT_LABEL] = in->label;
  aft__policy_priority(t->policy, &facts, &t->priority, &t->reasons);
  facts.text[AFT__FACT_PRIORITY] = t->priority.name;
  t->queue = aft__policy_queue(t->policy, &facts, &t->reasons);
  facts.text[AFT__FACT_QUEUE] = t->queue;
  aft__policy_suggest(t->policy, &facts, keep_suggestion, t, &t->reasons);
}

/* The label outlives the call; a phone number is known only so that it is taken for nothing else. */
static aft_status keep(aft_triage *t, const aft__triage_in *in, aft_error *error) {
  t->label = aft__arena_dup(&t->arena, in->label);
  if (!t->label.data)
    return aft__nomem(error);
  for (uint32_t i = 0; i < t->is.n_facts; i++)
    if (t->is.facts[i].kind != AFT__STATED_PHONE)
      t->stated[t->n_stated++] = &t->is.facts[i];
  return t->reasons.failed ? aft__nomem(error) : AFT_OK;
}

static aft_status run(aft_triage *t, const aft_triage_in *given, aft_error *error) {
  aft__triage_in in;
  AFT__TRY(check_input(&t->arena, given, &in, error));
  AFT__TRY(aft__triage_run(t->policy, &in, &t->arena, &t->is, &t->reasons, error));
  decide(t, &in);
  return keep(t, &in, error);
}

aft_status aft_triage_run(const aft_policy *policy, const aft_triage_in *in, aft_triage **out,
                          aft_error *error) {
  if (!policy || !in || !out)
    return aft__error(error, AFT_E_NULL_HANDLE,
                      !policy ? "policy"
                      : !in   ? "in"
                              : "out",
                      "expected a handle, found NULL");
  aft_triage *t = aft__zalloc(policy->env, sizeof *t);
  if (!t)
    return aft__nomem(error);
  t->policy = aft_policy_ref((aft_policy *)(uintptr_t)policy);
  aft__arena_init(&t->arena, policy->env);
  aft__buf_init(&t->reasons, policy->env);
  aft_status status = run(t, in, error);
  if (status < 0)
    aft_triage_free(t);
  else
    *out = t;
  return status;
}

void aft_triage_free(aft_triage *triage) {
  if (!triage)
    return;
  aft_policy *policy = triage->policy;
  aft__buf_done(&triage->reasons);
  aft__arena_done(&triage->arena);
  aft__release(policy->env, triage, sizeof *triage);
  aft_policy_unref(policy);
}

/* ---- reading it ---- */

static aft_str text_of(const aft_triage *t, uint32_t field) {
  switch (field) {
  case AFT_TRIAGE_CATEGORY:
    return t->is.category;
  case AFT_TRIAGE_GUESS:
    return t->is.guess;
  case AFT_TRIAGE_TOPIC:
    return t->is.topic;
  case AFT_TRIAGE_RUNNER_UP:
    return t->is.runner_up;
  case AFT_TRIAGE_TONE:
    return t->is.tone_name;
  case AFT_TRIAGE_ACT:
    return t->is.act;
  case AFT_TRIAGE_COMPLAINT:
    return t->is.complaint;
  case AFT_TRIAGE_LANGUAGE:
    return aft__cstr(t->is.language);
  case AFT_TRIAGE_LABEL:
    return t->label;
  case AFT_TRIAGE_PRIORITY:
    return t->priority.name;
  case AFT_TRIAGE_QUEUE:
    return t->queue;
  default:
    return aft__cstr("");
  }
}

const char *aft_triage_text(const aft_triage *triage, uint32_t field) {
  return triage ? text_of(triage, field).data : "";
}

int64_t aft_triage_number(const aft_triage *triage, uint32_t field) {
  const aft__triage *is = triage ? &triage->is : NULL;
  if (!is)
    return 0;
  switch (field) {
  case AFT_TRIAGE_CONFIDENCE:
    return is->confidence;
  case AFT_TRIAGE_RUNNER_UP_CONFIDENCE:
    return is->runner_up_confidence;
  case AFT_TRIAGE_UNSURE:
    return is->unsure;
  case AFT_TRIAGE_TONE_STRENGTH:
    return is->tone;
  case AFT_TRIAGE_QUESTION:
    return is->question;
  case AFT_TRIAGE_URGENT:
    return is->urgent;
  case AFT_TRIAGE_CHASER:
    return is->chaser;
  case AFT_TRIAGE_HUMAN:
    return is->human;
  case AFT_TRIAGE_AGREEMENT:
    return is->agreement;
  case AFT_TRIAGE_POINTS:
    return is->points;
  case AFT_TRIAGE_TURNS:
    return is->turns;
  case AFT_TRIAGE_PRIORITY_POINTS:
    return triage->priority.points;
  default:
    return 0;
  }
}

size_t aft_triage_stated_count(const aft_triage *triage) { return triage ? triage->n_stated : 0; }

static const aft__stated *stated_at(const aft_triage *t, size_t index) {
  return t && index < t->n_stated ? t->stated[index] : NULL;
}

const char *aft_triage_stated_text(const aft_triage *triage, size_t index, uint32_t field) {
  const aft__stated *stated = stated_at(triage, index);
  if (!stated)
    return "";
  return field == AFT_STATED_VALUE      ? stated->value
         : field == AFT_STATED_CURRENCY ? stated->currency
         : field == AFT_STATED_CARRIER  ? stated->carrier
                                        : "";
}

int64_t aft_triage_stated_number(const aft_triage *triage, size_t index, uint32_t field) {
  const aft__stated *stated = stated_at(triage, index);
  if (!stated)
    return 0;
  return field == AFT_STATED_KIND    ? stated->kind
         : field == AFT_STATED_BEGIN ? stated->begin
         : field == AFT_STATED_END   ? stated->end
         : field == AFT_STATED_MINOR ? stated->minor
                                     : 0;
}

const char *aft_triage_suggestion(const aft_triage *triage, size_t index) {
  return triage && index < triage->n_suggestions ? triage->suggestions[index].data : NULL;
}

/* ---- written out ---- */

static aft_status hand_out(aft_buf *buf, aft_buf **out, aft_error *error) {
  if (buf->failed) {
    aft_buf_free(buf);
    return aft__nomem(error);
  }
  *out = buf;
  return AFT_OK;
}

aft_status aft_triage_explain(const aft_triage *triage, const char *locale, aft_buf **out, aft_error *error) {
  if (!triage || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, triage ? "out" : "triage", "expected a handle, found NULL");
  aft_buf *buf = aft__buf_new(triage->policy->env);
  if (!buf)
    return aft__nomem(error);
  aft__reasons_render(triage->policy, locale ? locale : "en", aft__buf_view(&triage->reasons), NULL, buf);
  return hand_out(buf, out, error);
}

static void write_stated(aft__json *json, const aft__stated *stated) {
  static const char *const kinds[AFT__STATED_KINDS] = {"", "order", "waybill", "amount", "product", ""};
  aft__json_open(json, '{');
  aft__json_key(json, "kind");
  aft__json_str(json, aft__cstr(kinds[stated->kind]));
  aft__json_key(json, "value");
  aft__json_str(json, aft__cstr(stated->value));
  if (stated->kind == AFT__STATED_AMOUNT) {
    aft__json_key(json, "minor");
    aft__json_i64(json, stated->minor);
    aft__json_key(json, "currency");
    aft__json_str(json, aft__cstr(stated->currency));
  }
  if (stated->carrier[0]) {
    aft__json_key(json, "carrier");
    aft__json_str(json, aft__cstr(stated->carrier));
  }
  aft__json_key(json, "begin");
  aft__json_i64(json, stated->begin);
  aft__json_key(json, "end");
  aft__json_i64(json, stated->end);
  aft__json_close(json, '}');
}

static void write_lists(aft__json *json, const aft_triage *t) {
  aft__json_key(json, "stated");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < t->n_stated; i++)
    write_stated(json, t->stated[i]);
  aft__json_close(json, ']');
  aft__json_key(json, "suggestions");
  aft__json_open(json, '[');
  for (uint32_t i = 0; i < t->n_suggestions; i++)
    aft__json_str(json, t->suggestions[i]);
  aft__json_close(json, ']');
}

typedef struct json_field {
  const char *name;
  uint32_t field;
  bool flag;
} json_field;

static const json_field json_fields[] = {{"category", AFT_TRIAGE_CATEGORY, false},
                                         {"guess", AFT_TRIAGE_GUESS, false},
                                         {"confidence", AFT_TRIAGE_CONFIDENCE, false},
                                         {"unsure", AFT_TRIAGE_UNSURE, true},
                                         {"topic", AFT_TRIAGE_TOPIC, false},
                                         {"runner_up", AFT_TRIAGE_RUNNER_UP, false},
                                         {"runner_up_confidence", AFT_TRIAGE_RUNNER_UP_CONFIDENCE, false},
                                         {"label", AFT_TRIAGE_LABEL, false},
                                         {"agreement", AFT_TRIAGE_AGREEMENT, false},
                                         {"tone", AFT_TRIAGE_TONE, false},
                                         {"tone_strength", AFT_TRIAGE_TONE_STRENGTH, false},
                                         {"act", AFT_TRIAGE_ACT, false},
                                         {"question", AFT_TRIAGE_QUESTION, true},
                                         {"urgent", AFT_TRIAGE_URGENT, true},
                                         {"chaser", AFT_TRIAGE_CHASER, true},
                                         {"human", AFT_TRIAGE_HUMAN, true},
                                         {"complaint", AFT_TRIAGE_COMPLAINT, false},
                                         {"language", AFT_TRIAGE_LANGUAGE, false},
                                         {"turns", AFT_TRIAGE_TURNS, false},
                                         {"priority", AFT_TRIAGE_PRIORITY, false},
                                         {"priority_points", AFT_TRIAGE_PRIORITY_POINTS, false},
                                         {"queue", AFT_TRIAGE_QUEUE, false}};

aft_status aft_triage_json(const aft_triage *triage, aft_buf **out, aft_error *error) {
  aft__json json;
  if (!triage || !out)
    return aft__error(error, AFT_E_NULL_HANDLE, triage ? "out" : "triage", "expected a handle, found NULL");
  aft_buf *buf = aft__buf_new(triage->policy->env);
  if (!buf)
    return aft__nomem(error);
  aft__json_init(&json, buf);
  aft__json_open(&json, '{');
  for (size_t i = 0; i < AFT__COUNT(json_fields); i++) {
    uint32_t field = json_fields[i].field;
    aft__json_key(&json, json_fields[i].name);
    if (field < AFT_TRIAGE_CONFIDENCE)
      aft__json_str(&json, text_of(triage, field));
    else if (json_fields[i].flag)
      aft__json_bool(&json, aft_triage_number(triage, field) != 0);
    else
      aft__json_i64(&json, aft_triage_number(triage, field));
  }
  write_lists(&json, triage);
  aft__json_close(&json, '}');
  return hand_out(buf, out, error);
}

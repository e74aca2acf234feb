/* What a text is about: one pass of the matcher, then rules, tone and dialogue act from its hits. */
#include "policy/policy_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define GAP_MOST     36u  /* bytes between the parts of "a..b": 12 Chinese characters */
#define TONE_MOST    512u /* tone words of one text that count */
#define COVER_MOST   400u /* bytes: what is longer is no mere acknowledgement */
#define REASONS_MOST 5u
#define MASK_MOST    32u  /* bytes of what stands for masked data */
#define TONE_CLEAR   200  /* from here on a tone is called positive or negative */
#define ASKS_MOST    256u /* words of one text that may ask or tell */
#define COURTESY     350  /* tone of mere thanks */
#define MERE_THANKS  5u   /* characters beside the courtesy that a text of thanks may have */

enum {
  COVER_ACKNOWLEDGEMENT = 1,
  COVER_CLOSING = 2,
  COVER_GREETING = 4,
  COVER_PARTICLE = 8
};

typedef struct rule_state {
  uint32_t word; /* first that was found, from 1 */
  uint16_t found;
  bool with, unless;
  int32_t score;
} rule_state;

typedef struct scan {
  const aft_policy *policy;
  const aft__mark *marks;
  const aft__word *words;
  const aft__rule *rules;
  uint32_t n_marks, n_words, n_rules, n_categories;
  aft_str text;
  uint32_t *ends; /* by slot: where the part was last found, plus 1 */
  rule_state *states;
  int32_t *scores; /* by category */
  aft__tone_hit *tones;
  uint32_t n_tones;
  aft__ask_hit *asks;
  uint32_t n_asks;
  bool question, brackets;
  uint8_t cover[COVER_MOST];
  bool seen[AFT__MARKS];
} scan;

static bool alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/* ---- hits ---- */

/* A part counts behind the part before it, with a small gap; the last one completes the word. */
static void hit_word(scan *s, const aft__mark *mark, const aft__match *match) {
  const aft__word *word = &s->words[mark->ref];
  uint32_t slot = word->slot + mark->part;
  if (mark->part > 0) {
    uint32_t before = s->ends[slot - 1];
    if (before == 0 || match->begin < before - 1 || match->begin - (before - 1) > GAP_MOST)
      return;
  }
  bool again = s->ends[slot] != 0;
  s->ends[slot] = match->end + 1;
  if (mark->part + 1 < word->parts || again)
    return;
  rule_state *state = &s->states[word->rule];
  if (word->role == AFT__WORD_UNLESS) {
    state->unless = true;
  } else if (word->role == AFT__WORD_WITH) {
    state->with = true;
  } else {
    if (state->word == 0)
      state->word = mark->ref + 1;
    state->found += state->found < UINT16_MAX;
  }
}

static void hit_tone(scan *s, const aft__mark *mark, const aft__match *match) {
  if (s->n_tones == TONE_MOST)
    return;
  aft__tone_hit *hit = &s->tones[s->n_tones++];
  hit->begin = match->begin;
  hit->end = match->end;
  hit->weight = mark->weight;
  hit->kind = mark->kind == AFT__MARK_TONE       ? AFT__TONE_WORD
              : mark->kind == AFT__MARK_NEGATION ? AFT__TONE_NEGATION
                                                 : AFT__TONE_DEGREE;
}

/* Words that bear on whether the text asks. */
static void hit_ask(scan *s, const aft__mark *mark, const aft__match *match) {
  static const uint8_t kinds[AFT__MARKS] = {
      [AFT__MARK_QUESTION] = AFT__ASK_WORD + 1,          [AFT__MARK_QUESTION_FIRST] = AFT__ASK_FIRST + 1,
      [AFT__MARK_QUESTION_LAST] = AFT__ASK_LAST + 1,     [AFT__MARK_QUESTION_TAIL] = AFT__ASK_TAIL + 1,
      [AFT__MARK_QUESTION_HELPER] = AFT__ASK_HELPER + 1, [AFT__MARK_NEGATION] = AFT__ASK_DENIES + 1,
      [AFT__MARK_NO_QUESTION] = AFT__ASK_TELLS + 1};
  if (kinds[mark->kind] == 0 || s->n_asks == ASKS_MOST)
    return;
  aft__ask_hit hit = {match->begin, match->end, kinds[mark->kind] - 1u};
  s->asks[s->n_asks++] = hit;
}

static void hit_cover(scan *s, uint8_t bit, const aft__match *match) {
  for (uint32_t i = match->begin; i < match->end && i < COVER_MOST; i++)
    s->cover[i] |= bit;
}

/* "[phone]", "[address 2]": what stands for masked data says nothing about the matter. */
static bool masked(aft_str text, const aft__match *match) {
  uint32_t begin = match->begin, end = match->end;
  while (begin > 0 && match->begin - begin < MASK_MOST && !strchr("[]", text.data[begin - 1]))
    begin--;
  while (end < text.len && end - match->end < MASK_MOST && !strchr("[]", text.data[end]))
    end++;
  return begin > 0 && text.data[begin - 1] == '[' && end < text.len && text.data[end] == ']';
}

static bool on_match(void *user, const aft__match *match) {
  scan *s = user;
  if (match->id >= s->n_marks)
    return true;
  const aft__mark *mark = &s->marks[match->id];
  if ((mark->flags & AFT__MARK_STEM) && match->begin > 0 && alnum(s->text.data[match->begin]) &&
      alnum(s->text.data[match->begin - 1]))
    return true;
  if (s->brackets && masked(s->text, match))
    return true;
  s->seen[mark->kind] = true;
  hit_ask(s, mark, match);
  switch (mark->kind) {
  case AFT__MARK_RULE:
    hit_word(s, mark, match);
    break;
  case AFT__MARK_TONE:
  case AFT__MARK_NEGATION:
  case AFT__MARK_DEGREE:
    hit_tone(s, mark, match);
    break;
  case AFT__MARK_ACKNOWLEDGEMENT:
    hit_cover(s, COVER_ACKNOWLEDGEMENT, match);
    break;
  case AFT__MARK_CLOSING:
    hit_cover(s, COVER_CLOSING, match);
    break;
  case AFT__MARK_GREETING:
    hit_cover(s, COVER_GREETING, match);
    break;
  case AFT__MARK_PARTICLE:
    hit_cover(s, COVER_PARTICLE, match);
    break;
  default:
    break;
  }
  return true;
}

/* ---- dialogue act ---- */

/* Emoji and their modifiers, by block. */
static bool pictograph(uint32_t c) {
  return (c >= 0x1f000 && c <= 0x1faff) || (c >= 0x2600 && c <= 0x27bf) || (c >= 0xfe00 && c <= 0xfe0f) ||
         c == 0x200d || (c >= 0x2190 && c <= 0x21ff) || (c >= 0x2b00 && c <= 0x2bff);
}

/* Punctuation of ASCII and of the general, CJK and full-width blocks. */
static bool punctuation(uint32_t c) {
  if (c < 0x80)
    return c > ' ' && !alnum((char)c);
  return (c >= 0x2010 && c <= 0x205e) || (c >= 0x3000 && c <= 0x303f) || (c >= 0xff00 && c <= 0xff65) ||
         c == 0xb7;
}

/* The kinds that cover the text apart from punctuation and emoji and `spare` other characters, or 0. */
static uint8_t covered(const scan *s, uint32_t spare) {
  uint8_t kinds = 0;
  uint32_t bare = 0;
  const char *p = s->text.data, *end = p + s->text.len;
  if (s->text.len == 0 || s->text.len > COVER_MOST)
    return 0;
  while (p < end) {
    uint32_t c = 0;
    uint8_t cover = s->cover[p - s->text.data];
    p += aft__utf8_next(p, end, &c);
    if (cover)
      kinds |= cover;
    else if (!aft__is_space(c) && !punctuation(c) && !pictograph(c) && ++bare > spare)
      return 0;
  }
  return kinds;
}

static bool has_question_mark(aft_str text) {
  return text.len > 0 && memchr(text.data, '?', text.len) != NULL;
}

static const char *act_of(const scan *s, bool question) {
  uint8_t kinds = covered(s, 0);
  bool asked = has_question_mark(s->text);
  if ((kinds & COVER_ACKNOWLEDGEMENT) && !asked)
    return "acknowledgement";
  if ((kinds & COVER_CLOSING) && !asked)
    return "closing";
  if (kinds & COVER_GREETING)
    return "greeting";
  return question ? "question" : "request";
}

/* ---- category ---- */

static bool rule_holds(const scan *s, uint32_t i, uint32_t characters) {
  const aft__rule *rule = &s->rules[i];
  const rule_state *state = &s->states[i];
  if (state->word == 0 || state->unless || (rule->most > 0 && characters > rule->most))
    return false;
  return (!(rule->flags & AFT__RULE_WITH) || state->with) &&
         (!(rule->flags & AFT__RULE_ASKS) || s->question) &&
         (!(rule->flags & AFT__RULE_TELLS) || !s->question);
}

static uint32_t characters_of(aft_str text) {
  uint32_t n = 0;
  for (size_t i = 0; i < text.len; i++)
    n += ((uint8_t)text.data[i] & 0xC0) != 0x80;
  return n;
}

static void score_rules(scan *s) {
  const aft__settings *settings = s->policy->settings;
  uint32_t characters = characters_of(s->text);
  for (uint32_t i = 0; i < s->n_rules; i++) {
    rule_state *state = &s->states[i];
    if (!rule_holds(s, i, characters))
      continue;
    int32_t more = state->found > 4 ? 3 : state->found - 1;
    state->score = s->rules[i].weight + s->rules[i].weight * more * settings->more_words / 1000;
    s->scores[s->rules[i].category] += state->score;
  }
}

static uint32_t best_category(const scan *s, uint32_t except) {
  uint32_t best = UINT32_MAX;
  for (uint32_t i = 0; i < s->n_categories; i++)
    if (i != except && s->scores[i] > 0 && (best == UINT32_MAX || s->scores[i] > s->scores[best]))
      best = i;
  return best;
}

static aft_str category_name(const scan *s, uint32_t index) {
  uint32_t n = 0;
  const aft__category *categories = aft__section_data(s->policy, AFT__SECTION_CATEGORIES, &n);
  return aft__policy_str(s->policy, categories[index].name);
}

/* The strongest rule of a category, or of all with UINT32_MAX, that scores less than `below` or, as
 * much, stands behind `after`. */
static uint32_t best_rule(const scan *s, uint32_t category, int32_t below, uint32_t after) {
  uint32_t best = UINT32_MAX;
  for (uint32_t i = 0; i < s->n_rules; i++) {
    int32_t score = s->states[i].score;
    bool later = score < below || (score == below && after != UINT32_MAX && i > after);
    if (score <= 0 || !later || (category != UINT32_MAX && s->rules[i].category != category))
      continue;
    if (best == UINT32_MAX || score > s->states[best].score)
      best = i;
  }
  return best;
}

static aft_str topic_of(const scan *s, uint32_t category) {
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

static void add_label(scan *s, aft_str label) {
  for (uint32_t i = 0; i < s->n_categories; i++)
    if (label.len > 0 && aft__str_eq(category_name(s, i), label))
      s->scores[i] += s->policy->settings->label_points;
}

/* The share of the best category in all that the two best have, with a damper against weak evidence. */
static int32_t confidence_of(const scan *s, uint32_t best, uint32_t second) {
  int64_t top = s->scores[best], next = second == UINT32_MAX ? 0 : s->scores[second];
  return (int32_t)(1000 * top / (top + next + s->policy->settings->damp));
}

static void choose(scan *s, aft__triage *out) {
  uint32_t best = best_category(s, UINT32_MAX), second = best_category(s, best);
  aft_str none = {"", 0};
  out->category = aft__policy_str(s->policy, s->policy->settings->other);
  out->topic = out->runner_up = none;
  out->confidence = 0;
  out->unsure = true;
  if (best == UINT32_MAX)
    return;
  out->confidence = confidence_of(s, best, second);
  out->unsure = out->confidence < s->policy->settings->threshold;
  if (out->unsure) {
    out->runner_up = category_name(s, best);
    return;
  }
  out->category = category_name(s, best);
  out->topic = topic_of(s, best);
  if (second != UINT32_MAX)
    out->runner_up = category_name(s, second);
}

/* ---- tone ---- */

static int by_begin(const void *a, const void *b) {
  const aft__tone_hit *x = a, *y = b;
  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? 1 : x->end > y->end ? -1 : 0;
}

/* Thanks at the end of a request are mere courtesy; a text of little else is a kind word. */
static int32_t courtesy_of(const scan *s) {
  bool kind = s->seen[AFT__MARK_COURTESY] && !s->question && covered(s, MERE_THANKS);
  return kind ? COURTESY : 0;
}

static int32_t tone_of(scan *s) {
  if (s->n_tones == 0)
    return courtesy_of(s);
  qsort(s->tones, s->n_tones, sizeof(*s->tones), by_begin);
  int32_t tone = aft__tone_score(s->text, s->tones, s->n_tones);
  return tone == 0 ? courtesy_of(s) : tone;
}

/* ---- reasons ---- */

static void explain_rules(const scan *s, aft__buf *reasons) {
  int32_t below = INT32_MAX;
  uint32_t after = UINT32_MAX;
  for (uint32_t shown = 0; shown < REASONS_MOST; shown++) {
    uint32_t i = best_rule(s, UINT32_MAX, below, after);
    if (i == UINT32_MAX)
      return;
    char points[16];
    snprintf(points, sizeof(points), "%d", (int)s->states[i].score);
    const aft__word *word = &s->words[s->states[i].word - 1];
    aft__arg args[] = {{"category", category_name(s, s->rules[i].category)},
                       {"rule", aft__policy_str(s->policy, s->rules[i].name)},
                       {"word", aft__policy_str(s->policy, word->text)},
                       {"points", aft__cstr(points)}};
    aft__reason_add(reasons, "category", "explain.category.rule", args, AFT__COUNT(args));
    below = s->states[i].score;
    after = i;
  }
}

static void explain_label(const scan *s, aft_str label, aft__buf *reasons) {
  aft_str known;
  char points[16];
  if (label.len == 0 || !aft__policy_category_find(s->policy, label, &known))
    return;
  snprintf(points, sizeof(points), "%d", (int)s->policy->settings->label_points);
  aft__arg args[] = {{"category", known}, {"points", aft__cstr(points)}};
  aft__reason_add(reasons, "category", "explain.category.label", args, AFT__COUNT(args));
}

static void explain_choice(const scan *s, const aft__triage *t, aft__buf *reasons) {
  char confidence[16], threshold[16];
  snprintf(confidence, sizeof(confidence), "%d", (int)t->confidence);
  snprintf(threshold, sizeof(threshold), "%d", (int)s->policy->settings->threshold);
  aft__arg args[] = {{"category", t->unsure && t->runner_up.len ? t->runner_up : t->category},
                     {"confidence", aft__cstr(confidence)},
                     {"threshold", aft__cstr(threshold)}};
  aft__arg act = {"act", t->act};
  if (!t->unsure && t->confidence == 1000)
    aft__reason_add(reasons, "category", "explain.category.act", &act, 1);
  else if (t->confidence == 0)
    aft__reason_add(reasons, "category", "explain.category.none", NULL, 0);
  else
    aft__reason_add(reasons, "category", t->unsure ? "explain.category.unsure" : "explain.category.sure",
                    args, AFT__COUNT(args));
}

static void explain_tone(const scan *s, const aft__triage *t, aft__buf *reasons) {
  char strength[16], words[120];
  size_t at = 0;
  if (t->tone > -TONE_CLEAR && t->tone < TONE_CLEAR)
    return;
  for (uint32_t i = 0; i < s->n_tones; i++) {
    const aft__tone_hit *hit = &s->tones[i];
    size_t n = hit->end - hit->begin;
    if (hit->kind != AFT__TONE_WORD || at + n + 3 > sizeof(words))
      continue;
    if (at > 0) {
      words[at++] = ',';
      words[at++] = ' ';
    }
    memcpy(words + at, s->text.data + hit->begin, n);
    at += n;
  }
  snprintf(strength, sizeof(strength), "%d", (int)t->tone);
  aft__arg args[] = {{"tone", aft__cstr(t->tone < 0 ? "negative" : "positive")},
                     {"words", aft__str(words, at)},
                     {"strength", aft__cstr(strength)}};
  aft__reason_add(reasons, "tone", "explain.tone", args, AFT__COUNT(args));
}

/* ---- the whole ---- */

static aft_status prepare(scan *s, const aft_policy *policy, aft_str text, aft__arena *arena,
                          aft_error *error) {
  s->policy = policy;
  s->text = text;
  s->brackets = text.len > 0 && memchr(text.data, '[', text.len);
  s->marks = aft__section_data(policy, AFT__SECTION_MARKS, &s->n_marks);
  s->words = aft__section_data(policy, AFT__SECTION_WORDS, &s->n_words);
  s->rules = aft__section_data(policy, AFT__SECTION_RULES, &s->n_rules);
  aft__section_data(policy, AFT__SECTION_CATEGORIES, &s->n_categories);
  const aft__word *last = s->n_words ? &s->words[s->n_words - 1] : NULL;
  size_t slots = last ? last->slot + last->parts : 0;
  s->ends = aft__arena_alloc(arena, (slots + 1) * sizeof(*s->ends));
  s->states = aft__arena_alloc(arena, (s->n_rules + 1) * sizeof(*s->states));
  s->scores = aft__arena_alloc(arena, s->n_categories * sizeof(*s->scores));
  s->tones = aft__arena_alloc(arena, TONE_MOST * sizeof(*s->tones));
  s->asks = aft__arena_alloc(arena, ASKS_MOST * sizeof(*s->asks));
  if (!s->ends || !s->states || !s->scores || !s->tones || !s->asks)
    return aft__nomem(error);
  return AFT_OK;
}

static void conclude(scan *s, aft_str label, aft__triage *out, aft__buf *reasons) {
  s->question = aft__asks(s->text, s->asks, s->n_asks);
  score_rules(s);
  add_label(s, label);
  choose(s, out);
  out->tone = tone_of(s);
  out->question = s->question;
  out->urgent = s->seen[AFT__MARK_URGENT];
  out->chaser = s->seen[AFT__MARK_CHASER];
  out->human = s->seen[AFT__MARK_HUMAN];
  out->complaint = aft__cstr(s->seen[AFT__MARK_MEDIA]       ? "media"
                             : s->seen[AFT__MARK_REGULATOR] ? "regulator"
                             : s->seen[AFT__MARK_SERVICE]   ? "service"
                                                            : "none");
  const char *act = act_of(s, out->question);
  out->act = aft__cstr(act);
  bool content = strcmp(act, "request") == 0 || strcmp(act, "question") == 0;
  if (!content && out->confidence == 0) { /* nothing to sort: certainly no request */
    out->confidence = 1000;
    out->unsure = false;
  }
  if (!reasons)
    return;
  explain_rules(s, reasons);
  explain_label(s, label, reasons);
  explain_choice(s, out, reasons);
  explain_tone(s, out, reasons);
}

aft_status aft__policy_triage(const aft_policy *policy, aft_str text, aft_str label, aft__arena *arena,
                              aft__triage *out, aft__buf *reasons, aft_error *error) {
  aft__buf normal;
  scan s;
  uint32_t size = 0;
  memset(&s, 0, sizeof(s));
  memset(out, 0, sizeof(*out));
  AFT__TRY(aft__utf8_require(text, "text", error));
  aft__buf_init(&normal, policy->env);
  aft_status status = aft__normalise(&normal, text, error);
  if (status >= 0)
    status = prepare(&s, policy, aft__buf_view(&normal), arena, error);
  if (status >= 0) {
    const void *matcher = aft__section_data(policy, AFT__SECTION_MATCHER, &size);
    if (size > 0)
      aft__matcher_scan(matcher, s.text, on_match, &s);
    out->language = aft__language(text);
    conclude(&s, label, out, reasons);
    status = reasons && reasons->failed ? aft__nomem(error) : AFT_OK;
  }
  aft__buf_done(&normal);
  return status;
}

void aft__triage_facts(const aft__triage *triage, aft__facts *facts) {
  facts->text[AFT__FACT_CATEGORY] = triage->category;
  facts->text[AFT__FACT_TOPIC] = triage->topic;
  facts->text[AFT__FACT_COMPLAINT] = triage->complaint;
  facts->text[AFT__FACT_ACT] = triage->act;
  facts->text[AFT__FACT_LANGUAGE] = aft__cstr(triage->language);
  facts->number[AFT__FACT_CONFIDENCE] = triage->confidence;
  facts->number[AFT__FACT_TONE] = triage->tone;
  facts->number[AFT__FACT_QUESTION] = triage->question;
  facts->number[AFT__FACT_URGENT] = triage->urgent;
  facts->number[AFT__FACT_CHASER] = triage->chaser;
  facts->number[AFT__FACT_HUMAN] = triage->human;
}

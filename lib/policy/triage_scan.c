/* What the words of a policy hit in a text: one pass of the matcher. */
#include "policy/triage_priv.h"

#define GAP_MOST  36u  /* bytes between the parts of "a..b": 12 Chinese characters */
#define TONE_MOST 512u /* tone words of one text that count */
#define ASKS_MOST 256u /* words of one text that may ask or tell */
#define MASK_MOST 32u  /* bytes of what stands for masked data */

static bool was_found(const aft__triage_scan *s, uint32_t mark) {
  return s->found[mark / 32] >> mark % 32 & 1u;
}

/* A part counts behind the part before it, with a small gap; the last one completes the word. */
static void hit_word(aft__triage_scan *s, const aft__mark *mark, const aft__match *match) {
  const aft__word *word = &s->words[mark->value];
  uint32_t id = match->id;
  if (mark->part > 0) {
    uint32_t before = was_found(s, id - 1) ? s->ends[id - 1] : UINT32_MAX;
    if (match->begin < before || match->begin - before > GAP_MOST)
      return;
  }
  bool again = was_found(s, id);
  s->found[id / 32] |= 1u << id % 32;
  s->ends[id] = match->end;
  if (mark->part + 1 < word->parts || again)
    return;
  aft__rule_state *state = &s->states[word->rule];
  if (word->role == AFT__WORD_UNLESS) {
    state->unless = true;
  } else if (word->role == AFT__WORD_WITH) {
    state->with = true;
  } else {
    if (state->word == 0)
      state->word = mark->value + 1;
    state->found += state->found < UINT16_MAX;
  }
}

static void hit_tone(aft__triage_scan *s, const aft__mark *mark, const aft__match *match) {
  if (s->n_tones == TONE_MOST)
    return;
  aft__tone_hit *hit = &s->tones[s->n_tones++];
  hit->begin = match->begin;
  hit->end = match->end;
  hit->weight = aft__mark_weight(mark);
  hit->kind = mark->kind == AFT__MARK_TONE       ? AFT__TONE_WORD
              : mark->kind == AFT__MARK_NEGATION ? AFT__TONE_NEGATION
                                                 : AFT__TONE_DEGREE;
}

/* Words that bear on whether the text asks. */
static void hit_ask(aft__triage_scan *s, const aft__mark *mark, const aft__match *match) {
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

static void hit_cover(aft__triage_scan *s, uint8_t bit, const aft__match *match) {
  for (uint32_t i = match->begin; i < match->end && i - s->own < AFT__COVER_MOST; i++)
    if (i >= s->own)
      s->cover[i - s->own] |= bit;
}

/* In a text of another language a word of ours is a coincidence; emoji say the same in all. */
static bool coincidence(const aft__triage_scan *s, const aft__match *match) {
  uint32_t c;
  if (!s->foreign)
    return false;
  aft__utf8_next(s->text.data + match->begin, s->text.data + match->end, &c);
  return !aft__triage_pictograph(c);
}

static uint8_t cover_of(uint8_t kind) {
  switch (kind) {
  case AFT__MARK_ACKNOWLEDGEMENT:
    return AFT__COVER_ACKNOWLEDGEMENT;
  case AFT__MARK_CLOSING:
    return AFT__COVER_CLOSING;
  case AFT__MARK_GREETING:
    return AFT__COVER_GREETING;
  case AFT__MARK_PARTICLE:
    return AFT__COVER_PARTICLE;
  case AFT__MARK_YES_NO:
    return AFT__COVER_YES_NO;
  case AFT__MARK_ORDER_NUMBER:
  case AFT__MARK_WAYBILL:
  case AFT__MARK_PHONE:
    return AFT__COVER_ANNOUNCED;
  default:
    return 0;
  }
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
  aft__triage_scan *s = user;
  if (match->id >= s->n_marks)
    return true;
  const aft__mark *mark = &s->marks[match->id];
  if (mark->stem && match->begin > 0 && aft__triage_alnum(s->text.data[match->begin]) &&
      aft__triage_alnum(s->text.data[match->begin - 1]))
    return true;
  if (coincidence(s, match) || (s->brackets && masked(s->text, match)))
    return true;
  if (!s->seen[mark->kind])
    s->first[mark->kind] = *match;
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
  case AFT__MARK_ADDRESS:
    s->n_address += match->begin >= s->own;
    break;
  default:
    if (cover_of(mark->kind))
      hit_cover(s, cover_of(mark->kind), match);
    break;
  }
  return true;
}

aft_status aft__triage_prepare(aft__triage_scan *s, const aft_policy *policy, aft_str text, aft__arena *arena,
                               aft_error *error) {
  s->policy = policy;
  s->text = text;
  s->brackets = text.len > 0 && memchr(text.data, '[', text.len);
  s->marks = aft__section_data(policy, AFT__SECTION_MARKS, &s->n_marks);
  s->words = aft__section_data(policy, AFT__SECTION_WORDS, &s->n_words);
  s->rules = aft__section_data(policy, AFT__SECTION_RULES, &s->n_rules);
  aft__section_data(policy, AFT__SECTION_CATEGORIES, &s->n_categories);
  s->found = aft__arena_alloc(arena, (s->n_marks / 32 + 1) * sizeof(*s->found));
  s->ends = aft__arena_room(arena, (s->n_marks + 1) * sizeof(*s->ends));
  s->states = aft__arena_alloc(arena, (s->n_rules + 1) * sizeof(*s->states));
  s->scores = aft__arena_alloc(arena, s->n_categories * sizeof(*s->scores));
  s->tones = aft__arena_room(arena, TONE_MOST * sizeof(*s->tones));
  s->asks = aft__arena_room(arena, ASKS_MOST * sizeof(*s->asks));
  if (!s->found || !s->ends || !s->states || !s->scores || !s->tones || !s->asks)
    return aft__nomem(error);
  return AFT_OK;
}

void aft__triage_scan_run(aft__triage_scan *s) {
  uint32_t size = 0;
  const void *matcher = aft__section_data(s->policy, AFT__SECTION_MATCHER, &size);
  if (size > 0)
    aft__matcher_scan(matcher, s->text, on_match, s);
  s->question = aft__asks(s->text, s->asks, s->n_asks);
}

/* What a survey asks beside its score: questions of a type each, and whether an answer fits its question. */
#include "policy/policy_priv.h"

const char *const aft__question_types[AFT__QUESTION_TYPES + 1] = {"scale",  "choice", "choices",
                                                                  "yes_no", "text",   NULL};

static const aft__question_row *row_of(const aft_policy *policy, uint32_t index) {
  uint32_t n;
  const aft__question_row *rows = aft__section_data(policy, AFT__SECTION_QUESTIONS, &n);
  return &rows[index];
}

void aft__policy_question(const aft_policy *policy, const aft__policy_survey *survey, uint32_t index,
                          aft__question *out) {
  const aft__question_row *q = row_of(policy, survey->first + index);
  *out = (aft__question){
      .name = aft__policy_str(policy, q->name),
      .type = (aft__question_type)q->type,
      .required = q->required != 0,
      .from = q->from,
      .to = q->to,
      .most = q->most,
      .n_choices = q->choices.count,
      .row = survey->first + index,
  };
}

bool aft__policy_question_find(const aft_policy *policy, const aft__policy_survey *survey, aft_str name,
                               aft__question *out) {
  for (uint32_t i = 0; i < survey->questions; i++) {
    aft__policy_question(policy, survey, i, out);
    if (aft__str_eq(out->name, name))
      return true;
  }
  return false;
}

static aft_str name_at(const aft_policy *policy, aft__names of, uint32_t index) {
  uint32_t n;
  const uint32_t *texts = aft__section_data(policy, AFT__SECTION_CHOICES, &n);
  return aft__policy_str(policy, texts[of.first + index]);
}

aft_str aft__policy_choice(const aft_policy *policy, const aft__question *question, uint32_t index) {
  return name_at(policy, row_of(policy, question->row)->choices, index);
}

/* ---- whether an answer fits ---- */

static aft_status no_number(const aft__question *question, const char *where, aft_str text,
                            aft_error *error) {
  return aft__error(error, AFT_E_INVALID, where, "expected a whole number from %d to %d, found '%.*s'",
                    (int)question->from, (int)question->to, (int)aft__utf8_cut(text, 40), text.data);
}

static aft_status scale(const aft_policy *policy, const aft__question *question, aft_str text,
                        const char *where, aft__reply *out, aft_error *error) {
  int64_t n = 0;
  if (!text.len || text.len > 3)
    return no_number(question, where, text, error);
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] < '0' || text.data[i] > '9')
      return no_number(question, where, text, error);
    n = n * 10 + (text.data[i] - '0');
  }
  if (n < question->from || n > question->to)
    return no_number(question, where, text, error);
  out->number = n;
  out->low = n <= row_of(policy, question->row)->low;
  return AFT_OK;
}

/* The next word of names with spaces between; empty at the end. */
static aft_str next_word(aft_str *text) {
  size_t n = 0;
  while (n < text->len && text->data[n] != ' ')
    n++;
  aft_str word = aft__str(text->data, n);
  size_t skip = n < text->len ? n + 1 : n;
  *text = aft__str(text->data + skip, text->len - skip);
  return word;
}

static aft_status no_choice(const aft_policy *policy, const aft__question *question, aft_str word,
                            const char *where, aft__arena *arena, aft_error *error) {
  const char *known = NULL;
  for (uint32_t i = 0; i < question->n_choices; i++) {
    aft_str name = aft__policy_choice(policy, question, i);
    known =
        aft__arena_printf(arena, "%s%s%.*s", known ? known : "", known ? ", " : "", (int)name.len, name.data);
    if (!known)
      return aft__nomem(error);
  }
  return aft__error(error, AFT_E_INVALID, where, "expected %s of %.120s, found '%.*s'",
                    question->type == AFT__QUESTION_CHOICES ? "some" : "one", known ? known : "none",
                    (int)aft__utf8_cut(word, 40), word.data);
}

static bool find_choice(const aft_policy *policy, const aft__question *question, aft_str word,
                        uint32_t *out) {
  for (uint32_t i = 0; i < question->n_choices; i++)
    if (aft__str_eq(aft__policy_choice(policy, question, i), word)) {
      *out = i;
      return true;
    }
  return false;
}

static bool is_low(const aft_policy *policy, const aft__question *question, aft_str choice) {
  aft__names low = row_of(policy, question->row)->lowest;
  for (uint32_t i = 0; i < low.count; i++)
    if (aft__str_eq(name_at(policy, low, i), choice))
      return true;
  return false;
}

/* Those that were chosen, in the order of the policy. */
static aft_status write_choices(const aft_policy *policy, const aft__question *question, uint32_t chosen,
                                aft__arena *arena, aft__reply *out, aft_error *error) {
  char *text = NULL;
  for (uint32_t i = 0; i < question->n_choices; i++) {
    aft_str name = aft__policy_choice(policy, question, i);
    if (!(chosen >> i & 1u))
      continue;
    out->low |= is_low(policy, question, name);
    text = aft__arena_printf(arena, "%s%s%.*s", text ? text : "", text ? " " : "", (int)name.len, name.data);
    if (!text)
      return aft__nomem(error);
  }
  out->choices = aft__cstr(text ? text : "");
  return AFT_OK;
}

static aft_status choose(const aft_policy *policy, const aft__question *question, aft_str text,
                         const char *where, aft__arena *arena, aft__reply *out, aft_error *error) {
  uint32_t chosen = 0, at = 0, n = 0;
  do { /* ends, since no choice may stand twice */
    aft_str word = next_word(&text);
    if (!find_choice(policy, question, word, &at))
      return no_choice(policy, question, word, where, arena, error);
    if (chosen >> at & 1u)
      return aft__error(error, AFT_E_INVALID, where, "'%.*s' stands twice", (int)word.len, word.data);
    chosen |= 1u << at;
    n++;
  } while (text.len);
  if (n > 1 && question->type != AFT__QUESTION_CHOICES)
    return aft__error(error, AFT_E_INVALID, where, "expected one choice, found more");
  return write_choices(policy, question, chosen, arena, out, error);
}

aft_status aft__policy_reply(const aft_policy *policy, const aft__question *question, aft_str text,
                             const char *where, aft__arena *arena, aft__reply *out, aft_error *error) {
  *out = (aft__reply){0};
  if (question->type == AFT__QUESTION_SCALE)
    return scale(policy, question, text, where, out, error);
  if (question->type != AFT__QUESTION_TEXT)
    return choose(policy, question, text, where, arena, out, error);
  uint32_t n = aft__utf8_length(text);
  if (!n || n > question->most)
    return aft__error(error, AFT_E_INVALID, where, "expected 1 to %u characters, found %u", question->most,
                      n);
  out->text = text;
  return AFT_OK;
}

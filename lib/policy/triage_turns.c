/* The turns of a customer as one text, and its language. */
#include "policy/triage_priv.h"

#define TURNS_MOST 8u
#define JOIN_MOST  4096u /* bytes of earlier turns: what is older says little */

/* The latest that fit together. */
static uint32_t turns_that_fit(const aft__triage_in *in) {
  uint32_t n = 0;
  size_t bytes = 0;
  while (n < in->n_earlier && n < TURNS_MOST) {
    bytes += in->earlier[in->n_earlier - 1 - n].len;
    if (bytes > JOIN_MOST)
      break;
    n++;
  }
  return n;
}

/* A line each: a word that spans two turns is none, and a negation ends with its own. */
aft_status aft__triage_join(const aft__triage_in *in, aft__buf *out, uint32_t *own, uint32_t *turns,
                            aft_error *error) {
  *turns = turns_that_fit(in);
  for (uint32_t i = *turns; i > 0; i--) {
    aft_str turn = in->earlier[in->n_earlier - i];
    AFT__TRY(aft__utf8_require(turn, "earlier", error));
    AFT__TRY(aft__normalise(out, turn, error));
    aft__buf_char(out, '\n');
  }
  *own = (uint32_t)out->len;
  return aft__normalise(out, in->text, error);
}

/* Short turns have no language of their own: "12345", "SF…". */
const char *aft__triage_language(const aft__triage_in *in, uint32_t turns) {
  const char *language = aft__language(in->text);
  for (uint32_t i = 0; i < turns && strcmp(language, "und") == 0; i++)
    language = aft__language(in->earlier[in->n_earlier - 1 - i]);
  return language;
}

static bool has_letters(aft_str text) {
  const char *p = text.data, *end = p + text.len;
  while (text.len > 0 && p < end) {
    uint32_t c;
    p += aft__utf8_next(p, end, &c);
    if (aft__is_letter(c))
      return true;
  }
  return false;
}

/* Without letters there is nothing that a language could change: emoji and numbers. */
bool aft__triage_covers(const aft_policy *policy, const char *language, aft_str text) {
  uint32_t n = 0;
  const uint32_t *list = aft__section_data(policy, AFT__SECTION_LANGUAGES, &n);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, list[i]), aft__cstr(language)))
      return true;
  return n == 0 || (strcmp(language, "und") == 0 && !has_letters(text));
}

/* Checks of texts that callers hand in. */
#include "text/text.h"

#define MOST_NAMES 32u /* of an agent's languages, skills, teams or channels */

aft_status aft__in_text(aft_str *text, size_t most, const char *where, aft_error *error) {
  if (!text->data) {
    if (text->len != 0 && text->len != AFT_NTS)
      return aft__error(error, AFT_E_INVALID, where, "the text is NULL but its length is %zu", text->len);
    text->len = 0;
    return AFT_OK;
  }
  if (text->len == AFT_NTS)
    text->len = strnlen(text->data, most + 1);
  if (text->len > most)
    return aft__error(error, AFT_E_TOO_LARGE, where, "the text is longer than the limit of %zu bytes", most);
  return aft__utf8_require(*text, where, error);
}

aft_status aft__in_name(aft_str *text, size_t most, const char *where, aft_error *error) {
  AFT__TRY(aft__in_text(text, most, where, error));
  if (text->len == 0)
    return aft__error(error, AFT_E_INVALID, where, "required: expected a text of 1 to %zu bytes", most);
  return AFT_OK;
}

/* ---- names ---- */

static bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool digit(char c) { return c >= '0' && c <= '9'; }

static bool is_name(aft_str word) {
  for (size_t i = 0; i < word.len; i++)
    if (!letter(word.data[i]) && !digit(word.data[i]) && word.data[i] != '_' && word.data[i] != '-')
      return false;
  return word.len > 0 && word.len <= 64;
}

/* "chat=3": a channel may have any name without a space. */
static bool is_share(aft_str word) {
  size_t at = 0;
  while (at < word.len && word.data[at] != '=')
    at++;
  size_t digits = word.len - at;
  for (size_t i = at + 1; i < word.len; i++)
    if (!digit(word.data[i]))
      return false;
  return at > 0 && at <= 64 && digits >= 2 && digits <= 8;
}

aft_status aft__in_words(aft_str *words, bool shares, const char *where, aft_error *error) {
  aft_str rest, word;
  uint32_t n = 0;
  AFT__TRY(aft__in_text(words, MOST_NAMES * 74, where, error));
  bool loose = words->len && words->data[words->len - 1] == ' ';
  for (rest = *words; aft__words_next(&rest, &word); n++)
    if (loose || !(shares ? is_share(word) : is_name(word)))
      return aft__error(error, AFT_E_INVALID, where, "expected %s with one space between, found '%.*s'",
                        shares ? "channels and numbers such as chat=3" : "names",
                        (int)aft__utf8_cut(*words, 60), words->data);
  if (n > MOST_NAMES)
    return aft__error(error, AFT_E_TOO_LARGE, where, "expected at most %u names, found %u", MOST_NAMES, n);
  return AFT_OK;
}

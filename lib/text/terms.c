/* The form in which texts are searched, its terms, and whether it contains a phrase. */
#include "text/text.h"

#include "text/terms_priv.h"

/* ---- classes of characters ---- */

typedef struct range {
  uint32_t first, last;
} range;

/* Scripts that write no space between words: Thai, Lao, Myanmar, Khmer (letters and marks, not digits), kana,
 * bopomofo, Han. In order. */
static const range dense[] = {
    {0x0E01, 0x0E3A}, {0x0E40, 0x0E4E}, {0x0E81, 0x0ECE}, {0x1000, 0x103F},   {0x1050, 0x108F},
    {0x1780, 0x17D3}, {0x3005, 0x3007}, {0x3021, 0x3029}, {0x3041, 0x309A},   {0x309D, 0x309F},
    {0x30A1, 0x30FA}, {0x30FC, 0x30FF}, {0x3105, 0x312F}, {0x31A0, 0x31BF},   {0x31F0, 0x31FF},
    {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, {0x1B000, 0x1B16F}, {0x20000, 0x3FFFF},
};
static const range hangul[] = {
    {0x1100, 0x11FF}, {0x3130, 0x318F}, {0xA960, 0xA97F}, {0xAC00, 0xD7AF}, {0xD7B0, 0xD7FF}};

static bool among(const range *ranges, size_t n, uint32_t c) {
  size_t i = 0;
  while (i < n && c > ranges[i].last)
    i++;
  return i < n && c >= ranges[i].first;
}

aft__term_class aft__term_class_of(uint32_t c) {
  if (c < 0x80)
    return aft__is_letter(c) || aft__is_digit(c) ? AFT__TERM_WORD : AFT__TERM_NONE;
  if ((c >= 0x4E00 && c <= 0x9FFF) || among(dense, AFT__COUNT(dense), c))
    return AFT__TERM_DENSE;
  if (among(hangul, AFT__COUNT(hangul), c))
    return AFT__TERM_HANGUL;
  return aft__is_letter(c) || aft__is_digit(c) ? AFT__TERM_WORD : AFT__TERM_NONE;
}

/* ---- the form ---- */

typedef enum gap {
  GAP_NONE,
  GAP_SPACE,
  GAP_MARK /* punctuation or a symbol */
} gap;

typedef struct writer {
  aft__buf *out;
  aft__term_class last; /* of the character written last; NONE at the start */
  uint32_t character;   /* the one written last */
  uint32_t run;         /* how often in a row, of dense ones */
  gap between;          /* what was left out since */
} writer;

/* What stands between two characters in place of the gap; 0 for nothing. */
static char separator(const writer *w, aft__term_class next) {
  if (w->last == AFT__TERM_NONE)
    return 0;
  if (w->last != next)
    return ' ';
  if (next == AFT__TERM_DENSE)
    return w->between == GAP_MARK ? AFT__TERM_BREAK : 0;
  return w->between == GAP_NONE ? 0 : ' ';
}

static void put(writer *w, aft__term_class class, uint32_t c, const char *bytes, uint32_t n) {
  char mark = separator(w, class);
  bool again = class == AFT__TERM_DENSE && !mark && w->last == class && c == w->character;
  w->run = again ? w->run + 1 : 1;
  w->between = GAP_NONE;
  if (w->run > 2) /* as in normalising, which sees the spaces that are left out here */
    return;
  if (mark)
    aft__buf_char(w->out, mark);
  aft__buf_add(w->out, bytes, n);
  w->last = class;
  w->character = c;
}

static void write_form(aft__buf *out, aft_str text) {
  writer w = {.out = out};
  const char *p = text.data, *end = text.data + text.len;
  while (p < end) {
    uint32_t c;
    uint32_t n = aft__utf8_next(p, end, &c);
    aft__term_class class = aft__term_class_of(c);
    if (class == AFT__TERM_NONE && aft__is_mark(c)) {
      /* an accent belongs to the word before it; elsewhere it says nothing */
      if (w.last == AFT__TERM_WORD && w.between == GAP_NONE)
        aft__buf_add(out, p, n);
    } else if (class != AFT__TERM_NONE) {
      put(&w, class, c, p, n);
    } else if (!aft__is_space(c)) {
      w.between = GAP_MARK;
    } else if (w.between == GAP_NONE) {
      w.between = GAP_SPACE;
    }
    p += n;
  }
}

aft_status aft__terms_form(aft__buf *out, aft_str text, aft_error *error) {
  aft__buf normal;
  aft__buf_init(&normal, out->env);
  aft_status status = aft__normalise(&normal, text, error);
  if (status >= 0)
    write_form(out, aft__buf_view(&normal));
  aft__buf_done(&normal);
  if (status < 0)
    return status;
  return out->failed ? aft__nomem(error) : AFT_OK;
}

/* ---- its terms ---- */

aft_str aft__term_token(aft_str *rest) {
  size_t n = 0;
  while (n < rest->len && rest->data[n] != ' ' && rest->data[n] != AFT__TERM_BREAK)
    n++;
  aft_str token = {rest->data, n};
  size_t past = n < rest->len ? n + 1 : n;
  *rest = (aft_str){rest->data + past, rest->len - past};
  return token;
}

aft__term_class aft__term_token_class(aft_str token) {
  uint32_t c = 0;
  if (token.len)
    aft__utf8_next(token.data, token.data + token.len, &c);
  return token.len ? aft__term_class_of(c) : AFT__TERM_NONE;
}

aft_str aft__term_word(aft_str token) {
  return (aft_str){token.data, aft__utf8_cut(token, AFT__TERM_WORD_BYTES)};
}

/* Every two neighbours; the last character also alone, so that a range from any character finds it. */
static bool pairs(aft_str token, aft__term_fn fn, void *user) {
  const char *p = token.data, *end = token.data + token.len;
  uint32_t c;
  uint32_t n = aft__utf8_next(p, end, &c);
  while (p + n < end) {
    uint32_t m = aft__utf8_next(p + n, end, &c);
    if (!fn(user, (aft_str){p, n + m}))
      return false;
    p += n;
    n = m;
  }
  return fn(user, (aft_str){p, n});
}

void aft__terms_each(aft_str form, aft__term_fn fn, void *user) {
  while (form.len) {
    aft_str token = aft__term_token(&form);
    bool on = true;
    if (aft__term_token_class(token) == AFT__TERM_WORD)
      on = fn(user, aft__term_word(token));
    else if (token.len)
      on = pairs(token, fn, user);
    if (!on)
      return;
  }
}

/* ---- phrases ---- */

static bool word_at_end(aft_str phrase) {
  aft_str rest = phrase, token = phrase;
  while (rest.len)
    token = aft__term_token(&rest);
  return aft__term_token_class(token) == AFT__TERM_WORD;
}

bool aft__terms_contain(aft_str form, aft_str phrase, bool prefix) {
  if (!phrase.len)
    return false;
  bool whole_begin = aft__term_token_class(phrase) == AFT__TERM_WORD;
  bool whole_end = !prefix && word_at_end(phrase);
  size_t n = phrase.len;
  char first = phrase.data[0], last = phrase.data[n - 1];
  for (size_t i = 0; i + n <= form.len; i++) {
    const char *p = form.data + i;
    if (p[n - 1] != last || p[0] != first || memcmp(p, phrase.data, n) != 0)
      continue;
    if ((!whole_begin || i == 0 || p[-1] == ' ') && (!whole_end || i + n == form.len || p[n] == ' '))
      return true;
  }
  return false;
}

/* What people type into a search box: words, "phrases", -excluded ones. */
#include "text/text.h"

#include "text/terms_priv.h"

/* ---- reading ---- */

/* U+201C and U+201D, full-width, and the corner brackets of Chinese and Japanese. */
static bool is_quote(uint32_t c) {
  return c == '"' || c == 0x201C || c == 0x201D || c == 0xFF02 || (c >= 0x300C && c <= 0x300F);
}

static bool is_minus(uint32_t c) { return c == '-' || c == 0xFF0D || c == 0x2212; }

typedef struct reader {
  aft__query *query;
  const char *p, *end;
} reader;

static uint32_t peek(const reader *r, uint32_t *c) {
  *c = 0;
  return r->p < r->end ? aft__utf8_next(r->p, r->end, c) : 0;
}

static void skip_spaces(reader *r) {
  uint32_t c, n;
  while ((n = peek(r, &c)) && aft__is_space(c))
    r->p += n;
}

/* Up to a quotation mark, or where not quoted up to a space too. */
static aft_str read_piece(reader *r, bool quoted) {
  const char *begin = r->p;
  uint32_t c, n;
  while ((n = peek(r, &c)) && !is_quote(c) && (quoted || !aft__is_space(c)))
    r->p += n;
  aft_str piece = {begin, (size_t)(r->p - begin)};
  if (quoted && n)
    r->p += n;
  return piece;
}

static aft_status add_word(aft__query *query, aft_str word, bool excluded, aft_error *error) {
  if (query->n == AFT__QUERY_WORDS)
    return aft__error(error, AFT_E_TOO_LARGE, "search.query", "expected at most %d words", AFT__QUERY_WORDS);
  query->words[query->n++] = (aft__query_word){word, excluded, false};
  query->wanted |= !excluded;
  return AFT_OK;
}

/* Between dense characters punctuation parts two words, where the piece is not meant as one. */
static aft_status add_piece(aft__query *query, aft_str form, bool whole, bool excluded, aft_error *error) {
  size_t begin = 0;
  for (size_t i = 0; i <= form.len; i++) {
    if (i < form.len && (whole || form.data[i] != AFT__TERM_BREAK))
      continue;
    if (i > begin)
      AFT__TRY(add_word(query, (aft_str){form.data + begin, i - begin}, excluded, error));
    begin = i + 1;
  }
  return AFT_OK;
}

static aft_status read_word(reader *r, bool *open_end, aft_error *error) {
  aft__query *query = r->query;
  uint32_t c, n = peek(r, &c);
  bool excluded = is_minus(c);
  if (excluded)
    r->p += n;
  n = peek(r, &c);
  bool quoted = is_quote(c);
  if (quoted)
    r->p += n;
  aft_str piece = read_piece(r, quoted);
  aft__buf form;
  aft__buf_init(&form, query->arena->env);
  aft_status status = aft__terms_form(&form, piece, error);
  aft_str kept = {0};
  if (status >= 0 && form.len) {
    kept = aft__arena_dup(query->arena, aft__buf_view(&form));
    *open_end = !quoted && !excluded;
    if (!kept.data)
      status = aft__nomem(error);
  }
  aft__buf_done(&form);
  if (status >= 0 && kept.len)
    status = add_piece(query, kept, quoted || excluded, excluded, error);
  return status;
}

aft_status aft__query_parse(aft__query *query, aft__arena *arena, aft_str text, aft_error *error) {
  reader r = {query, text.data, text.data + text.len};
  bool open_end = false;
  *query = (aft__query){.arena = arena};
  for (skip_spaces(&r); r.p < r.end; skip_spaces(&r))
    AFT__TRY(read_word(&r, &open_end, error));
  if (!query->wanted)
    return aft__error(error, AFT_E_INVALID, "search.query",
                      query->n ? "expected a word to look for, found only words to leave out"
                               : "expected a word to look for: a letter, a digit or a Chinese character");
  query->words[query->n - 1].prefix = open_end;
  return AFT_OK;
}

/* ---- terms that a text with the word must have ---- */

typedef struct needs {
  aft__need_fn fn;
  void *user;
} needs;

/* Of all pairs: the term of a last character alone is not in every text that has the token. */
static void need_pairs(aft_str token, const needs *out) {
  const char *p = token.data, *end = token.data + token.len;
  uint32_t c;
  uint32_t n = aft__utf8_next(p, end, &c);
  if (p + n == end)
    out->fn(out->user, token, true);
  while (p + n < end) {
    uint32_t m = aft__utf8_next(p + n, end, &c);
    out->fn(out->user, (aft_str){p, n + m}, false);
    p += n;
    n = m;
  }
}

void aft__query_needs(const aft__query_word *word, aft__need_fn fn, void *user) {
  const needs out = {fn, user};
  aft_str rest = word->text;
  while (rest.len) {
    aft_str token = aft__term_token(&rest);
    if (aft__term_token_class(token) != AFT__TERM_WORD) {
      need_pairs(token, &out);
      continue;
    }
    aft_str cut = aft__term_word(token);
    fn(user, cut, word->prefix && !rest.len && cut.len == token.len);
  }
}

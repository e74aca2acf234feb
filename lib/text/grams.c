/* The features of a text for models and fingerprints: hashed n-grams, in one pass over the normalised text.
 */
#include "text/text.h"

/*
 * A text is a row of tokens: words of scripts that have words, each character of scripts without spaces (Han,
 * kana, Thai, and Hangul, whose words are too varied), and each sign. The features are
 *
 *   1 to 3 tokens in a row, 4 where the last is of a phonetic script without spaces;
 *   2 to 5 characters in a row within a word, its ends marked.
 *
 * Numbers of five digits and more are all alike but for their length: they are order numbers and phones.
 */
#define WORD_MOST   64 /* characters; the rest of a longer word is a word of its own */
#define PIECE_LEAST 2
#define PIECE_MOST  5
#define NUMBER      5 /* digits from which a number's value does not count */

typedef enum kind {
  SPACE,
  LETTER,
  HAN,
  PHONETIC,
  SIGN
} kind;

typedef struct token {
  uint64_t hash;
  uint32_t begin;
} token;

typedef struct grams {
  aft__grams_fn fn;
  void *user;
  uint32_t n;
  uint32_t known;                /* tokens seen, up to 4 */
  token last[AFT__GRAM_TOKENS];  /* the latest first */
  uint32_t letters, digits;      /* of the word being read */
  uint64_t word[WORD_MOST + 2];  /* its characters, from 1 on */
  uint32_t place[WORD_MOST + 3]; /* where they begin, and where the last ends */
  aft__gram chunk[AFT__GRAM_CHUNK];
} grams;

/* Odd constants of SplitMix64 (Steele, Lea, Flood 2014). */
#define STEP UINT64_C(0x9E3779B97F4A7C15)
#define MIX  UINT64_C(0xBF58476D1CE4E5B9)

static inline uint32_t finish(uint64_t h) {
  h = (h ^ h >> 32) * MIX;
  return (uint32_t)(h >> 32);
}

static inline void emit(grams *g, uint64_t hash, uint32_t block, uint32_t begin, uint32_t end) {
  aft__gram *gram = &g->chunk[g->n++];
  gram->hash = finish(hash + block);
  gram->block = block;
  gram->begin = begin;
  gram->end = end;
  if (g->n == AFT__GRAM_CHUNK) {
    g->fn(g->user, g->chunk, g->n);
    g->n = 0;
  }
}

static inline void add_token(grams *g, uint64_t hash, uint32_t begin, uint32_t end, uint32_t most) {
  for (uint32_t i = AFT__GRAM_TOKENS - 1; i > 0; i--)
    g->last[i] = g->last[i - 1];
  g->last[0].hash = hash * STEP;
  g->last[0].begin = begin;
  if (g->known < AFT__GRAM_TOKENS)
    g->known++;
  uint32_t n = g->known < most ? g->known : most;
  uint64_t h = 0;
  for (uint32_t i = 0; i < n; i++) {
    h = (h + g->last[i].hash) * MIX;
    emit(g, h, i, g->last[i].begin, end);
  }
}

static void add_pieces(grams *g) {
  uint32_t n = g->letters + 2;
  g->word[0] = '<';
  g->word[n - 1] = '>';
  for (uint32_t from = 0; from + PIECE_LEAST <= n; from++) {
    uint64_t h = 0;
    for (uint32_t i = from; i < n && i < from + PIECE_MOST; i++) {
      h = (h + g->word[i]) * STEP;
      h ^= h >> 29;
      uint32_t length = i + 1 - from;
      if (length >= PIECE_LEAST && length < n)
        emit(g, h * MIX, AFT__GRAM_PIECES, g->place[from], g->place[i + 1]);
    }
  }
}

static void end_word(grams *g) {
  uint64_t h = 0;
  if (g->letters == 0)
    return;
  bool number = g->digits == g->letters && g->letters >= NUMBER;
  for (uint32_t i = 1; i <= g->letters; i++)
    h = (h + (number ? '0' : g->word[i])) * STEP ^ h >> 31;
  g->place[0] = g->place[1];
  g->place[g->letters + 2] = g->place[g->letters + 1];
  add_token(g, h, g->place[1], g->place[g->letters + 1], 3);
  if (!number)
    add_pieces(g);
  g->letters = g->digits = 0;
}

static inline void add_letter(grams *g, uint32_t c, uint32_t begin, uint32_t end) {
  if (g->letters == WORD_MOST)
    end_word(g);
  g->digits += c - '0' < 10u;
  g->place[++g->letters] = begin;
  g->place[g->letters + 1] = end;
  g->word[g->letters] = c;
}

static inline kind kind_of(uint32_t c) {
  if (c < 0x80) {
    if (c <= ' ')
      return SPACE;
    return (c | 0x20) - 'a' < 26u || c - '0' < 10u || c == '\'' ? LETTER : SIGN;
  }
  if ((c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x3FFFF))
    return HAN;
  if ((c >= 0x3041 && c <= 0x30FF) || (c >= 0x0E00 && c <= 0x0E7F) || (c >= 0xAC00 && c <= 0xD7A3))
    return PHONETIC;
  if (aft__is_letter(c) || aft__is_mark(c) || aft__is_digit(c))
    return LETTER;
  return aft__is_space(c) ? SPACE : SIGN;
}

void aft__grams_each(aft_str text, aft__grams_fn fn, void *user) {
  grams g;
  g.fn = fn;
  g.user = user;
  g.n = g.known = g.letters = g.digits = 0;
  const char *p = text.data, *end = p ? p + text.len : p;
  while (p < end) {
    uint32_t c = (uint8_t)*p, n = 1, begin = (uint32_t)(p - text.data);
    if (c >= 0x80)
      n = aft__utf8_next(p, end, &c);
    p += n;
    kind k = kind_of(c);
    if (k == LETTER) {
      add_letter(&g, c, begin, begin + n);
      continue;
    }
    end_word(&g);
    if (k != SPACE)
      add_token(&g, c, begin, begin + n, k == PHONETIC ? 4 : 3);
  }
  end_word(&g);
  if (g.n > 0)
    fn(user, g.chunk, g.n);
}

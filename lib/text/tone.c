/* Strength of tone: tone words with the negations and degrees that stand before them. */
#include "text/text.h"

/*
 * Each tone word contributes
 *
 *   weight x degrees / 1000 ... x (-0.7) for each negation
 *
 * where degrees and negations are the hits between the tone word before it (or
 * the last clause break) and the word itself, no further than WINDOW characters
 * or Latin words from the next one. A degree that stands after a negation is
 * what the negation denies ("not very good") and does not strengthen. Negating
 * also weakens: "not happy" says less than "unhappy". The score is the sum, cut
 * to -1000..1000.
 */
#define WINDOW           4u
#define NEGATED_PERMILLE 700
#define DENIED_PERMILLE  300 /* of a bad word */
#define SLIGHT           300 /* up to this a word is slight */
#define SLIGHT_MOST      450
#define STRESS_PERMILLE  1250
#define MODIFIERS        8u

static bool breaks_clause(uint32_t c) {
  return c == ',' || c == '.' || c == '!' || c == '?' || c == ';' || c == '\n' || c == 0x3002 ||
         c == 0xFF0C || c == 0xFF01 || c == 0xFF1F || c == 0xFF1B;
}

/* Whether two places are within the window: a run of Latin letters and digits
 * counts as one, any other character but white space as one. */
static bool near(aft_str text, uint32_t begin, uint32_t end) {
  uint32_t units = 0;
  bool in_word = false;
  const char *p = text.data + begin, *stop = text.data + end;
  while (p < stop && units <= WINDOW) {
    uint32_t c;
    p += aft__utf8_next(p, stop, &c);
    if (breaks_clause(c))
      return false;
    bool word = c == '\'' || (c < 0x250 && (aft__is_letter(c) || aft__is_digit(c)));
    if (!aft__is_space(c) && !(word && in_word))
      units++;
    in_word = word;
  }
  return units <= WINDOW;
}

/* Inside a longer hit. Hits are in order of begin, but any may be the longer. */
static bool covered(const aft__tone_hit *hits, size_t n, size_t i) {
  const aft__tone_hit *hit = &hits[i];
  uint32_t length = hit->end - hit->begin;
  for (size_t k = i; k-- > 0 && hit->begin - hits[k].begin <= 255;)
    if (hits[k].end >= hit->end && hits[k].end - hits[k].begin > length)
      return true;
  for (size_t k = i + 1; k < n && hits[k].begin == hit->begin; k++)
    if (hits[k].end > hit->end)
      return true;
  return false;
}

/* Two entries of a lexicon may name the same word: the first is enough. */
static bool repeated(const aft__tone_hit *hits, size_t i) {
  for (size_t k = i; k-- > 0 && hits[k].begin == hits[i].begin;)
    if (hits[k].end == hits[i].end && hits[k].kind == hits[i].kind)
      return true;
  return false;
}

/* The modifiers seen since the last tone word, oldest first. */
typedef struct pending {
  const aft__tone_hit *hits[MODIFIERS];
  size_t n;
} pending;

static void remember(pending *p, const aft__tone_hit *hit) {
  if (p->n == MODIFIERS) {
    memmove(p->hits, p->hits + 1, (MODIFIERS - 1) * sizeof p->hits[0]);
    p->n--;
  }
  p->hits[p->n++] = hit;
}

static int64_t limit(int64_t value, int64_t most) {
  return value > most ? most : value < -most ? -most : value;
}

/* From the nearest modifier outwards, as long as each is near the next. */
static int64_t contribution(aft_str text, const aft__tone_hit *word, const pending *p) {
  int64_t value = word->weight, degree = 1000;
  uint32_t begin = word->begin;
  for (size_t i = p->n; i-- > 0;) {
    const aft__tone_hit *hit = p->hits[i];
    if (hit->end > begin || !near(text, hit->end, begin))
      break;
    if (hit->kind == AFT__TONE_NEGATION) {
      value = -value * (value < 0 ? DENIED_PERMILLE : NEGATED_PERMILLE) / 1000;
      if (degree > 1000)
        degree = 1000;
    } else {
      degree = limit(degree * limit(hit->weight, 10000) / 1000, 10000);
    }
    begin = hit->begin;
  }
  return limit(value * degree / 1000, 1000);
}

static bool stressed(aft_str text) {
  for (size_t i = 1; i < text.len; i++)
    if ((text.data[i] == '!' || text.data[i] == '?') && (text.data[i - 1] == '!' || text.data[i - 1] == '?'))
      return true;
  return false;
}

int32_t aft__tone_score(aft_str text, const aft__tone_hit *hits, size_t n) {
  int64_t sum = 0, slight = 0;
  uint32_t taken = 0; /* end of the last tone word: one that overlaps it does not count */
  pending modifiers;
  modifiers.n = 0;
  for (size_t i = 0; i < n; i++) {
    const aft__tone_hit *hit = &hits[i];
    if (hit->end > text.len || hit->begin >= hit->end || hit->begin < taken || covered(hits, n, i) ||
        repeated(hits, i))
      continue;
    if (hit->kind != AFT__TONE_WORD) {
      remember(&modifiers, hit);
      continue;
    }
    int64_t value = contribution(text, hit, &modifiers);
    *(hit->weight >= -SLIGHT && hit->weight <= SLIGHT ? &slight : &sum) += value;
    modifiers.n = 0;
    taken = hit->end;
  }
  sum += limit(slight, SLIGHT_MOST);
  if (sum < 0 && stressed(text))
    sum = sum * STRESS_PERMILLE / 1000;
  return (int32_t)limit(sum, 1000);
}

/* Whether a text asks: from its marks, its form and the words found in it. */
#include "text/text.h"

/*
 * A text asks if
 *
 *   it has a question mark that is no part of an address,
 *   it has a choice such as 能不能 or 到没到: a character, 不 or 没, and the same character again,
 *   it has an alternative in one clause: 是今天还是明天,
 *   or one of the words found in it asks where it stands.
 *
 * A word that asks only at the end of a clause does not when the clause denies
 * before it: 还没到呢 tells, 快递呢 asks. A tail such as 不 asks only behind a
 * helper: 可以退不. A word that tells silences all that it overlaps: 什么的.
 */

static bool breaks(uint32_t c) {
  return c == ',' || c == '.' || c == '!' || c == '?' || c == ';' || c == ':' || c == '\n' || c == '~' ||
         c == '[' || c == ']' || c == '(' || c == ')' || (c >= 0x3001 && c <= 0x3002) || c == 0x2026;
}

static bool latin(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '\'';
}

/* Chinese has no spaces between words: one that stands beside its characters ends a clause. */
static bool space_breaks(aft_str text, uint32_t at) {
  bool before = at > 0 && ((uint8_t)text.data[at - 1] & 0x80);
  bool after = at + 1 < text.len && ((uint8_t)text.data[at + 1] & 0x80);
  return before || after;
}

static bool break_at(aft_str text, uint32_t at) {
  uint32_t c;
  if (text.data[at] == ' ')
    return space_breaks(text, at);
  aft__utf8_next(text.data + at, text.data + text.len, &c);
  return breaks(c);
}

/* Looks back so far at most, so that long texts without marks cost no more. */
#define CLAUSE_MOST 150u

static uint32_t clause_begin(aft_str text, uint32_t at) {
  uint32_t stop = at > CLAUSE_MOST ? at - CLAUSE_MOST : 0;
  while (at > stop) {
    uint32_t before = at - 1;
    while (before > 0 && ((uint8_t)text.data[before] & 0xC0) == 0x80)
      before--;
    if (break_at(text, before))
      return at;
    at = before;
  }
  return at;
}

static bool ends_clause(aft_str text, uint32_t at) {
  while (at < text.len && text.data[at] == ' ' && !space_breaks(text, at))
    at++;
  return at >= text.len || break_at(text, at);
}

/* At the begin of its clause, or behind one word: "and when". */
static bool begins_clause(aft_str text, uint32_t at) {
  uint32_t words = 0;
  for (uint32_t i = clause_begin(text, at); i < at; i++)
    words += latin(text.data[i]) && !latin(text.data[i + 1]);
  return words <= 1;
}

/* A mark between letters belongs to an address: "shop.example/item?id=1". */
static bool question_mark(aft_str text) {
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] != '?')
      continue;
    bool inside = i > 0 && i + 1 < text.len && latin(text.data[i - 1]) && latin(text.data[i + 1]);
    if (!inside)
      return true;
  }
  return false;
}

static bool han(uint32_t c) { return c >= 0x4E00 && c <= 0x9FFF; }

/* 时不时 and 动不动 mean "often". */
static bool chooses(uint32_t before, uint32_t middle, uint32_t after) {
  return before == after && han(before) && (middle == 0x4E0D || middle == 0x6CA1) && before != middle &&
         before != 0x65F6 && before != 0x52A8;
}

static bool choice(aft_str text) {
  uint32_t first = 0, second = 0, third;
  const char *p = text.data, *end = p + text.len;
  while (p < end) {
    p += aft__utf8_next(p, end, &third);
    if (chooses(first, second, third))
      return true;
    first = second;
    second = third;
  }
  return false;
}

/* From `at` on; SIZE_MAX without any. */
static size_t find(aft_str text, const char *part, size_t at, size_t end) {
  size_t n = strlen(part);
  for (; at + n <= end; at++)
    if (memcmp(text.data + at, part, n) == 0)
      return at;
  return SIZE_MAX;
}

/* 是 ... 还是 in one clause; 但是, 可是, 就是, 不是 do not begin an alternative. */
static bool alternative(aft_str text) {
  static const char is[] = "\xE6\x98\xAF", either[] = "\xE8\xBF\x98\xE6\x98\xAF";
  static const char *const others[] = {"\xE4\xBD\x86", "\xE5\x8F\xAF", "\xE5\xB0\xB1",
                                       "\xE4\xB8\x8D", "\xE8\xBF\x98", "\xE8\xA6\x81"};
  size_t second = find(text, either, 0, text.len);
  if (second == SIZE_MAX)
    return false;
  size_t begin = clause_begin(text, (uint32_t)second), first = find(text, is, begin, second);
  if (first == SIZE_MAX)
    return false;
  for (size_t i = 0; i < AFT__COUNT(others); i++)
    if (first >= begin + 3 && memcmp(text.data + first - 3, others[i], 3) == 0)
      return false;
  return true;
}

static bool silenced(const aft__ask_hit *hits, size_t n, const aft__ask_hit *hit) {
  for (size_t i = 0; i < n; i++)
    if (hits[i].kind == AFT__ASK_TELLS && hits[i].begin < hit->end && hit->begin < hits[i].end)
      return true;
  return false;
}

/* Whether a word of the kind stands in the hit's clause before it. */
static bool before(aft_str text, const aft__ask_hit *hits, size_t n, const aft__ask_hit *hit, uint32_t kind) {
  uint32_t begin = clause_begin(text, hit->begin);
  for (size_t i = 0; i < n; i++)
    if (hits[i].kind == kind && hits[i].begin >= begin && hits[i].end <= hit->begin)
      return true;
  return false;
}

static bool asks_here(aft_str text, const aft__ask_hit *hits, size_t n, const aft__ask_hit *hit) {
  switch (hit->kind) {
  case AFT__ASK_WORD:
    return true;
  case AFT__ASK_FIRST:
    return begins_clause(text, hit->begin);
  case AFT__ASK_LAST:
    return ends_clause(text, hit->end) && clause_begin(text, hit->begin) < hit->begin &&
           !before(text, hits, n, hit, AFT__ASK_DENIES);
  case AFT__ASK_TAIL:
    return ends_clause(text, hit->end) && before(text, hits, n, hit, AFT__ASK_HELPER);
  default:
    return false;
  }
}

bool aft__asks(aft_str text, const aft__ask_hit *hits, size_t n) {
  if (text.len == 0)
    return false;
  if (question_mark(text) || choice(text) || alternative(text))
    return true;
  for (size_t i = 0; i < n; i++)
    if (asks_here(text, hits, n, &hits[i]) && !silenced(hits, n, &hits[i]))
      return true;
  return false;
}

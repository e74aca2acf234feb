/* Telling the language of a text: by script, then by function words for Latin letters. */
#include "text/text.h"

typedef enum script {
  LATIN,
  HAN,
  KANA,
  HANGUL,
  THAI,
  CYRILLIC,
  ARABIC,
  DEVANAGARI,
  HEBREW,
  GREEK,
  SCRIPTS
} script;

typedef struct range {
  uint32_t first, last;
  script script;
} range;

/* By rising code point. Signs between Latin letters (× and ÷) are too rare to matter. */
static const range ranges[] = {
    {'A', 'Z', LATIN},           {'a', 'z', LATIN},           {0x00C0, 0x024F, LATIN},
    {0x0370, 0x03FF, GREEK},     {0x0400, 0x052F, CYRILLIC},  {0x0591, 0x05F4, HEBREW},
    {0x0600, 0x06FF, ARABIC},    {0x0750, 0x077F, ARABIC},    {0x0900, 0x097F, DEVANAGARI},
    {0x0E01, 0x0E5B, THAI},      {0x1100, 0x11FF, HANGUL},    {0x1E00, 0x1EFF, LATIN},
    {0x1F00, 0x1FFF, GREEK},     {0x3041, 0x309F, KANA},      {0x30A1, 0x30FA, KANA},
    {0x3130, 0x318F, HANGUL},    {0x3400, 0x4DBF, HAN},       {0x4E00, 0x9FFF, HAN},
    {0xAC00, 0xD7A3, HANGUL},    {0xF900, 0xFAFF, HAN},       {0xFB1D, 0xFB4F, HEBREW},
    {0xFB50, 0xFDFF, ARABIC},    {0xFE70, 0xFEFC, ARABIC},    {0xFF21, 0xFF3A, LATIN},
    {0xFF41, 0xFF5A, LATIN},     {0xFF66, 0xFF9D, KANA},      {0x20000, 0x323AF, HAN},
};

static script script_of(uint32_t c) {
  size_t low = 0, high = AFT__COUNT(ranges);
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (c > ranges[middle].last)
      low = middle + 1;
    else
      high = middle;
  }
  return low < AFT__COUNT(ranges) && c >= ranges[low].first ? ranges[low].script : SCRIPTS;
}

/* Function words that are English and none of German, French, Spanish, Italian,
 * Portuguese, Dutch or Indonesian, and words that are those but not English. */
static const char *const english[] = {
    "and",  "the",   "is",   "are",  "was",   "were",  "have", "has",  "it",    "this", "that",   "you",
    "your", "my",    "not",  "with", "for",   "what",  "when", "how",  "where", "why",  "please", "can",
    "does", "don't", "i",    "i'm",  "been",  "would", "will", "of",   "to",    "from", "hello",  "thanks",
    "ok",   "yes",   "back", "want", "order", "item",  "they", "there"};
static const char *const others[] = {
    "und", "der",  "die",  "das", "ist",  "nicht", "ich", "mit",  "ein",  "eine", "le",   "les",  "est",
    "une", "je",   "pas",  "que", "el",   "los",   "las", "una",  "por",  "para", "il",   "che",  "non",
    "per", "sono", "não",  "uma", "het",  "een",   "niet", "yang", "tidak", "saya", "untuk", "và",
    "không", "des", "pour", "con", "muy", "mi",    "della", "meu", "voor", "ik",  "wir", "sie", "vous"};

static bool listed(const char *const *words, size_t n, const char *word, size_t length) {
  for (size_t i = 0; i < n; i++)
    if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
      return true;
  return false;
}

typedef struct latin {
  uint32_t english, others; /* function words seen */
  uint32_t marked;          /* letters outside ASCII */
  char word[16];            /* the word being read, in lower case */
  size_t length;            /* may exceed the room: then the word is none of ours */
} latin;

static void end_word(latin *l) {
  if (l->length > 0 && l->length <= sizeof l->word) {
    l->english += listed(english, AFT__COUNT(english), l->word, l->length);
    l->others += listed(others, AFT__COUNT(others), l->word, l->length);
  }
  l->length = 0;
}

static void add_byte(latin *l, char c) {
  if (l->length < sizeof l->word)
    l->word[l->length] = c;
  l->length++;
}

static void add_latin(latin *l, uint32_t c, const char *p, uint32_t n) {
  if (c >= 0x80)
    l->marked++;
  for (uint32_t i = 0; i < n; i++)
    add_byte(l, c >= 'A' && c <= 'Z' ? (char)(c + 32) : p[i]);
}

static void count(aft_str text, uint32_t counts[SCRIPTS], latin *l) {
  if (text.len == 0)
    return;
  const char *p = text.data, *end = p + text.len;
  while (p < end) {
    uint32_t c;
    uint32_t n = aft__utf8_next(p, end, &c);
    script s = script_of(c);
    if (s != SCRIPTS)
      counts[s]++;
    if (s == LATIN)
      add_latin(l, c, p, n);
    else if (c == '\'' && l->length > 0)
      add_byte(l, '\'');
    else
      end_word(l);
    p += n;
  }
  end_word(l);
}

/* Without any hint Latin letters are taken for English: "ok", "size XL". */
static const char *latin_language(const latin *l) {
  if (l->others > l->english || (l->english == 0 && l->marked > 0))
    return "und";
  return "en";
}

/* Brand names and short words in Latin letters are common inside all other
 * languages, so a few letters of another script outweigh many Latin ones. */
const char *aft__language(aft_str text) {
  static const char *const names[SCRIPTS] = {"en", "zh", "ja", "ko", "th", "ru", "ar", "hi", "he", "el"};
  uint32_t counts[SCRIPTS] = {0};
  latin l;
  memset(&l, 0, sizeof l);
  count(text, counts, &l);
  script best = LATIN;
  uint64_t most = 0;
  for (int s = HAN; s < SCRIPTS; s++) {
    uint64_t weight = counts[s];
    if (s == HAN || s == KANA)
      weight = (uint64_t)counts[HAN] + counts[KANA];
    if (weight > most) {
      most = weight;
      best = (script)s;
    }
  }
  if (best == HAN && counts[KANA] * 10 >= counts[HAN])
    best = counts[KANA] > 0 ? KANA : HAN;
  if (counts[LATIN] > 0 && most * 6 < counts[LATIN])
    return latin_language(&l);
  return most == 0 ? "und" : names[best];
}

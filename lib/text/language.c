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

/* Outside ASCII, by rising code point. Signs between Latin letters (× and ÷) are too rare to matter. */
static const range ranges[] = {
    {0x00C0, 0x024F, LATIN},      {0x0370, 0x03FF, GREEK},  {0x0400, 0x052F, CYRILLIC},
    {0x0591, 0x05F4, HEBREW},     {0x0600, 0x06FF, ARABIC}, {0x0750, 0x077F, ARABIC},
    {0x0900, 0x097F, DEVANAGARI}, {0x0E01, 0x0E5B, THAI},   {0x1100, 0x11FF, HANGUL},
    {0x1E00, 0x1EFF, LATIN},      {0x1F00, 0x1FFF, GREEK},  {0x3041, 0x309F, KANA},
    {0x30A1, 0x30FA, KANA},       {0x3130, 0x318F, HANGUL}, {0x3400, 0x4DBF, HAN},
    {0x4E00, 0x9FFF, HAN},        {0xAC00, 0xD7A3, HANGUL}, {0xF900, 0xFAFF, HAN},
    {0xFB1D, 0xFB4F, HEBREW},     {0xFB50, 0xFDFF, ARABIC}, {0xFE70, 0xFEFC, ARABIC},
    {0xFF21, 0xFF3A, LATIN},      {0xFF41, 0xFF5A, LATIN},  {0xFF66, 0xFF9D, KANA},
    {0x20000, 0x323AF, HAN},
};

static script script_of(uint32_t c) {
  if (c < 0x80)
    return (c | 0x20) - 'a' < 26 ? LATIN : SCRIPTS;
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

#define WORD_MOST 8

/* Function words that are English and none of German, French, Spanish, Italian,
 * Portuguese, Dutch, Indonesian or Vietnamese, and the other way round. Sorted by bytes. */
typedef struct function_word {
  char text[WORD_MOST]; /* padded with zeros */
  bool english;
} function_word;

static const function_word words[] = {
    {"and", true},    {"are", true},   {"back", true},   {"been", true},   {"can", true},    {"che", false},
    {"con", false},   {"das", false},  {"della", false}, {"der", false},   {"des", false},   {"die", false},
    {"does", true},   {"don't", true}, {"een", false},   {"ein", false},   {"eine", false},  {"el", false},
    {"est", false},   {"for", true},   {"from", true},   {"has", true},    {"have", true},   {"hello", true},
    {"het", false},   {"how", true},   {"i", true},      {"i'm", true},    {"ich", false},   {"ik", false},
    {"il", false},    {"is", true},    {"ist", false},   {"it", true},     {"item", true},   {"je", false},
    {"không", false}, {"las", false},  {"le", false},    {"les", false},   {"los", false},   {"meu", false},
    {"mi", false},    {"mit", false},  {"muy", false},   {"my", true},     {"nicht", false}, {"niet", false},
    {"non", false},   {"not", true},   {"não", false},   {"of", true},     {"ok", true},     {"order", true},
    {"para", false},  {"pas", false},  {"per", false},   {"please", true}, {"por", false},   {"pour", false},
    {"que", false},   {"saya", false}, {"sie", false},   {"sono", false},  {"thanks", true}, {"that", true},
    {"the", true},    {"there", true}, {"they", true},   {"this", true},   {"tidak", false}, {"to", true},
    {"uma", false},   {"una", false},  {"und", false},   {"une", false},   {"untuk", false}, {"voor", false},
    {"vous", false},  {"và", false},   {"want", true},   {"was", true},    {"were", true},   {"what", true},
    {"when", true},   {"where", true}, {"why", true},    {"will", true},   {"wir", false},   {"with", true},
    {"would", true},  {"yang", false}, {"yes", true},    {"you", true},    {"your", true}};

static const function_word *find_word(const char padded[WORD_MOST]) {
  size_t low = 0, high = AFT__COUNT(words);
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = memcmp(padded, words[middle].text, WORD_MOST);
    if (order == 0)
      return &words[middle];
    if (order > 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

typedef struct latin {
  uint32_t english, others; /* function words seen */
  uint32_t marked;          /* letters outside ASCII, but for full-width ones */
  char word[WORD_MOST];     /* the word being read, in lower case, padded with zeros */
  size_t length;            /* may exceed the room: then the word is none of ours */
} latin;

static void end_word(latin *l) {
  if (l->length == 0)
    return;
  const function_word *word = l->length <= WORD_MOST ? find_word(l->word) : NULL;
  if (word && word->english)
    l->english++;
  else if (word)
    l->others++;
  l->length = 0;
  memset(l->word, 0, sizeof l->word);
}

static void add_byte(latin *l, char c) {
  if (l->length < sizeof l->word)
    l->word[l->length] = c;
  l->length++;
}

static void add_latin(latin *l, uint32_t c, const char *p, uint32_t n) {
  if (c >= 0x80 && c < 0xFF00)
    l->marked++;
  for (uint32_t i = 0; i < n; i++)
    add_byte(l, c >= 'A' && c <= 'Z' ? (char)(c + 32) : p[i]);
}

static void count(aft_str text, uint32_t counts[SCRIPTS], latin *l) {
  if (text.len == 0)
    return;
  const char *p = text.data, *end = p + text.len;
  while (p < end) {
    uint32_t c = (uint8_t)*p;
    uint32_t n = c < 0x80 ? 1 : aft__utf8_next(p, end, &c);
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

/* The most frequent script but Latin; Han counts as Japanese where kana are no mere ornament. */
static script leading(const uint32_t counts[SCRIPTS], uint64_t *most) {
  script best = LATIN;
  *most = 0;
  for (int s = HAN; s < SCRIPTS; s++) {
    uint64_t weight = s == HAN ? (uint64_t)counts[HAN] + counts[KANA] : counts[s];
    if (weight > *most) {
      *most = weight;
      best = (script)s;
    }
  }
  return best == HAN && (uint64_t)counts[KANA] * 10 >= counts[HAN] ? KANA : best;
}

/* Brand names in Latin letters are common inside all other languages: Latin wins
 * only with function words of its own and many letters. */
const char *aft__language(aft_str text) {
  static const char *const names[SCRIPTS] = {"en", "zh", "ja", "ko", "th", "ru", "ar", "hi", "he", "el"};
  uint32_t counts[SCRIPTS] = {0};
  latin l;
  memset(&l, 0, sizeof l);
  count(text, counts, &l);
  uint64_t most;
  script best = leading(counts, &most);
  uint32_t known = l.english + l.others;
  if (most == 0)
    return counts[LATIN] > 0 ? latin_language(&l) : "und";
  if ((known >= 1 && counts[LATIN] > most * 6) || (known >= 2 && counts[LATIN] > most * 3))
    return latin_language(&l);
  return names[best];
}

const char *aft__locale_of(aft_str locale) {
  return locale.len >= 2 && memcmp(locale.data, "zh", 2) == 0 ? "zh" : "en";
}

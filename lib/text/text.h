/* Text: Unicode, normalising, language, pattern matching, tone words, masking, templates. Pure. */
#ifndef AFT_TEXT_H
#define AFT_TEXT_H

#include "base/base.h"

/* ---- utf8.c ---- */

/* AFT_OK, AFT_E_ENCODING or AFT_E_NUL_BYTE; *at (NULL allowed) is the byte offset of the fault. */
aft_status aft__utf8_check(aft_str text, size_t *at);
/* The same with a message for a caller: where names the field. */
aft_status aft__utf8_require(aft_str text, const char *where, aft_error *error);
/* Decodes one code point and returns its length in bytes. p < end. A broken
 * sequence gives U+FFFD and 1; nothing at or past end is read. */
uint32_t aft__utf8_next(const char *p, const char *end, uint32_t *out);
/* The longest prefix of at most n bytes that ends at a character boundary. */
size_t aft__utf8_cut(aft_str text, size_t n);
/* How many characters of valid UTF-8 there are. */
uint32_t aft__utf8_length(aft_str text);
/* Columns of a terminal: wide characters count two. */
size_t aft__utf8_columns(aft_str text);

/* ---- given.c: what callers hand in ---- */

#define AFT__NAME_BYTES 255
/* Brings a text into pointer-and-length form and checks it: UTF-8, no NUL, at most most bytes. */
aft_status aft__in_text(aft_str *text, size_t most, const char *where, aft_error *error);
/* Likewise, and it must not be empty. */
aft_status aft__in_name(aft_str *text, size_t most, const char *where, aft_error *error);
/* Names with one space between; shares: channels with numbers, "chat=3". */
aft_status aft__in_words(aft_str *words, bool shares, const char *where, aft_error *error);

/* ---- unicode.c: the only user of utf8proc ---- */

bool aft__is_letter(uint32_t c); /* any script; Han included */
bool aft__is_digit(uint32_t c);  /* decimal, any script */
bool aft__is_space(uint32_t c);
bool aft__is_mark(uint32_t c); /* combining: accents, vowel signs */
bool aft__is_wide(uint32_t c);
uint32_t aft__char_columns(uint32_t c); /* of a terminal: 0 for combining marks, 2 for wide characters */
/* Where the character that begins at a place ends, as a reader counts characters: with its marks, joined
 * signs and flags. */
size_t aft__grapheme_end(aft_str text, size_t at);
/* NFKC with case folding of one text, appended to out. Bounded by the input's size times 18. */
aft_status aft__nfkc_fold(aft__buf *out, aft_str text, aft_error *error);

/* ---- normalise.c: what matching and models see ---- */

/* NFKC, case, full and half width, white space runs to one space and none at the
 * ends, three or more equal characters to two, digits kept. ASCII and plain CJK take a fast path.
 * Appended to out; deterministic and idempotent. */
aft_status aft__normalise(aft__buf *out, aft_str text, aft_error *error);

/* ---- terms.c: what a search sees of a text ---- */

/*
 * Appends the form in which texts are searched: normalised, words of letters and
 * digits parted by one space, and runs of characters of scripts without spaces
 * (Han, kana, Thai …) with spaces inside dropped and '|' where punctuation stood. A
 * text contains a phrase when its form contains the phrase's form. Idempotent.
 */
aft_status aft__terms_form(aft__buf *out, aft_str text, aft_error *error);

#define AFT__TERM_WORD_BYTES 64 /* longer words are cut among the terms */

/* Calls back with each term of a form, in one pass: words whole; of the others every
 * two neighbours, and the last of a run alone. Equal ones come as often as they stand
 * there. A callback that returns false ends it. Allocates nothing. */
typedef bool (*aft__term_fn)(void *user, aft_str term);
void aft__terms_each(aft_str form, aft__term_fn fn, void *user);

/* Whether a form contains the form of a phrase; words as whole ones, the last with
 * prefix also as the beginning of one. */
bool aft__terms_contain(aft_str form, aft_str phrase, bool prefix);

/* ---- terms_query.c: what people type to search ---- */

#define AFT__QUERY_WORDS 32

typedef struct aft__query_word {
  aft_str text; /* a form, in the arena */
  bool excluded;
  bool prefix; /* also finds words that begin so */
} aft__query_word;

typedef struct aft__query {
  aft__arena *arena;
  aft__query_word words[AFT__QUERY_WORDS];
  uint32_t n;
  bool wanted; /* a word is not excluded */
} aft__query;

/* text is valid UTF-8. AFT_E_INVALID when nothing is looked for, AFT_E_TOO_LARGE for too many words. */
aft_status aft__query_parse(aft__query *query, aft__arena *arena, aft_str text, aft_error *error);

/* Calls back with terms that every text has which contains the word; with prefix: one that begins so. */
typedef void (*aft__need_fn)(void *user, aft_str term, bool prefix);
void aft__query_needs(const aft__query_word *word, aft__need_fn fn, void *user);

/* ---- language.c: by script, then by function words for Latin ---- */

/* "zh", "en", "ja", "ko", "th", "ru", "ar", "hi", "he", "el" or "und"; static. */
const char *aft__language(aft_str text);
/* The language of the catalogues for a locale: "zh" for zh, zh-CN …, else "en". */
const char *aft__locale_of(aft_str locale);

/* ---- matcher_build.c, matcher.c: all patterns in one pass ---- */

/* The compiled form is one position-independent block, its head of native-endian
 * words, so that it can lie in a mapped file. It must be 8-byte aligned. */
typedef struct aft__matcher_builder aft__matcher_builder;

#define AFT__MATCH_WORD                                                              \
  1u /* only where no letter or digit touches an end that is a Latin letter or digit \
      */

aft__matcher_builder *aft__matcher_builder_new(const aft_env *env);
void aft__matcher_builder_free(aft__matcher_builder *builder);
/* text is a pattern in normalised form, 1..255 bytes; equal ones may carry several ids. */
aft_status aft__matcher_add(aft__matcher_builder *builder, aft_str text, uint32_t id, uint32_t flags);
aft_status aft__matcher_build(aft__matcher_builder *builder, aft__buf *out, aft_error *error);

/* Whether a block is whole: every index inside. For blocks from outside. */
bool aft__matcher_valid(const void *block, size_t size);

typedef struct aft__match {
  uint32_t id;
  uint32_t begin, end; /* bytes of the normalised text */
} aft__match;

/* Calls back for every occurrence, in order of its end, the longest first; a callback
 * that returns false ends the scan. text is normalised. Allocates nothing. Every byte
 * of the text costs at most as many steps as the longest pattern has bytes. */
typedef bool (*aft__match_fn)(void *user, const aft__match *match);
void aft__matcher_scan(const void *block, aft_str text, aft__match_fn fn, void *user);

/* ---- tone.c: strength of tone from the tone words found, with negation and degree ---- */

typedef struct aft__tone_hit {
  uint32_t begin, end;
  int32_t weight; /* -1000..1000; a degree word has weight 0 */
  uint32_t kind;  /* AFT__TONE_WORD, _NEGATION (不, not), _DEGREE (非常, very) with permille in weight */
} aft__tone_hit;
#define AFT__TONE_WORD     0u
#define AFT__TONE_NEGATION 1u
#define AFT__TONE_DEGREE   2u

/* hits in order of begin. Returns -1000 (furious) to 1000 (delighted). A word
 * inside a longer word that is also a hit does not count. */
int32_t aft__tone_score(aft_str text, const aft__tone_hit *hits, size_t n);

/* ---- extract.c: what a text states: numbers of orders and parcels, amounts, products ---- */

#define AFT__FACTS_MOST  16u   /* found in one text */
#define AFT__FACT_BYTES  72u   /* of a value, with its NUL */
#define AFT__STATED_MOST 16384 /* bytes of a text that are looked at */

typedef enum aft__stated_kind {
  AFT__STATED_NONE,
  AFT__STATED_ORDER,
  AFT__STATED_WAYBILL,
  AFT__STATED_AMOUNT,
  AFT__STATED_PRODUCT,
  AFT__STATED_PHONE, /* told apart from the others; its value is never kept */
  AFT__STATED_KINDS
} aft__stated_kind;

typedef struct aft__stated {
  uint32_t kind;
  uint32_t begin, end;         /* bytes of the text */
  char value[AFT__FACT_BYTES]; /* capitals and ASCII digits of a number, "12.50" of an amount, a name */
  int64_t minor;               /* of an amount */
  char currency[4];            /* of an amount, ISO 4217 */
  const char *carrier;         /* of a waybill whose form tells it: "sf"; static, or "" */
} aft__stated;

/* Which kind the words of a piece of text name, the last of them counting: 订单号, tracking number. */
typedef aft__stated_kind (*aft__stated_fn)(void *user, aft_str words);

typedef struct aft__extract_in {
  aft_str text;            /* valid UTF-8 */
  const aft_str *products; /* names that are known, such as the lines of the order */
  size_t n_products;
  aft_str currency;          /* what "$" and "¥" mean here; empty: USD and CNY */
  aft__stated_kind expected; /* what was asked for */
  aft__stated_fn named;      /* NULL: no words are known */
  void *user;
} aft__extract_in;

/* In order of their places, without overlap. Returns how many, at most AFT__FACTS_MOST. Allocates nothing. */
uint32_t aft__extract(const aft__extract_in *in, aft__stated out[AFT__FACTS_MOST]);
/* ---- question.c: whether a text asks ---- */

typedef enum aft__ask_kind {
  AFT__ASK_WORD,   /* asks wherever it stands: 什么, 吗 */
  AFT__ASK_FIRST,  /* at the begin of a clause: where */
  AFT__ASK_LAST,   /* at the end of a clause that does not deny: 呢 */
  AFT__ASK_TAIL,   /* at the end of a clause, behind a helper: 可以退不 */
  AFT__ASK_HELPER, /* 可以 */
  AFT__ASK_DENIES, /* 不 */
  AFT__ASK_TELLS   /* no question, though words that ask are in it: 没什么 */
} aft__ask_kind;

typedef struct aft__ask_hit {
  uint32_t begin, end;
  uint32_t kind; /* aft__ask_kind */
} aft__ask_hit;

/* The hits may come in any order. text is normalised. */
bool aft__asks(aft_str text, const aft__ask_hit *hits, size_t n);

/* ---- redact.c: phones, e-mail addresses, payment cards, identity numbers ---- */

#define AFT__PII_PHONE    1u
#define AFT__PII_EMAIL    2u
#define AFT__PII_CARD     4u /* 13..19 digits that pass Luhn */
#define AFT__PII_IDENTITY 8u /* Chinese resident identity numbers with a right check digit */

/* Appends text with each find masked ("138****5678", "a***@b.com", "[card …4242]",
 * "[identity number]").
 * *found (NULL allowed) gets the kinds seen. */
aft_status aft__redact(aft__buf *out, aft_str text, uint32_t *found, aft_error *error);

typedef struct aft__pii_span {
  size_t from, to; /* bytes, the last not included */
  uint32_t kind;   /* AFT__PII_… */
} aft__pii_span;
/* Appends where in a text what aft__redact masks stands, each find whole, to a buffer of aft__pii_span. */
aft_status aft__pii_find(aft__buf *spans, aft_str text, aft_error *error);

/* ---- blackout.c: taking parts of a text away for good ---- */

#define AFT__BLACK "\xE2\x96\x88\xE2\x96\x88\xE2\x96\x88" /* in place of what was taken, however long */

typedef struct aft__black {
  size_t from, to; /* bytes, the last not included; may overlap */
} aft__black;

typedef struct aft__blackout {
  int64_t places, characters; /* as a reader counts them */
} aft__blackout;

/* Appends the text without the characters that a span touches; spans are sorted on the way. A span that ends
 * inside of a character takes it whole. The sums are added to. */
aft_status aft__black_out(aft__buf *out, aft_str text, aft__black *spans, size_t n, aft__blackout *sums,
                          aft_error *error);

/* ---- template.c: places in catalogue texts ----
 *
 *   {name}            the value as it is
 *   {name:form}       written in a form: number, money, date, time, datetime
 *   {name?a|b}        of a number: a for one, b for any other; in Chinese one text for all. Both may have
 * places
 *   {{                a brace
 */

typedef struct aft__arg {
  const char *name;
  aft_str value;
} aft__arg;

typedef struct aft__slot {
  aft_str name;
  aft_str form;    /* empty: none is named */
  aft_str choices; /* behind the '?', without the closing brace */
  bool chooses;
  uint32_t depth; /* 1 inside of another place's choices */
} aft__slot;

/* Calls back for each place of a template, and for those inside of its choices; AFT_E_INVALID for a brace
 * that is not closed, with its offset. */
typedef void (*aft__slot_fn)(void *user, const aft__slot *place);
aft_status aft__template_places(aft_str text, aft__slot_fn place, void *user, size_t *at);
/* How many texts there are to choose from, and one of them. */
uint32_t aft__slot_choices(const aft__slot *place);
aft_str aft__slot_choice(const aft__slot *place, uint32_t index);
/* A place without an argument stays as it was written. */
void aft__template_render(aft__buf *out, aft_str text, const aft__arg *args, size_t n);

/* For each piece of a template in turn: text as it is, or a place. */
typedef struct aft__piece {
  bool is_place;
  aft_str text; /* of a place: as it was written */
  aft__slot place;
} aft__piece;
typedef void (*aft__piece_fn)(void *user, const aft__piece *piece);
void aft__template_each(aft_str text, aft__piece_fn fn, void *user);

/* ---- template_fill.c: the same with values that have types, for a target that has its own way to write ----
 */

typedef enum aft__value_kind {
  AFT__IS_TEXT,
  AFT__IS_NUMBER,
  AFT__IS_MONEY,
  AFT__IS_TIME,
  AFT__VALUE_KINDS
} aft__value_kind;
extern const char *const aft__value_kind_names[AFT__VALUE_KINDS + 1]; /* "a text", "a number", … */

typedef struct aft__filling {
  const char *name;
  aft__value_kind kind;
  aft_str text;
  int64_t number;   /* minor units of money; a time, or AFT_TIME_NONE for none */
  char currency[4]; /* empty: there is no amount */
  int32_t offset_s; /* of the clock by which a time is shown */
} aft__filling;

/* Whether values of a kind can be written in a form (empty: always). known: whether there is such a form. */
bool aft__form_fits(aft_str form, aft__value_kind kind, bool *known);
extern const char *const aft__forms[]; /* names, closed by NULL */

typedef enum aft__markup {
  AFT__MARKUP_PLAIN,
  AFT__MARKUP_HTML,
  AFT__MARKUP_JSON, /* what stands between the quotes of a JSON text */
  AFT__MARKUPS
} aft__markup;

/* Values are escaped for the target; the template's own text is its author's and stays as it is. A place
 * without a value stays as it was written. */
typedef struct aft__fill {
  aft_str text;
  bool zh;
  aft__markup markup;
  const aft__filling *values;
  size_t n;
} aft__fill;
void aft__template_fill(aft__buf *out, const aft__fill *fill);
/* A whole text for a target. */
void aft__escape(aft__buf *out, aft__markup markup, aft_str text);

/* ---- json_shape.c ---- */

/* Whether a template is one JSON value whose places all stand inside of texts, and whose choices have neither
 * quotes nor backslashes of their own: then it is JSON whatever values it is filled with. */
bool aft__json_shaped(aft_str template, aft__buf *scratch);

/* ---- grams.c: what models see of a normalised text ---- */

#define AFT__GRAM_TOKENS 4 /* longest row of tokens */
#define AFT__GRAM_PIECES 4 /* block of the pieces of words; rows of n tokens are block n - 1 */
#define AFT__GRAM_BLOCKS 5
#define AFT__GRAM_CHUNK  256
#define AFT__GRAM_FORMAT                                                            \
  1 /* one more when a text gives other grams than before: models are of one format \
     */

typedef struct aft__gram {
  uint32_t hash;
  uint32_t block;
  uint32_t begin, end; /* bytes of the text */
} aft__gram;

/* Calls back with the grams of a text, in chunks. Allocates nothing. */
typedef void (*aft__grams_fn)(void *user, const aft__gram *grams, uint32_t n);
void aft__grams_each(aft_str text, aft__grams_fn fn, void *user);

/* ---- fingerprint.c: near-duplicates, without their texts ---- */

typedef struct aft__print {
  uint64_t bits;
  uint32_t sketch; /* near-duplicates mostly share it */
} aft__print;

#define AFT__PRINT_NEAR 14u /* bits in which near-duplicates differ at most */
/* false for a normalised text that says too little. */
bool aft__fingerprint(aft_str normal, aft__print *out);
uint32_t aft__fingerprint_distance(uint64_t a, uint64_t b); /* bits in which they differ */

/* ---- similarity.c: near-duplicate texts by character bigrams, 0..1000 (Dice) ---- */

uint32_t aft__similarity(aft_str a, aft_str b);

#endif

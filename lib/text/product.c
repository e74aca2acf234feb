/* Names of products: between quotes, behind a word that announces one, or known from the order. */
#include "text/extract_priv.h"

#define NAME_MOST     120u /* bytes between quotes */
#define PRODUCTS_MOST 16u
#define HAN_LEAST     9u /* bytes: three Chinese characters name something, two may be any word */
#define LATIN_LEAST   5u
#define BEFORE_MOST   24u

static void set(aft__stated *out, uint32_t begin, uint32_t end, aft_str name) {
  memset(out, 0, sizeof *out);
  out->kind = AFT__STATED_PRODUCT;
  out->begin = begin;
  out->end = end;
  out->carrier = "";
  size_t n = aft__utf8_cut(name, AFT__FACT_BYTES - 1);
  memcpy(out->value, name.data, n);
}

static bool starts(aft_str text, size_t at, const char *with) {
  size_t n = strlen(with);
  return text.len - at >= n && memcmp(text.data + at, with, n) == 0;
}

static bool quoted(aft_str text, uint32_t at, aft__stated *out) {
  static const char *const quotes[][2] = {{"《", "》"}, {"「", "」"}, {"『", "』"}, {"【", "】"}};
  for (size_t q = 0; q < AFT__COUNT(quotes); q++) {
    if (!starts(text, at, quotes[q][0]))
      continue;
    size_t begin = at + strlen(quotes[q][0]);
    for (size_t i = begin; i < text.len && i - begin <= NAME_MOST; i++) {
      if (!starts(text, i, quotes[q][1]))
        continue;
      if (i == begin)
        return false;
      set(out, (uint32_t)begin, (uint32_t)i, aft__str(text.data + begin, i - begin));
      return true;
    }
  }
  return false;
}

static bool ends_name(aft_str text, size_t at) {
  static const char *const ends[] = {",", ".", "!", "?", ";", "\n", "，", "。", "！", "？", "；"};
  for (size_t i = 0; i < AFT__COUNT(ends); i++)
    if (starts(text, at, ends[i]))
      return true;
  return false;
}

/* 商品名：保温杯 */
static bool announced(const aft__extract_in *in, uint32_t at, aft__stated *out) {
  aft_str text = in->text;
  size_t n = starts(text, at, ":") ? 1 : starts(text, at, "：") ? 3 : 0;
  if (n == 0 || !in->named || at == 0)
    return false;
  size_t from = at > BEFORE_MOST ? at - BEFORE_MOST : 0;
  while (from > 0 && ((uint8_t)text.data[from] & 0xC0) == 0x80)
    from--;
  if (in->named(in->user, aft__str(text.data + from, at - from)) != AFT__STATED_PRODUCT)
    return false;
  size_t begin = at + n, end;
  while (begin < text.len && text.data[begin] == ' ')
    begin++;
  for (end = begin; end < text.len && end - begin < NAME_MOST && !ends_name(text, end);)
    end++;
  end = begin + aft__utf8_cut(aft__str(text.data + begin, text.len - begin), end - begin);
  if (end == begin)
    return false;
  set(out, (uint32_t)begin, (uint32_t)end, aft__str(text.data + begin, end - begin));
  return true;
}

/* ---- products that are known ---- */

static uint32_t fold(uint32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E)
    c -= 0xFEE0;
  return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static bool word_char(uint32_t c) { return aft__is_letter(c) || aft__is_digit(c); }

/* The bytes of the text at `at` that spell the name, or 0. */
static size_t spelt(aft_str text, size_t at, aft_str name) {
  const char *p = text.data + at, *end = text.data + text.len;
  const char *n = name.data, *stop = name.data + name.len;
  while (n < stop) {
    uint32_t a, b;
    if (p >= end)
      return 0;
    p += aft__utf8_next(p, end, &a);
    n += aft__utf8_next(n, stop, &b);
    if (fold(a) != fold(b))
      return 0;
  }
  return (size_t)(p - text.data) - at;
}

static bool tells(aft_str part) {
  size_t letters = 0;
  for (size_t i = 0; i < part.len; i++) {
    if ((uint8_t)part.data[i] >= 0x80)
      return part.len >= HAN_LEAST;
    letters += part.data[i] > '9';
  }
  return part.len >= LATIN_LEAST && letters + 1 >= LATIN_LEAST;
}

/* The next run of letters and digits of a name. */
static aft_str next_part(aft_str *rest) {
  aft_str part = {rest->data, 0};
  while (rest->len > 0) {
    uint32_t c, n = aft__utf8_next(rest->data, rest->data + rest->len, &c);
    bool word = word_char(c);
    if (!word && part.len > 0)
      break;
    rest->data += n;
    rest->len -= n;
    if (word)
      part.len += n;
    else
      part.data = rest->data;
  }
  return part;
}

static bool inside_word(aft_str text, size_t at) {
  char c = at > 0 ? text.data[at - 1] : ' ';
  char here = text.data[at];
  bool before = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return before && (uint8_t)here < 0x80;
}

/* A title of a shop is long and its buyers say a part of it. */
static bool known(const aft__extract_in *in, uint32_t at, aft__stated *out) {
  size_t longest = 0, which = 0;
  if (inside_word(in->text, at))
    return false;
  for (size_t i = 0; i < in->n_products && i < PRODUCTS_MOST; i++) {
    aft_str rest = in->products[i];
    size_t n = rest.len ? spelt(in->text, at, rest) : 0;
    while (rest.len > 0 && n == 0) {
      aft_str part = next_part(&rest);
      n = tells(part) ? spelt(in->text, at, part) : 0;
    }
    if (n > longest) {
      longest = n;
      which = i;
    }
  }
  if (longest == 0)
    return false;
  set(out, at, (uint32_t)(at + longest), in->products[which]);
  return true;
}

bool aft__product_at(const aft__extract_in *in, uint32_t at, aft__stated *out) {
  return quoted(in->text, at, out) || announced(in, at, out) || (in->n_products && known(in, at, out));
}

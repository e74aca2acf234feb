/* What a text states: its numbers, amounts and names, one after the other. */
#include "text/extract_priv.h"

/*
 * The text is read once. Where a run of letters and digits begins, it is tried as
 * an amount of money, then as a number of a kind: by the form of a carrier, by the
 * words before it (no further than the number before), by the words behind it, by
 * what was asked for. A number that nothing tells about is left out.
 */
#define BEFORE_MOST 48u
#define AFTER_MOST  24u
#define GAP_MOST    8u /* bytes of an "and" or a comma between two numbers of a kind */

typedef struct reading {
  const aft__extract_in *in;
  aft_str text;
  aft__stated *out;
  uint32_t n;
  uint32_t last;              /* where the last run of letters and digits ended */
  aft__stated_kind last_kind; /* what it was */
} reading;

/* ASCII capital or digit of a character of either width, or 0. */
static char plain(uint32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E)
    c -= 0xFEE0;
  if (c >= 'a' && c <= 'z')
    return (char)(c - 32);
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? (char)c : '\0';
}

static uint32_t next(aft_str text, size_t at, uint32_t *c) {
  return aft__utf8_next(text.data + at, text.data + text.len, c);
}

static bool joins(uint32_t c) { return c == '-' || c == '_' || c == 0xFF0D; }

/* The run at `at`; n is 0 for one that is too long to be a number of anything. */
static void read_token(aft_str text, uint32_t at, aft__token *t) {
  bool long_run = false;
  memset(t, 0, sizeof *t);
  t->begin = t->end = at;
  for (size_t i = at; i < text.len;) {
    uint32_t c, following = 0;
    size_t after = i + next(text, i, &c);
    char byte = plain(c);
    if (after < text.len)
      next(text, after, &following);
    if (!byte && !(joins(c) && plain(following)))
      break;
    if (!byte)
      t->dashes++;
    else if (t->n + 1 < sizeof t->text)
      t->text[t->n++] = byte;
    else
      long_run = true;
    t->digits += byte >= '0' && byte <= '9';
    i = after;
    t->end = (uint32_t)after;
  }
  if (long_run)
    t->n = 0;
}

/* ---- words around a number ---- */

static uint32_t boundary(aft_str text, uint32_t at) {
  while (at < text.len && at > 0 && ((uint8_t)text.data[at] & 0xC0) == 0x80)
    at++;
  return at;
}

static aft__stated_kind named(const reading *r, uint32_t begin, uint32_t end) {
  const aft__extract_in *in = r->in;
  if (!in->named || begin >= end)
    return AFT__STATED_NONE;
  return in->named(in->user, aft__str(r->text.data + begin, end - begin));
}

static aft__stated_kind named_before(const reading *r, const aft__token *t) {
  uint32_t from = t->begin > BEFORE_MOST ? boundary(r->text, t->begin - BEFORE_MOST) : 0;
  return named(r, from < r->last ? r->last : from, t->begin);
}

/* Up to the next number: its words are its own. */
static aft__stated_kind named_behind(const reading *r, const aft__token *t) {
  uint32_t end = t->end;
  while (end < r->text.len && end - t->end < AFTER_MOST &&
         !(r->text.data[end] >= '0' && r->text.data[end] <= '9'))
    end++;
  while (end > t->end && end < r->text.len && ((uint8_t)r->text.data[end] & 0xC0) == 0x80)
    end--;
  return named(r, t->end, end);
}

static bool continues(const reading *r, const aft__token *t) {
  if (r->last == 0 || t->begin - r->last > GAP_MOST)
    return false;
  for (uint32_t i = r->last; i < t->begin;) {
    uint32_t c;
    i += next(r->text, i, &c);
    if (aft__is_letter(c) && c != 0x548C && c != 0x8DDF && c != 0x4E0E && c != 'a' && c != 'n' && c != 'd')
      return false; /* 和 跟 与 and */
  }
  return true;
}

/* ---- kinds of numbers ---- */

static bool mobile(const aft__token *t) {
  const char *d = t->text;
  if (t->n == 13 && t->digits == 13 && d[0] == '8' && d[1] == '6')
    d += 2;
  else if (t->n != 11 || t->digits != 11)
    return false;
  return d[0] == '1' && d[1] >= '3';
}

/* 2026-11-18, 2026-11 */
static bool date(const aft__token *t) {
  bool parts = (t->dashes == 2 && t->n >= 6 && t->n <= 8) || (t->dashes == 1 && t->n == 6);
  return parts && t->digits == t->n && (memcmp(t->text, "20", 2) == 0 || memcmp(t->text, "19", 2) == 0);
}

static bool digit_at(aft_str text, size_t at) {
  return at < text.len && text.data[at] >= '0' && text.data[at] <= '9';
}

/* 2026年, 3件, 12.5, 10:30: a small number with more right behind it counts something. */
static bool counts(const reading *r, const aft__token *t) {
  uint32_t c;
  if (t->n > 6 || t->digits != t->n || t->end >= r->text.len)
    return false;
  next(r->text, t->end, &c);
  bool goes_on = (c == '.' || c == ':') && digit_at(r->text, t->end + 1);
  return (c >= 0x4E00 && c <= 0x9FFF && c != 0x7684) || c == '%' || goes_on; /* 的 may stand there */
}

static bool luhn(const aft__token *t) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < t->n; i++) {
    uint32_t v = (uint32_t)(t->text[t->n - 1 - i] - '0');
    v = i % 2 == 1 ? v * 2 : v;
    sum += v > 9 ? v - 9 : v;
  }
  return sum % 10 == 0;
}

/* 18 or 19 digits that are no payment card and no identity number: only orders are so long. */
static bool order_by_form(const aft__token *t) {
  bool born = memcmp(t->text + 6, "19", 2) == 0 || memcmp(t->text + 6, "20", 2) == 0;
  return t->digits == t->n && !t->dashes && (t->n == 19 || (t->n == 18 && !born)) && !luhn(t);
}

static bool fits(aft__stated_kind kind, const aft__token *t) {
  if (kind == AFT__STATED_WAYBILL)
    return t->n >= 8 && t->digits >= 6;
  return kind == AFT__STATED_ORDER && t->n >= 4 && t->digits >= 3;
}

static aft__stated_kind kind_of(const reading *r, const aft__token *t, const char **carrier) {
  aft__stated_kind before = named_before(r, t);
  *carrier = aft__waybill_carrier(t);
  if (*carrier)
    return AFT__STATED_WAYBILL;
  *carrier = "";
  if (before == AFT__STATED_NONE && continues(r, t))
    before = r->last_kind;
  if (before == AFT__STATED_PHONE || (mobile(t) && !fits(before, t)))
    return t->n >= 5 && t->digits == t->n ? AFT__STATED_PHONE : AFT__STATED_NONE;
  if (date(t) || counts(r, t))
    return AFT__STATED_NONE;
  if (fits(before, t))
    return before;
  if (t->begin > 0 && r->text.data[t->begin - 1] == '#' && t->digits >= 3)
    return AFT__STATED_ORDER;
  aft__stated_kind behind = named_behind(r, t);
  if (fits(behind, t))
    return behind;
  if (t->n >= 5 && fits(r->in->expected, t))
    return r->in->expected;
  return order_by_form(t) ? AFT__STATED_ORDER : AFT__STATED_NONE;
}

/* ---- the whole ---- */

static void add(reading *r, const aft__stated *found) {
  if (r->n < AFT__FACTS_MOST && (r->n == 0 || r->out[r->n - 1].end <= found->begin))
    r->out[r->n++] = *found;
}

static void add_number(reading *r, const aft__token *t, aft__stated_kind kind, const char *carrier) {
  aft__stated found = {.kind = kind, .begin = t->begin, .end = t->end, .carrier = carrier};
  size_t n = 0;
  for (size_t i = t->begin; i < t->end && n + 1 < sizeof found.value && kind != AFT__STATED_PHONE;) {
    uint32_t c;
    i += next(r->text, i, &c);
    char byte = plain(c);
    if (byte || kind == AFT__STATED_ORDER)
      found.value[n++] = byte ? byte : c == 0xFF0D ? '-' : (char)c;
  }
  add(r, &found);
}

/* The number of an amount may stand behind letters: RMB100. */
static bool amount(reading *r, const aft__token *t) {
  aft__stated found;
  uint32_t at = t->begin;
  while (at < t->end && (uint8_t)r->text.data[at] < 0x80 && plain((uint8_t)r->text.data[at]) > '9')
    at++;
  if (at >= t->end || !aft__amount_at(r->in, at, &found) || found.begin > t->begin || found.end < t->end)
    return false;
  add(r, &found);
  r->last = found.end;
  r->last_kind = AFT__STATED_NONE;
  return true;
}

/* Letters and digits of an address of the web or of mail are nobody's number. */
static bool address(const reading *r, const aft__token *t) {
  char before = t->begin > 0 ? r->text.data[t->begin - 1] : ' ';
  char behind = t->end < r->text.len ? r->text.data[t->end] : ' ';
  return before == '/' || before == '@' || before == '=' || before == '&' || behind == '@';
}

static uint32_t take_token(reading *r, uint32_t at) {
  aft__token t;
  read_token(r->text, at, &t);
  if (t.digits == 0 || address(r, &t))
    return t.end;
  if (amount(r, &t))
    return r->last > t.end ? r->last : t.end;
  const char *carrier = "";
  aft__stated_kind kind = t.n > 0 ? kind_of(r, &t, &carrier) : AFT__STATED_NONE;
  if (kind != AFT__STATED_NONE)
    add_number(r, &t, kind, carrier);
  r->last = t.end;
  r->last_kind = kind;
  return t.end;
}

uint32_t aft__extract(const aft__extract_in *in, aft__stated out[AFT__FACTS_MOST]) {
  reading r = {.in = in, .text = in->text, .out = out};
  r.text.len = aft__utf8_cut(r.text, AFT__STATED_MOST);
  aft__extract_in bounded = *in;
  bounded.text = r.text;
  r.in = &bounded;
  for (uint32_t at = 0; at < r.text.len && r.n < AFT__FACTS_MOST;) {
    aft__stated found;
    uint32_t c, n = next(r.text, at, &c);
    if (aft__product_at(&bounded, at, &found)) {
      add(&r, &found);
      at = found.end;
    } else if (plain(c)) {
      at = take_token(&r, at);
    } else {
      at += n;
    }
  }
  return r.n;
}

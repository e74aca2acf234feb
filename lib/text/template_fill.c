/* Templates filled with values that have types: numbers, money and times are written as the language writes
 * them, and everything is escaped once, for its target. */
#include <inttypes.h>
#include <stdio.h>

#include "text/text.h"
#include "value/value.h"

const char *const aft__value_kind_names[] = {"a text", "a number", "an amount", "a time", NULL};
const char *const aft__forms[] = {"number", "money", "date", "time", "datetime", NULL};

bool aft__form_fits(aft_str form, aft__value_kind kind, bool *known) {
  static const aft__value_kind takes[] = {AFT__IS_NUMBER, AFT__IS_MONEY, AFT__IS_TIME, AFT__IS_TIME,
                                          AFT__IS_TIME};
  *known = !form.len;
  for (size_t i = 0; aft__forms[i]; i++)
    if (aft__str_eq(aft__cstr(aft__forms[i]), form)) {
      *known = true;
      return takes[i] == kind;
    }
  return !form.len;
}

/* ---- escaping ---- */

static const char *entity(char c) {
  switch (c) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  case '\'':
    return "&#39;";
  default:
    return NULL;
  }
}

void aft__escape(aft__buf *out, aft__markup markup, aft_str text) {
  if (markup == AFT__MARKUP_JSON) {
    aft__json_escape(out, text);
    return;
  }
  if (markup == AFT__MARKUP_PLAIN) {
    aft__buf_str(out, text);
    return;
  }
  for (size_t i = 0; i < text.len; i++) {
    const char *written = entity(text.data[i]);
    if (written)
      aft__buf_puts(out, written);
    else
      aft__buf_char(out, text.data[i]);
  }
}

/* ---- values ---- */

#define NUMBER_TEXT 32

/* Groups of three, as both languages have them. */
static void grouped(int64_t n, char out[NUMBER_TEXT]) {
  char digits[NUMBER_TEXT];
  uint64_t size = n < 0 ? -(uint64_t)n : (uint64_t)n;
  int count = snprintf(digits, sizeof digits, "%" PRIu64, size), at = 0;
  if (n < 0)
    out[at++] = '-';
  for (int i = 0; i < count; i++) {
    if (i && (count - i) % 3 == 0)
      out[at++] = ',';
    out[at++] = digits[i];
  }
  out[at] = '\0';
}

static void money(const aft__filling *f, bool zh, char out[AFT_MONEY_SIZE]) {
  aft_money amount = {.minor = f->number};
  memcpy(amount.currency, f->currency, sizeof amount.currency);
  if (!f->currency[0] || aft_money_format(&amount, zh ? "zh" : "en", out, NULL) < 0)
    out[0] = '\0';
}

static aft__time_part part_of(aft_str form) {
  if (aft__str_eq(form, aft__cstr("date")))
    return AFT__TIME_DATE;
  return aft__str_eq(form, aft__cstr("time")) ? AFT__TIME_CLOCK : AFT__TIME_BOTH;
}

static void put_value(aft__buf *out, const aft__fill *fill, const aft__filling *f, aft_str form) {
  char text[AFT__TIME_TEXT] = "";
  switch (f->kind) {
  case AFT__IS_NUMBER:
    if (form.len)
      grouped(f->number, text);
    else
      snprintf(text, sizeof text, "%" PRId64, f->number);
    break;
  case AFT__IS_MONEY:
    money(f, fill->zh, text);
    break;
  case AFT__IS_TIME:
    aft__time_text(f->number, f->offset_s, fill->zh, part_of(form), text);
    break;
  default:
    aft__escape(out, fill->markup, aft__str(f->text.data, f->text.len));
    return;
  }
  aft__escape(out, fill->markup, aft__cstr(text));
}

/* ---- filling ---- */

typedef struct filling {
  aft__buf *out;
  const aft__fill *fill;
} filling;

static const aft__filling *find(const aft__fill *fill, aft_str name) {
  for (size_t i = 0; i < fill->n; i++)
    if (aft__str_eq(aft__cstr(fill->values[i].name), name))
      return &fill->values[i];
  return NULL;
}

static void put_piece(void *user, const aft__piece *piece) {
  const filling *f = user;
  const aft__slot *place = &piece->place;
  const aft__filling *value = piece->is_place ? find(f->fill, place->name) : NULL;
  if (!value) {
    aft__buf_str(f->out, piece->text);
  } else if (place->chooses) {
    /* CLDR: English has "one" for 1 and "other" for the rest, Chinese has "other" alone. */
    bool other = f->fill->zh || (value->number != 1 && value->number != -1);
    aft__fill chosen = *f->fill;
    chosen.text = aft__slot_choice(place, other ? aft__slot_choices(place) - 1 : 0);
    filling inner = {f->out, &chosen};
    aft__template_each(chosen.text, put_piece, &inner);
  } else {
    put_value(f->out, f->fill, value, place->form);
  }
}

void aft__template_fill(aft__buf *out, const aft__fill *fill) {
  filling f = {out, fill};
  aft__template_each(fill->text, put_piece, &f);
}

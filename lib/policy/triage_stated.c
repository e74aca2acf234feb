/* What a message states, with the policy's words that announce a number: 订单号, tracking number. */
#include "policy/triage_priv.h"

#define LAST_MOST 120u /* bytes */

typedef struct announcing {
  const aft_policy *policy;
  aft__buf scratch;
  const aft__mark *marks;
  uint32_t n_marks;
  aft__stated_kind kind;
  uint32_t begin, end; /* of the word that counts so far */
  bool failed;         /* out of memory */
} announcing;

static aft__stated_kind kind_of(uint8_t mark) {
  switch (mark) {
  case AFT__MARK_ORDER_NUMBER:
    return AFT__STATED_ORDER;
  case AFT__MARK_WAYBILL:
    return AFT__STATED_WAYBILL;
  case AFT__MARK_PHONE:
    return AFT__STATED_PHONE;
  case AFT__MARK_PRODUCT:
    return AFT__STATED_PRODUCT;
  default:
    return AFT__STATED_NONE;
  }
}

/* The last word counts, and of two that end together the longer: 快递单号 is no 单号. */
static bool on_word(void *user, const aft__match *match) {
  announcing *a = user;
  aft__stated_kind kind = match->id < a->n_marks ? kind_of(a->marks[match->id].kind) : AFT__STATED_NONE;
  bool later = match->end > a->end || (match->end == a->end && match->begin < a->begin);
  if (kind == AFT__STATED_NONE || (a->kind != AFT__STATED_NONE && !later))
    return true;
  a->kind = kind;
  a->begin = match->begin;
  a->end = match->end;
  return true;
}

static aft__stated_kind named(void *user, aft_str words) {
  announcing *a = user;
  uint32_t size = 0;
  const void *matcher = aft__section_data(a->policy, AFT__SECTION_MATCHER, &size);
  a->kind = AFT__STATED_NONE;
  a->begin = a->end = 0;
  aft__buf_clear(&a->scratch);
  if (aft__normalise(&a->scratch, words, NULL) < 0)
    a->failed = true;
  else if (size > 0)
    aft__matcher_scan(matcher, aft__buf_view(&a->scratch), on_word, a);
  return a->kind;
}

/* What the end of a text names. */
static aft__stated_kind named_last(announcing *a, aft_str text) {
  size_t cut = text.len > LAST_MOST ? text.len - LAST_MOST : 0;
  while (cut > 0 && cut < text.len && ((uint8_t)text.data[cut] & 0xC0) == 0x80)
    cut++;
  return text.len ? named(a, aft__str(text.data + cut, text.len - cut)) : AFT__STATED_NONE;
}

/* 我的订单号是 / 12345: what the turn before announced, or what the desk asked for. */
static aft__stated_kind expected(announcing *a, const aft__triage_in *in, uint32_t turns) {
  aft__stated_kind kind = turns > 0 ? named_last(a, in->earlier[in->n_earlier - 1]) : AFT__STATED_NONE;
  return kind == AFT__STATED_NONE && in->asked ? named_last(a, in->desk) : kind;
}

static bool worth_reading(const aft__triage_in *in) {
  if (in->n_products > 0)
    return true;
  for (size_t i = 0; i < in->text.len; i++) {
    uint8_t c = (uint8_t)in->text.data[i];
    if ((c >= '0' && c <= '9') || c == ':' || c == 0xE3 || c == 0xEF) /* 「《 and full width begin so */
      return true;
  }
  return false;
}

aft_status aft__triage_state(const aft_policy *policy, const aft__triage_in *in, aft__arena *arena,
                             aft__triage *out, aft_error *error) {
  aft__stated found[AFT__FACTS_MOST];
  announcing a = {.policy = policy};
  if (!worth_reading(in))
    return AFT_OK;
  a.marks = aft__section_data(policy, AFT__SECTION_MARKS, &a.n_marks);
  aft__buf_init(&a.scratch, policy->env);
  aft__extract_in given = {.text = in->text,
                           .products = in->products,
                           .n_products = in->n_products,
                           .currency = in->currency,
                           .expected = expected(&a, in, out->turns),
                           .named = named,
                           .user = &a};
  uint32_t n = aft__extract(&given, found);
  aft__buf_done(&a.scratch);
  if (a.failed)
    return aft__nomem(error);
  if (n == 0)
    return AFT_OK;
  aft__stated *list = aft__arena_alloc(arena, n * sizeof(*list));
  if (!list)
    return aft__nomem(error);
  memcpy(list, found, n * sizeof(*list));
  out->facts = list;
  out->n_facts = n;
  return AFT_OK;
}

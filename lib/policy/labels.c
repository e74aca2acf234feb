/* A shop's own attributes and tags: which exist, and what their values may be. */
#include "policy/policy_priv.h"

#include <inttypes.h>

const char *const aft__value_types[AFT__VALUE_TYPES + 1] = {"text", "choice", "date", "number",
                                                            "flag", "time",   NULL};
const char *const aft__label_kinds[AFT__LABEL_KINDS + 1] = {"ticket", "customer", "order", NULL};

/* ---- keys ---- */

/* Equal texts have equal keys; the text itself decides where lists find several. */
int64_t aft__label_key_of_text(aft_str text) { return (int64_t)aft__hash64(text.data, text.len, 0); }

/* Days since 1970 of YYYY-MM-DD. */
bool aft__label_key_of_date(aft_str text, int64_t *out) {
  aft_time at;
  aft__civil civil;
  char iso[AFT_TIME_ISO_SIZE];
  if (text.len != 10 || aft_time_parse(text.data, text.len, &at, NULL) < 0)
    return false;
  aft__civil_of(at, 0, &civil);
  if (aft_time_iso(at, NULL, iso, NULL) < 0 || memcmp(iso, text.data, 10) != 0)
    return false;
  *out = at / AFT__DAY - (at % AFT__DAY < 0);
  return true;
}

bool aft__label_key(aft__value_type type, aft_str text, int64_t *key) {
  aft__node node = {.kind = AFT__NODE_TEXT, .text = text};
  bool flag;
  switch (type) {
  case AFT__VALUE_DATE:
    return aft__label_key_of_date(text, key);
  case AFT__VALUE_NUMBER:
    return aft__node_int(&node, key);
  case AFT__VALUE_FLAG:
    if (!aft__node_bool(&node, &flag))
      return false;
    *key = flag;
    return true;
  case AFT__VALUE_TIME:
    return aft_time_parse(text.data, text.len, key, NULL) >= 0;
  default:
    *key = aft__label_key_of_text(text);
    return true;
  }
}

/* ---- attributes ---- */

typedef struct names {
  const aft_policy *policy;
  const aft__attribute *list;
  uint32_t n;
  aft__label_kind kind;
} names;

static aft_str closest(const names *known, aft_str wrong) {
  uint32_t best = 0;
  aft_str found = {0};
  for (uint32_t i = 0; i < known->n; i++) {
    aft_str name = aft__policy_str(known->policy, known->list[i].name);
    uint32_t alike = known->list[i].kind == known->kind ? aft__similarity(name, wrong) : 0;
    if (alike > best && alike >= 400) {
      best = alike;
      found = name;
    }
  }
  return found;
}

aft_status aft__policy_attribute_find(const aft_policy *policy, aft__label_kind kind, aft_str name,
                                      aft__attribute_def *out, aft_error *error) {
  names known = {.policy = policy, .kind = kind};
  known.list = aft__section_data(policy, AFT__SECTION_ATTRIBUTES, &known.n);
  for (uint32_t i = 0; i < known.n; i++) {
    const aft__attribute *a = &known.list[i];
    if (a->kind != (uint32_t)kind || !aft__str_eq(aft__policy_str(policy, a->name), name))
      continue;
    *out =
        (aft__attribute_def){i, aft__policy_str(policy, a->name), (aft__value_type)a->type, a->indexed != 0};
    return AFT_OK;
  }
  aft_str near = closest(&known, name);
  return aft__error(error, AFT_E_INVALID, "attribute.name",
                    "the policy has no attribute '%.*s' of a %s%s%.*s%s", (int)aft__utf8_cut(name, 60),
                    name.len ? name.data : "", aft__label_kinds[kind], near.len ? " (did you mean '" : "",
                    (int)near.len, near.len ? near.data : "", near.len ? "'?)" : "");
}

static aft_status check_number(const aft__attribute *a, const char *name, int64_t number, int64_t *key,
                               aft_error *error) {
  if (a->type == AFT__VALUE_FLAG && number != 0 && number != 1)
    return aft__error(error, AFT_E_INVALID, "attribute.number", "the flag %s is 0 or 1, found %" PRId64, name,
                      number);
  if (a->type == AFT__VALUE_NUMBER && (number < a->least || number > a->most))
    return aft__error(error, AFT_E_INVALID, "attribute.number",
                      "%s goes from %" PRId64 " to %" PRId64 ", found %" PRId64, name, a->least, a->most,
                      number);
  if (a->type == AFT__VALUE_TIME && number == AFT_TIME_NONE)
    return aft__error(error, AFT_E_INVALID, "attribute.number", "%s is a time, found AFT_TIME_NONE", name);
  *key = number;
  return AFT_OK;
}

static bool is_choice(const aft_policy *policy, const aft__attribute *a, aft_str text) {
  uint32_t n = 0;
  const uint32_t *choices = aft__section_data(policy, AFT__SECTION_CHOICES, &n);
  for (uint32_t i = 0; i < a->count; i++)
    if (aft__str_eq(text, aft__policy_str(policy, choices[a->first + i])))
      return true;
  return false;
}

static aft_status check_text(const aft_policy *policy, const aft__attribute *a, const char *name,
                             aft_str text, int64_t *key, aft_error *error) {
  int cut = (int)aft__utf8_cut(text, 60);
  const char *found = text.len ? text.data : "";
  if (a->type == AFT__VALUE_CHOICE && !is_choice(policy, a, text))
    return aft__error(error, AFT_E_INVALID, "attribute.text", "'%.*s' is none of the choices of %s", cut,
                      found, name);
  int64_t n = aft__utf8_length(text);
  if (a->type == AFT__VALUE_TEXT && (n < a->least || n > a->most))
    return aft__error(error, AFT_E_INVALID, "attribute.text",
                      "%s has %" PRId64 " to %" PRId64 " characters, found %" PRId64, name, a->least, a->most,
                      n);
  if (!aft__label_key((aft__value_type)a->type, text, key))
    return aft__error(error, AFT_E_INVALID, "attribute.text", "%s is a date such as 2026-11-23, found '%.*s'",
                      name, cut, found);
  return AFT_OK;
}

aft_status aft__policy_attribute_key(const aft_policy *policy, const aft__attribute_def *def, aft_str text,
                                     int64_t number, int64_t *key, aft_error *error) {
  uint32_t n = 0;
  const aft__attribute *a = aft__section_data(policy, AFT__SECTION_ATTRIBUTES, &n);
  a += def->index;
  if (aft__value_is_number(def->type)) {
    if (text.data)
      return aft__error(error, AFT_E_INVALID, "attribute.text", "%s is a %s: its value is given as number",
                        def->name.data, aft__value_types[def->type]);
    return check_number(a, def->name.data, number, key, error);
  }
  if (!text.data || number)
    return aft__error(error, AFT_E_INVALID, text.data ? "attribute.number" : "attribute.text",
                      "%s is a %s: its value is given as text", def->name.data, aft__value_types[def->type]);
  return check_text(policy, a, def->name.data, text, key, error);
}

/* ---- tags ---- */

static bool is_known(const aft_policy *policy, aft__label_kind kind, aft_str tag) {
  uint32_t n = 0, listed = 0;
  const aft__known_tag *tags = aft__section_data(policy, AFT__SECTION_TAGS, &n);
  for (uint32_t i = 0; i < n; i++) {
    if (tags[i].kind != (uint32_t)kind)
      continue;
    listed++;
    if (aft__str_eq(aft__policy_str(policy, tags[i].tag), tag))
      return true;
  }
  return listed == 0;
}

aft_status aft__policy_tag(const aft_policy *policy, aft__label_kind kind, aft_str tag, aft__buf *out,
                           aft_error *error) {
  AFT__TRY(aft__normalise(out, tag, error));
  aft_str form = aft__buf_view(out);
  if (form.len == 0 || form.len > AFT__TAG_BYTES)
    return aft__error(error, AFT_E_INVALID, "tag.tag", "expected a tag of 1 to %d bytes, found %zu",
                      AFT__TAG_BYTES, form.len);
  if (!is_known(policy, kind, form))
    return aft__error(error, AFT_E_INVALID, "tag.tag",
                      "'%.*s' is none of the tags that the policy has for a %s", (int)form.len, form.data,
                      aft__label_kinds[kind]);
  return AFT_OK;
}

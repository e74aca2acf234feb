/* Checking what people filled into a form, field by field. */
#include "policy/policy_priv.h"

#include <stdio.h>

typedef struct checker {
  const aft_policy *policy;
  aft_str form;
  const aft__form_value *values;
  size_t n;
  aft__buf *report;
  uint32_t wrong;
  char where[96], message[200]; /* of the first wrong field */
} checker;

static void wrong(checker *c, aft_str field, const char *fmt, ...) AFT__PRINTF(3, 4);
static void wrong(checker *c, aft_str field, const char *fmt, ...) {
  char where[96], message[200];
  va_list args;
  va_start(args, fmt);
  vsnprintf(message, sizeof(message), fmt, args);
  va_end(args);
  int form = (int)aft__utf8_cut(c->form, 40), name = (int)aft__utf8_cut(field, 40);
  snprintf(where, sizeof(where), "form.%.*s.%.*s", form, form ? c->form.data : "", name,
           name ? field.data : "");
  if (c->wrong++ == 0) {
    memcpy(c->where, where, sizeof(where));
    memcpy(c->message, message, sizeof(message));
  }
  if (c->report)
    aft__buf_printf(c->report, "%s: %s\n", where, message);
}

static bool digit(char c) { return c >= '0' && c <= '9'; }

static bool number_of(aft_str text, int64_t *out) {
  size_t i = text.len > 0 && text.data[0] == '-';
  bool minus = i == 1;
  int64_t n = 0;
  if (i == text.len || text.len > 16)
    return false;
  for (; i < text.len; i++) {
    if (!digit(text.data[i]))
      return false;
    n = n * 10 + (text.data[i] - '0');
  }
  *out = minus ? -n : n;
  return true;
}

bool aft__phone_ok(aft_str text) {
  size_t digits = 0;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    if (digit(c))
      digits++;
    else if (!(c == '+' && i == 0) && c != ' ' && c != '-' && c != '(' && c != ')')
      return false;
  }
  return digits >= 5 && digits <= 20;
}

/* One @ with something on both sides, a dot inside the domain, no white space. */
static bool email_ok(aft_str text) {
  const char *at = text.len ? memchr(text.data, '@', text.len) : NULL;
  if (!at || at == text.data || text.len > 254)
    return false;
  aft_str domain = aft__str(at + 1, text.len - (size_t)(at + 1 - text.data));
  for (size_t i = 0; i < text.len; i++)
    if ((unsigned char)text.data[i] <= ' ')
      return false;
  if (domain.len < 3 || memchr(domain.data, '@', domain.len))
    return false;
  const char *dot = memchr(domain.data + 1, '.', domain.len - 2);
  return dot && domain.data[0] != '.' && domain.data[domain.len - 1] != '.';
}

static bool order_ok(aft_str text) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.data[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !digit(c) && c != '-' && c != '_' && c != '#' && c != '.')
      return false;
  }
  return text.len <= 64;
}

/* YYYY-MM-DD of the calendar. */
static bool date_ok(aft_str text) {
  static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (text.len != 10 || text.data[4] != '-' || text.data[7] != '-')
    return false;
  for (size_t i = 0; i < 10; i++)
    if (i != 4 && i != 7 && !digit(text.data[i]))
      return false;
  const char *t = text.data;
  int year = (t[0] - '0') * 1000 + (t[1] - '0') * 100 + (t[2] - '0') * 10 + (t[3] - '0');
  int month = (t[5] - '0') * 10 + (t[6] - '0'), day = (t[8] - '0') * 10 + (t[9] - '0');
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
    return false;
  return month != 2 || day != 29 || leap;
}

static bool choice_ok(const checker *c, const aft__form_field *field, aft_str text) {
  uint32_t n = 0;
  const uint32_t *choices = aft__section_data(c->policy, AFT__SECTION_CHOICES, &n);
  for (uint32_t i = 0; i < field->count; i++)
    if (aft__str_eq(text, aft__policy_str(c->policy, choices[field->first + i])))
      return true;
  return false;
}

static void check_number(checker *c, const aft__form_field *field, aft_str name, aft_str text) {
  int64_t n = 0;
  if (!number_of(text, &n))
    wrong(c, name, "expected a whole number");
  else if (n < (int64_t)field->least || n > (int64_t)field->most)
    wrong(c, name, "expected a number from %u to %u, found %lld", field->least, field->most, (long long)n);
}

static void check_value(checker *c, const aft__form_field *field, aft_str name, aft_str text) {
  static const char *const expected[AFT__FIELD_TYPES] = {
      [AFT__FIELD_PHONE] = "expected a phone number of 5 to 20 digits",
      [AFT__FIELD_EMAIL] = "expected an e-mail address such as name@example.com",
      [AFT__FIELD_ORDER] = "expected an order number of letters, digits and - _ # .",
      [AFT__FIELD_CHOICE] = "expected one of the choices of the form",
      [AFT__FIELD_DATE] = "expected a date such as 2026-11-23"};
  bool ok = true;
  if (field->type == AFT__FIELD_NUMBER) {
    check_number(c, field, name, text);
    return;
  }
  uint32_t n = aft__utf8_length(text);
  if (n < field->least || n > field->most) {
    wrong(c, name, "expected %u to %u characters, found %u", field->least, field->most, n);
    return;
  }
  switch (field->type) {
  case AFT__FIELD_PHONE:
    ok = aft__phone_ok(text);
    break;
  case AFT__FIELD_EMAIL:
    ok = email_ok(text);
    break;
  case AFT__FIELD_ORDER:
    ok = order_ok(text);
    break;
  case AFT__FIELD_CHOICE:
    ok = choice_ok(c, field, text);
    break;
  case AFT__FIELD_DATE:
    ok = date_ok(text);
    break;
  default:
    break;
  }
  if (!ok)
    wrong(c, name, "%s", expected[field->type]);
}

static bool blank(aft_str text) {
  for (size_t i = 0; i < text.len; i++)
    if (text.data[i] != ' ' && text.data[i] != '\t' && text.data[i] != '\n' && text.data[i] != '\r')
      return false;
  return true;
}

static void check_field(checker *c, const aft__form_field *field) {
  aft_str name = aft__policy_str(c->policy, field->name);
  const aft__form_value *given = NULL;
  for (size_t i = 0; i < c->n; i++) {
    if (!aft__str_eq(c->values[i].name, name))
      continue;
    if (given) {
      wrong(c, name, "the field is given twice");
      return;
    }
    given = &c->values[i];
  }
  if (!given || blank(given->text)) {
    if (field->required)
      wrong(c, name, "the field is required");
    return;
  }
  if (aft__utf8_check(given->text, NULL) < 0)
    wrong(c, name, "the text is not valid UTF-8 or contains a NUL byte");
  else
    check_value(c, field, name, given->text);
}

static const aft__form *form_find(const aft_policy *policy, aft_str name, const aft__form_field **fields) {
  uint32_t n = 0, n_fields = 0;
  const aft__form *forms = aft__section_data(policy, AFT__SECTION_FORMS, &n);
  const aft__form_field *all = aft__section_data(policy, AFT__SECTION_FIELDS, &n_fields);
  for (uint32_t i = 0; i < n; i++) {
    if (!aft__str_eq(aft__policy_str(policy, forms[i].name), name))
      continue;
    *fields = all + forms[i].first;
    return &forms[i];
  }
  return NULL;
}

static void check_unknown(checker *c, const aft__form *form, const aft__form_field *fields) {
  for (size_t v = 0; v < c->n; v++) {
    bool known = false;
    for (uint32_t i = 0; i < form->count && !known; i++)
      known = aft__str_eq(c->values[v].name, aft__policy_str(c->policy, fields[i].name));
    if (!known)
      wrong(c, aft__utf8_check(c->values[v].name, NULL) < 0 ? aft__cstr("?") : c->values[v].name,
            "the form has no such field");
  }
}

aft_status aft__policy_form_check(const aft_policy *policy, aft_str form, const aft__form_value *values,
                                  size_t n, aft__buf *report, aft_error *error) {
  const aft__form_field *fields = NULL;
  const aft__form *found = form_find(policy, form, &fields);
  if (!found)
    return aft__error(error, AFT_E_NOT_FOUND, "form", "the policy has no such form");
  checker c = {policy, form, values, n, report, 0, {0}, {0}};
  for (uint32_t i = 0; i < found->count; i++)
    check_field(&c, &fields[i]);
  check_unknown(&c, found, fields);
  if (report && report->failed)
    return aft__nomem(error);
  if (c.wrong == 0)
    return AFT_OK;
  if (c.wrong == 1)
    return aft__error(error, AFT_E_FORM, c.where, "%s", c.message);
  return aft__error(error, AFT_E_FORM, c.where, "%s (and %u more wrong fields)", c.message, c.wrong - 1);
}

aft_str aft__policy_form_meaning(const aft_policy *policy, aft_str form, aft_str field) {
  const aft__form_field *fields = NULL;
  const aft__form *found = form_find(policy, form, &fields);
  for (uint32_t i = 0; found && i < found->count; i++)
    if (aft__str_eq(aft__policy_str(policy, fields[i].name), field))
      return aft__policy_str(policy, fields[i].meaning);
  aft_str none = {"", 0};
  return none;
}

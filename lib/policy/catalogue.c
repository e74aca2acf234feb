/* Texts for people: looked up by language and key, with places filled in. */
#include "policy/policy_priv.h"

static uint32_t locale_index(const char *locale) {
  return locale && locale[0] == 'z' && locale[1] == 'h' &&
                 (locale[2] == '\0' || locale[2] == '-' || locale[2] == '_')
             ? 0
             : 1;
}

bool aft__catalogue_find(const aft_policy *policy, const char *locale, aft_str key, aft_str *out) {
  uint32_t n = 0;
  const aft__entry *entries = aft__section_data(policy, AFT__SECTION_CATALOGUE, &n);
  uint32_t low = 0, high = n;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = aft__str_cmp(aft__policy_str(policy, entries[middle].key), key);
    if (order == 0) {
      *out = aft__policy_str(policy, entries[middle].text[locale_index(locale)]);
      return true;
    }
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

const char *aft_policy_text(const aft_policy *policy, const char *locale, const char *key) {
  aft_str text;
  if (policy && key && aft__catalogue_find(policy, locale, aft__cstr(key), &text))
    return text.data;
  return key ? key : "";
}

void aft__policy_render(const aft_policy *policy, const char *locale, const char *key, const aft__arg *args,
                        size_t n, aft__buf *out) {
  aft__template_render(out, aft__cstr(aft_policy_text(policy, locale, key)), args, n);
}

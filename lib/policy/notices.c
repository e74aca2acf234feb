/* Notices: the events that customers are told of, what holds for each, and its words on a channel. */
#include "policy/policy_priv.h"

#include <stdio.h>

/* ---- the table ---- */

const char *const aft__notice_groups[] = {
#define AFT__NOTICE_GROUP(ID, name) #name,
#define AFT__NOTICE_FIELD(...)
#define AFT__NOTICE_FIELD_OF(...)
#define AFT__NOTICE(...)
#include "policy/notices.def"
#undef AFT__NOTICE_GROUP
#undef AFT__NOTICE_FIELD
#undef AFT__NOTICE_FIELD_OF
#undef AFT__NOTICE
    NULL};

/* The fields of all groups, with one that has no name before each group and at the end. */
static const aft__notice_field all_fields[] = {
#define AFT__NOTICE_GROUP(...)                           {NULL, NULL, AFT__IS_TEXT, false},
#define AFT__NOTICE_FIELD(ID, name, kind)                {#name, NULL, AFT__IS_##kind, true},
#define AFT__NOTICE_FIELD_OF(ID, name, kind, own, words) {#name, words, AFT__IS_##kind, own},
#define AFT__NOTICE(...)
#include "policy/notices.def"
#undef AFT__NOTICE_GROUP
#undef AFT__NOTICE_FIELD
#undef AFT__NOTICE_FIELD_OF
#undef AFT__NOTICE
    {NULL, NULL, AFT__IS_TEXT, false}};

const aft__notice_field *aft__notice_fields(aft__notice_group group) {
  const aft__notice_field *at = all_fields;
  for (uint32_t heads = 0; heads <= (uint32_t)group; at++)
    heads += at->name == NULL;
  return at;
}

const char *aft__notice_own(uint32_t index) {
  static const char *const own[] = {
#define AFT__NOTICE_GROUP(...)
#define AFT__NOTICE_FIELD(...)
#define AFT__NOTICE_FIELD_OF(...)
#define AFT__NOTICE(name, word) #name "." #word,
#include "policy/notices.def"
#undef AFT__NOTICE_GROUP
#undef AFT__NOTICE_FIELD
#undef AFT__NOTICE_FIELD_OF
#undef AFT__NOTICE
  };
  return index < AFT__COUNT(own) ? own[index] : NULL;
}

static aft_str group_word(aft_str event) {
  const char *dot = event.len ? memchr(event.data, '.', event.len) : NULL;
  return aft__str(event.data, dot ? (size_t)(dot - event.data) : 0);
}

bool aft__notice_has(const aft__notice_field *field, aft_str event, bool own) {
  size_t group = group_word(event).len + 1;
  if (!field->words || (own && field->own))
    return true;
  return event.len > group &&
         aft__words_have(aft__cstr(field->words), aft__str(event.data + group, event.len - group));
}

bool aft__notice_group_of(aft_str event, aft__notice_group *out) {
  aft_str word = group_word(event);
  for (uint32_t i = 0; word.len && i < AFT__NOTICE_GROUPS; i++)
    if (aft__str_eq(aft__cstr(aft__notice_groups[i]), word)) {
      *out = (aft__notice_group)i;
      return true;
    }
  return false;
}

/* ---- what holds for an event ---- */

static bool fits(aft_str pattern, aft_str group, aft_str event, int how) {
  switch (how) {
  case 0:
    return aft__str_eq(pattern, aft__cstr("default"));
  case 1:
    return pattern.len == group.len + 2 && memcmp(pattern.data, group.data, group.len) == 0 &&
           memcmp(pattern.data + group.len, ".*", 2) == 0;
  default:
    return aft__str_eq(pattern, event);
  }
}

static void apply(const aft_policy *policy, const aft__notice_rule *rule, aft__notice_plan *out) {
  uint32_t n, says = rule->says, flags = rule->flags;
  const uint32_t *words = aft__section_data(policy, AFT__SECTION_CHOICES, &n);
  if (rule->topic)
    out->topic = aft__policy_str(policy, rule->topic);
  out->off = says & AFT__NOTICE_OFF ? (flags & AFT__NOTICE_OFF) != 0 : out->off;
  out->urgent = says & AFT__NOTICE_URGENT ? (flags & AFT__NOTICE_URGENT) != 0 : out->urgent;
  out->awaited = says & AFT__NOTICE_AWAITED ? (flags & AFT__NOTICE_AWAITED) != 0 : out->awaited;
  out->must = says & AFT__NOTICE_MUST ? (flags & AFT__NOTICE_MUST) != 0 : out->must;
  out->record = says & AFT__NOTICE_RECORD ? (flags & AFT__NOTICE_RECORD) != 0 : out->record;
  out->coalesce_ms = says & AFT__NOTICE_JOINS ? rule->coalesce_ms : out->coalesce_ms;
  if (!(says & AFT__NOTICE_LISTS))
    return;
  out->n_channels = rule->channels.count;
  for (uint32_t i = 0; i < rule->channels.count; i++)
    out->channels[i] = aft__policy_str(policy, words[rule->channels.first + i]);
}

/* The more a pattern says of an event, the later it speaks. */
void aft__policy_notice_of(const aft_policy *policy, aft_str event, aft__notice_plan *out) {
  uint32_t n = 0;
  const aft__notice_rule *rules = aft__section_data(policy, AFT__SECTION_NOTICES, &n);
  aft_str group = group_word(event);
  *out = (aft__notice_plan){.topic = group, .record = true};
  for (int how = 0; how < 3; how++)
    for (uint32_t i = 0; i < n; i++)
      if (fits(aft__policy_str(policy, rules[i].pattern), group, event, how))
        apply(policy, &rules[i], out);
  if (out->must) {
    out->off = false;
    out->coalesce_ms = 0;
  }
}

void aft__policy_quiet(const aft_policy *policy, aft__quiet *out) { *out = policy->settings->quiet; }

bool aft__policy_notice_topic(const aft_policy *policy, aft_str topic, bool *must) {
  uint32_t n = 0;
  const aft__entry *entries = aft__section_data(policy, AFT__SECTION_CATALOGUE, &n);
  bool any = false;
  *must = true;
  for (uint32_t i = 0; i < n; i++) {
    aft__notice_key key = aft__notice_key_of(aft__policy_str(policy, entries[i].key));
    aft__notice_plan plan;
    if (!key.event.len || key.channel.len)
      continue;
    aft__policy_notice_of(policy, key.event, &plan);
    if (!aft__str_eq(plan.topic, topic))
      continue;
    any = true;
    *must &= plan.must;
  }
  return any;
}

/* ---- words ---- */

static const aft__channel *channel_of(const aft_policy *policy, aft_str name) {
  uint32_t n = 0;
  const aft__channel *list = aft__section_data(policy, AFT__SECTION_CHANNELS, &n);
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__policy_str(policy, list[i].name), name))
      return &list[i];
  return NULL;
}

const char *aft__policy_notice_format(const aft_policy *policy, aft_str channel) {
  const aft__channel *c = channel_of(policy, channel);
  return aft__markups[c ? c->format : AFT__MARKUP_PLAIN];
}

#define KEY_SIZE 192

/* The text of the event for the channel alone, with what is behind its name. */
static bool find_own(const aft_policy *policy, const aft__notice_fill *in, const char *behind, aft_str *out) {
  char key[KEY_SIZE];
  int n = snprintf(key, sizeof key, AFT__NOTICE_PREFIX "%.*s@%.*s%s", (int)in->event.len, in->event.data,
                   (int)in->channel.len, in->channel.len ? in->channel.data : "", behind);
  return in->channel.len && n > 0 && n < KEY_SIZE &&
         aft__catalogue_find(policy, in->locale, aft__cstr(key), out);
}

static bool is_unpriced(const aft__filling *values, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(values[i].name, AFT__NOTICE_UNPRICED) == 0)
      return values[i].number != 0;
  return false;
}

/* The key of the text for those who see no prices, where there is one. */
static bool find_unpriced(const aft_policy *policy, const char *locale, aft_str key, char out[KEY_SIZE]) {
  aft_str ignored;
  int n = snprintf(out, KEY_SIZE, "%.*s.plain", (int)key.len, key.data);
  return n > 0 && n < KEY_SIZE && aft__catalogue_find(policy, locale, aft__cstr(out), &ignored);
}

static bool find_common(const aft_policy *policy, const aft__notice_fill *in, aft_str *out) {
  char key[KEY_SIZE];
  int n = snprintf(key, sizeof key, AFT__NOTICE_PREFIX "%.*s", (int)in->event.len, in->event.data);
  return n > 0 && n < KEY_SIZE && aft__catalogue_find(policy, in->locale, aft__cstr(key), out);
}

static bool is_chinese(const char *locale) { return locale[0] == 'z' && locale[1] == 'h'; }

static void fill(const aft__notice_fill *in, aft_str text, aft__markup markup, aft__buf *out) {
  aft__fill f = {text, is_chinese(in->locale), markup, in->values, in->n};
  aft__template_fill(out, &f);
}

/* The first characters, the last of which says that there were more. */
static void cut(aft__buf *text, size_t begin, uint32_t most) {
  const char *at = text->data + begin, *end = text->data + text->len, *last = at;
  uint32_t n = 0, c;
  while (at < end && n <= most) {
    last = n + 1 == most ? at : last;
    at += aft__utf8_next(at, end, &c);
    n++;
  }
  if (n <= most)
    return;
  text->len = (size_t)(last - text->data);
  aft__buf_puts(text, "…");
}

/* Plain words on a channel that takes something else: each line of HTML its own, a text of JSON. */
static void write_whole(aft_str plain, aft__markup markup, aft__buf *out) {
  if (markup == AFT__MARKUP_JSON)
    aft__buf_char(out, '"');
  for (size_t i = 0, begin = 0; i <= plain.len; i++) {
    bool breaks = markup == AFT__MARKUP_HTML && i < plain.len && plain.data[i] == '\n';
    if (i < plain.len && !breaks)
      continue;
    aft__escape(out, markup, aft__str(plain.data + begin, i - begin));
    if (breaks)
      aft__buf_puts(out, "<br>\n");
    begin = i + 1;
  }
  if (markup == AFT__MARKUP_JSON)
    aft__buf_char(out, '"');
}

static void write_common(const aft__notice_fill *in, aft_str text, const aft__channel *c, aft__buf *out) {
  aft__markup markup = c ? (aft__markup)c->format : AFT__MARKUP_PLAIN;
  aft__buf plain;
  if (markup == AFT__MARKUP_PLAIN) {
    fill(in, text, markup, out);
    return;
  }
  aft__buf_init(&plain, out->env);
  fill(in, text, AFT__MARKUP_PLAIN, &plain);
  write_whole(aft__buf_view(&plain), markup, out);
  out->failed |= plain.failed;
  aft__buf_done(&plain);
}

bool aft__policy_notice_write(const aft_policy *policy, const aft__notice_fill *given, aft__buf *text,
                              aft__buf *subject) {
  static const size_t prefix = sizeof AFT__NOTICE_PREFIX - 1;
  const aft__channel *c = channel_of(policy, given->channel);
  aft__notice_fill priced = *given;
  const aft__notice_fill *in = &priced;
  size_t begin = text->len;
  char key[KEY_SIZE], unpriced[KEY_SIZE];
  aft_str template;
  snprintf(key, sizeof key, AFT__NOTICE_PREFIX "%.*s", (int)in->event.len, in->event.data);
  if (is_unpriced(in->values, in->n) && find_unpriced(policy, in->locale, aft__cstr(key), unpriced))
    priced.event = aft__cstr(unpriced + prefix);
  if (!find_common(policy, in, &template))
    return false;
  if (find_own(policy, in, "", &template))
    fill(in, template, c ? (aft__markup)c->format : AFT__MARKUP_PLAIN, text);
  else
    write_common(in, template, c, text);
  if (c && c->most && !text->failed)
    cut(text, begin, c->most);
  bool own = find_own(policy, in, ".subject", &template);
  if (own || (c && c->subject &&
              aft__catalogue_find(policy, in->locale, aft__policy_str(policy, c->subject), &template)))
    fill(in, template, AFT__MARKUP_PLAIN, subject);
  return true;
}

void aft__policy_fill(const aft_policy *policy, const char *locale, const char *key,
                      const aft__filling *values, size_t n, aft__buf *out) {
  char unpriced[KEY_SIZE];
  if (is_unpriced(values, n) && find_unpriced(policy, locale, aft__cstr(key), unpriced))
    key = unpriced;
  aft__fill f = {aft__cstr(aft_policy_text(policy, locale, key)), is_chinese(locale), AFT__MARKUP_PLAIN,
                 values, n};
  aft__template_fill(out, &f);
}

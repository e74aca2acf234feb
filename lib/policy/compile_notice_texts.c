/* What texts of notices may have places for: the fields of their event, in forms that fit them. */
#include "policy/policy_priv.h"

aft__notice_key aft__notice_key_of(aft_str key) {
  static const char prefix[] = AFT__NOTICE_PREFIX, subject[] = ".subject";
  const size_t n = sizeof prefix - 1, end = sizeof subject - 1;
  aft__notice_key of = {0};
  if (key.len <= n || memcmp(key.data, prefix, n) != 0)
    return of;
  of.event = aft__str(key.data + n, key.len - n);
  const char *at = memchr(of.event.data, '@', of.event.len);
  if (!at)
    return of;
  of.channel = aft__str(at + 1, of.event.len - (size_t)(at - of.event.data) - 1);
  of.event.len = (size_t)(at - of.event.data);
  of.subject = of.channel.len > end && memcmp(of.channel.data + of.channel.len - end, subject, end) == 0;
  of.channel.len -= of.subject ? end : 0;
  return of;
}

typedef struct checking {
  aft__compile *cx;
  const aft__node *text;
  const aft__notice_field *fields;
  aft_str event;
  bool own; /* the default policy has no such event */
  bool zh;
} checking;

static aft_str listed(const void *names, uint32_t i) { return aft__cstr(((const char *const *)names)[i]); }

#define SHOWN(text) (int)aft__utf8_cut(text, 60), (text).data

static void check_choices(const checking *c, const aft__slot *place, const aft__notice_field *field) {
  uint32_t n = aft__slot_choices(place), expected = c->zh ? 1 : 2;
  if (field->kind != AFT__IS_NUMBER)
    aft__fault_node(c->cx->faults, AFT_E_POLICY, c->text, "'%s' is %s: only a number chooses between texts",
                    field->name, aft__value_kind_names[field->kind]);
  else if (n != expected)
    aft__fault_node(c->cx->faults, AFT_E_POLICY, c->text,
                    c->zh ? "{%.*s?…} has %u texts: Chinese has one for all numbers"
                          : "{%.*s?…} has %u texts: English has two, for one and for other numbers",
                    SHOWN(place->name), n);
}

static void check_form(const checking *c, const aft__slot *place, const aft__notice_field *field) {
  bool known, fits = aft__form_fits(place->form, field->kind, &known);
  uint32_t n = 0;
  while (aft__forms[n])
    n++;
  if (!known)
    aft__fault_node(c->cx->faults, AFT_E_POLICY, c->text, "{%.*s:%.*s} has no form that is known%s",
                    SHOWN(place->name), SHOWN(place->form),
                    aft__did_you_mean(c->cx->faults, place->form, aft__forms, n, listed));
  else if (!fits)
    aft__fault_node(c->cx->faults, AFT_E_POLICY, c->text, "'%s' is %s, which is not written as %.*s",
                    field->name, aft__value_kind_names[field->kind], SHOWN(place->form));
}

#define MOST_FIELDS 32

/* The names of what the event has. */
static uint32_t names_of(const checking *c, const char *names[MOST_FIELDS]) {
  uint32_t n = 0;
  for (const aft__notice_field *f = c->fields; f->name; f++)
    if (n < MOST_FIELDS && aft__notice_has(f, c->event, c->own))
      names[n++] = f->name;
  return n;
}

static const aft__notice_field *field_of(const checking *c, aft_str name) {
  for (const aft__notice_field *f = c->fields; f->name; f++)
    if (aft__str_eq(aft__cstr(f->name), name) && aft__notice_has(f, c->event, c->own))
      return f;
  return NULL;
}

static void lacks_field(const checking *c, aft_str name) {
  const char *names[MOST_FIELDS];
  uint32_t n = names_of(c, names);
  aft__fault_node(c->cx->faults, AFT_E_POLICY, c->text, "the event %.*s has no field '%.*s'%s: expected %s",
                  SHOWN(c->event), SHOWN(name), aft__did_you_mean(c->cx->faults, name, names, n, listed),
                  aft__compile_listed(c->cx, names, n));
}

static void check_field(void *user, const aft__slot *place) {
  const checking *c = user;
  const aft__notice_field *field = field_of(c, place->name);
  if (!field)
    lacks_field(c, place->name);
  else if (place->chooses)
    check_choices(c, place, field);
  else
    check_form(c, place, field);
}

/* ---- whose event it is ---- */

/* The words for those who see no prices tell of the same event. */
static aft_str without_plain(aft_str event) {
  static const char plain[] = ".plain";
  const size_t n = sizeof plain - 1;
  if (event.len > n && memcmp(event.data + event.len - n, plain, n) == 0)
    event.len -= n;
  return event;
}

static bool in_default(aft__compile *cx, aft_str event) {
  const aft__node *texts = aft__node_get(aft__node_get(cx->built_in, "texts"), "en");
  char *key = aft__arena_printf(cx->arena, AFT__NOTICE_PREFIX "%.*s", (int)event.len, event.data);
  cx->nomem |= !key;
  return key && aft__node_get(texts, key);
}

/* ---- texts for a channel ---- */

static void check_json(const checking *c, aft_str channel) {
  aft__buf scratch;
  aft__buf_init(&scratch, c->cx->env);
  if (!aft__json_shaped(c->text->text, &scratch) && !scratch.failed)
    aft__fault_node(
        c->cx->faults, AFT_E_POLICY, c->text,
        "the channel %.*s takes JSON: expected one value of JSON whose places stand inside of texts",
        SHOWN(channel));
  c->cx->nomem |= scratch.failed;
  aft__buf_done(&scratch);
}

static void check_channel(const checking *c, const aft__notice_key *key) {
  const aft__node *channels = aft__node_get(aft__node_get(c->cx->root, "notifications"), "channels");
  bool any = channels && channels->kind == AFT__NODE_MAP;
  for (uint32_t i = 0; any && i < channels->count; i++)
    if (aft__str_eq(channels->items[i].key, key->channel)) {
      const aft__node *format = aft__node_get(channels->items[i].value, "format");
      if (format && !key->subject && aft__str_eq(format->text, aft__cstr(aft__markups[AFT__MARKUP_JSON])))
        check_json(c, key->channel);
      return;
    }
  aft__fault_node(c->cx->faults, AFT_E_POLICY, c->text, "the policy has no channel '%.*s'%s",
                  SHOWN(key->channel),
                  aft__did_you_mean(c->cx->faults, key->channel, any ? channels->items : NULL,
                                    any ? channels->count : 0, aft__item_key));
}

static bool has_text(const checking *c) {
  const aft__node *texts = aft__node_get(aft__node_get(c->cx->root, "texts"), "en");
  char *key = aft__arena_printf(c->cx->arena, AFT__NOTICE_PREFIX "%.*s", (int)c->event.len, c->event.data);
  if (!key)
    c->cx->nomem = true;
  return !key || aft__node_get(texts, key);
}

void aft__compile_places(aft__compile *cx, aft_str key, const aft__node *text, bool zh) {
  aft__notice_key of = aft__notice_key_of(key);
  aft__notice_group group;
  if (!of.event.len) {
    aft__compile_plain_places(cx, key, text, zh);
    return;
  }
  checking c = {.cx = cx, .text = text, .event = without_plain(of.event), .zh = zh};
  c.own = !in_default(cx, c.event);
  if (!aft__notice_group_of(of.event, &group)) {
    aft__fault_node(cx->faults, AFT_E_POLICY, text,
                    "no event is called '%.*s': no kind of event has this name%s", SHOWN(of.event),
                    aft__did_you_mean(cx->faults, of.event, aft__notice_groups, AFT__ABOUTS, listed));
    return;
  }
  c.fields = aft__notice_fields(group);
  aft__template_places(text->text, check_field, &c, NULL);
  if (!of.channel.len)
    return;
  check_channel(&c, &of);
  if (!has_text(&c))
    aft__fault_node(cx->faults, AFT_E_POLICY, text,
                    "the catalogue has no text '" AFT__NOTICE_PREFIX "%.*s' for the other channels",
                    SHOWN(of.event));
}

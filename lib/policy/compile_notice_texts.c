/* What texts may have places for: a text of a notice for the fields of its event, in forms that fit them. */
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
  bool zh;
} checking;

static aft_str field_name(const void *fields, uint32_t i) {
  return aft__cstr(((const aft__notice_field *)fields)[i].name);
}
static aft_str listed(const void *names, uint32_t i) { return aft__cstr(((const char *const *)names)[i]); }

static const aft__notice_field *field_of(const checking *c, aft_str name, uint32_t *n) {
  const aft__notice_field *found = NULL;
  for (*n = 0; c->fields[*n].name; (*n)++)
    if (aft__str_eq(aft__cstr(c->fields[*n].name), name))
      found = &c->fields[*n];
  return found;
}

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

static void check_field(void *user, const aft__slot *place) {
  const checking *c = user;
  uint32_t n;
  const aft__notice_field *field = field_of(c, place->name, &n);
  if (!field)
    aft__fault_node(c->cx->faults, AFT_E_POLICY, c->text, "the event %.*s has no field '%.*s'%s",
                    SHOWN(c->event), SHOWN(place->name),
                    aft__did_you_mean(c->cx->faults, place->name, c->fields, n, field_name));
  else if (place->chooses)
    check_choices(c, place, field);
  else
    check_form(c, place, field);
}

static void check_name(void *user, const aft__slot *place) {
  const checking *c = user;
  if (place->chooses || place->form.len)
    aft__fault_node(c->cx->faults, AFT_E_POLICY, c->text,
                    "the place of '%.*s' has a form or texts to choose from: only texts of notices have such",
                    SHOWN(place->name));
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
  checking c = {.cx = cx, .text = text, .event = of.event, .zh = zh};
  if (!of.event.len) {
    aft__template_places(text->text, check_name, &c, NULL);
    return;
  }
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

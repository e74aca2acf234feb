/* Compiling the catalogue: each text in both languages, with the same places. */
#include "policy/policy_priv.h"

const char *const aft__locales[AFT__LOCALES + 1] = {"zh", "en", NULL};

typedef struct places {
  aft__compile *cx;
  aft_str names[16];
  uint32_t count;
} places;

static void add_place(void *user, const aft__slot *place) {
  places *p = user;
  aft_str name = place->name;
  for (uint32_t i = 0; i < p->count; i++)
    if (aft__str_eq(p->names[i], name))
      return;
  if (p->count < AFT__COUNT(p->names))
    p->names[p->count++] = name;
}

static bool has_place(const places *p, aft_str name) {
  for (uint32_t i = 0; i < p->count; i++)
    if (aft__str_eq(p->names[i], name))
      return true;
  return false;
}

static void read_places(aft__compile *cx, const aft__node *text, places *out) {
  size_t at = 0;
  out->cx = cx;
  out->count = 0;
  if (aft__template_places(text->text, add_place, out, &at) < 0)
    aft__fault_node(cx->faults, AFT_E_POLICY, text, "the brace at byte %zu has no '}'; a plain brace is '{{'",
                    at);
}

/* The fault stands at the text that came later: it broke what was equal before. */
static void compare_places(aft__compile *cx, const aft__node *zh, const aft__node *en) {
  places a, b;
  const aft__node *later = zh->document > en->document ? zh : en;
  read_places(cx, zh, &a);
  read_places(cx, en, &b);
  for (uint32_t i = 0; i < a.count; i++)
    if (!has_place(&b, a.names[i]))
      aft__fault_node(cx->faults, AFT_E_POLICY, later,
                      "the text in zh has the place {%.*s}, the one in en has not", (int)a.names[i].len,
                      a.names[i].data);
  for (uint32_t i = 0; i < b.count; i++)
    if (!has_place(&a, b.names[i]))
      aft__fault_node(cx->faults, AFT_E_POLICY, later,
                      "the text in en has the place {%.*s}, the one in zh has not", (int)b.names[i].len,
                      b.names[i].data);
}

static void missing(aft__compile *cx, const aft__item *item, const aft__node *other, const char *locale) {
  aft__fault_key(cx->faults, AFT_E_POLICY, item, "the text is missing in %s%s", locale,
                 aft__did_you_mean(cx->faults, item->key, other->items, other->count, aft__item_key));
}

void aft__compile_catalogue(aft__compile *cx) {
  const aft__node *texts = aft__node_get(cx->root, "texts");
  const aft__node *zh = aft__node_get(texts, "zh"), *en = aft__node_get(texts, "en");
  if (!zh || !en || zh->kind != AFT__NODE_MAP || en->kind != AFT__NODE_MAP)
    return;
  for (uint32_t i = 0; i < zh->count; i++) { /* maps are sorted, and so is the section */
    const aft__item *item = &zh->items[i];
    const aft__node *other = aft__node_get(en, item->key.data);
    size_t mark = aft__path_push(cx->faults, aft__cstr(other ? "texts" : "texts.zh"));
    aft__path_push(cx->faults, item->key);
    if (!other) {
      missing(cx, item, en, "en");
    } else if (other->kind == AFT__NODE_TEXT && item->value->kind == AFT__NODE_TEXT) {
      compare_places(cx, item->value, other);
      if (!cx->again) {
        aft__compile_places(cx, item->key, item->value, true);
        aft__compile_places(cx, item->key, other, false);
      }
      aft__entry entry = {aft__compile_text(cx, item->key),
                          {aft__compile_text(cx, item->value->text), aft__compile_text(cx, other->text)},
                          0};
      aft__compile_add(cx, AFT__SECTION_CATALOGUE, &entry);
    }
    aft__path_pop(cx->faults, mark);
  }
  for (uint32_t i = 0; i < en->count; i++) {
    size_t mark = aft__path_push(cx->faults, aft__cstr("texts.en"));
    aft__path_push(cx->faults, en->items[i].key);
    if (!aft__node_get(zh, en->items[i].key.data))
      missing(cx, &en->items[i], zh, "zh");
    aft__path_pop(cx->faults, mark);
  }
}

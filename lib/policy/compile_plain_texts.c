/* What texts that are none of notices may have places for: what the code that shows them fills in. */
#include "policy/policy_priv.h"

/* By the beginning of the key. A text of the default policy may be said anew with the places that it has
 * there; beyond that, what is not listed here is nobody's but the host's. */
static const struct {
  const char *prefix, *fields;
} families[] = {
    {"answer.", "code subject"},
    {"note.", "code subject"},
    {"script.", "code task_code subject name phone order waybill reason"},
    {"case.next.", "code kind order reason amount until expected"},
    {"case.state.", "code kind order reason amount quote until expected"},
    {"act.", ""},
    {"action.", ""},
    {"attempt.", ""},
    {"automation.", ""},
    {"case.", ""},
    {"category.", ""},
    {"cause.", ""},
    {"channel.", ""},
    {"clause.", ""},
    {"complaint.", ""},
    {"event.", ""},
    {"exception.", ""},
    {"explain.", ""},
    {"fact.", ""},
    {"flag.", ""},
    {"freight.", ""},
    {"liable.", ""},
    {"macro.", ""},
    {"party.", ""},
    {"priority.", ""},
    {"queue.", ""},
    {"reason.", ""},
    {"role.", ""},
    {"sla.", ""},
    {"source.", ""},
    {"state.", ""},
    {"suggestion.", ""},
    {"survey.", ""},
    {"task.", ""},
    {"tone.", ""},
    {"topic.", ""},
    {"window.", ""},
};

#define MOST_PLACES 16

typedef struct checking {
  aft__compile *cx;
  const aft__node *text;
  const char *names[MOST_PLACES];
  uint32_t n;
  bool open; /* whatever place it has, somebody else fills it */
} checking;

static aft_str listed(const void *names, uint32_t i) { return aft__cstr(((const char *const *)names)[i]); }

static bool has(const checking *c, aft_str name) {
  for (uint32_t i = 0; i < c->n; i++)
    if (aft__str_eq(aft__cstr(c->names[i]), name))
      return true;
  return false;
}

static void allow(checking *c, aft_str name) {
  if (c->n == MOST_PLACES || has(c, name))
    return;
  const char *copy = aft__arena_dup(c->cx->arena, name).data;
  if (copy)
    c->names[c->n++] = copy;
  else
    c->cx->nomem = true;
}

static void allow_place(void *user, const aft__slot *place) { allow(user, place->name); }

/* What the default policy's own text under the key has. */
static bool allow_default(checking *c, aft_str key, bool zh) {
  const aft__node *texts = aft__node_get(c->cx->built_in, "texts");
  const aft__node *text = aft__node_get(aft__node_get(texts, zh ? "zh" : "en"), key.data);
  if (text && text->kind == AFT__NODE_TEXT)
    aft__template_places(text->text, allow_place, c, NULL);
  return text != NULL;
}

static bool allow_family(checking *c, aft_str key) {
  for (size_t i = 0; i < AFT__COUNT(families); i++) {
    size_t n = strlen(families[i].prefix);
    aft_str rest = aft__cstr(families[i].fields), name;
    if (key.len <= n || memcmp(key.data, families[i].prefix, n) != 0)
      continue;
    while (aft__words_next(&rest, &name))
      allow(c, name);
    return true;
  }
  return false;
}

const char *aft__compile_listed(aft__compile *cx, const char *const *names, uint32_t n) {
  const char *list = n ? names[0] : "a text without places";
  for (uint32_t i = 1; i < n && list; i++)
    list = aft__arena_printf(cx->arena, "%s, %s", list, names[i]);
  cx->nomem |= !list;
  return list ? list : "";
}

#define SHOWN(text) (int)aft__utf8_cut(text, 60), (text).data

static void check_place(void *user, const aft__slot *place) {
  const checking *c = user;
  if (place->chooses || place->form.len)
    aft__fault_node(c->cx->faults, AFT_E_POLICY, c->text,
                    "the place of '%.*s' has a form or texts to choose from: only texts of notices have such",
                    SHOWN(place->name));
  else if (!c->open && !has(c, place->name))
    aft__fault_node(c->cx->faults, AFT_E_POLICY, c->text,
                    "nothing fills the place '%.*s' of this text%s: expected %s", SHOWN(place->name),
                    aft__did_you_mean(c->cx->faults, place->name, c->names, c->n, listed),
                    aft__compile_listed(c->cx, c->names, c->n));
}

void aft__compile_plain_places(aft__compile *cx, aft_str key, const aft__node *text, bool zh) {
  checking c = {.cx = cx, .text = text};
  bool of_default = allow_default(&c, key, zh), of_family = allow_family(&c, key);
  /* Without a default policy below, a text of its own cannot be told from one that the library shows. */
  c.open = !of_default && (!of_family || (!cx->built_in && c.n == 0));
  aft__template_places(text->text, check_place, &c, NULL);
}

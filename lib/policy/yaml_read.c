/* YAML text to a bounded tree of nodes: the only user of libyaml. */
#include "policy/policy_priv.h"

#include <yaml.h>

typedef struct frame {
  aft__node *node;
  uint32_t cap;
  aft__item pending; /* the key that waits for its value, in maps */
  bool has_key;
  const char *anchor;
} frame;

typedef struct anchor {
  struct anchor *next;
  const char *name;
  const aft__node *node; /* NULL while it is still being read */
} anchor;

typedef struct reader {
  aft__faults *faults;
  const aft_env *env;
  uint32_t document;
  frame stack[AFT__POLICY_DEPTH + 1];
  uint32_t depth;
  anchor *anchors;
  const aft__node *root;
  bool stop;
} reader;

static void fault(reader *r, aft_status code, const yaml_mark_t *mark, const char *message) {
  aft__fault_at(r->faults, code, r->document, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1, "%s",
                message);
  r->stop = true;
}

static void nomem(reader *r) {
  r->faults->nomem = true;
  r->stop = true;
}

static aft__node *make(reader *r, aft__node_kind kind, const yaml_mark_t *mark) {
  if (++r->faults->nodes > AFT__POLICY_NODES) {
    fault(r, AFT_E_POLICY_LIMIT, mark, "the policy has more than 100000 values");
    return NULL;
  }
  aft__node *node = aft__arena_alloc(r->faults->arena, sizeof(*node));
  if (!node) {
    nomem(r);
    return NULL;
  }
  node->kind = kind;
  node->document = r->document;
  node->line = (uint32_t)mark->line + 1;
  node->column = (uint32_t)mark->column + 1;
  node->height = 1;
  node->weight = 1;
  return node;
}

static bool remember(reader *r, const char *name, const aft__node *node) {
  anchor *a = aft__arena_alloc(r->faults->arena, sizeof(*a));
  aft_str copy = aft__arena_dup(r->faults->arena, aft__cstr(name));
  if (!a || !copy.data) {
    nomem(r);
    return false;
  }
  a->name = copy.data;
  a->node = node;
  a->next = r->anchors;
  r->anchors = a;
  return true;
}

/* Puts a finished value where it belongs: document, list or map. */
static void place(reader *r, const aft__node *value, const yaml_mark_t *mark) {
  if (r->depth == 0) {
    r->root = value;
    return;
  }
  frame *top = &r->stack[r->depth - 1];
  aft__node *parent = top->node;
  aft__item item = {{0}, value, value->line, value->column, r->document, 0};
  if (parent->kind == AFT__NODE_MAP) {
    if (!top->has_key) {
      if (value->kind != AFT__NODE_TEXT || value->text.len == 0) {
        fault(r, AFT_E_POLICY_SYNTAX, mark, "a key must be a text");
        return;
      }
      item.key = value->text;
      top->pending = item;
      top->has_key = true;
      return;
    }
    top->has_key = false;
    item = top->pending;
    item.value = value;
  }
  if (parent->count == top->cap) {
    uint32_t cap = top->cap ? top->cap * 2 : 8;
    aft__item *items = aft__arena_alloc(r->faults->arena, cap * sizeof(*items));
    if (!items) {
      nomem(r);
      return;
    }
    if (parent->count > 0)
      memcpy(items, parent->items, parent->count * sizeof(*items));
    parent->items = items;
    top->cap = cap;
  }
  parent->items[parent->count++] = item;
  if (value->height + 1 > parent->height)
    parent->height = value->height + 1;
  parent->weight += value->weight; /* both are at most AFT__POLICY_NODES */
}

static bool untagged(reader *r, const yaml_char_t *tag, const yaml_mark_t *mark) {
  if (!tag)
    return true;
  fault(r, AFT_E_POLICY_SYNTAX, mark, "tags are not used in policies");
  return false;
}

static void open(reader *r, const yaml_event_t *event, aft__node_kind kind, const yaml_char_t *name,
                 const yaml_char_t *tag) {
  if (!untagged(r, tag, &event->start_mark))
    return;
  if (r->depth == AFT__POLICY_DEPTH) {
    fault(r, AFT_E_POLICY_LIMIT, &event->start_mark, "the document is nested deeper than 32 levels");
    return;
  }
  aft__node *node = make(r, kind, &event->start_mark);
  if (!node || (name && !remember(r, (const char *)name, NULL)))
    return;
  frame empty = {0};
  r->stack[r->depth] = empty;
  r->stack[r->depth].node = node;
  r->stack[r->depth].anchor = name ? r->anchors->name : NULL;
  r->depth++;
}

static bool unique(reader *r, const aft__node *map) {
  aft__map seen;
  aft__map_init(&seen, r->env);
  bool ok = true;
  for (uint32_t i = 0; ok && i < map->count; i++) {
    uint32_t first = 0;
    if (aft__map_put(&seen, map->items[i].key, i, &first) < 0) {
      nomem(r);
      ok = false;
    } else if (first != i) {
      aft__fault_key(r->faults, AFT_E_POLICY_SYNTAX, &map->items[i],
                     "the key '%.*s' stands here twice, first in line %u",
                     (int)aft__utf8_cut(map->items[i].key, 64), map->items[i].key.data,
                     map->items[first].line);
    }
  }
  aft__map_done(&seen);
  return ok;
}

static void close(reader *r, const yaml_event_t *event) {
  frame *top = &r->stack[--r->depth];
  if (top->node->kind == AFT__NODE_MAP && !unique(r, top->node))
    return;
  if (top->anchor) {
    anchor *a = r->anchors;
    while (a->name != top->anchor)
      a = a->next;
    a->node = top->node;
  }
  place(r, top->node, &event->start_mark);
}

static bool is_null(aft_str text) {
  return text.len == 0 || aft__str_eq(text, aft__cstr("~")) || aft__str_eq(text, aft__cstr("null"));
}

static void scalar(reader *r, const yaml_event_t *event) {
  const char *value = (const char *)event->data.scalar.value;
  size_t len = event->data.scalar.length;
  if (!untagged(r, event->data.scalar.tag, &event->start_mark))
    return;
  if (memchr(value, '\0', len)) {
    fault(r, AFT_E_ENCODING, &event->start_mark, "a text must not contain a NUL character");
    return;
  }
  bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  bool null = plain && is_null(aft__str(value, len));
  aft__node *node = make(r, null ? AFT__NODE_NULL : AFT__NODE_TEXT, &event->start_mark);
  if (!node)
    return;
  uint32_t length = (uint32_t)(len / 256); /* so that aliases cannot multiply a long text either */
  node->weight += length;
  r->faults->nodes += length;
  node->text = aft__arena_dup(r->faults->arena, aft__str(value, len));
  if (!node->text.data) {
    nomem(r);
    return;
  }
  if (event->data.scalar.anchor && !remember(r, (const char *)event->data.scalar.anchor, node))
    return;
  place(r, node, &event->start_mark);
}

/* The node itself is shared; what it weighs is counted again. */
static void alias(reader *r, const yaml_event_t *event) {
  const char *name = (const char *)event->data.alias.anchor;
  const anchor *a = r->anchors;
  while (a && strcmp(a->name, name) != 0)
    a = a->next;
  if (!a) {
    fault(r, AFT_E_POLICY_SYNTAX, &event->start_mark,
          "an alias names an anchor that does not stand before it");
    return;
  }
  if (!a->node) {
    fault(r, AFT_E_POLICY_LIMIT, &event->start_mark, "an alias stands inside its own anchor");
    return;
  }
  if (r->depth + a->node->height > AFT__POLICY_DEPTH) {
    fault(r, AFT_E_POLICY_LIMIT, &event->start_mark, "the document is nested deeper than 32 levels");
    return;
  }
  if (r->faults->nodes + a->node->weight > AFT__POLICY_NODES) {
    fault(r, AFT_E_POLICY_LIMIT, &event->start_mark,
          "the aliases of the document expand to more than 100000 values");
    return;
  }
  r->faults->nodes += a->node->weight;
  place(r, a->node, &event->start_mark);
}

static void take(reader *r, const yaml_event_t *event) {
  switch (event->type) {
  case YAML_DOCUMENT_START_EVENT:
    if (r->root)
      fault(r, AFT_E_POLICY_SYNTAX, &event->start_mark,
            "a text holds one YAML document, and here begins another");
    break;
  case YAML_SCALAR_EVENT:
    scalar(r, event);
    break;
  case YAML_ALIAS_EVENT:
    alias(r, event);
    break;
  case YAML_SEQUENCE_START_EVENT:
    open(r, event, AFT__NODE_LIST, event->data.sequence_start.anchor, event->data.sequence_start.tag);
    break;
  case YAML_MAPPING_START_EVENT:
    open(r, event, AFT__NODE_MAP, event->data.mapping_start.anchor, event->data.mapping_start.tag);
    break;
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT:
    close(r, event);
    break;
  default:
    break;
  }
}

/* The reader's own faults have a byte offset alone. */
static void broken(reader *r, const yaml_parser_t *parser, aft_str text) {
  if (parser->error == YAML_MEMORY_ERROR) {
    nomem(r);
    return;
  }
  uint32_t line = (uint32_t)parser->problem_mark.line + 1, column = (uint32_t)parser->problem_mark.column + 1;
  if (parser->error == YAML_READER_ERROR) {
    line = column = 1;
    for (size_t i = 0; i < parser->problem_offset && i < text.len; i++) {
      bool newline = text.data[i] == '\n';
      line += newline;
      column = newline ? 1 : column + (((unsigned char)text.data[i] & 0xc0) != 0x80);
    }
  }
  aft__fault_at(r->faults, AFT_E_POLICY_SYNTAX, r->document, line, column, "not valid YAML: %s%s%s",
                parser->problem ? parser->problem : "it ends too early", parser->context ? ", " : "",
                parser->context ? parser->context : "");
  r->stop = true;
}

static void read_events(reader *r, yaml_parser_t *parser, aft_str text) {
  bool end = false;
  while (!r->stop && !end) {
    yaml_event_t event;
    if (!yaml_parser_parse(parser, &event)) {
      broken(r, parser, text);
      return;
    }
    take(r, &event);
    end = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
}

static bool encoding_ok(reader *r, aft_str text) {
  size_t at = 0;
  aft_status status = aft__utf8_check(text, &at);
  if (status >= 0)
    return true;
  uint32_t line = 1, column = 1;
  for (size_t i = 0; i < at; i++) {
    bool newline = text.data[i] == '\n';
    line += newline;
    column = newline ? 1 : column + (((unsigned char)text.data[i] & 0xc0) != 0x80);
  }
  aft__fault_at(
      r->faults, AFT_E_ENCODING, r->document, line, column, "%s",
      status == AFT_E_NUL_BYTE ? "the document contains a NUL byte" : "the document is not valid UTF-8");
  return false;
}

const aft__node *aft__yaml_read(aft__faults *faults, uint32_t index, const aft_env *env) {
  aft_str text = faults->documents[index].text;
  reader r;
  memset(&r, 0, sizeof(r));
  r.faults = faults;
  r.env = env;
  r.document = index;
  if (!encoding_ok(&r, text))
    return NULL;
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser)) {
    faults->nomem = true;
    return NULL;
  }
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser, (const unsigned char *)(text.data ? text.data : ""), text.len);
  read_events(&r, &parser, text);
  yaml_parser_delete(&parser);
  if (r.stop)
    return NULL;
  yaml_mark_t start = {0, 0, 0};
  if (!r.root || r.root->kind == AFT__NODE_NULL) /* nothing but comments */
    return make(&r, AFT__NODE_MAP, &start);
  return r.root;
}

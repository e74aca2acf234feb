/* Compiling what texts are understood by: categories, rules, lexicons, one matcher over all words. */
#include "policy/policy_priv.h"

#define WORD_MOST 255u

typedef struct words {
  aft__compile *cx;
  aft__matcher_builder *builder;
  aft__buf scratch;
  aft__map tones; /* normalised tone words: one must not be both good and bad */
} words;

/* Conditions test the topic alone, so a topic belongs to one category. */
static void check_topic(aft__compile *cx, aft__map *seen, uint32_t category, const aft__node *map,
                        const aft__node *topic) {
  uint32_t first = category;
  if (aft__map_put(seen, topic->text, category, &first) < 0)
    cx->nomem = true;
  else if (first != category)
    aft__fault_node(cx->faults, AFT_E_POLICY, topic, "the topic '%s' stands in the category '%s' too",
                    topic->text.data, map->items[first].key.data);
}

static void compile_categories(aft__compile *cx) {
  const aft__node *map = aft__node_get(cx->root, "categories");
  aft__map seen;
  if (!map || map->kind != AFT__NODE_MAP)
    return;
  aft__map_init(&seen, cx->env);
  for (uint32_t i = 0; i < map->count; i++) {
    aft__category category = {aft__compile_text(cx, map->items[i].key), 0};
    aft__compile_add(cx, AFT__SECTION_CATEGORIES, &category);
    const aft__node *topics = aft__node_get(map->items[i].value, "topics");
    for (uint32_t t = 0; topics && topics->kind == AFT__NODE_LIST && t < topics->count; t++) {
      const aft__node *node = topics->items[t].value;
      aft__topic topic = {i, aft__compile_text(cx, node->text)};
      if (node->kind != AFT__NODE_TEXT)
        continue;
      check_topic(cx, &seen, i, map, node);
      aft__compile_add(cx, AFT__SECTION_TOPICS, &topic);
    }
  }
  aft__map_done(&seen);
  if (!aft__node_get(map, "other"))
    aft__fault_node(cx->faults, AFT_E_POLICY, map,
                    "the category 'other' is missing, which takes what nothing else fits");
}

/* One pattern for a piece of a word; with its other spellings where it has an apostrophe. */
static void add_pattern(words *w, aft_str pattern, uint32_t id, uint32_t flags) {
  if (aft__matcher_add(w->builder, pattern, id, flags) < 0) {
    w->cx->nomem = true;
    return;
  }
  const char *tick = memchr(pattern.data, '\'', pattern.len);
  if (!tick)
    return;
  char other[WORD_MOST + 4];
  size_t before = (size_t)(tick - pattern.data), after = pattern.len - before - 1;
  memcpy(other, pattern.data, before);
  memcpy(other + before, tick + 1, after);
  if (before + after > 0 && aft__matcher_add(w->builder, aft__str(other, before + after), id, flags) < 0)
    w->cx->nomem = true;
  if (pattern.len + 2 > WORD_MOST)
    return;
  memcpy(other + before, "\xe2\x80\x99", 3);
  memcpy(other + before + 3, tick + 1, after);
  if (aft__matcher_add(w->builder, aft__str(other, pattern.len + 2), id, flags) < 0)
    w->cx->nomem = true;
}

static aft_str trimmed(aft_str s) {
  while (s.len > 0 && s.data[0] == ' ')
    s.data++, s.len--;
  while (s.len > 0 && s.data[s.len - 1] == ' ')
    s.len--;
  return s;
}

/* A piece as the matcher sees it: normalised, in the scratch buffer. Empty with a fault recorded. */
static aft_str normalised(words *w, const aft__node *at, aft_str piece) {
  aft_str none = {0};
  aft__buf_clear(&w->scratch);
  if (piece.len > WORD_MOST) {
    aft__fault_node(w->cx->faults, AFT_E_POLICY_LIMIT, at, "a word has up to 255 bytes, this one has more");
    return none;
  }
  if (aft__normalise(&w->scratch, piece, NULL) < 0 || w->scratch.failed) {
    w->cx->nomem = true;
    return none;
  }
  aft_str text = trimmed(aft__buf_view(&w->scratch));
  if (text.len == 0 || text.len > WORD_MOST) {
    aft__fault_node(w->cx->faults, AFT_E_POLICY, at, "expected a word of 1 to 255 bytes, found '%.*s'",
                    (int)aft__utf8_cut(piece, 60), piece.len ? piece.data : "");
    return none;
  }
  return text;
}

/* "refund*": any letters may follow. */
static bool take_stem(aft_str *piece) {
  if (piece->len < 2 || piece->data[piece->len - 1] != '*')
    return false;
  piece->len--;
  return true;
}

static aft__mark new_mark(aft__mark_kind kind, uint32_t value) {
  aft__mark mark = {(uint32_t)kind & 0x1F, 0, 0, value & 0x7FFFFF};
  return mark;
}

static void add_mark(words *w, const aft__node *at, aft_str piece, aft__mark mark) {
  piece = trimmed(piece);
  bool stem = take_stem(&piece);
  if (stem)
    mark.stem = 1;
  aft_str text = normalised(w, at, piece);
  if (text.len == 0)
    return;
  uint32_t id = aft__compile_count(w->cx, AFT__SECTION_MARKS);
  aft__compile_add(w->cx, AFT__SECTION_MARKS, &mark);
  add_pattern(w, text, id, stem ? 0 : AFT__MATCH_WORD);
}

/* "a..b": a, and b shortly behind it. */
static aft_str next_part(aft_str *rest) {
  aft_str part = *rest;
  for (size_t i = 0; i + 1 < rest->len; i++) {
    if (rest->data[i] == '.' && rest->data[i + 1] == '.') {
      part.len = i;
      rest->data += i + 2;
      rest->len -= i + 2;
      return part;
    }
  }
  rest->len = 0;
  return part;
}

static void add_rule_word(words *w, uint32_t rule, uint8_t role, const aft__node *node) {
  if (node->kind != AFT__NODE_TEXT)
    return;
  /* Only what speaks for a category is named in explanations. */
  uint32_t text = role == AFT__WORD_FOR ? aft__compile_text(w->cx, node->text) : 0;
  aft__word word = {text, (uint16_t)rule, role, 0};
  aft__mark mark = new_mark(AFT__MARK_RULE, aft__compile_count(w->cx, AFT__SECTION_WORDS));
  aft_str rest = node->text;
  do {
    aft_str part = next_part(&rest);
    mark.part = word.parts++ & 7u;
    add_mark(w, node, part, mark);
  } while (rest.len > 0 && word.parts < AFT__WORD_PARTS);
  if (rest.len > 0)
    aft__fault_node(w->cx->faults, AFT_E_POLICY_LIMIT, node, "a word has up to %u parts", AFT__WORD_PARTS);
  aft__compile_add(w->cx, AFT__SECTION_WORDS, &word);
}

static void add_rule_words(words *w, uint32_t rule, uint8_t role, const aft__node *node, const char *key) {
  const aft__node *list = aft__node_get(node, key);
  for (uint32_t i = 0; list && list->kind == AFT__NODE_LIST && i < list->count; i++)
    add_rule_word(w, rule, role, list->items[i].value);
}

static aft_str topic_text(const void *items, uint32_t i) { return ((const aft__item *)items)[i].value->text; }

static bool has_topic(const aft__node *topics, aft_str name) {
  for (uint32_t i = 0; topics && topics->kind == AFT__NODE_LIST && i < topics->count; i++)
    if (aft__str_eq(topics->items[i].value->text, name))
      return true;
  return false;
}

/* Category and topic of a rule; false when it names none. */
static bool rule_target(aft__compile *cx, const aft__node *node, aft__rule *rule) {
  const aft__node *categories = aft__node_get(cx->root, "categories");
  const aft__node *category = aft__node_get(node, "category"), *topic = aft__node_get(node, "topic");
  if (!category || category->kind != AFT__NODE_TEXT || !categories || categories->kind != AFT__NODE_MAP)
    return false;
  const aft__item *found = aft__node_find(categories, category->text.data);
  if (!found) {
    aft__fault_node(
        cx->faults, AFT_E_POLICY, category, "there is no category '%.*s'%s",
        (int)aft__utf8_cut(category->text, 60), category->text.data,
        aft__did_you_mean(cx->faults, category->text, categories->items, categories->count, aft__item_key));
    return false;
  }
  rule->category = (uint32_t)(found - categories->items);
  if (!topic || topic->kind != AFT__NODE_TEXT)
    return true;
  rule->topic = aft__compile_text(cx, topic->text);
  const aft__node *topics = aft__node_get(found->value, "topics");
  if (!has_topic(topics, topic->text))
    aft__fault_node(cx->faults, AFT_E_POLICY, topic, "the category '%s' has no topic '%.*s'%s",
                    category->text.data, (int)aft__utf8_cut(topic->text, 60), topic->text.data,
                    aft__did_you_mean(cx->faults, topic->text, topics ? topics->items : NULL,
                                      topics ? topics->count : 0, topic_text));
  return true;
}

/* A rule speaks before the ticket is known: it may ask for what a message brings along alone. */
static uint32_t rule_condition(aft__compile *cx, const aft__node *when) {
  static const uint32_t known[] = {AFT__FACT_ORDER_STATE, AFT__FACT_CASE_STATE, AFT__FACT_HAS_ORDER,
                                   AFT__FACT_ASKED,       AFT__FACT_LANGUAGE,   AFT__FACT_CHANNEL,
                                   AFT__FACT_TIER,        AFT__FACT_LABEL};
  uint64_t facts = 0, tests = cx->tests;
  cx->tests = 0;
  for (size_t i = 0; i < AFT__COUNT(known); i++)
    facts |= aft__fact_bit((aft__fact_id)known[i]);
  uint32_t first = aft__compile_count(cx, AFT__SECTION_CONDITIONS);
  uint32_t root = aft__compile_condition(cx, when);
  cx->rule_tests |= cx->tests;
  cx->tests = tests;
  const aft__condition *list =
      (const aft__condition *)(const void *)cx->section[AFT__SECTION_CONDITIONS].data;
  for (uint32_t i = first; !cx->nomem && i < aft__compile_count(cx, AFT__SECTION_CONDITIONS); i++) {
    if (list[i].op <= AFT__OP_NOT || (facts & aft__fact_bit((aft__fact_id)list[i].fact)))
      continue;
    aft__fault_node(cx->faults, AFT_E_POLICY, when,
                    "a rule may test order_state, case_state, has_order, asked, language, channel, tier and "
                    "label alone");
    break;
  }
  return root;
}

/* What else must hold for a rule to count. */
static void rule_limits(aft__compile *cx, const aft__node *node, aft__rule *rule) {
  const aft__node *with = aft__node_get(node, "with");
  int64_t most = 0;
  bool question = false;
  if (with && with->count > 0)
    rule->flags |= AFT__RULE_WITH;
  if (aft__node_bool(aft__node_get(node, "question"), &question))
    rule->flags |= question ? AFT__RULE_ASKS : AFT__RULE_TELLS;
  if (aft__node_int(aft__node_get(node, "most"), &most) && most >= 1 && most <= 1000)
    rule->most = (uint32_t)most;
  const aft__node *when = aft__node_get(node, "when");
  if (when)
    rule->condition = rule_condition(cx, when);
}

static void compile_rule(words *w, const aft__item *item) {
  aft__compile *cx = w->cx;
  aft__rule rule = {aft__compile_text(cx, item->key), 0, 0, 0, 0, AFT__FLOW_NONE, 0, 0};
  int64_t weight = 0;
  if (!rule_target(cx, item->value, &rule))
    return;
  if (aft__node_int(aft__node_get(item->value, "weight"), &weight) && weight >= 0 && weight <= 1000)
    rule.weight = (int32_t)weight;
  rule_limits(cx, item->value, &rule);
  uint32_t index = aft__compile_count(cx, AFT__SECTION_RULES);
  aft__compile_add(cx, AFT__SECTION_RULES, &rule);
  add_rule_words(w, index, AFT__WORD_FOR, item->value, "words");
  add_rule_words(w, index, AFT__WORD_WITH, item->value, "with");
  add_rule_words(w, index, AFT__WORD_UNLESS, item->value, "unless");
}

/* There are fewer rules than 65536: each takes several of the 100000 values of a policy. */
static void compile_rules(words *w) {
  const aft__node *map = aft__node_get(w->cx->root, "rules");
  size_t section = aft__path_push(w->cx->faults, aft__cstr("rules"));
  for (uint32_t i = 0; map && map->kind == AFT__NODE_MAP && i < map->count; i++) {
    size_t mark = aft__path_push(w->cx->faults, map->items[i].key);
    compile_rule(w, &map->items[i]);
    aft__path_pop(w->cx->faults, mark);
  }
  aft__path_pop(w->cx->faults, section);
}

static void add_list(words *w, const aft__node *list, aft__mark_kind kind) {
  aft__mark mark = new_mark(kind, AFT__WEIGHT_MOST);
  for (uint32_t i = 0; list && list->kind == AFT__NODE_LIST && i < list->count; i++)
    if (list->items[i].value->kind == AFT__NODE_TEXT)
      add_mark(w, list->items[i].value, list->items[i].value->text, mark);
}

static void add_weights(words *w, const aft__node *map, aft__mark_kind kind, int32_t sign) {
  for (uint32_t i = 0; map && map->kind == AFT__NODE_MAP && i < map->count; i++) {
    const aft__item *item = &map->items[i];
    int64_t weight = 0;
    uint32_t first = 0, side = sign > 0 ? 1 : 2;
    if (!aft__node_int(item->value, &weight) || weight < 1 || weight > AFT__WEIGHT_MOST)
      continue;
    if (kind == AFT__MARK_TONE && aft__map_put(&w->tones, item->key, side, &first) < 0)
      w->cx->nomem = true;
    else if (kind == AFT__MARK_TONE && first != side)
      aft__fault_key(w->cx->faults, AFT_E_POLICY, item, "the tone word '%.*s' is both positive and negative",
                     (int)aft__utf8_cut(item->key, 60), item->key.data);
    aft__mark mark = new_mark(kind, (uint32_t)(AFT__WEIGHT_MOST + sign * (int32_t)weight));
    add_mark(w, item->value, item->key, mark);
  }
}

static void compile_lexicons(words *w) {
  static const struct {
    const char *key;
    aft__mark_kind kind;
  } lists[] = {{"acknowledgement", AFT__MARK_ACKNOWLEDGEMENT},
               {"closing", AFT__MARK_CLOSING},
               {"greeting", AFT__MARK_GREETING},
               {"particle", AFT__MARK_PARTICLE},
               {"human", AFT__MARK_HUMAN},
               {"question", AFT__MARK_QUESTION},
               {"question_first", AFT__MARK_QUESTION_FIRST},
               {"question_last", AFT__MARK_QUESTION_LAST},
               {"question_tail", AFT__MARK_QUESTION_TAIL},
               {"question_helper", AFT__MARK_QUESTION_HELPER},
               {"no_question", AFT__MARK_NO_QUESTION},
               {"urgent", AFT__MARK_URGENT},
               {"chaser", AFT__MARK_CHASER},
               {"complaint_service", AFT__MARK_SERVICE},
               {"complaint_regulator", AFT__MARK_REGULATOR},
               {"complaint_media", AFT__MARK_MEDIA},
               {"order_number", AFT__MARK_ORDER_NUMBER},
               {"waybill", AFT__MARK_WAYBILL},
               {"phone", AFT__MARK_PHONE},
               {"product", AFT__MARK_PRODUCT},
               {"address", AFT__MARK_ADDRESS},
               {"yes_no", AFT__MARK_YES_NO},
               {"asks_for", AFT__MARK_ASKS_FOR},
               {"anything_else", AFT__MARK_ANYTHING_ELSE}};
  const aft__node *lexicons = aft__node_get(w->cx->root, "lexicons");
  const aft__node *tone = aft__node_get(lexicons, "tone");
  size_t mark = aft__path_push(w->cx->faults, aft__cstr("lexicons"));
  add_weights(w, aft__node_get(tone, "positive"), AFT__MARK_TONE, 1);
  add_weights(w, aft__node_get(tone, "negative"), AFT__MARK_TONE, -1);
  add_list(w, aft__node_get(tone, "negation"), AFT__MARK_NEGATION);
  add_weights(w, aft__node_get(tone, "degree"), AFT__MARK_DEGREE, 1);
  add_list(w, aft__node_get(tone, "courtesy"), AFT__MARK_COURTESY);
  for (size_t i = 0; i < AFT__COUNT(lists); i++)
    add_list(w, aft__node_get(lexicons, lists[i].key), lists[i].kind);
  aft__path_pop(w->cx->faults, mark);
}

void aft__compile_triage(aft__compile *cx) {
  words w = {cx, aft__matcher_builder_new(cx->env), {0}, {0}};
  if (!w.builder) {
    cx->nomem = true;
    return;
  }
  aft__buf_init(&w.scratch, cx->env);
  aft__map_init(&w.tones, cx->env);
  compile_categories(cx);
  compile_rules(&w);
  compile_lexicons(&w);
  if (!cx->nomem && aft__matcher_build(w.builder, &cx->section[AFT__SECTION_MATCHER], NULL) < 0)
    cx->nomem = true;
  aft__map_done(&w.tones);
  aft__buf_done(&w.scratch);
  aft__matcher_builder_free(w.builder);
}

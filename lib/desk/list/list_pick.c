/* From a caller's filter to what a list looks for: checked, with names looked up in the policy. */
#include "desk/list/list_filter.h"

#include <stdio.h>

/* ---- a pick's own memory ---- */

static size_t bytes_of(const aft__label_filter *labels, const aft_str *texts, size_t n) {
  size_t bytes = labels->tag.len + labels->attribute.len + labels->text.len + 4 * AFT__TAG_BYTES + 64;
  for (size_t i = 0; i < n; i++)
    bytes += texts[i].len + 1;
  return bytes;
}

aft_status aft__pick_new(aft_env *env, const aft__listed *listed, const aft__label_filter *labels,
                         const aft_str *texts, size_t n, aft__pick **out, aft_error *error) {
  size_t bytes = bytes_of(labels, texts, n);
  aft__pick *pick = aft__zalloc(env, sizeof *pick + bytes);
  if (!pick)
    return aft__nomem(error);
  pick->listed = listed;
  pick->bytes = bytes;
  *out = pick;
  return AFT_OK;
}

/* bytes_of left room for every text once. */
static aft_str keep(aft__pick *pick, aft_str text) {
  char *to = (char *)(pick + 1) + pick->used;
  if (text.len)
    memcpy(to, text.data, text.len);
  to[text.len] = '\0';
  pick->used += text.len + 1;
  return aft__str(to, text.len);
}

void aft__pick_want_number(aft__pick *pick, uint32_t column, int64_t number) {
  if (number)
    pick->tests[pick->n_tests++] = (aft__test){.column = column, .number = number};
}

void aft__pick_want_zero(aft__pick *pick, uint32_t column) {
  pick->tests[pick->n_tests++] = (aft__test){.column = column};
}

void aft__pick_want_null(aft__pick *pick, uint32_t column) {
  pick->tests[pick->n_tests++] = (aft__test){.column = column, .null = true};
}

void aft__pick_want_text(aft__pick *pick, uint32_t column, aft_str text) {
  if (text.len)
    pick->tests[pick->n_tests++] = (aft__test){.column = column, .text = keep(pick, text)};
}

/* ---- attributes and tags ---- */

static aft_status want_tag(aft__cmd *cmd, aft__pick *pick, aft_str tag, aft_error *error) {
  aft__buf form;
  if (!tag.len)
    return AFT_OK;
  aft__buf_init(&form, cmd->env);
  aft_status status = aft__normalise(&form, tag, error);
  if (status >= 0 && (form.len == 0 || form.len > AFT__TAG_BYTES))
    status = aft__error(error, AFT_E_INVALID, "filter.tag", "expected a tag of 1 to %d bytes, found %zu",
                        AFT__TAG_BYTES, form.len);
  if (status >= 0)
    pick->tag = keep(pick, aft__buf_view(&form));
  aft__buf_done(&form);
  return status;
}

static aft_status date_key(aft_str text, const char *where, int64_t *key, aft_error *error) {
  if (aft__label_key_of_date(text, key))
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, where, "expected a date such as 2026-11-23, found '%.*s'",
                    (int)aft__utf8_cut(text, 60), text.data);
}

static aft_status want_dates(aft__pick *pick, const aft__label_filter *labels, aft_error *error) {
  if (labels->text.data) {
    AFT__TRY(date_key(labels->text, "filter.text", &pick->low, error));
    pick->high = pick->low;
    pick->has_low = pick->has_high = true;
    return AFT_OK;
  }
  pick->has_low = labels->from.data != NULL;
  pick->has_high = labels->to.data != NULL;
  if (pick->has_low)
    AFT__TRY(date_key(labels->from, "filter.from", &pick->low, error));
  return pick->has_high ? date_key(labels->to, "filter.to", &pick->high, error) : AFT_OK;
}

static void want_numbers(aft__pick *pick, const aft__label_filter *labels) {
  pick->has_low = labels->least != NULL;
  pick->has_high = labels->most != NULL;
  pick->low = labels->least ? *labels->least : 0;
  pick->high = labels->most ? *labels->most : 0;
}

static void want_text(aft__pick *pick, const aft__label_filter *labels) {
  if (!labels->text.data)
    return;
  pick->text = keep(pick, labels->text);
  pick->low = pick->high = aft__label_key_of_text(labels->text);
  pick->has_low = pick->has_high = true;
}

/* Bounds that the attribute's type does not have are a mistake, not nothing. */
static aft_status check_bounds(const aft__attribute_def *def, const aft__label_filter *labels,
                               aft_error *error) {
  bool number = aft__value_is_number(def->type), date = def->type == AFT__VALUE_DATE;
  const char *wrong = NULL;
  if ((labels->least || labels->most) && !number)
    wrong = labels->least ? "filter.least" : "filter.most";
  else if ((labels->from.data || labels->to.data) && !date)
    wrong = labels->from.data ? "filter.from" : "filter.to";
  else if (labels->text.data && number)
    wrong = "filter.text";
  if (!wrong)
    return AFT_OK;
  return aft__error(error, AFT_E_INVALID, wrong, "the attribute %s is a %s and is not asked for so",
                    def->name.data, aft__value_types[def->type]);
}

static aft_status want_attribute(aft__cmd *cmd, aft__pick *pick, const aft__label_filter *labels,
                                 aft_error *error) {
  aft__attribute_def def;
  bool bounds = labels->text.data || labels->from.data || labels->to.data || labels->least || labels->most;
  if (!labels->attribute.len && (bounds || pick->by == AFT_BY_ATTRIBUTE))
    return aft__error(error, AFT_E_INVALID, "filter.attribute", "required: the name of an attribute");
  if (!labels->attribute.len)
    return AFT_OK;
  AFT__TRY(aft__policy_attribute_find(cmd->policy, pick->listed->kind, labels->attribute, &def, error));
  if (!def.indexed)
    return aft__error(error, AFT_E_INVALID, "filter.attribute",
                      "the policy does not index %s: lists cannot ask for it", def.name.data);
  bool text = def.type == AFT__VALUE_TEXT || def.type == AFT__VALUE_CHOICE;
  if (text && pick->by == AFT_BY_ATTRIBUTE)
    return aft__error(error, AFT_E_INVALID, "filter.by", "%s is a %s, which has no order", def.name.data,
                      aft__value_types[def.type]);
  AFT__TRY(check_bounds(&def, labels, error));
  pick->attribute = keep(pick, labels->attribute);
  if (text)
    want_text(pick, labels);
  else if (def.type == AFT__VALUE_DATE)
    AFT__TRY(want_dates(pick, labels, error));
  else
    want_numbers(pick, labels);
  return AFT_OK;
}

/* ---- for every kind ---- */

aft_status aft__label_filter_check(aft__label_filter *labels, aft_error *error) {
  const struct {
    aft_str *text;
    size_t most;
    const char *where;
  } texts[] = {{&labels->tag, 4 * AFT__TAG_BYTES, "filter.tag"},
               {&labels->attribute, 64, "filter.attribute"},
               {&labels->text, 4096, "filter.text"},
               {&labels->from, 32, "filter.from"},
               {&labels->to, 32, "filter.to"},
               {&labels->token, 512, "filter.token"}};
  for (size_t i = 0; i < AFT__COUNT(texts); i++)
    AFT__TRY(aft__in_text(texts[i].text, texts[i].most, texts[i].where, error));
  if (labels->reverse > 1)
    return aft__error(error, AFT_E_INVALID, "filter.reverse", "expected 0 or 1, found %u", labels->reverse);
  if (labels->text.data && (labels->from.data || labels->to.data))
    return aft__error(error, AFT_E_INVALID, "filter.text", "a date is asked for by text, or by from and to");
  return AFT_OK;
}

/* What one agent may see. The cursor outlives the command, so the shops are copied for it. */
static aft_status want_shops(aft__cmd *cmd, aft__pick *pick, aft_error *error) {
  aft_id *shops;
  uint32_t n;
  if (!pick->listed->shop)
    return AFT_OK;
  if (pick->shop && cmd->call.role != AFT_ROLE_BUYER)
    AFT__TRY(aft__may_shop(cmd, pick->shop, error));
  if (cmd->call.role != AFT_ROLE_AGENT)
    return AFT_OK;
  AFT__TRY(aft__agent_shops(cmd, &shops, &n, error));
  aft__release(cmd->env, pick->shops, pick->n_shops * sizeof *shops);
  pick->n_shops = n ? n : 1; /* one of no shop: nothing is seen */
  pick->shops = aft__zalloc(cmd->env, pick->n_shops * sizeof *shops);
  if (!pick->shops) {
    pick->n_shops = 0;
    return aft__nomem(error);
  }
  if (n)
    memcpy(pick->shops, shops, n * sizeof *shops);
  return AFT_OK;
}

aft_status aft__pick_begin(aft__cmd *cmd, aft__pick *pick, const aft__label_filter *labels,
                           aft_error *error) {
  bool rising = pick->by == AFT_BY_URGENCY || pick->by == AFT_BY_ATTRIBUTE;
  pick->n_tests = 0;
  pick->used = 0;
  pick->tenant = cmd->call.tenant;
  pick->down = rising == (labels->reverse != 0);
  AFT__TRY(want_shops(cmd, pick, error));
  AFT__TRY(want_tag(cmd, pick, labels->tag, error));
  return want_attribute(cmd, pick, labels, error);
}

aft_status aft__pick_denied(aft__cmd *cmd, const aft__label_filter *labels, bool more, aft_error *error) {
  if (cmd->call.role != AFT_ROLE_BUYER || (!more && !labels->tag.len && !labels->attribute.len))
    return AFT_OK;
  return aft__denied(cmd, "buyers do not ask for what the shop keeps about them", error);
}

aft_status aft__pick_list(aft_session *session, const aft_call *call, const aft__command *command,
                          uint32_t kind, aft__pick *pick, void *in, aft_str token, aft_cursor **out,
                          aft_error *error) {
  aft_status status = aft__command_run(session, call, command, in, NULL, error);
  if (status < 0) {
    aft__pick_source.release(aft__session_env(session), pick);
    return status;
  }
  aft__list list = {.kind = kind, .source = &aft__pick_source, .state = pick, .scope = aft__pick_scope(pick)};
  if (call->role == AFT_ROLE_AGENT)
    list.actor = call->actor;
  return aft__cursor_open(session, &list, token, out, error);
}

/* What a telling of an order brings, checked field by field: the error's place names the field. */
#include "desk/order/order_priv.h"

#include <stdio.h>

typedef struct text_field {
  const char *name;
  size_t offset, most;
  bool needed;
  const char *words; /* "|a|b|": one of these, or empty; NULL: any text */
} text_field;

typedef struct number_field {
  const char *name;
  size_t offset;
  int64_t least, most;
} number_field;

typedef struct flag_field {
  const char *name;
  size_t offset;
} flag_field;

/* One kind of struct that a telling has an array of. */
typedef struct shape {
  const char *list;
  size_t size, most;
  aft_status (*copy)(void *to, const void *from, aft_error *error);
  const text_field *texts;
  const number_field *numbers;
  const flag_field *flags;
  size_t n_texts, n_numbers, n_flags;
} shape;

#define LINE(field)    offsetof(aft_order_line_in, field)
#define SHARE(field)   offsetof(aft_order_share_in, field)
#define PAYMENT(field) offsetof(aft_order_payment_in, field)
#define PARCEL(field)  offsetof(aft_order_parcel_in, field)
#define ITEM(field)    offsetof(aft_order_item_in, field)
#define FACTS(field)   offsetof(aft_order_facts_in, field)

static const text_field line_texts[] = {
    {"ref", LINE(ref), AFT__NAME_BYTES, true, NULL},
    {"sku", LINE(sku), AFT__NAME_BYTES, false, NULL},
    {"title", LINE(title), 500, false, NULL},
    {"category", LINE(category), AFT__NAME_BYTES, false, NULL},
    {"nature", LINE(nature), 64, false, "|physical|digital|voucher|service|fresh|freight|duty|"},
    {"relation", LINE(relation), 64, false, "|gift_of|part_of|service_for|trade_in_of|replaces|"},
    {"related", LINE(related), AFT__NAME_BYTES, false, NULL},
    {"serials", LINE(serials), 4000, false, NULL},
    {"customs", LINE(customs), AFT__NAME_BYTES, false, NULL}};
static const number_field line_numbers[] = {{"quantity", LINE(quantity), 1, AFT__MOST_UNITS},
                                            {"price", LINE(price), 0, AFT__MOST_MINOR},
                                            {"paid", LINE(paid), 0, AFT__MOST_MINOR},
                                            {"tax", LINE(tax), 0, AFT__MOST_MINOR},
                                            {"warranty_until", LINE(warranty_until), 0, AFT__TIME_MOST}};
static const flag_field line_flags[] = {
    {"final_sale", LINE(final_sale)}, {"hygiene", LINE(hygiene)}, {"made_to_order", LINE(made_to_order)}};

static const text_field share_texts[] = {{"ref", SHARE(ref), AFT__NAME_BYTES, true, NULL},
                                         {"kind", SHARE(kind), 64, false, "|discount|coupon|"},
                                         {"funder", SHARE(funder), 64, false, NULL},
                                         {"line", SHARE(line), AFT__NAME_BYTES, false, NULL}};
static const number_field share_numbers[] = {{"amount", SHARE(amount), 0, AFT__MOST_MINOR}};

static const text_field payment_texts[] = {
    {"ref", PAYMENT(ref), AFT__NAME_BYTES, true, NULL},
    {"purpose", PAYMENT(purpose), 64, false, "|full|deposit|balance|freight|tax|difference|"},
    {"instrument", PAYMENT(instrument), 64, true, NULL},
    {"account", PAYMENT(account), AFT__NAME_BYTES, false, NULL}};
static const number_field payment_numbers[] = {{"most_refunds", PAYMENT(most_refunds), 0, AFT__MOST_UNITS},
                                               {"refund_until", PAYMENT(refund_until), 0, AFT__TIME_MOST},
                                               {"paid", PAYMENT(paid), 0, AFT__TIME_MOST}};

static const text_field parcel_texts[] = {
    {"ref", PARCEL(ref), AFT__NAME_BYTES, true, NULL},
    {"carrier", PARCEL(carrier), AFT__NAME_BYTES, false, NULL},
    {"waybill", PARCEL(waybill), 64, false, NULL},
    {"state", PARCEL(state), 64, false, "|announced|in_transit|delivered|lost|intercepted|refused|void|"},
    {"address", PARCEL(address), 1000, false, NULL}};
static const number_field parcel_numbers[] = {{"shipped", PARCEL(shipped), 0, AFT__TIME_MOST},
                                              {"delivered", PARCEL(delivered), 0, AFT__TIME_MOST}};
static const flag_field parcel_flags[] = {{"insured", PARCEL(insured)}};

static const text_field item_texts[] = {{"line", ITEM(line), AFT__NAME_BYTES, true, NULL}};
static const number_field item_numbers[] = {{"quantity", ITEM(quantity), 1, AFT__MOST_UNITS}};

static const text_field order_texts[] = {{"number", FACTS(number), AFT__NAME_BYTES, true, NULL},
                                         {"status", FACTS(status), AFT__NAME_BYTES, false, NULL},
                                         {"currency", FACTS(currency), 3, true, NULL},
                                         {"jurisdiction", FACTS(jurisdiction), 64, false, NULL},
                                         {"zone", FACTS(zone), 64, false, NULL},
                                         {"invoice", FACTS(invoice), AFT__NAME_BYTES, false, NULL},
                                         {"platform", FACTS(platform), 64, false, NULL}};
static const number_field order_numbers[] = {{"placed", FACTS(placed), 0, AFT__TIME_MOST},
                                             {"earned", FACTS(earned), 0, AFT__MOST_MINOR},
                                             {"earned_spent", FACTS(earned_spent), 0, AFT__MOST_MINOR},
                                             {"earned_value", FACTS(earned_value), 0, AFT__MOST_MINOR}};

#define LINE_V1    (offsetof(aft_order_line_in, customs) + sizeof(aft_str))
#define SHARE_V1   (offsetof(aft_order_share_in, amount) + sizeof(int64_t))
#define PAYMENT_V1 (offsetof(aft_order_payment_in, paid) + sizeof(aft_time))
#define PARCEL_V1  (offsetof(aft_order_parcel_in, n_items) + sizeof(size_t))
#define ITEM_V1    (offsetof(aft_order_item_in, quantity) + sizeof(int64_t))
#define FACTS_V1   (offsetof(aft_order_facts_in, n_parcels) + sizeof(size_t))

static aft_status copy_line(void *to, const void *from, aft_error *error) {
  return aft__abi_copy(to, sizeof(aft_order_line_in), from, LINE_V1, "aft_order_line_in", error);
}
static aft_status copy_share(void *to, const void *from, aft_error *error) {
  return aft__abi_copy(to, sizeof(aft_order_share_in), from, SHARE_V1, "aft_order_share_in", error);
}
static aft_status copy_payment(void *to, const void *from, aft_error *error) {
  return aft__abi_copy(to, sizeof(aft_order_payment_in), from, PAYMENT_V1, "aft_order_payment_in", error);
}
static aft_status copy_parcel(void *to, const void *from, aft_error *error) {
  return aft__abi_copy(to, sizeof(aft_order_parcel_in), from, PARCEL_V1, "aft_order_parcel_in", error);
}
static aft_status copy_item(void *to, const void *from, aft_error *error) {
  return aft__abi_copy(to, sizeof(aft_order_item_in), from, ITEM_V1, "aft_order_item_in", error);
}

static const shape lines = {.list = "lines",
                            .size = sizeof(aft_order_line_in),
                            .copy = copy_line,
                            .most = AFT__MOST_LINES,
                            .texts = line_texts,
                            .n_texts = AFT__COUNT(line_texts),
                            .numbers = line_numbers,
                            .n_numbers = AFT__COUNT(line_numbers),
                            .flags = line_flags,
                            .n_flags = AFT__COUNT(line_flags)};
static const shape shares = {.list = "shares",
                             .size = sizeof(aft_order_share_in),
                             .copy = copy_share,
                             .most = AFT__MOST_SHARES,
                             .texts = share_texts,
                             .n_texts = AFT__COUNT(share_texts),
                             .numbers = share_numbers,
                             .n_numbers = AFT__COUNT(share_numbers)};
static const shape payments = {.list = "payments",
                               .size = sizeof(aft_order_payment_in),
                               .copy = copy_payment,
                               .most = AFT__MOST_PAYMENTS,
                               .texts = payment_texts,
                               .n_texts = AFT__COUNT(payment_texts),
                               .numbers = payment_numbers,
                               .n_numbers = AFT__COUNT(payment_numbers)};
static const shape parcels = {.list = "parcels",
                              .size = sizeof(aft_order_parcel_in),
                              .copy = copy_parcel,
                              .most = AFT__MOST_PARCELS,
                              .texts = parcel_texts,
                              .n_texts = AFT__COUNT(parcel_texts),
                              .numbers = parcel_numbers,
                              .n_numbers = AFT__COUNT(parcel_numbers),
                              .flags = parcel_flags,
                              .n_flags = AFT__COUNT(parcel_flags)};
static const shape items = {.list = "items",
                            .size = sizeof(aft_order_item_in),
                            .copy = copy_item,
                            .most = AFT__MOST_LINES,
                            .texts = item_texts,
                            .n_texts = AFT__COUNT(item_texts),
                            .numbers = item_numbers,
                            .n_numbers = AFT__COUNT(item_numbers)};
static const shape order = {.texts = order_texts,
                            .n_texts = AFT__COUNT(order_texts),
                            .numbers = order_numbers,
                            .n_numbers = AFT__COUNT(order_numbers)};

aft__place_text aft__order_place(const char *list, size_t index, const char *field) {
  aft__place_text out;
  snprintf(out.text, sizeof out.text, "order.%s[%zu].%s", list, index, field);
  return out;
}

/* ---- one struct ---- */

static aft__place_text place(const char *list, size_t index, const char *field) {
  aft__place_text out;
  if (list)
    return aft__order_place(list, index, field);
  snprintf(out.text, sizeof out.text, "order.%s", field);
  return out;
}

static bool is_word(const char *words, aft_str text) {
  for (const char *at = words; *at && at[1]; at += strcspn(at + 1, "|") + 1)
    if (aft__str_eq(text, aft__str(at + 1, strcspn(at + 1, "|"))))
      return true;
  return false;
}

static aft_status check_text(void *thing, const text_field *field, const char *where, aft_error *error) {
  aft_str *text = (aft_str *)((char *)thing + field->offset);
  AFT__TRY(field->needed ? aft__in_name(text, field->most, where, error)
                         : aft__in_text(text, field->most, where, error));
  if (field->words && text->len && !is_word(field->words, *text))
    return aft__error(error, AFT_E_INVALID, where, "expected one of %s, found '%.*s'", field->words,
                      (int)text->len, text->data);
  return AFT_OK;
}

static aft_status check_number(const void *thing, const number_field *field, const char *where,
                               aft_error *error) {
  int64_t number = *(const int64_t *)((const char *)thing + field->offset);
  if (number < field->least)
    return aft__error(error, AFT_E_INVALID, where, "expected %lld or more, found %lld",
                      (long long)field->least, (long long)number);
  if (number > field->most)
    return aft__error(error, AFT_E_OVERFLOW, where, "expected at most %lld, found %lld",
                      (long long)field->most, (long long)number);
  return AFT_OK;
}

static aft_status check_fields(void *thing, const shape *s, const char *list, size_t index,
                               aft_error *error) {
  for (size_t i = 0; i < s->n_texts; i++)
    AFT__TRY(check_text(thing, &s->texts[i], place(list, index, s->texts[i].name).text, error));
  for (size_t i = 0; i < s->n_numbers; i++)
    AFT__TRY(check_number(thing, &s->numbers[i], place(list, index, s->numbers[i].name).text, error));
  for (size_t i = 0; i < s->n_flags; i++) {
    uint32_t flag = *(const uint32_t *)((const char *)thing + s->flags[i].offset);
    if (flag != 0 && flag != 1)
      return aft__error(error, AFT_E_INVALID, place(list, index, s->flags[i].name).text,
                        "expected 0 or 1, found %u", flag);
  }
  return AFT_OK;
}

/* ---- arrays ---- */

/* The first text of every struct is what it is known by; of a share together with its line. */
static aft_status check_unique(const char *all, size_t at, const shape *s, const char *list,
                               aft_error *error) {
  const char *thing = all + at * s->size;
  const text_field *key = &s->texts[0];
  aft_str ref = *(const aft_str *)(thing + key->offset);
  for (size_t i = 0; i < at; i++) {
    const char *other = all + i * s->size;
    if (!aft__str_eq(ref, *(const aft_str *)(other + key->offset)))
      continue;
    if (s == &shares && !aft__str_eq(((const aft_order_share_in *)(const void *)thing)->line,
                                     ((const aft_order_share_in *)(const void *)other)->line))
      continue;
    return aft__error(error, AFT_E_INVALID, place(list, at, key->name).text,
                      "'%.*s' is also the name of %s[%zu]", (int)aft__utf8_cut(ref, 40), ref.data, list, i);
  }
  return AFT_OK;
}

/* Callers of an older version have smaller structs: their own size is the step. */
static aft_status copy_all(aft__arena *arena, const void *given, size_t n, const shape *s, const char *list,
                           void **out, aft_error *error) {
  char where[96];
  snprintf(where, sizeof where, "order.%s", list);
  if (n > s->most)
    return aft__error(error, AFT_E_TOO_LARGE, where, "expected at most %zu, found %zu", s->most, n);
  if (n && !given)
    return aft__error(error, AFT_E_INVALID, where, "the array is NULL but counts %zu", n);
  char *all = aft__arena_alloc(arena, (n ? n : 1) * s->size);
  if (!all)
    return aft__nomem(error);
  const char *from = given;
  for (size_t i = 0; i < n; i++) {
    size_t size;
    memcpy(&size, from, sizeof size);
    AFT__TRY(s->copy(all + i * s->size, from, error));
    AFT__TRY(check_fields(all + i * s->size, s, list, i, error));
    AFT__TRY(check_unique(all, i, s, list, error));
    from += size;
  }
  *out = all;
  return AFT_OK;
}

static aft_status copy_items(aft__arena *arena, aft_order_facts_in *in, aft_error *error) {
  aft_order_parcel_in *all = (aft_order_parcel_in *)in->parcels;
  for (size_t i = 0; i < in->n_parcels; i++) {
    void *copy;
    char list[64];
    snprintf(list, sizeof list, "parcels[%zu].items", i);
    AFT__TRY(copy_all(arena, all[i].items, all[i].n_items, &items, list, &copy, error));
    all[i].items = copy;
  }
  return AFT_OK;
}

/* ---- the whole ---- */

static aft_status check_currency(const aft_order_facts_in *in, aft_error *error) {
  aft_money money;
  if (aft__money_make(0, in->currency, &money, NULL) < 0)
    return aft__error(error, AFT_E_CURRENCY, "order.currency", "expected an ISO 4217 code, found '%.*s'",
                      (int)in->currency.len, in->currency.data);
  for (size_t i = 0; i < in->n_payments; i++) {
    const aft_money *captured = &in->payments[i].captured;
    aft__place_text where = aft__order_place("payments", i, "captured");
    aft_str currency = aft__str(captured->currency, strnlen(captured->currency, sizeof captured->currency));
    if (!aft__str_eq(currency, in->currency))
      return aft__error(error, AFT_E_CURRENCY, where.text, "expected the order's currency %.*s, found '%.*s'",
                        (int)in->currency.len, in->currency.data, (int)currency.len, currency.data);
    const number_field amount = {"captured", offsetof(aft_money, minor), 0, AFT__MOST_MINOR};
    AFT__TRY(check_number(captured, &amount, where.text, error));
  }
  return AFT_OK;
}

static aft_status check_line(const aft_order_line_in *in, size_t index, aft_error *error) {
  bool extra = aft__str_eq(in->nature, aft__cstr("freight")) || aft__str_eq(in->nature, aft__cstr("duty"));
  if (extra && in->quantity != 1)
    return aft__error(error, AFT_E_INVALID, aft__order_place("lines", index, "quantity").text,
                      "expected 1 of freight or duty, found %lld", (long long)in->quantity);
  if (!in->relation.len != !in->related.len)
    return aft__error(error, AFT_E_INVALID,
                      aft__order_place("lines", index, in->relation.len ? "related" : "relation").text,
                      "relation and related are given together or not at all");
  return AFT_OK;
}

static aft_status check_zone(aft_env *env, const aft_order_facts_in *in, aft_error *error) {
  aft_zone *zone;
  if (!in->zone.len)
    return AFT_OK;
  aft_status status = aft_zone_open(env, in->zone.data, in->zone.len, &zone, error);
  if (status == AFT_E_NOMEM)
    return status;
  if (status < 0)
    return aft__error(error, AFT_E_ZONE, "order.zone", "there is no time zone '%.*s'", (int)in->zone.len,
                      in->zone.data);
  aft_zone_unref(zone);
  return AFT_OK;
}

static aft_status check_ids(const aft_order_facts_in *in, aft_error *error) {
  AFT__TRY(aft__in_id(in->shop, "order.shop", error));
  AFT__TRY(aft__in_id(in->customer, "order.customer", error));
  if (in->payer)
    AFT__TRY(aft__in_id(in->payer, "order.payer", error));
  return in->recipient ? aft__in_id(in->recipient, "order.recipient", error) : AFT_OK;
}

static aft_status copy_arrays(aft__arena *arena, aft_order_facts_in *out, aft_error *error) {
  void *copy;
  AFT__TRY(copy_all(arena, out->lines, out->n_lines, &lines, lines.list, &copy, error));
  out->lines = copy;
  AFT__TRY(copy_all(arena, out->shares, out->n_shares, &shares, shares.list, &copy, error));
  out->shares = copy;
  AFT__TRY(copy_all(arena, out->payments, out->n_payments, &payments, payments.list, &copy, error));
  out->payments = copy;
  AFT__TRY(copy_all(arena, out->parcels, out->n_parcels, &parcels, parcels.list, &copy, error));
  out->parcels = copy;
  return copy_items(arena, out, error);
}

aft_status aft__facts_copy(aft_env *env, aft__arena *arena, const aft_order_facts_in *in,
                           aft_order_facts_in *out, aft_error *error) {
  AFT__TRY(aft__abi_copy(out, sizeof *out, in, FACTS_V1, "aft_order_facts_in", error));
  AFT__TRY(check_ids(out, error));
  AFT__TRY(check_fields(out, &order, NULL, 0, error));
  AFT__TRY(copy_arrays(arena, out, error));
  for (size_t i = 0; i < out->n_lines; i++)
    AFT__TRY(check_line(&out->lines[i], i, error));
  AFT__TRY(check_currency(out, error));
  return check_zone(env, out, error);
}

/* ---- digest ---- */

static void digest_all(aft__sha256 *sha, const void *all, size_t n, const shape *s) {
  aft__digest_i64(sha, (int64_t)n);
  for (size_t at = 0; at < n; at++) {
    const char *thing = (const char *)all + at * s->size;
    for (size_t i = 0; i < s->n_texts; i++)
      aft__digest_str(sha, *(const aft_str *)(thing + s->texts[i].offset));
    for (size_t i = 0; i < s->n_numbers; i++)
      aft__digest_i64(sha, *(const int64_t *)(thing + s->numbers[i].offset));
    for (size_t i = 0; i < s->n_flags; i++)
      aft__digest_i64(sha, *(const uint32_t *)(thing + s->flags[i].offset));
  }
}

void aft__facts_digest(aft__sha256 *sha, const void *facts) {
  const aft_order_facts_in *in = facts;
  aft__digest_i64(sha, in->shop);
  aft__digest_i64(sha, in->customer);
  aft__digest_i64(sha, in->payer);
  aft__digest_i64(sha, in->recipient);
  digest_all(sha, in, 1, &order);
  digest_all(sha, in->lines, in->n_lines, &lines);
  digest_all(sha, in->shares, in->n_shares, &shares);
  digest_all(sha, in->payments, in->n_payments, &payments);
  for (size_t i = 0; i < in->n_payments; i++)
    aft__digest_i64(sha, in->payments[i].captured.minor);
  digest_all(sha, in->parcels, in->n_parcels, &parcels);
  for (size_t i = 0; i < in->n_parcels; i++)
    digest_all(sha, in->parcels[i].items, in->parcels[i].n_items, &items);
}

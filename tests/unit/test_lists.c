/* Lists of tickets, customers and orders against a naive filter and sort over all of them. */
#include "desk_fixture.h"

#include "random.h"

#include <stdlib.h>

static desk d;
static uint64_t seed;

#define CUSTOMERS 5
#define ORDERS    6
#define MOST      6000

static const char shop_policy[] =
    "version: 1\n"
    "attributes:\n"
    "  ticket:\n"
    "    amount: {type: number, indexed: true, least: -100, most: 100}\n"
    "    campaign: {type: choice, indexed: true, choices: [spring, 双十一]}\n"
    "    warranty: {type: date, indexed: true}\n"
    "    note: {type: text}\n"
    "  customer: {points: {type: number, indexed: true}}\n"
    "  order: {gift: {type: flag, indexed: true}}\n";

static const char *const tags[] = {"recall", "贵宾", "fragile"};
static const char *const campaigns[] = {NULL, "spring", "双十一"};
static const char *const dates[] = {NULL, "2026-01-31", "2026-02-28", "2027-12-01"};

/* What the model knows of one ticket beside its record. */
typedef struct known {
  aft_id id;
  uint32_t tags; /* bit per tag */
  bool has_amount;
  int64_t amount, amount_order; /* when it was first set: values of one size come in this order */
  uint32_t campaign, date;
  aft_record *record;
} known;

static known all[MOST];
static uint32_t n_all;
static aft_id customers[CUSTOMERS], orders[ORDERS];
static int64_t settings;

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  desk_policy(&d, shop_policy);
  n_all = 0;
  settings = 0;
  return 0;
}

static int shut(void **state) {
  (void)state;
  for (uint32_t i = 0; i < n_all; i++)
    aft_record_free(all[i].record);
  desk_close(&d);
  return 0;
}

static uint32_t pick(uint32_t n) { return below(&seed, n); }

/* ---- a shop's worth of tickets ---- */

static void people_and_orders(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  char name[32];
  for (int i = 0; i < CUSTOMERS; i++) {
    snprintf(name, sizeof name, "buyer-%d", i);
    aft_customer_in in = {.size = sizeof in, .external = AFT_STR(name), .tier = AFT_STR(i % 2 ? "vip" : "")};
    assert_ok(aft_customer_put(d.session, &d.system, &in, &made, &error));
    customers[i] = aft_customer_id(made);
    aft_record_free(made);
  }
  for (int i = 0; i < ORDERS; i++) {
    snprintf(name, sizeof name, "SO-%d", i);
    aft_order_in in = {.size = sizeof in,
                       .shop = i % 2 ? d.other_shop : d.shop,
                       .customer = customers[i % CUSTOMERS],
                       .number = AFT_STR(name),
                       .status = AFT_STR(i < 3 ? "paid" : "shipped")};
    assert_ok(aft_order_put(d.session, &d.system, &in, &made, &error));
    orders[i] = aft_order_id(made);
    aft_record_free(made);
  }
}

static aft_id new_ticket(uint32_t number) {
  static const char *const texts[] = {"付款失败了，钱扣了两次", "什么时候发货",           "屏幕碎了我要退货",
                                      "骗子！投诉12315",        "hello, is it in stock?", "谢谢，很满意"};
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  char external[32], order[32];
  uint32_t i = pick(ORDERS);
  snprintf(external, sizeof external, "m-%u", number);
  snprintf(order, sizeof order, "SO-%u", i);
  aft_message_in in = {.size = sizeof in,
                       .shop = i % 2 ? d.other_shop : d.shop,
                       .channel = AFT_STR(pick(2) ? "email" : "wechat"),
                       .external = AFT_STR(external),
                       .customer = customers[i % CUSTOMERS],
                       .order = {order, pick(2) ? AFT_NTS : 0},
                       .text = AFT_STR(texts[pick(AFT__COUNT(texts))])};
  desk_pass(&d, (int64_t)pick(3) * 96 * AFT__HOUR); /* some within the window of a ticket, some not */
  aft_status status = aft_intake(d.session, &d.system, &in, &message, &error);
  if (status < 0)
    fail_msg("%s: %s", error.where, error.message);
  aft_id ticket = aft_message_ticket(message);
  aft_record_free(message);
  return ticket;
}

static void random_act(aft_id ticket) {
  static const uint32_t acts[] = {AFT_ACT_ASSIGN, AFT_ACT_RESOLVE, AFT_ACT_CLOSE, AFT_ACT_SPAM,
                                  AFT_ACT_ESCALATE};
  aft_error error = AFT_ERROR_INIT;
  aft_record *record = desk_ticket(&d, ticket);
  bool here = aft_ticket_shop(record) == d.shop;
  aft_record_free(record);
  aft_act_in in = {.size = sizeof in, .ticket = ticket, .act = acts[pick(AFT__COUNT(acts))]};
  in.agent = in.act == AFT_ACT_ASSIGN ? (here ? d.agent : d.other_agent) : 0;
  desk_pass(&d, pick(1000));
  aft_ticket_act(d.session, &d.system, &in, NULL, &error); /* what is not possible is not done */
}

static aft_attribute_in value_of(known *k, const char *name) {
  return (aft_attribute_in){
      .size = sizeof(aft_attribute_in), .kind = AFT_KIND_TICKET, .subject = k->id, .name = AFT_STR(name)};
}

static void set(const aft_attribute_in *in) {
  aft_error error = AFT_ERROR_INIT;
  if (aft_attribute_set(d.session, &d.system, in, &error) < 0)
    fail_msg("%s: %s", error.where, error.message);
}

static void random_label(known *k) {
  aft_error error = AFT_ERROR_INIT;
  uint32_t tag = pick(AFT__COUNT(tags));
  aft_tag_in tagged = {
      .size = sizeof tagged, .kind = AFT_KIND_TICKET, .subject = k->id, .tag = AFT_STR(tags[tag])};
  aft_attribute_in in;
  switch (pick(6)) {
  case 0:
  case 1:
    assert_ok(aft_tag_add(d.session, &d.system, &tagged, &error));
    k->tags |= 1u << tag;
    break;
  case 2:
    assert_ok(aft_tag_remove(d.session, &d.system, &tagged, &error));
    k->tags &= ~(1u << tag);
    break;
  case 3:
    in = value_of(k, "amount");
    in.number = (int64_t)pick(7) - 3;
    set(&in);
    k->amount_order = k->has_amount ? k->amount_order : ++settings;
    k->has_amount = true;
    k->amount = in.number;
    break;
  case 4:
    in = value_of(k, "campaign");
    k->campaign = 1 + pick(2);
    in.text = AFT_STR(campaigns[k->campaign]);
    set(&in);
    break;
  default:
    in = value_of(k, "warranty");
    k->date = pick(AFT__COUNT(dates));
    in.clear = k->date == 0;
    in.text = (aft_str){dates[k->date], k->date ? AFT_NTS : 0};
    set(&in);
  }
}

static void see(aft_id id) {
  for (uint32_t i = 0; i < n_all; i++)
    if (all[i].id == id)
      return;
  assert_true(n_all < MOST);
  all[n_all++] = (known){.id = id};
}

static void fill(uint32_t messages) {
  people_and_orders();
  for (uint32_t i = 0; i < messages; i++)
    see(new_ticket(i));
  for (uint32_t i = 0; i < messages; i++) {
    random_act(all[pick(n_all)].id);
    random_label(&all[pick(n_all)]);
  }
  for (uint32_t i = 0; i < n_all; i++)
    all[i].record = desk_ticket(&d, all[i].id);
}

/* ---- the naive list ---- */

static bool same(const char *text, aft_str wanted) { return !wanted.len || strcmp(text, wanted.data) == 0; }

static bool holds(const known *k, const aft_ticket_filter *f) {
  aft_record *r = k->record;
  static const int64_t opens[] = {-1, 2, 1, 0};
  uint32_t open = !f->open && (f->queue.len || f->by == AFT_BY_URGENCY) ? AFT_OPEN_WORK : f->open;
  bool dated = f->attribute.len && strcmp(f->attribute.data, "warranty") == 0;
  const char *date = k->date ? dates[k->date] : "";
  if ((f->shop && aft_ticket_shop(r) != f->shop) || (f->customer && aft_ticket_customer(r) != f->customer) ||
      (f->order && aft_ticket_order(r) != f->order) ||
      (f->assignee && aft_ticket_assignee(r) != f->assignee) || (f->unassigned && aft_ticket_assignee(r)))
    return false;
  if ((open && aft_ticket_open(r) != opens[open]) || !same(aft_ticket_queue(r), f->queue) ||
      !same(aft_ticket_state(r), f->state) || !same(aft_ticket_category(r), f->category) ||
      !same(aft_ticket_priority(r), f->priority) || !same(aft_ticket_channel(r), f->channel))
    return false;
  for (uint32_t i = 0; i < AFT__COUNT(tags); i++)
    if (f->tag.len && strcmp(f->tag.data, tags[i]) == 0 && !(k->tags & 1u << i))
      return false;
  if (f->attribute.len && strcmp(f->attribute.data, "amount") == 0)
    return k->has_amount && (!f->least || k->amount >= *f->least) && (!f->most || k->amount <= *f->most);
  if (dated)
    return k->date && same(date, f->text) && (!f->from.len || strcmp(date, f->from.data) >= 0) &&
           (!f->to.len || strcmp(date, f->to.data) <= 0);
  if (f->attribute.len)
    return k->campaign && same(campaigns[k->campaign], f->text);
  return true;
}

static const aft_ticket_filter *sorting;

static int order(const void *a, const void *b) {
  const known *x = *(const known *const *)a, *y = *(const known *const *)b;
  int64_t u = x->id, v = y->id, tie = x->id > y->id ? 1 : -1;
  bool rising = sorting->by == AFT_BY_URGENCY || sorting->by == AFT_BY_ATTRIBUTE;
  if (sorting->by == AFT_BY_UPDATED || !sorting->by) {
    u = aft_ticket_updated(x->record);
    v = aft_ticket_updated(y->record);
  } else if (sorting->by == AFT_BY_URGENCY) {
    u = aft_ticket_place(x->record);
    v = aft_ticket_place(y->record);
  } else if (sorting->by == AFT_BY_ATTRIBUTE) {
    u = x->amount;
    v = y->amount;
    tie = x->amount_order > y->amount_order ? 1 : -1;
  }
  int64_t way = u != v ? (u > v ? 1 : -1) : tie;
  return (int)(rising == (sorting->reverse != 0) ? -way : way);
}

static uint32_t naive(const aft_ticket_filter *f, const known **out) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < n_all; i++)
    if (holds(&all[i], f))
      out[n++] = &all[i];
  sorting = f;
  qsort(out, n, sizeof *out, order);
  return n;
}

/* ---- random filters ---- */

static int64_t bounds[2];

static aft_ticket_filter random_filter(void) {
  static const char *const queues[] = {"skilled", "payment", "logistics", "returns", "general"};
  static const char *const states[] = {"triaged", "assigned", "resolved", "closed", "spam"};
  aft_ticket_filter f = {.size = sizeof f};
  if (pick(4) == 0)
    f.shop = pick(2) ? d.shop : d.other_shop;
  if (pick(6) == 0)
    f.customer = customers[pick(CUSTOMERS)];
  if (pick(6) == 0)
    f.order = orders[pick(ORDERS)];
  if (pick(6) == 0)
    f.assignee = pick(2) ? d.agent : d.other_agent;
  else if (pick(5) == 0)
    f.unassigned = 1;
  if (pick(4) == 0)
    f.queue = AFT_STR(queues[pick(AFT__COUNT(queues))]);
  if (pick(5) == 0)
    f.state = AFT_STR(states[pick(AFT__COUNT(states))]);
  if (pick(8) == 0)
    f.category = AFT_STR("payment");
  if (pick(8) == 0)
    f.priority = AFT_STR("urgent");
  if (pick(8) == 0)
    f.channel = AFT_STR("email");
  if (pick(4) == 0)
    f.tag = AFT_STR(tags[pick(AFT__COUNT(tags))]);
  f.by = pick(4);
  f.open = f.by == AFT_BY_URGENCY ? pick(2) : pick(4);
  f.reverse = pick(2);
  switch (pick(6)) {
  case 0:
    f.attribute = AFT_STR("amount");
    bounds[0] = (int64_t)pick(7) - 3;
    bounds[1] = pick(2) ? bounds[0] : (int64_t)pick(7) - 3;
    f.least = pick(2) ? &bounds[0] : NULL;
    f.most = pick(2) ? &bounds[1] : NULL;
    if (pick(2)) {
      f.by = AFT_BY_ATTRIBUTE;
      f.open = pick(4);
    }
    break;
  case 1:
    f.attribute = AFT_STR("campaign");
    f.text = (aft_str){campaigns[1 + pick(2)], pick(3) ? AFT_NTS : 0};
    f.text = f.text.len ? f.text : (aft_str){0};
    break;
  case 2:
    f.attribute = AFT_STR("warranty");
    if (pick(2))
      f.from = AFT_STR(dates[1 + pick(3)]);
    else if (pick(2))
      f.text = AFT_STR(dates[1 + pick(3)]);
    if (!f.text.len && pick(2))
      f.to = AFT_STR(dates[1 + pick(3)]);
    break;
  default:
    break;
  }
  return f;
}

/* Reads the list, now and then going on by a token in a new cursor. */
static uint32_t listed(const aft_ticket_filter *filter, aft_id *out) {
  aft_error error = AFT_ERROR_INIT;
  aft_ticket_filter f = *filter;
  aft_buf *token = NULL;
  aft_cursor *cursor;
  aft_record *record;
  uint32_t n = 0;
  assert_ok(aft_ticket_list(d.session, &d.system, &f, &cursor, &error));
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK) {
    assert_true(n < MOST);
    out[n++] = aft_ticket_id(record);
    if (pick(20))
      continue;
    aft_buf_free(token);
    assert_ok(aft_cursor_token(cursor, &token, &error));
    aft_cursor_free(cursor);
    f.token = (aft_str){aft_buf_data(token), aft_buf_size(token)};
    assert_ok(aft_ticket_list(d.session, &d.system, &f, &cursor, &error));
  }
  assert_int_equal(error.code, AFT_OK);
  aft_cursor_free(cursor);
  aft_buf_free(token);
  return n;
}

static void compare(uint32_t filters) {
  static const known *expected[MOST];
  static aft_id found[MOST];
  uint32_t hits = 0;
  for (uint32_t i = 0; i < filters; i++) {
    aft_ticket_filter f = random_filter();
    uint32_t want = naive(&f, expected), have = listed(&f, found);
    if (have != want)
      fail_msg("filter %u: expected %u tickets, found %u", i, want, have);
    for (uint32_t k = 0; k < want; k++)
      if (found[k] != expected[k]->id)
        fail_msg("filter %u (by %u): place %u of %u has another ticket", i, f.by, k, want);
    hits += want;
  }
  assert_true(hits > filters); /* or the filters say nothing */
}

static void any_filter_in_any_order_is_what_a_naive_list_gives(void **state) {
  (void)state;
  seed = seed_of("lists");
  fill(rounds(150, 500));
  compare(rounds(250, 2000));
}

/* Beyond what is sorted in memory, lists are walked in their order instead. */
static void a_list_too_long_to_sort_is_the_same(void **state) {
  (void)state;
  aft_error error = AFT_ERROR_INIT;
  char handle[32];
  for (uint32_t i = 0; i < 4200; i++) {
    aft_record *message;
    snprintf(handle, sizeof handle, "buyer %u", i);
    aft_message_in said = desk_message(&d, NULL, "什么时候发货");
    said.customer = 0;
    said.handle = AFT_STR(handle);
    assert_ok(aft_intake(d.session, &d.system, &said, &message, &error));
    see(aft_message_ticket(message));
    aft_record_free(message);
    aft_tag_in in = {
        .size = sizeof in, .kind = AFT_KIND_TICKET, .subject = all[n_all - 1].id, .tag = AFT_STR("recall")};
    assert_ok(aft_tag_add(d.session, &d.system, &in, &error));
    all[n_all - 1].tags |= 1;
    desk_pass(&d, (int64_t)(i * 7919 % 100));
  }
  for (uint32_t i = 0; i < n_all; i++)
    all[i].record = desk_ticket(&d, all[i].id);
  aft_ticket_filter f = {.size = sizeof f, .tag = AFT_STR("recall"), .by = AFT_BY_UPDATED};
  static const known *expected[MOST];
  static aft_id found[MOST];
  uint32_t want = naive(&f, expected), have = listed(&f, found);
  assert_int_equal(have, want);
  assert_true(want > 4096);
  for (uint32_t k = 0; k < want; k++)
    assert_int_equal(found[k], expected[k]->id);
}

/* ---- who may see what ---- */

static uint32_t count(const aft_call *call, aft_ticket_filter f) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  f.size = sizeof f;
  if (aft_ticket_list(d.session, call, &f, &cursor, &error) < 0)
    fail_msg("%s: %s", error.where, error.message);
  return desk_count(cursor);
}

static void agents_see_their_shops_and_buyers_their_own(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  (void)state;
  desk_say(&d, "a", "付款失败了");
  aft_message_in in = desk_message(&d, "b", "鞋子开胶了");
  in.shop = d.other_shop;
  in.customer = d.other_buyer;
  assert_ok(aft_intake(d.session, &d.system, &in, NULL, &error));
  assert_int_equal(count(&d.system, (aft_ticket_filter){0}), 2);
  assert_int_equal(count(&d.as_agent, (aft_ticket_filter){0}), 1);
  assert_int_equal(count(&d.as_other_agent, (aft_ticket_filter){.customer = d.buyer}), 0);
  assert_int_equal(count(&d.as_buyer, (aft_ticket_filter){0}), 1);
  assert_int_equal(count(&d.as_buyer, (aft_ticket_filter){.shop = d.other_shop}), 0);
  aft_ticket_filter theirs = {.size = sizeof theirs, .shop = d.other_shop};
  assert_status(aft_ticket_list(d.session, &d.as_agent, &theirs, &cursor, &error), AFT_E_DENIED);
  const aft_ticket_filter prying[] = {{.size = sizeof theirs, .tag = AFT_STR("recall")},
                                      {.size = sizeof theirs, .attribute = AFT_STR("amount")},
                                      {.size = sizeof theirs, .queue = AFT_STR("skilled")},
                                      {.size = sizeof theirs, .assignee = d.agent},
                                      {.size = sizeof theirs, .customer = d.other_buyer},
                                      {.size = sizeof theirs, .by = AFT_BY_URGENCY}};
  for (size_t i = 0; i < AFT__COUNT(prying); i++)
    assert_status(aft_ticket_list(d.session, &d.as_buyer, &prying[i], &cursor, &error), AFT_E_DENIED);
  assert_status(aft_customer_list(d.session, &d.as_buyer, NULL, &cursor, &error), AFT_E_DENIED);
}

static void customers_and_orders_are_listed_too(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  (void)state;
  seed = seed_of("customers and orders");
  people_and_orders();
  for (int i = 0; i < CUSTOMERS; i++) {
    aft_attribute_in in = {.size = sizeof in, .kind = AFT_KIND_CUSTOMER, .subject = customers[i]};
    in.name = AFT_STR("points");
    in.number = 10 * (CUSTOMERS - i);
    assert_ok(aft_attribute_set(d.session, &d.as_agent, &in, &error));
  }
  int64_t least = 20, most = 40;
  aft_customer_filter rich = {.size = sizeof rich,
                              .attribute = AFT_STR("points"),
                              .least = &least,
                              .most = &most,
                              .by = AFT_BY_ATTRIBUTE};
  assert_ok(aft_customer_list(d.session, &d.as_agent, &rich, &cursor, &error));
  aft_record *record;
  for (int i = 3; i >= 1; i--) {
    assert_status(aft_cursor_next(cursor, &record, &error), AFT_OK);
    assert_int_equal(aft_customer_id(record), customers[i]);
  }
  assert_status(aft_cursor_next(cursor, &record, &error), AFT_DONE);
  aft_cursor_free(cursor);
  aft_customer_filter vip = {.size = sizeof vip, .tier = AFT_STR("vip")};
  assert_ok(aft_customer_list(d.session, &d.system, &vip, &cursor, &error));
  assert_int_equal(desk_count(cursor), 2);

  aft_tag_in gift = {
      .size = sizeof gift, .kind = AFT_KIND_ORDER, .subject = orders[2], .tag = AFT_STR("Gift")};
  assert_ok(aft_tag_add(d.session, &d.system, &gift, &error));
  aft_order_filter tagged = {.size = sizeof tagged, .tag = AFT_STR("gift")};
  assert_ok(aft_order_list(d.session, &d.as_agent, &tagged, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1);
  aft_order_filter paid = {.size = sizeof paid, .status = AFT_STR("paid"), .customer = customers[1]};
  assert_ok(aft_order_list(d.session, &d.system, &paid, &cursor, &error));
  assert_int_equal(desk_count(cursor), 1);
  aft_call as_first = {
      .size = sizeof as_first, .tenant = d.tenant, .role = AFT_ROLE_BUYER, .actor = customers[0]};
  assert_ok(aft_order_list(d.session, &as_first, NULL, &cursor, &error));
  assert_int_equal(desk_count(cursor), 2);
}

/* ---- bad input ---- */

static void wrong_filters_are_refused_by_name(void **state) {
  static const int64_t one = 1;
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  (void)state;
  const struct {
    aft_ticket_filter f;
    const char *where;
  } wrong[] = {
      {{.queue = AFT_STR("nowhere")}, "filter.queue"},
      {{.state = AFT_STR("sleeping")}, "filter.state"},
      {{.category = AFT_STR("weather")}, "filter.category"},
      {{.priority = AFT_STR("asap")}, "filter.priority"},
      {{.open = 4}, "filter.open"},
      {{.by = 5}, "filter.by"},
      {{.by = AFT_BY_URGENCY, .open = AFT_OPEN_ENDED}, "filter.by"},
      {{.by = AFT_BY_ATTRIBUTE}, "filter.attribute"},
      {{.attribute = AFT_STR("amuont")}, "attribute.name"},
      {{.attribute = AFT_STR("note")}, "filter.attribute"},
      {{.attribute = AFT_STR("campaign"), .by = AFT_BY_ATTRIBUTE}, "filter.by"},
      {{.attribute = AFT_STR("campaign"), .least = &one}, "filter.least"},
      {{.attribute = AFT_STR("amount"), .from = AFT_STR("2026-01-01")}, "filter.from"},
      {{.attribute = AFT_STR("amount"), .text = AFT_STR("1")}, "filter.text"},
      {{.attribute = AFT_STR("warranty"), .from = AFT_STR("2026-02-30")}, "filter.from"},
      {{.attribute = AFT_STR("warranty"), .text = AFT_STR("soon")}, "filter.text"},
      {{.least = &one}, "filter.attribute"},
      {{.tag = AFT_STR("  ")}, "filter.tag"},
      {{.reverse = 2}, "filter.reverse"},
      {{.unassigned = 1, .assignee = 7}, "filter.unassigned"},
      {{.customer = -1}, "filter.customer"},
      {{.state = {"\xff", 1}}, "filter.state"},
      {{.token = AFT_STR("nonsense")}, "token"},
  };
  for (size_t i = 0; i < AFT__COUNT(wrong); i++) {
    aft_ticket_filter f = wrong[i].f;
    f.size = sizeof f;
    cursor = NULL;
    if (aft_ticket_list(d.session, &d.system, &f, &cursor, &error) >= 0)
      fail_msg("filter %zu was taken, though %s is wrong", i, wrong[i].where);
    assert_string_equal(error.where, wrong[i].where);
    assert_null(cursor);
  }
}

static void a_token_belongs_to_its_filter(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_buf *token;
  (void)state;
  desk_say(&d, "a", "付款失败了");
  aft_ticket_filter f = {.size = sizeof f, .category = AFT_STR("payment")};
  assert_ok(aft_ticket_list(d.session, &d.system, &f, &cursor, &error));
  assert_ok(aft_cursor_next(cursor, &record, &error));
  assert_ok(aft_cursor_token(cursor, &token, &error));
  aft_cursor_free(cursor);
  f.token = (aft_str){aft_buf_data(token), aft_buf_size(token)};
  assert_ok(aft_ticket_list(d.session, &d.system, &f, &cursor, &error));
  assert_int_equal(desk_count(cursor), 0);
  f.category = AFT_STR("logistics");
  assert_status(aft_ticket_list(d.session, &d.system, &f, &cursor, &error), AFT_E_INVALID);
  aft_buf_free(token);
}

#define ON(kind, test) \
  { #test " [" #kind "]", test, open_kind, shut, (void *)(intptr_t)DESK_##kind }
#define EVERYWHERE(test) ON(SQLITE, test), ON(MEMORY, test), ON(HOSTILE, test)

int main(void) {
  const struct CMUnitTest tests[] = {
      EVERYWHERE(any_filter_in_any_order_is_what_a_naive_list_gives),
      ON(MEMORY, a_list_too_long_to_sort_is_the_same),
      EVERYWHERE(agents_see_their_shops_and_buyers_their_own),
      EVERYWHERE(customers_and_orders_are_listed_too),
      ON(MEMORY, wrong_filters_are_refused_by_name),
      EVERYWHERE(a_token_belongs_to_its_filter),
  };
  static const char *const not_there[] = {"[MEMORY]", "[HOSTILE]"};
  return RUN_CASES(tests, not_there);
}

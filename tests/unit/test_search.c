/* Text search against a naive one over all texts of the desk, and what it owes to those who search. */
#include "desk_fixture.h"

#include "random.h"
#include "text/text.h"

#include <ctype.h>
#include <stdlib.h>

#define MOST_TICKETS  300
#define MOST_MESSAGES 2000
#define MOST_TEXTS    8

/* ---- the naive search: every text, word by word ---- */

typedef struct said {
  aft_id id, ticket;
  bool hidden;
  int64_t created;
  uint32_t n;
  char *forms[MOST_TEXTS]; /* of the text, and of the names and texts of parts */
} said;

typedef struct matter {
  aft_id id, shop, customer, guest; /* the guest takes part */
  int64_t open, opened;
  char *forms[3];
} matter;

typedef struct world {
  desk d;
  uint64_t seed;
  aft_id tickets[MOST_TICKETS], guests[MOST_TICKETS];
  uint32_t n_tickets;
  aft_id messages[MOST_MESSAGES];
  uint32_t n_messages;
  matter matters[MOST_TICKETS];
  said said[MOST_MESSAGES];
  uint32_t n_said;
} world;

static world w;

static uint32_t pick(uint32_t n) { return below(&w.seed, n); }

static char *form_of(const char *text) {
  aft__buf buf;
  aft__buf_init(&buf, w.d.env);
  assert_int_equal(aft__terms_form(&buf, aft__cstr(text), NULL), AFT_OK);
  char *copy = strdup(aft__buf_view(&buf).data);
  aft__buf_done(&buf);
  return copy;
}

static bool is_word(unsigned char c) { return c < 0x80 && isalnum(c); }

/* The corpus of these tests has words in ASCII alone. */
static bool naive_has(const char *form, const char *phrase, bool prefix) {
  size_t n = strlen(phrase);
  for (const char *at = strstr(form, phrase); at; at = strstr(at + 1, phrase)) {
    bool begins = !is_word((unsigned char)phrase[0]) || at == form || !is_word((unsigned char)at[-1]);
    bool ends = prefix || !is_word((unsigned char)phrase[n - 1]) || !is_word((unsigned char)at[n]);
    if (begins && ends)
      return true;
  }
  return false;
}

typedef struct word {
  char text[64], form[64];
  bool excluded, prefix;
} word;

typedef struct question {
  word words[4];
  uint32_t n;
  const aft_call *call;
  aft_search_in in;
  char query[400];
} question;

static bool in_any(char *const *forms, uint32_t n, const word *one) {
  for (uint32_t i = 0; i < n; i++)
    if (naive_has(forms[i], one->form, one->prefix))
      return true;
  return false;
}

static bool hides(const question *q, const said *s) { return q->call->role == AFT_ROLE_BUYER && s->hidden; }

static bool in_ticket(const question *q, const matter *m, const word *one) {
  bool has = in_any(m->forms, 3, one);
  for (uint32_t i = 0; i < w.n_said && !has; i++)
    has = w.said[i].ticket == m->id && !hides(q, &w.said[i]) && in_any(w.said[i].forms, w.said[i].n, one);
  return has;
}

static bool between(const aft_search_in *in, int64_t at) {
  return (!in->from || at >= in->from) && (!in->to || at < in->to);
}

static bool may_see(const question *q, const matter *m) {
  const desk *d = &w.d;
  const aft_call *call = q->call;
  if (call->role == AFT_ROLE_AGENT && m->shop != (call->actor == d->agent ? d->shop : d->other_shop))
    return false;
  if (call->role == AFT_ROLE_BUYER && m->customer != call->actor && m->guest != call->actor)
    return false;
  if (q->in.customer && m->customer != q->in.customer && m->guest != q->in.customer)
    return false;
  return (!q->in.shop || q->in.shop == m->shop) && (!(q->in.flags & AFT_SEARCH_OPEN) || m->open == 2);
}

static uint32_t naive_tickets(const question *q, aft_id *out) {
  uint32_t n = 0;
  for (uint32_t i = w.n_tickets; i-- > 0;) {
    const matter *m = &w.matters[i];
    bool good = may_see(q, m) && between(&q->in, m->opened);
    for (uint32_t k = 0; k < q->n && good; k++)
      good = in_ticket(q, m, &q->words[k]) != q->words[k].excluded;
    if (good)
      out[n++] = m->id;
  }
  return n;
}

static uint32_t naive_messages(const question *q, aft_id *out) {
  uint32_t n = 0;
  for (uint32_t t = w.n_tickets; t-- > 0;)
    for (uint32_t i = w.n_said; i-- > 0;) {
      const said *s = &w.said[i];
      bool good = s->ticket == w.matters[t].id && may_see(q, &w.matters[t]) && !hides(q, s) &&
                  between(&q->in, s->created);
      for (uint32_t k = 0; k < q->n && good; k++)
        good = in_any(s->forms, s->n, &q->words[k]) != q->words[k].excluded;
      if (good)
        out[n++] = s->id;
    }
  return n;
}

/* ---- what the desk holds now, by its own lists ---- */

static void forget(void) {
  for (uint32_t i = 0; i < w.n_tickets; i++)
    for (int k = 0; k < 3; k++) {
      free(w.matters[i].forms[k]);
      w.matters[i].forms[k] = NULL;
    }
  for (uint32_t i = 0; i < w.n_said; i++)
    for (uint32_t k = 0; k < w.said[i].n; k++)
      free(w.said[i].forms[k]);
  w.n_said = 0;
}

static const char *number_of(aft_id order) { return order ? "A2026-0007" : ""; }

static void read_parts(said *s) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *part;
  assert_ok(aft_part_list(w.d.session, &w.d.system, s->id, &cursor, &error));
  while (aft_cursor_next(cursor, &part, &error) == AFT_OK) {
    s->forms[s->n++] = form_of(aft_part_name(part));
    s->forms[s->n++] = form_of(aft_part_text(part));
  }
  aft_cursor_free(cursor);
}

static void read_messages(aft_id ticket) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *message;
  assert_ok(aft_message_list(w.d.session, &w.d.system, ticket, &cursor, &error));
  while (aft_cursor_next(cursor, &message, &error) == AFT_OK) {
    said *s = &w.said[w.n_said++];
    assert_true(w.n_said < MOST_MESSAGES);
    *s = (said){.id = aft_message_id(message),
                .ticket = ticket,
                .hidden = aft_message_visibility(message) == AFT_PRIVATE,
                .created = aft_message_created(message),
                .n = 1};
    s->forms[0] = form_of(aft_message_text(message));
    if (aft_message_parts(message))
      read_parts(s);
  }
  aft_cursor_free(cursor);
}

static void read_desk(void) {
  forget();
  for (uint32_t i = 0; i < w.n_tickets; i++) {
    aft_record *t = desk_ticket(&w.d, w.tickets[i]);
    w.matters[i] = (matter){.id = w.tickets[i],
                            .shop = aft_ticket_shop(t),
                            .customer = aft_ticket_customer(t),
                            .guest = w.guests[i],
                            .open = aft_ticket_open(t),
                            .opened = aft_ticket_opened(t)};
    w.matters[i].forms[0] = form_of(aft_ticket_subject(t));
    w.matters[i].forms[1] = form_of(aft_ticket_code(t));
    w.matters[i].forms[2] = form_of(number_of(aft_ticket_order(t)));
    aft_record_free(t);
    read_messages(w.tickets[i]);
  }
}

/* ---- what happens at the desk ---- */

static const char *const pieces[] = {
    "我要退款", "退货",     "催单",      "是否",     "还没到账",    "。",     "，",
    " ",        "手机坏了", "快递",      "不能退款", "不 能 退 款", "refund", "Refunds",
    " order ",  "iPhone15", " not yet ", "e-mail",   "ＡＢＣ",      "12345",  "第三天",
    "退",       "款",       "谢谢",      "!",        "\n",          "发票",   "客服"};

static void random_text(char out[400], uint32_t most) {
  out[0] = 0;
  for (uint32_t n = 1 + pick(most); n; n--)
    strcat(out, pieces[pick(AFT__COUNT(pieces))]);
}

static void know_ticket(aft_id id) {
  for (uint32_t i = 0; i < w.n_tickets; i++)
    if (w.tickets[i] == id)
      return;
  assert_true(w.n_tickets < MOST_TICKETS);
  assert_true(!w.n_tickets || w.tickets[w.n_tickets - 1] < id);
  w.guests[w.n_tickets] = 0;
  w.tickets[w.n_tickets++] = id;
}

static void know_message(aft_record *message) {
  assert_true(w.n_messages < MOST_MESSAGES);
  w.messages[w.n_messages++] = aft_message_id(message);
  know_ticket(aft_message_ticket(message));
}

static void say(const char *text, bool fresh) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  char handle[24];
  aft_message_in in = desk_message(&w.d, NULL, text);
  aft_part_in part = {.size = sizeof part, .kind = AFT_CONTENT_FILE, .blob = AFT_STR("blob")};
  part.name = AFT_STR("发票-invoice.pdf");
  part.text = AFT_STR("电子发票 scanned text");
  in.shop = pick(2) ? w.d.shop : w.d.other_shop;
  in.customer = pick(2) ? w.d.buyer : w.d.other_buyer;
  if (fresh) {
    snprintf(handle, sizeof handle, "h%u", w.n_messages);
    in.customer = 0;
    in.handle = AFT_STR(handle);
  }
  if (pick(4) == 0) {
    in.parts = &part;
    in.n_parts = 1;
  }
  if (pick(3) == 0)
    in.order = AFT_STR("A2026-0007");
  assert_ok(aft_intake(w.d.session, &w.d.system, &in, &message, &error));
  know_message(message);
  aft_record_free(message);
}

static void answer(const char *text, uint32_t visibility) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *message;
  aft_answer_in in = {.size = sizeof in,
                      .ticket = w.tickets[pick(w.n_tickets)],
                      .text = AFT_STR(text),
                      .visibility = visibility};
  aft_status status = aft_ticket_answer(w.d.session, &w.d.system, &in, &message, &error);
  if (status == AFT_E_TRANSITION || status == AFT_E_DENIED) /* the state takes none */
    return;
  assert_ok(status);
  know_message(message);
  aft_record_free(message);
}

static void change(const char *text, bool recalled) {
  aft_error error = AFT_ERROR_INIT;
  aft_message_change in = {.size = sizeof in,
                           .message = w.messages[pick(w.n_messages)],
                           .text = AFT_STR(text),
                           .recalled = recalled};
  assert_ok(aft_message_revise(w.d.session, &w.d.system, &in, NULL, &error));
}

static void act(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_act_in in = {.size = sizeof in, .ticket = w.tickets[pick(w.n_tickets)]};
  static const uint32_t acts[] = {AFT_ACT_RESOLVE, AFT_ACT_CLOSE, AFT_ACT_MERGE};
  in.act = acts[pick(3)];
  in.other = in.act == AFT_ACT_MERGE ? w.tickets[pick(w.n_tickets)] : 0;
  aft_ticket_act(w.d.session, &w.d.system, &in, NULL, &error); /* often it cannot be, and nothing happens */
}

static void invite(void) {
  aft_error error = AFT_ERROR_INIT;
  uint32_t i = pick(w.n_tickets);
  if (w.guests[i])
    return;
  w.guests[i] = pick(2) ? w.d.buyer : w.d.other_buyer;
  assert_ok(aft_ticket_invite(w.d.session, &w.d.system, w.tickets[i], w.guests[i], &error));
}

static void happen(void) {
  char text[400];
  random_text(text, 8);
  uint32_t what = w.n_tickets ? pick(16) : 0;
  if (what < 6)
    say(text, pick(2));
  else if (what < 8)
    answer(text, AFT_PUBLIC);
  else if (what < 10)
    answer(text, AFT_PRIVATE);
  else if (what < 12)
    change(text, false);
  else if (what == 12)
    change("", true);
  else if (what == 13)
    act();
  else if (what == 14)
    invite();
  else
    desk_pass(&w.d, 1 + pick(100000));
}

/* ---- asking both ---- */

static const char *const asked[] = {"退款",     "催单",   "是否",  "退",       "款",     "不能退款", "不能",
                                    "refund",   "REFUND", "order", "iphone15", "12345",  "invoice",  "发票",
                                    "scanned",  "手机坏", "的",    "abc",      "a2026",  "e-mail",   "到账",
                                    "第三天退", "ref",    "1",     "T",        "nothing"};

static void add_word(question *q, bool last) {
  word *one = &q->words[q->n++];
  bool quoted = pick(5) == 0;
  one->excluded = q->n > 1 && pick(4) == 0;
  strcpy(one->text, asked[pick(AFT__COUNT(asked))]);
  if (quoted && pick(2))
    strcpy(one->text, pick(2) ? "not yet" : "退 款");
  char *form = form_of(one->text);
  snprintf(one->form, sizeof one->form, "%s", form);
  free(form);
  one->prefix = last && !quoted && !one->excluded && is_word((unsigned char)one->form[strlen(one->form) - 1]);
  snprintf(q->query + strlen(q->query), sizeof q->query - strlen(q->query), "%s%s%s%s%s", q->n > 1 ? " " : "",
           one->excluded ? "-" : "", quoted ? "\"" : "", one->text, quoted ? "\"" : "");
}

static void make_question(question *q) {
  const desk *d = &w.d;
  const aft_call *calls[] = {&d->system, &d->as_agent, &d->as_other_agent, &d->as_buyer, &d->as_other_buyer};
  *q = (question){.call = calls[pick(AFT__COUNT(calls))], .in = {.size = sizeof q->in}};
  uint32_t n = 1 + pick(3);
  for (uint32_t i = 0; i < n; i++)
    add_word(q, i + 1 == n);
  q->in.query = AFT_STR(q->query);
  if (pick(4) == 0)
    q->in.flags = AFT_SEARCH_OPEN;
  if (pick(4) == 0 && q->call->role == AFT_ROLE_SYSTEM)
    q->in.shop = pick(2) ? d->shop : d->other_shop;
  if (pick(4) == 0 && q->call->role != AFT_ROLE_BUYER)
    q->in.customer = pick(2) ? d->buyer : d->other_buyer;
  if (pick(5) == 0)
    q->in.from = DESK_START + pick(1 + (uint32_t)(d->now - DESK_START));
  if (pick(5) == 0)
    q->in.to = DESK_START + pick(1 + (uint32_t)(d->now - DESK_START));
}

typedef aft_status (*search_fn)(aft_session *, const aft_call *, const aft_search_in *, aft_cursor **,
                                aft_error *);

/* Reads all of it, now and then by a token into another cursor. */
static uint32_t search(search_fn fn, const question *q, aft_id *out) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_search_in in = q->in;
  aft_status status;
  uint32_t n = 0;
  assert_ok(fn(w.d.session, q->call, &in, &cursor, &error));
  while ((status = aft_cursor_next(cursor, &record, &error)) == AFT_OK) {
    out[n++] = aft_record_kind(record) == AFT_KIND_TICKET ? aft_ticket_id(record) : aft_message_id(record);
    if (pick(20))
      continue;
    aft_buf *token;
    assert_ok(aft_cursor_token(cursor, &token, &error));
    aft_cursor_free(cursor);
    in.token = AFT_STR(aft_buf_data(token));
    assert_ok(fn(w.d.session, q->call, &in, &cursor, &error));
    aft_buf_free(token);
  }
  assert_ok(status);
  aft_cursor_free(cursor);
  return n;
}

static void compare(const question *q, const aft_id *found, uint32_t n, const aft_id *wanted, uint32_t m,
                    const char *what) {
  for (uint32_t i = 0; i < n || i < m; i++)
    if (i >= n || i >= m || found[i] != wanted[i])
      fail_msg("query '%s' for role %u: %s %u of %u is %lld, expected %lld of %u", q->query, q->call->role,
               what, i, n, (long long)(i < n ? found[i] : 0), (long long)(i < m ? wanted[i] : 0), m);
}

static uint32_t ask_both(void) {
  question q;
  static aft_id found[MOST_MESSAGES], wanted[MOST_MESSAGES];
  make_question(&q);
  uint32_t n = search(aft_ticket_search, &q, found), all = n;
  compare(&q, found, n, wanted, naive_tickets(&q, wanted), "ticket");
  n = search(aft_message_search, &q, found);
  compare(&q, found, n, wanted, naive_messages(&q, wanted), "message");
  return all + n;
}

static void put_order(void) {
  aft_error error = AFT_ERROR_INIT;
  for (int i = 0; i < 2; i++) {
    aft_order_in in = {.size = sizeof in,
                       .shop = i ? w.d.shop : w.d.other_shop,
                       .customer = i ? w.d.buyer : w.d.other_buyer,
                       .number = AFT_STR("A2026-0007")};
    assert_ok(aft_order_put(w.d.session, &w.d.system, &in, NULL, &error));
  }
}

static void begin(desk_kind kind, const char *name) {
  memset(&w, 0, sizeof w);
  desk_open(&w.d, kind);
  w.seed = seed_of(name);
  put_order();
}

static void end(void) {
  forget();
  desk_close(&w.d);
}

static void a_search_finds_what_a_naive_one_finds(desk_kind kind) {
  begin(kind, "search");
  uint32_t found = 0;
  for (uint32_t round = 0; round < rounds(24, 200); round++) {
    for (uint32_t n = pick(12); n || !w.n_tickets; n -= n > 0)
      happen();
    if (pick(2)) { /* sometimes a small one, so that only a part is indexed */
      aft_error error = AFT_ERROR_INIT;
      aft_tick_budget budget = {.size = sizeof budget, .rows = 1 + pick(20)};
      assert_ok(aft_tick(w.d.session, pick(2) ? &budget : NULL, NULL, &error));
    }
    read_desk();
    for (int i = 0; i < 12; i++)
      found += ask_both();
    if (w.n_tickets + 20 > MOST_TICKETS || w.n_messages + 40 > MOST_MESSAGES)
      break;
  }
  assert_true(found > 100);
  end();
}

static void naive_search_in_memory(void **state) {
  (void)state;
  a_search_finds_what_a_naive_one_finds(DESK_MEMORY);
}

static void naive_search_in_a_hostile_store(void **state) {
  (void)state;
  a_search_finds_what_a_naive_one_finds(DESK_HOSTILE);
}

static void naive_search_in_sqlite(void **state) {
  (void)state;
  a_search_finds_what_a_naive_one_finds(DESK_SQLITE);
}

/* ---- plain cases ---- */

static uint32_t count_of(search_fn fn, const aft_call *call, const char *query) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_search_in in = {.size = sizeof in, .query = AFT_STR(query)};
  assert_ok(fn(w.d.session, call, &in, &cursor, &error));
  return desk_count(cursor);
}

static uint32_t tickets(const char *query) { return count_of(aft_ticket_search, &w.d.system, query); }

static void a_message_is_found_right_after_intake_and_after_the_tick(void **state) {
  (void)state;
  for (desk_kind kind = 0; kind < DESK_KINDS; kind++) {
    begin(kind, "intake");
    desk_say(&w.d, "1", "我要退 款，订单 A-2026/77 是否 refunded?");
    for (int i = 0; i < 2; i++) {
      static const char *const found[] = {"退款",      "是否", "款", "REFUNDED",   "2026", "a-2026",
                                          "订单 退款", "要退", "77", "\"a 2026\"", "refu", "ｒｅｆｕｎｄｅｄ",
                                          "-催单 退款"};
      static const char *const not [] = {"退货", "refunde x", "\"2026 a\"", "202 refunded", "退款 -是否"};
      for (size_t k = 0; k < AFT__COUNT(found); k++)
        if (tickets(found[k]) != 1)
          fail_msg("'%s' is not found", found[k]);
      for (size_t k = 0; k < AFT__COUNT(not ); k++)
        assert_int_equal(tickets(not [k]), 0);
      desk_tick(&w.d);
    }
    end();
  }
}

static void buyers_learn_nothing_of_notes_and_of_others(void **state) {
  (void)state;
  begin(DESK_SQLITE, "notes");
  aft_error error = AFT_ERROR_INIT;
  aft_id ticket = desk_say(&w.d, "1", "手机坏了");
  aft_answer_in note = {.size = sizeof note, .ticket = ticket, .visibility = AFT_PRIVATE};
  note.text = AFT_STR("疑似欺诈 fraud");
  assert_ok(aft_ticket_answer(w.d.session, &w.d.as_agent, &note, NULL, &error));
  for (int i = 0; i < 2; i++) {
    assert_int_equal(count_of(aft_ticket_search, &w.d.as_agent, "欺诈"), 1);
    assert_int_equal(count_of(aft_message_search, &w.d.as_agent, "fraud"), 1);
    assert_int_equal(count_of(aft_ticket_search, &w.d.as_other_agent, "欺诈"), 0);
    assert_int_equal(count_of(aft_ticket_search, &w.d.as_buyer, "欺诈"), 0);
    assert_int_equal(count_of(aft_message_search, &w.d.as_buyer, "fraud"), 0);
    assert_int_equal(count_of(aft_ticket_search, &w.d.as_buyer, "手机 -欺诈"), 1);
    assert_int_equal(count_of(aft_ticket_search, &w.d.as_buyer, "手机"), 1);
    assert_int_equal(count_of(aft_ticket_search, &w.d.as_other_buyer, "手机"), 0);
    desk_tick(&w.d);
  }
  end();
}

static void what_was_recalled_or_edited_away_is_not_found(void **state) {
  (void)state;
  begin(DESK_MEMORY, "recalled");
  aft_error error = AFT_ERROR_INIT;
  desk_say(&w.d, "1", "first 您好");
  desk_tick(&w.d);
  aft_message_change change = {.size = sizeof change,
                               .channel = AFT_STR("wechat"),
                               .account = AFT_STR("phones-official"),
                               .external = AFT_STR("1"),
                               .text = AFT_STR("second 退款")};
  assert_int_equal(count_of(aft_message_search, &w.d.system, "first"), 1);
  assert_ok(aft_message_revise(w.d.session, &w.d.system, &change, NULL, &error));
  for (int i = 0; i < 2; i++) {
    assert_int_equal(count_of(aft_message_search, &w.d.system, "first"), 0);
    assert_int_equal(count_of(aft_message_search, &w.d.system, "second 退款"), 1);
    desk_tick(&w.d);
  }
  change.recalled = true;
  assert_ok(aft_message_revise(w.d.session, &w.d.system, &change, NULL, &error));
  assert_int_equal(count_of(aft_message_search, &w.d.system, "second"), 0);
  end();
}

static void questions_out_of_bounds_are_refused(void **state) {
  (void)state;
  begin(DESK_MEMORY, "bounds");
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  char longest[5000];
  memset(longest, 'x', sizeof longest);
  const struct {
    aft_search_in in;
    aft_status status;
    const char *where;
  } cases[] = {
      {{.query = AFT_STR("")}, AFT_E_INVALID, "search.query"},
      {{.query = AFT_STR("？！ …")}, AFT_E_INVALID, "search.query"},
      {{.query = AFT_STR("-退款")}, AFT_E_INVALID, "search.query"},
      {{.query = {longest, sizeof longest}}, AFT_E_TOO_LARGE, "search.query"},
      {{.query = AFT_STR("\xff")}, AFT_E_ENCODING, "search.query"},
      {{.query = AFT_STR("x"), .flags = 8}, AFT_E_INVALID, "search.flags"},
      {{.query = AFT_STR("x"), .from = -1}, AFT_E_INVALID, "search.from"},
      {{.query = AFT_STR("x"), .shop = -1}, AFT_E_INVALID, "search.shop"},
      {{.query = AFT_STR("x"), .token = AFT_STR("zzz")}, AFT_E_INVALID, "token"},
  };
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    aft_search_in in = cases[i].in;
    in.size = sizeof in;
    assert_status(aft_ticket_search(w.d.session, &w.d.system, &in, &cursor, &error), cases[i].status);
    assert_string_equal(error.where, cases[i].where);
  }
  aft_search_in in = {.size = sizeof in, .query = AFT_STR("退款"), .shop = w.d.other_shop};
  assert_status(aft_ticket_search(w.d.session, &w.d.as_agent, &in, &cursor, &error), AFT_E_DENIED);
  in.shop = 0;
  in.customer = w.d.other_buyer;
  assert_status(aft_ticket_search(w.d.session, &w.d.as_buyer, &in, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_ticket_search(NULL, &w.d.system, &in, &cursor, &error), AFT_E_NULL_HANDLE);
  assert_status(aft_ticket_search(w.d.session, &w.d.system, NULL, &cursor, &error), AFT_E_INVALID);
  assert_status(aft_ticket_search(w.d.session, &w.d.system, &in, NULL, &error), AFT_E_NULL_HANDLE);
  end();
}

static void tokens_belong_to_one_question(void **state) {
  (void)state;
  begin(DESK_SQLITE, "tokens");
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  aft_buf *token;
  desk_say(&w.d, "1", "退款 退货");
  aft_search_in in = {.size = sizeof in, .query = AFT_STR("退款")};
  assert_ok(aft_ticket_search(w.d.session, &w.d.system, &in, &cursor, &error));
  assert_ok(aft_cursor_next(cursor, &record, &error));
  assert_ok(aft_cursor_token(cursor, &token, &error));
  aft_cursor_free(cursor);
  in.token = AFT_STR(aft_buf_data(token));
  assert_ok(aft_ticket_search(w.d.session, &w.d.system, &in, &cursor, &error));
  assert_int_equal(desk_count(cursor), 0);
  assert_status(aft_message_search(w.d.session, &w.d.system, &in, &cursor, &error), AFT_E_INVALID);
  assert_status(aft_ticket_search(w.d.session, &w.d.as_agent, &in, &cursor, &error), AFT_E_INVALID);
  in.query = AFT_STR("退货");
  assert_status(aft_ticket_search(w.d.session, &w.d.system, &in, &cursor, &error), AFT_E_INVALID);
  in.query = AFT_STR("退款");
  in.flags = AFT_SEARCH_OPEN;
  assert_status(aft_ticket_search(w.d.session, &w.d.system, &in, &cursor, &error), AFT_E_INVALID);
  aft_inbox_in inbox = {.size = sizeof inbox, .token = in.token};
  assert_status(aft_ticket_inbox(w.d.session, &w.d.system, &inbox, &cursor, &error), AFT_E_INVALID);
  aft_buf_free(token);
  end();
}

static void tenants_are_walls(void **state) {
  (void)state;
  begin(DESK_SQLITE, "tenants");
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_call call = {.size = sizeof call, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in tenant = {.size = sizeof tenant, .external = AFT_STR("another")};
  assert_ok(aft_tenant_put(w.d.session, &call, &tenant, &made, &error));
  call.tenant = aft_tenant_id(made);
  aft_record_free(made);
  desk_say(&w.d, "1", "退款");
  for (int i = 0; i < 2; i++) {
    assert_int_equal(count_of(aft_ticket_search, &call, "退款"), 0);
    assert_int_equal(tickets("退款"), 1);
    desk_tick(&w.d);
  }
  end();
}

/* ---- the index itself ---- */

static int64_t pending(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *health;
  assert_ok(aft_store_health(w.d.session, &health, &error));
  const char *at = strstr(aft_buf_data(health), "\"search_pending\":");
  assert_non_null(at);
  int64_t n = strtoll(at + strlen("\"search_pending\":"), NULL, 10);
  aft_buf_free(health);
  return n;
}

static aft_status age_index(aft__tx *tx, void *user, aft_error *error) {
  (void)user;
  return aft__terms_cover(tx, w.d.tenant, AFT__TERMS_SEARCH, 1 << 20, AFT__TERMS_SEARCH_FORMAT - 1, error);
}

static void an_index_of_an_older_format_is_built_again_in_steps(void **state) {
  (void)state;
  begin(DESK_SQLITE, "format");
  aft_error error = AFT_ERROR_INIT;
  for (int i = 0; i < 40; i++) {
    char external[16];
    snprintf(external, sizeof external, "%d", i);
    aft_message_in in = desk_message(&w.d, external, "退款");
    in.customer = 0;
    in.handle = AFT_STR(external);
    assert_ok(aft_intake(w.d.session, &w.d.system, &in, NULL, &error));
  }
  desk_tick(&w.d);
  assert_int_equal(pending(), 0);
  assert_int_equal(tickets("退款"), 40);
  aft__tx_options options = {.name = "test"};
  assert_ok(aft__tx_run(w.d.session, &options, age_index, NULL, &error));
  aft_tick_budget budget = {.size = sizeof budget, .rows = 30};
  int64_t before = pending();
  assert_true(before > 30);
  while (before) {
    assert_int_equal(tickets("退款"), 40);
    assert_ok(aft_tick(w.d.session, &budget, NULL, &error));
    assert_true(pending() < before);
    before = pending();
  }
  assert_int_equal(tickets("退款"), 40);
  end();
}

static void a_message_of_the_greatest_size_is_found_by_its_end(void **state) {
  (void)state;
  begin(DESK_SQLITE, "large");
  size_t size = 256u << 10, n = 0;
  char *text = malloc(size + 1);
  assert_non_null(text);
  while (n + 32 < size)
    n += (size_t)snprintf(text + n, 16, "字%u ", (unsigned)draw32(&w.seed) % 100000);
  strcpy(text + n, " 结尾 end");
  aft_id ticket = desk_say(&w.d, "1", text);
  free(text);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(tickets("结尾 end"), 1);
    desk_tick(&w.d);
  }
  assert_true(ticket > 0);
  char query[4000] = "";
  for (int i = 0; i < 1000; i++)
    strcat(query, i % 2 ? "退" : "款");
  assert_int_equal(tickets(query), 0);
  end();
}

/* Many tickets that have all but one of the words: pages end in time, and the search comes to its end. */
static void a_rare_match_among_many_candidates_is_found(void **state) {
  (void)state;
  begin(DESK_MEMORY, "rare");
  aft_error error = AFT_ERROR_INIT;
  enum {
    MANY = 700
  };
  for (int i = 0; i < MANY; i++) {
    char external[16], text[64];
    snprintf(external, sizeof external, "%d", i);
    snprintf(text, sizeof text, i == 3 ? "甲乙丙" : "甲乙，乙丙 %d", i);
    aft_message_in in = desk_message(&w.d, external, text);
    in.customer = 0;
    in.handle = AFT_STR(external);
    assert_ok(aft_intake(w.d.session, &w.d.system, &in, NULL, &error));
  }
  for (int i = 0; i < 2; i++) {
    assert_int_equal(tickets("甲乙丙"), 1);
    assert_int_equal(count_of(aft_message_search, &w.d.system, "甲乙丙"), 1);
    assert_int_equal(tickets("甲乙"), MANY);
    desk_tick(&w.d);
    desk_tick(&w.d);
  }
  end();
}

/* ---- deadlines ---- */

/* A clock on which every look takes step. */
typedef struct slow_clock {
  int64_t mono, step;
} slow_clock;

static int64_t slow_now(void *user) {
  (void)user;
  return DESK_START;
}

static int64_t slow_mono(void *user) {
  slow_clock *clock = user;
  return clock->mono += clock->step;
}

static void a_deadline_ends_a_page_and_the_next_call_goes_on(void **state) {
  (void)state;
  desk d = {0};
  slow_clock clock = {0};
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_cursor *cursor;
  aft_env_options env = {
      .size = sizeof env,
      .clock = {.size = sizeof(aft_clock), .now_ms = slow_now, .mono_ns = slow_mono, .user = &clock}};
  aft_store_options store = {.size = sizeof store, .dsn = AFT_STR("memory:"), .flags = AFT_STORE_CREATE};
  assert_ok(aft_env_new(&env, &d.env, &error));
  assert_ok(aft_store_open(d.env, &store, &d.store, &error));
  assert_ok(aft_session_open(d.store, &d.session, &error));
  d.system = (aft_call){.size = sizeof d.system, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in tenant = {.size = sizeof tenant, .external = AFT_STR("t")};
  assert_ok(aft_tenant_put(d.session, &d.system, &tenant, &made, &error));
  d.system.tenant = aft_tenant_id(made);
  aft_record_free(made);
  aft_shop_in shop = {.size = sizeof shop, .external = AFT_STR("s")};
  assert_ok(aft_shop_put(d.session, &d.system, &shop, &made, &error));
  d.shop = aft_shop_id(made);
  aft_record_free(made);
  desk_say(&d, NULL, "退款");
  d.system.deadline_ms = 1000;
  aft_search_in in = {.size = sizeof in, .query = AFT_STR("退款")};
  assert_ok(aft_ticket_search(d.session, &d.system, &in, &cursor, &error));
  clock.step = INT64_C(100000000000);
  assert_status(aft_cursor_next(cursor, &made, &error), AFT_E_DEADLINE);
  clock.step = 0;
  assert_int_equal(desk_count(cursor), 1);
  aft_session_close(d.session);
  aft_store_unref(d.store);
  aft_env_unref(d.env);
}

/* ---- texts of real customers, where they are at hand ---- */

#define REAL 1500

static uint32_t read_real(char *texts[REAL]) {
  char path[400], *line = NULL;
  const char *root = getenv("AFT_TEST_ROOT");
  size_t cap = 0;
  uint32_t n = 0;
  snprintf(path, sizeof path, "%s/../shared/data/zh_tianchi_aftersales/train.tsv", root ? root : ".");
  FILE *file = fopen(path, "r");
  if (!file) {
    print_message("# %s is not there\n", path);
    return 0;
  }
  for (ssize_t len; n < REAL && (len = getline(&line, &cap, file)) > 0;) {
    const char *tab = strchr(line, '\t');
    line[len - 1] = 0;
    if (tab && tab[1])
      texts[n++] = strdup(tab + 1);
  }
  free(line);
  fclose(file);
  return n;
}

/* Two to four characters of a text, or any two-character word of the trade. */
static void real_query(char *const *forms, uint32_t n, char out[64]) {
  static const char *const words[] = {"退款", "催单", "是否", "质量", "物流", "客服", "包装", "发货"};
  const char *form = forms[pick(n)];
  size_t len = strlen(form), at = pick((uint32_t)len + 1);
  snprintf(out, 64, "%s", words[pick(AFT__COUNT(words))]);
  if (pick(5) == 0 || len < 12)
    return;
  at = aft__utf8_cut((aft_str){form, len}, at < len - 12 ? at : len - 12);
  size_t m = aft__utf8_cut((aft_str){form + at, len - at}, 6 + pick(7));
  for (size_t i = at; i < at + m; i++)
    if ((unsigned char)form[i] < 0x80)
      return;
  snprintf(out, 64, "%.*s", (int)m, form + at);
}

static void real_texts_are_found_as_a_naive_search_finds_them(void **state) {
  (void)state;
  static char *texts[REAL], *forms[REAL];
  uint32_t n = read_real(texts), found = 0;
  if (!n) {
    skip();
    return;
  }
  begin(DESK_SQLITE, "real");
  aft_error error = AFT_ERROR_INIT;
  for (uint32_t i = 0; i < n; i++) {
    char handle[16];
    snprintf(handle, sizeof handle, "%u", i);
    aft_message_in in = desk_message(&w.d, handle, texts[i]);
    in.customer = 0;
    in.handle = AFT_STR(handle);
    assert_ok(aft_intake(w.d.session, &w.d.system, &in, NULL, &error));
    forms[i] = form_of(texts[i]);
    if (i == 2 * n / 3)
      desk_tick(&w.d);
  }
  for (int k = 0; k < 150; k++) {
    char query[64];
    uint32_t expected = 0;
    real_query(forms, n, query);
    for (uint32_t i = 0; i < n; i++)
      expected += naive_has(forms[i], query, false);
    if (tickets(query) != expected || count_of(aft_message_search, &w.d.system, query) != expected)
      fail_msg("'%s' is in %u texts, found are %u", query, expected, tickets(query));
    found += expected;
  }
  print_message("# %u texts, %u finds\n", n, found);
  assert_true(found > 100);
  for (uint32_t i = 0; i < n; i++) {
    free(texts[i]);
    free(forms[i]);
  }
  end();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_message_is_found_right_after_intake_and_after_the_tick),
      cmocka_unit_test(naive_search_in_memory),
      cmocka_unit_test(naive_search_in_a_hostile_store),
      cmocka_unit_test(naive_search_in_sqlite),
      cmocka_unit_test(buyers_learn_nothing_of_notes_and_of_others),
      cmocka_unit_test(what_was_recalled_or_edited_away_is_not_found),
      cmocka_unit_test(questions_out_of_bounds_are_refused),
      cmocka_unit_test(tokens_belong_to_one_question),
      cmocka_unit_test(tenants_are_walls),
      cmocka_unit_test(an_index_of_an_older_format_is_built_again_in_steps),
      cmocka_unit_test(a_message_of_the_greatest_size_is_found_by_its_end),
      cmocka_unit_test(a_rare_match_among_many_candidates_is_found),
      cmocka_unit_test(a_deadline_ends_a_page_and_the_next_call_goes_on),
      cmocka_unit_test(real_texts_are_found_as_a_naive_search_finds_them),
  };
  static const char *const not_there[] = {"in_memory", "hostile", "deadline", "rare_match"};
  return RUN_CASES(tests, not_there);
}

/* Signed links: one spelling, one time, one tenant, keys that rotate; and the HMAC that they stand on. */
#include "case_fixture.h"

#include <stdlib.h>
#include <string.h>

static desk d;
static aft_id order;
static aft_link_keys *old_ring, *both_rings, *new_ring;

static const uint8_t old_secret[32] = "an old secret of thirty-two byte",
                     new_secret[40] = "a new one, not as old, of forty bytes .";

static aft_link_keys *ring_of(const aft_signing_key *keys, size_t n) {
  aft_error error = AFT_ERROR_INIT;
  aft_link_keys *ring;
  assert_ok(aft_link_keys_new(d.env, keys, n, &ring, &error));
  return ring;
}

static int open_kind(void **state) {
  desk_open(&d, (desk_kind)(intptr_t)*state);
  aft_signing_key keys[] = {
      {.size = sizeof *keys, .name = AFT_STR("2026-11"), .secret = new_secret, .n = sizeof new_secret},
      {.size = sizeof *keys, .name = AFT_STR("2026-10"), .secret = old_secret, .n = sizeof old_secret}};
  new_ring = ring_of(keys, 1);
  both_rings = ring_of(keys, 2);
  old_ring = ring_of(keys + 1, 1);
  order = case_order(&d, "A-1", d.buyer, 0, d.other_buyer);
  return 0;
}

static int shut(void **state) {
  (void)state;
  aft_link_keys_unref(new_ring);
  aft_link_keys_unref(both_rings);
  aft_link_keys_unref(old_ring);
  desk_close(&d);
  return 0;
}

#define LIFE (10 * AFT__DAY)

static aft_link_in link_in(aft_id customer, aft_id to_order, aft_id to_case) {
  return (aft_link_in){
      .size = sizeof(aft_link_in), .customer = customer, .order = to_order, .of = to_case, .lifetime = LIFE};
}

/* A link for the buyer's order; token has room for 256 bytes. */
static aft_id make_with(aft_link_keys *keys, char *token) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *text;
  aft_record *record;
  aft_link_in in = link_in(d.buyer, order, 0);
  assert_ok(aft_link_make(d.session, &d.system, keys, &in, &text, &record, &error));
  assert_true(aft_buf_size(text) < 256);
  memcpy(token, aft_buf_data(text), aft_buf_size(text) + 1);
  aft_id id = aft_link_id(record);
  aft_record_free(record);
  aft_buf_free(text);
  return id;
}

static aft_status open_at(aft_id tenant, aft_link_keys *keys, const char *token, size_t n,
                          aft_link_opened *out, aft_error *error) {
  *out = (aft_link_opened){.size = sizeof *out};
  return aft_link_open(d.session, tenant, keys, (aft_str){token, n}, out, error);
}

static void assert_opens(aft_link_keys *keys, const char *token) {
  aft_error error = AFT_ERROR_INIT;
  aft_link_opened opened;
  assert_ok(open_at(d.tenant, keys, token, AFT_NTS, &opened, &error));
  assert_true(opened.customer == d.buyer && opened.order == order && opened.of == 0);
}

static void assert_refused(aft_id tenant, aft_link_keys *keys, const char *token, const char *sentence) {
  aft_error error = AFT_ERROR_INIT;
  aft_link_opened opened;
  assert_status(open_at(tenant, keys, token, AFT_NTS, &opened, &error), AFT_E_DENIED);
  assert_string_equal(error.where, "token");
  if (strcmp(error.message, sentence) != 0)
    fail_msg("expected '%s', found '%s'", sentence, error.message);
  assert_true(opened.customer == 0 && opened.call.role == 0);
}

static uint32_t refusals(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  assert_ok(aft_refusal_list(d.session, &d.system, &cursor, &error));
  return desk_count(cursor);
}

/* ---- HMAC ---- */

/* RFC 4231, sections 4.2 to 4.8; the fifth is cut to 16 bytes there. */
static void hmac_as_rfc_4231_has_it(void **state) {
  static const struct {
    uint8_t key_byte;
    size_t n_key;
    const char *key, *data;
    uint8_t data_byte;
    size_t n_data;
    const char *mac;
  } cases[] = {
      {0x0b, 20, NULL, "Hi There", 0, 8, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {0, 4, "Jefe", "what do ya want for nothing?", 0, 28,
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {0xaa, 20, NULL, NULL, 0xdd, 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {0, 25,
       "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19",
       NULL, 0xcd, 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {0x0c, 20, NULL, "Test With Truncation", 0, 20, "a3b6167473100ee06e0c796c2955552b"},
      {0xaa, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First", 0, 54,
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {0xaa, 131, NULL,
       "This is a test using a larger than block-size key and a larger than block-size data. The key needs "
       "to "
       "be hashed before being used by the HMAC algorithm.",
       0, 152, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(cases); i++) {
    uint8_t key[131], data[160], mac[32];
    char text[65];
    memset(key, cases[i].key_byte, sizeof key);
    memset(data, cases[i].data_byte, sizeof data);
    if (cases[i].key)
      memcpy(key, cases[i].key, cases[i].n_key);
    if (cases[i].data)
      memcpy(data, cases[i].data, cases[i].n_data);
    aft__hmac_sha256(key, cases[i].n_key, data, cases[i].n_data, mac);
    aft__hex(mac, sizeof mac, text);
    text[strlen(cases[i].mac)] = '\0';
    assert_string_equal(text, cases[i].mac);
  }
}

static void comparing_sees_every_bit(void **state) {
  uint8_t a[32] = {7}, b[32] = {7};
  (void)state;
  assert_true(aft__same_bytes(a, b, sizeof a));
  for (int bit = 0; bit < 256; bit++) {
    b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    assert_false(aft__same_bytes(a, b, sizeof a));
    b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
  }
}

/* ---- links ---- */

static void a_link_lets_its_buyer_in(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_link_opened opened;
  char token[256];
  (void)state;
  aft_id id = make_with(new_ring, token);
  assert_ok(open_at(d.tenant, new_ring, token, AFT_NTS, &opened, &error));
  assert_true(opened.link == id && opened.customer == d.buyer && opened.order == order && opened.of == 0);
  assert_true(opened.expires == DESK_START + LIFE);
  assert_true(opened.call.tenant == d.tenant && opened.call.role == AFT_ROLE_BUYER &&
              opened.call.actor == d.buyer && opened.call.size == sizeof(aft_call));
  assert_int_equal(refusals(), 0);
}

static void a_link_to_a_case(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_link_opened opened;
  aft_buf *token;
  aft_id of = case_new(&d, order, d.buyer);
  aft_link_in in = link_in(d.other_buyer, 0, of); /* the order's recipient */
  (void)state;
  assert_ok(aft_link_make(d.session, &d.as_agent, new_ring, &in, &token, NULL, &error));
  assert_ok(open_at(d.tenant, new_ring, aft_buf_data(token), aft_buf_size(token), &opened, &error));
  assert_true(opened.of == of && opened.order == 0 && opened.customer == d.other_buyer);
  aft_buf_free(token);
}

static void no_flipped_bit_opens(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_link_opened opened;
  char token[256];
  (void)state;
  make_with(both_rings, token);
  size_t n = strlen(token);
  for (size_t bit = 0; bit < 8 * n; bit++) {
    token[bit / 8] = (char)(token[bit / 8] ^ (1 << (bit % 8)));
    assert_status(open_at(d.tenant, both_rings, token, n, &opened, &error), AFT_E_DENIED);
    token[bit / 8] = (char)(token[bit / 8] ^ (1 << (bit % 8)));
  }
  assert_opens(both_rings, token);
}

static void no_cut_or_lengthened_token_opens(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_link_opened opened;
  char token[260];
  (void)state;
  make_with(new_ring, token);
  size_t n = strlen(token);
  for (size_t cut = 1; cut < n; cut++) {
    assert_status(open_at(d.tenant, new_ring, token, cut, &opened, &error), AFT_E_DENIED);
    assert_string_equal(error.message, "the link is cut short or garbled");
  }
  memcpy(token + n, "AA", 3);
  assert_refused(d.tenant, new_ring, token, "the link is cut short or garbled");
  assert_status(open_at(d.tenant, new_ring, token, 0, &opened, &error), AFT_E_INVALID);
  static const char *const wrong[] = {".", "..", "A.B", "not a link at all"};
  for (size_t i = 0; i < AFT__COUNT(wrong); i++)
    assert_refused(d.tenant, new_ring, wrong[i], "the link is cut short or garbled");
}

static void a_link_signed_by_somebody_else(void **state) {
  char token[256];
  uint8_t secret[40] = {1};
  aft_signing_key key = {
      .size = sizeof key, .name = AFT_STR("2026-11"), .secret = secret, .n = sizeof secret};
  aft_link_keys *thief = ring_of(&key, 1);
  (void)state;
  make_with(thief, token);
  assert_refused(d.tenant, new_ring, token, "the link's signature is wrong");
  aft_link_keys_unref(thief);
}

static void a_link_ends_at_its_moment(void **state) {
  char token[256];
  (void)state;
  make_with(new_ring, token);
  desk_pass(&d, LIFE - 1);
  assert_opens(new_ring, token);
  desk_pass(&d, 1);
  assert_refused(d.tenant, new_ring, token, "the link has ended");
}

static void keys_rotate(void **state) {
  char before[256], after[256];
  (void)state;
  make_with(old_ring, before);
  make_with(both_rings, after); /* the newest signs */
  assert_opens(both_rings, before);
  assert_opens(new_ring, after);
  assert_refused(d.tenant, new_ring, before, "the link was signed with a key that is not known here");
  assert_refused(d.tenant, old_ring, after, "the link was signed with a key that is not known here");
}

static void a_link_that_was_taken_back(void **state) {
  aft_error error = AFT_ERROR_INIT;
  char token[256], other[256];
  (void)state;
  aft_id id = make_with(new_ring, token);
  make_with(new_ring, other);
  assert_status(aft_link_revoke(d.session, &d.as_other_agent, id, NULL, &error), AFT_E_DENIED);
  assert_status(aft_link_revoke(d.session, &d.as_buyer, id, NULL, &error), AFT_E_DENIED);
  assert_opens(new_ring, token);
  assert_ok(aft_link_revoke(d.session, &d.as_agent, id, NULL, &error));
  assert_status(aft_link_revoke(d.session, &d.as_agent, id, NULL, &error), AFT_IGNORED);
  assert_refused(d.tenant, new_ring, token, "the link was taken back");
  assert_opens(new_ring, other);
}

static void a_link_of_another_tenant(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_link_opened opened;
  char token[256];
  aft_call maker = {.size = sizeof maker, .role = AFT_ROLE_SYSTEM};
  aft_tenant_in in = {.size = sizeof in, .external = AFT_STR("second")};
  (void)state;
  assert_ok(aft_tenant_put(d.session, &maker, &in, &made, &error));
  aft_id tenant = aft_tenant_id(made);
  aft_record_free(made);
  aft_id id = make_with(new_ring, token);
  assert_refused(tenant, new_ring, token, "the link belongs to another tenant");
  aft_call other = {.size = sizeof other, .tenant = tenant, .role = AFT_ROLE_SYSTEM};
  assert_status(aft_link_revoke(d.session, &other, id, NULL, &error), AFT_E_NOT_FOUND);
  assert_status(open_at(12345, new_ring, token, AFT_NTS, &opened, &error), AFT_E_NOT_FOUND);
  assert_opens(new_ring, token);
}

static void refusals_are_kept_without_what_a_forger_claims(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *refusal;
  char token[256];
  (void)state;
  aft_id id = make_with(new_ring, token);
  assert_ok(aft_link_revoke(d.session, &d.system, id, NULL, &error));
  assert_refused(d.tenant, new_ring, token, "the link was taken back");
  token[20] = token[20] == 'A' ? 'B' : 'A';
  assert_refused(d.tenant, new_ring, token, "the link's signature is wrong");
  assert_ok(aft_refusal_list(d.session, &d.system, &cursor, &error)); /* the latest first */
  for (int i = 0; i < 2; i++) {
    assert_status(aft_cursor_next(cursor, &refusal, &error), AFT_OK);
    assert_string_equal(aft_refusal_verb(refusal), "link.open");
    assert_true(aft_refusal_subject(refusal) == (i ? id : 0));
    assert_true(aft_refusal_actor(refusal) == (i ? d.buyer : 0));
  }
  aft_cursor_free(cursor);
}

static void a_key_gives_the_same_link_again(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *first, *second;
  aft_call call = d.system;
  aft_link_in in = link_in(d.buyer, order, 0);
  (void)state;
  call.key = AFT_STR("link-1");
  assert_status(aft_link_make(d.session, &call, new_ring, &in, &first, NULL, &error), AFT_OK);
  desk_pass(&d, AFT__MINUTE);
  assert_status(aft_link_make(d.session, &call, both_rings, &in, &second, NULL, &error), AFT_REPLAYED);
  assert_string_equal(aft_buf_data(first), aft_buf_data(second));
  aft_buf_free(second);
  assert_status(aft_link_make(d.session, &call, old_ring, &in, &second, NULL, &error), AFT_E_INVALID);
  in.lifetime++;
  assert_status(aft_link_make(d.session, &call, new_ring, &in, &second, NULL, &error), AFT_E_KEY_REUSED);
  aft_buf_free(first);
}

static void wrong_links_are_not_made(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_buf *token;
  aft_id others = case_order(&d, "A-2", d.other_buyer, 0, 0);
  struct {
    aft_link_in in;
    const aft_call *call;
    aft_status status;
    const char *where;
  } wrong[] = {{link_in(d.buyer, 0, 0), &d.system, AFT_E_INVALID, "link.order"},
               {link_in(d.buyer, order, order), &d.system, AFT_E_INVALID, "link.order"},
               {link_in(0, order, 0), &d.system, AFT_E_INVALID, "link.customer"},
               {link_in(d.buyer, others, 0), &d.system, AFT_E_INVALID, "link.customer"},
               {link_in(d.buyer, 99, 0), &d.system, AFT_E_NOT_FOUND, "link.order"},
               {link_in(d.buyer, 0, 99), &d.system, AFT_E_NOT_FOUND, "link.of"},
               {link_in(d.buyer, order, 0), &d.as_other_agent, AFT_E_DENIED, "link.make"},
               {link_in(d.buyer, order, 0), &d.as_buyer, AFT_E_DENIED, "link.make"}};
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(wrong); i++) {
    assert_status(aft_link_make(d.session, wrong[i].call, new_ring, &wrong[i].in, &token, NULL, &error),
                  wrong[i].status);
    assert_string_equal(error.where, wrong[i].where);
  }
}

static void lifetimes_have_bounds(void **state) {
  static const struct {
    int64_t ms;
    bool good;
  } spans[] = {{AFT_LINK_LEAST_MS - 1, false},
               {AFT_LINK_LEAST_MS, true},
               {AFT_LINK_MOST_MS, true},
               {AFT_LINK_MOST_MS + 1, false},
               {0, true}, /* as the policy says */
               {-1, false},
               {INT64_MAX, false},
               {INT64_MIN, false}};
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  for (size_t i = 0; i < AFT__COUNT(spans); i++) {
    aft_buf *token = NULL;
    aft_link_in in = link_in(d.buyer, order, 0);
    in.lifetime = spans[i].ms;
    assert_status(aft_link_make(d.session, &d.system, new_ring, &in, &token, NULL, &error),
                  spans[i].good ? AFT_OK : AFT_E_INVALID);
    aft_buf_free(token);
  }
}

static void wrong_rings_are_refused(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_link_keys *ring;
  aft_signing_key good = {.size = sizeof good, .name = AFT_STR("k"), .secret = new_secret, .n = 40};
  aft_signing_key twice[] = {good, good}, named = good, spaced = good, short_one = good, many[17];
  (void)state;
  named.name = AFT_STR("");
  spaced.name = AFT_STR("a b");
  short_one.n = 31;
  for (int i = 0; i < 17; i++)
    many[i] = good;
  assert_status(aft_link_keys_new(d.env, twice, 2, &ring, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "keys[1]");
  assert_status(aft_link_keys_new(d.env, &named, 1, &ring, &error), AFT_E_INVALID);
  assert_status(aft_link_keys_new(d.env, &spaced, 1, &ring, &error), AFT_E_INVALID);
  assert_status(aft_link_keys_new(d.env, &short_one, 1, &ring, &error), AFT_E_INVALID);
  assert_status(aft_link_keys_new(d.env, many, 17, &ring, &error), AFT_E_INVALID);
  assert_status(aft_link_keys_new(d.env, &good, 0, &ring, &error), AFT_E_INVALID);
  assert_status(aft_link_keys_new(d.env, NULL, 1, &ring, &error), AFT_E_NULL_HANDLE);
}

#define ON(kind, test) \
  { #test "_" #kind, test, open_kind, shut, (void *)(intptr_t)(kind) }
#define ON_ALL(test) ON(DESK_SQLITE, test), ON(DESK_MEMORY, test), ON(DESK_HOSTILE, test)

int main(void) {
  static const char *const not_there[] = {"MEMORY", "HOSTILE", "hmac", "comparing"};
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hmac_as_rfc_4231_has_it),
      cmocka_unit_test(comparing_sees_every_bit),
      ON_ALL(a_link_lets_its_buyer_in),
      ON_ALL(a_link_to_a_case),
      ON(DESK_MEMORY, no_flipped_bit_opens),
      ON(DESK_MEMORY, no_cut_or_lengthened_token_opens),
      ON_ALL(a_link_signed_by_somebody_else),
      ON_ALL(a_link_ends_at_its_moment),
      ON_ALL(keys_rotate),
      ON_ALL(a_link_that_was_taken_back),
      ON_ALL(a_link_of_another_tenant),
      ON(DESK_SQLITE, refusals_are_kept_without_what_a_forger_claims),
      ON(DESK_MEMORY, refusals_are_kept_without_what_a_forger_claims),
      ON_ALL(a_key_gives_the_same_link_again),
      ON_ALL(wrong_links_are_not_made),
      ON_ALL(lifetimes_have_bounds),
      ON(DESK_MEMORY, wrong_rings_are_refused),
  };
  return RUN_CASES(tests, not_there);
}

/* SHA-256 against the examples of its standard, and in pieces of every size. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/base.h"

static void digest(const void *data, size_t n, char out[65]) {
  aft__sha256 s;
  uint8_t bytes[32];
  aft__sha256_init(&s);
  aft__sha256_add(&s, data, n);
  aft__sha256_end(&s, bytes);
  aft__hex(bytes, 32, out);
}

/* NIST, "SHA256.pdf" of the examples for FIPS 180-4, and the byte vectors of SHAVS (SHA256ShortMsg). */
static void matches_the_standard(void **state) {
  (void)state;
  static const struct {
    const char *text, *hex;
  } vectors[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopq"
       "rs"
       "tnopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {"\xd3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
  };
  for (size_t i = 0; i < AFT__COUNT(vectors); i++) {
    char hex[65];
    digest(vectors[i].text, strlen(vectors[i].text), hex);
    assert_string_equal(hex, vectors[i].hex);
  }
}

static void matches_for_a_million_letters(void **state) {
  (void)state;
  char *a = malloc(1000000), hex[65];
  assert_non_null(a);
  memset(a, 'a', 1000000);
  digest(a, 1000000, hex);
  assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  free(a);
}

static void pieces_do_not_matter(void **state) {
  (void)state;
  uint8_t data[300];
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (uint8_t)(i * 7 + 1);
  for (size_t length = 0; length <= sizeof data; length += 13) {
    char whole[65];
    digest(data, length, whole);
    for (size_t piece = 1; piece <= 130; piece++) {
      aft__sha256 s;
      uint8_t bytes[32];
      char hex[65];
      aft__sha256_init(&s);
      for (size_t at = 0; at < length; at += piece)
        aft__sha256_add(&s, data + at, length - at < piece ? length - at : piece);
      aft__sha256_end(&s, bytes);
      aft__hex(bytes, 32, hex);
      assert_string_equal(hex, whole);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(matches_the_standard),
      cmocka_unit_test(matches_for_a_million_letters),
      cmocka_unit_test(pieces_do_not_matter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

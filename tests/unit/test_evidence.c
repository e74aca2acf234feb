/* Evidence of cases: bounded, told by its content, seen again elsewhere, kept, held, removed and backed up.
 */
#include "case_fixture.h"
#include "fault_alloc.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "desk/evidence/evidence_priv.h"
#include "desk/tables/tables.h"

#define JPEG "\xff\xd8\xff\xe0JFIF"
#define PDF  "%PDF-1.7"

static desk d;
static aft_id order, of, other;

/* Of the default policy. */
static aft__evidence_limits limits(void) {
  aft__evidence_limits out;
  aft_policy *policy;
  aft_error error = AFT_ERROR_INIT;
  assert_ok(aft_policy_default(d.env, &policy, &error));
  aft__policy_evidence_limits(policy, &out);
  aft_policy_unref(policy);
  return out;
}

static int open_kind(void **state) {
  desk_open_evidence(&d, (desk_kind)(intptr_t)*state, NULL);
  order = case_order(&d, "A-1", d.buyer, 0, 0);
  of = case_new(&d, order, d.buyer);
  other = case_new(&d, case_order(&d, "A-2", d.other_buyer, 0, 0), d.other_buyer);
  return 0;
}

static int shut(void **state) {
  (void)state;
  desk_close(&d);
  return 0;
}

/* ---- helpers ---- */

static aft_evidence_in a_photo(aft_id in_case) {
  return (aft_evidence_in){.size = sizeof(aft_evidence_in),
                           .of = in_case,
                           .kind = AFT_STR("photo"),
                           .type = AFT_STR("image/jpeg"),
                           .name = AFT_STR("cup.jpg")};
}

static aft_status add_text(const aft_call *call, aft_id in_case, const char *text, aft_record **out,
                           aft_error *error) {
  aft_evidence_in in = a_photo(in_case);
  return aft_evidence_add(d.session, call, &in, text, strlen(text), out, error);
}

static aft_id add(const aft_call *call, aft_id in_case, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  assert_ok(add_text(call, in_case, text, &made, &error));
  aft_id id = aft_evidence_id(made);
  aft_record_free(made);
  return id;
}

typedef struct got {
  char bytes[256];
  size_t n, most;
} got;

static int collect(void *user, const void *bytes, size_t n) {
  got *g = user;
  assert_true(g->n + n < sizeof g->bytes);
  memcpy(g->bytes + g->n, bytes, n);
  g->n += n;
  return g->most && g->n > g->most;
}

static void assert_reads(const aft_call *call, aft_id evidence, const char *text) {
  aft_error error = AFT_ERROR_INIT;
  got g = {.n = 0};
  assert_ok(aft_evidence_read(d.session, call, evidence, collect, &g, &error));
  assert_int_equal(g.n, strlen(text));
  assert_memory_equal(g.bytes, text, g.n);
}

static uint32_t pieces(aft_id in_case) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  assert_ok(aft_evidence_list(d.session, &d.system, in_case, &cursor, &error));
  return desk_count(cursor);
}

static aft_status count_one(void *user, const char *digest, const aft_blob_info *info, aft_error *error) {
  (void)digest, (void)info, (void)error;
  ++*(int *)user;
  return AFT_OK;
}

static int contents(void) {
  aft_error error = AFT_ERROR_INIT;
  int n = 0;
  assert_ok(d.blobs->driver.list(d.blobs->driver.user, count_one, &n, &error));
  return n;
}

static int unfinished(void) {
  DIR *dir = opendir(d.blob_folder);
  int n = 0;
  assert_non_null(dir);
  for (struct dirent *e; (e = readdir(dir)) != NULL;)
    n += strncmp(e->d_name, "new.", 4) == 0;
  closedir(dir);
  return n;
}

/* ---- adding ---- */

static void a_photo_is_added_and_read(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  (void)state;
  assert_status(add_text(&d.as_buyer, of, JPEG " a cup", &made, &error), AFT_OK);
  assert_string_equal(aft_evidence_type(made), "image/jpeg");
  assert_string_equal(aft_evidence_kind(made), "photo");
  assert_string_equal(aft_evidence_name(made), "cup.jpg");
  assert_int_equal(aft_evidence_bytes(made), strlen(JPEG " a cup"));
  assert_true(aft_evidence_case(made) == of && aft_evidence_actor(made) == d.buyer);
  assert_int_equal(aft_evidence_role(made), AFT_ROLE_BUYER);
  assert_true(aft_evidence_created(made) == DESK_START);
  assert_int_equal(strlen(aft_evidence_digest(made)), AFT_BLOB_DIGITS);
  assert_reads(&d.as_buyer, aft_evidence_id(made), JPEG " a cup");
  assert_reads(&d.as_agent, aft_evidence_id(made), JPEG " a cup");
  aft_record_free(made);
  assert_int_equal(case_number(&d, of, AFT__CASE_EVIDENCE), 1);
  assert_int_equal(case_number(&d, of, AFT__CASE_EVENTS), 1);
  assert_int_equal(case_number(&d, of, AFT__CASE_SIGNALS), 0);
  assert_case_chain(&d, of);
  assert_int_equal(unfinished(), 0);
}

static void bytes_come_in_any_pieces(void **state) {
  static const char text[] = JPEG " which comes byte by byte, and is longer than what its type is told by";
  aft_error error = AFT_ERROR_INIT;
  aft_evidence_in in = a_photo(of);
  aft_evidence_upload *upload;
  aft_record *made;
  (void)state;
  in.bytes = (int64_t)strlen(text);
  assert_ok(aft_evidence_begin(d.session, &d.as_buyer, &in, &upload, &error));
  for (size_t i = 0; i < strlen(text); i++)
    assert_ok(aft_evidence_write(upload, text + i, 1, &error));
  assert_status(aft_evidence_commit(upload, &made, &error), AFT_OK);
  assert_reads(&d.as_buyer, aft_evidence_id(made), text);
  aft_record_free(made);
}

static void a_file_that_lies_about_its_type(void **state) {
  static const char page[] = PDF " a paper that is long enough that its type is told before the end of it";
  aft_error error = AFT_ERROR_INIT;
  aft_evidence_in in = a_photo(of);
  aft_evidence_upload *upload;
  (void)state;
  assert_status(add_text(&d.as_buyer, of, PDF, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "evidence.type");
  assert_string_equal(error.message, "expected image/jpeg as was claimed, found application/pdf");
  assert_status(add_text(&d.as_buyer, of, "MZ", NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.message, "expected image/jpeg as was claimed, found a file of no known type");
  assert_status(add_text(&d.as_buyer, of, "", NULL, &error), AFT_E_INVALID);
  in.type = AFT_STR("image/svg+xml");
  assert_status(aft_evidence_add(d.session, &d.as_buyer, &in, "<svg", 4, NULL, &error), AFT_E_INVALID);
  in = a_photo(of);
  assert_ok(aft_evidence_begin(d.session, &d.as_buyer, &in, &upload, &error));
  assert_status(aft_evidence_write(upload, page, strlen(page), &error), AFT_E_INVALID);
  assert_status(aft_evidence_write(upload, JPEG, strlen(JPEG), &error), AFT_E_INVALID); /* too late */
  assert_status(aft_evidence_commit(upload, NULL, &error), AFT_E_INVALID);
  assert_int_equal(pieces(of), 0);
  assert_int_equal(contents(), 0);
  assert_int_equal(unfinished(), 0);
  assert_int_equal(case_number(&d, of, AFT__CASE_EVENTS), 0);
}

static void a_size_that_was_announced_is_kept(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_evidence_in in = a_photo(of);
  (void)state;
  in.bytes = 7;
  assert_status(aft_evidence_add(d.session, &d.as_buyer, &in, JPEG, strlen(JPEG), NULL, &error),
                AFT_E_TOO_LARGE);
  in.bytes = 100;
  assert_status(aft_evidence_add(d.session, &d.as_buyer, &in, JPEG, strlen(JPEG), NULL, &error),
                AFT_E_INVALID);
  assert_string_equal(error.where, "evidence.bytes");
  in.bytes = -1;
  assert_status(aft_evidence_add(d.session, &d.as_buyer, &in, JPEG, strlen(JPEG), NULL, &error),
                AFT_E_INVALID);
  in.bytes = limits().most_bytes + 1;
  assert_status(aft_evidence_add(d.session, &d.as_buyer, &in, JPEG, strlen(JPEG), NULL, &error),
                AFT_E_TOO_LARGE);
  assert_int_equal(pieces(of), 0);
  assert_int_equal(unfinished(), 0);
}

static void one_piece_has_a_most(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_evidence_in in = a_photo(of);
  aft_evidence_upload *upload;
  int64_t most = limits().most_bytes, sent = 0;
  size_t step = 1 << 20;
  char *run = calloc(1, step);
  (void)state;
  assert_non_null(run);
  memcpy(run, JPEG, strlen(JPEG));
  assert_ok(aft_evidence_begin(d.session, &d.as_buyer, &in, &upload, &error));
  for (; sent + (int64_t)step <= most; sent += (int64_t)step)
    assert_ok(aft_evidence_write(upload, run, step, &error));
  assert_status(aft_evidence_write(upload, run, (size_t)(most - sent) + 1, &error), AFT_E_TOO_LARGE);
  aft_evidence_abort(upload);
  free(run);
  assert_int_equal(unfinished(), 0);
  assert_int_equal(contents(), 0);
}

static void a_case_has_a_most(void **state) {
  aft_error error = AFT_ERROR_INIT;
  int64_t most = limits().most_pieces;
  aft_id last = 0;
  char text[64];
  (void)state;
  for (int64_t i = 0; i < most; i++) {
    snprintf(text, sizeof text, JPEG " %lld", (long long)i);
    last = add(&d.as_buyer, of, text);
  }
  assert_status(add_text(&d.as_buyer, of, JPEG " more", NULL, &error), AFT_E_TOO_LARGE);
  assert_string_equal(error.where, "evidence.of");
  aft_call keyed = d.as_buyer; /* under a key only the commit can say */
  keyed.key = AFT_STR("k");
  assert_status(add_text(&keyed, of, JPEG " more", NULL, &error), AFT_E_TOO_LARGE);
  assert_int_equal(pieces(of), most);
  assert_ok(aft_evidence_remove(d.session, &d.as_agent, last, NULL, &error));
  add(&d.as_buyer, of, JPEG " more");
}

static void a_key_adds_once(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *first, *second;
  aft_call call = d.as_buyer;
  (void)state;
  call.key = AFT_STR("upload-1");
  assert_status(add_text(&call, of, JPEG "1", &first, &error), AFT_OK);
  assert_status(add_text(&call, of, JPEG "1", &second, &error), AFT_REPLAYED);
  assert_true(aft_evidence_id(first) == aft_evidence_id(second));
  assert_status(add_text(&call, of, JPEG "2", NULL, &error), AFT_E_KEY_REUSED);
  assert_int_equal(pieces(of), 1);
  aft_record_free(first);
  aft_record_free(second);
}

static uint32_t refusals(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  assert_ok(aft_refusal_list(d.session, &d.system, &cursor, &error));
  return desk_count(cursor);
}

static void lies_and_excess_are_kept_as_refusals(void **state) {
  static const char page[] = PDF " a paper that is long enough that its type is told before the end of it";
  aft_error error = AFT_ERROR_INIT;
  aft_evidence_in in = a_photo(of);
  (void)state;
  assert_status(add_text(&d.as_buyer, of, PDF, NULL, &error), AFT_E_INVALID); /* seen at the end */
  assert_int_equal(refusals(), 1);
  assert_status(add_text(&d.as_buyer, of, page, NULL, &error), AFT_E_INVALID); /* seen on the way, once */
  assert_int_equal(refusals(), 2);
  in.bytes = INT64_MAX;
  assert_status(aft_evidence_add(d.session, &d.as_buyer, &in, JPEG, 8, NULL, &error), AFT_E_TOO_LARGE);
  assert_int_equal(refusals(), 3);
  add(&d.as_buyer, of, JPEG);
  assert_status(add_text(&d.as_buyer, of, JPEG, NULL, &error), AFT_E_EXISTS);
  assert_int_equal(refusals(), 4);
}

/* ---- the same content again ---- */

static aft_status see_signal(aft__tx *tx, void *user, aft_error *error) {
  aft__value **rows;
  uint32_t n;
  aft__scan scan = {.table = &aft__signal_table,
                    .index = AFT__SIGNAL_BY_CASE,
                    .n_equal = 2,
                    .equal = {aft__int(d.tenant), aft__int(*(aft_id *)user)},
                    .limit = 4};
  AFT__TRY(aft__scan_all(tx, &scan, &rows, &n, error));
  assert_int_equal(n, 1);
  assert_true(aft__str_eq(aft__value_str(&rows[0][AFT__SIGNAL_KIND]), aft__cstr("evidence_reuse")));
  assert_true(rows[0][AFT__SIGNAL_OTHER].number == of);
  assert_int_equal(rows[0][AFT__SIGNAL_COUNT].number, 1);
  return AFT_OK;
}

static void assert_seen(const aft_call *call, aft_id in_case, const char *id) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *piece;
  assert_ok(aft_evidence_list(d.session, call, in_case, &cursor, &error));
  assert_int_equal(aft_cursor_next(cursor, &piece, &error), AFT_OK);
  assert_string_equal(aft_evidence_seen(piece), id);
  aft_cursor_free(cursor);
}

static void another_case_stays_hidden_in_what_an_adding_returns(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_evidence_in in = a_photo(other);
  aft_call keyed = d.as_other_buyer;
  (void)state;
  add(&d.as_buyer, of, JPEG);
  keyed.key = AFT_STR("k-1");
  for (int i = 0; i < 2; i++) { /* the second is the first once more */
    aft_record *made;
    aft_status status = aft_evidence_add(d.session, &keyed, &in, JPEG, strlen(JPEG), &made, &error);
    assert_status(status, i ? AFT_REPLAYED : AFT_OK);
    assert_string_equal(aft_evidence_seen(made), "");
    aft_record_free(made);
  }
}

static void a_type_that_the_policy_does_not_take(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *made;
  aft_evidence_in in = a_photo(of);
  (void)state;
  in.type = AFT_STR("image/gif");
  assert_status(aft_evidence_add(d.session, &d.as_buyer, &in, "GIF89a", 6, &made, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "evidence.type");
  assert_non_null(strstr(error.message, "image/jpeg, image/png"));
  assert_non_null(strstr(error.message, "found image/gif"));
  assert_int_equal(pieces(of), 0);
}

static void the_same_photo_in_another_case_is_reported(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft__tx_options reading = {.name = "test", .read = true};
  char id[24];
  (void)state;
  add(&d.as_buyer, of, JPEG " found on the net");
  add(&d.as_other_buyer, other, JPEG " found on the net");
  snprintf(id, sizeof id, "%lld", (long long)of);
  assert_seen(&d.as_agent, other, id);
  assert_seen(&d.as_other_buyer, other, ""); /* whose it is, is not theirs to know */
  assert_int_equal(contents(), 1);
  assert_int_equal(case_number(&d, other, AFT__CASE_SIGNALS), 1);
  assert_int_equal(case_number(&d, of, AFT__CASE_SIGNALS), 0);
  assert_case_chain(&d, other);
  assert_ok(aft__tx_run(d.session, &reading, see_signal, &other, &error));
}

/* The buyer shows once more what was shown in the case that is disputed. */
static void the_same_photo_in_the_dispute_about_a_case_is_no_reuse(void **state) {
  aft_id ids[] = {of, case_new(&d, order, d.buyer), case_new(&d, order, d.buyer)};
  (void)state;
  for (size_t i = 1; i < 3; i++)
    case_set(&d, ids[i], AFT__CASE_PARENT, ids[i - 1], false);
  for (size_t i = 0; i < 3; i++)
    add(&d.as_buyer, ids[i], JPEG " the crack");
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(case_number(&d, ids[i], AFT__CASE_SIGNALS), 0);
    assert_seen(&d.as_agent, ids[i], "");
  }
  add(&d.as_other_buyer, other, JPEG " the crack");
  assert_int_equal(case_number(&d, other, AFT__CASE_SIGNALS), 1);
}

static void the_same_photo_in_the_same_case_is_refused(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id id = add(&d.as_buyer, of, JPEG);
  assert_status(add_text(&d.as_agent, of, JPEG, NULL, &error), AFT_E_EXISTS);
  assert_int_equal(pieces(of), 1);
  assert_ok(aft_evidence_remove(d.session, &d.as_agent, id, NULL, &error));
  add(&d.as_agent, of, JPEG);
}

/* ---- who ---- */

static void buyers_have_their_own_cases_alone(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  got g = {.n = 0};
  (void)state;
  aft_id id = add(&d.as_buyer, of, JPEG);
  assert_status(add_text(&d.as_other_buyer, of, JPEG "x", NULL, &error), AFT_E_DENIED);
  assert_status(aft_evidence_list(d.session, &d.as_other_buyer, of, &cursor, &error), AFT_E_DENIED);
  assert_status(aft_evidence_read(d.session, &d.as_other_buyer, id, collect, &g, &error), AFT_E_DENIED);
  assert_status(add_text(&d.as_other_agent, of, JPEG "x", NULL, &error), AFT_E_DENIED);
  assert_status(aft_evidence_read(d.session, &d.as_other_agent, id, collect, &g, &error), AFT_E_DENIED);
  assert_status(aft_evidence_remove(d.session, &d.as_buyer, id, NULL, &error), AFT_E_DENIED);
  assert_status(aft_evidence_hold(d.session, &d.as_buyer, id, 1, NULL, &error), AFT_E_DENIED);
  assert_int_equal(g.n, 0);
  assert_ok(aft_refusal_list(d.session, &d.system, &cursor, &error));
  assert_int_equal(desk_count(cursor), 7);
  assert_int_equal(unfinished(), 0);
}

static void payer_and_recipient_may_add(void **state) {
  aft_id gift = case_order(&d, "A-3", d.buyer, 0, d.other_buyer);
  aft_id its = case_new(&d, gift, d.buyer);
  (void)state;
  assert_reads(&d.as_buyer, add(&d.as_other_buyer, its, JPEG), JPEG);
}

static void a_case_that_ended_takes_nothing(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  case_set(&d, of, AFT__CASE_OPEN, 0, false);
  assert_status(add_text(&d.as_buyer, of, JPEG, NULL, &error), AFT_E_TRANSITION);
  assert_status(add_text(&d.as_buyer, 99, JPEG, NULL, &error), AFT_E_NOT_FOUND);
}

static void a_store_without_a_blob_store(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_evidence_in in = a_photo(of);
  aft_store *store;
  aft_session *session;
  got g = {.n = 0};
  (void)state;
  aft_id id = add(&d.as_buyer, of, JPEG);
  aft_store_options options = desk_store(&d, 0);
  options.blobs = NULL;
  assert_ok(aft_store_open(d.env, &options, &store, &error));
  assert_ok(aft_session_open(store, &session, &error));
  assert_status(aft_evidence_add(session, &d.as_buyer, &in, JPEG, 7, NULL, &error), AFT_E_INVALID);
  assert_string_equal(error.where, "store.blobs");
  assert_status(aft_evidence_read(session, &d.as_buyer, id, collect, &g, &error), AFT_E_INVALID);
  assert_status(aft_evidence_sweep(session, NULL, &error), AFT_E_INVALID);
  aft_session_close(session);
  aft_store_unref(store);
}

/* ---- reading ---- */

static void path_of(aft_id id, char path[256]) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  path[0] = '\0';
  assert_ok(aft_evidence_list(d.session, &d.system, of, &cursor, &error));
  while (aft_cursor_next(cursor, &record, &error) == AFT_OK) {
    const char *digest = aft_evidence_digest(record);
    if (aft_evidence_id(record) == id)
      snprintf(path, 256, "%s/%.2s/%.2s/%s", d.blob_folder, digest, digest + 2, digest);
  }
  aft_cursor_free(cursor);
  assert_true(path[0]);
}

static void damage_is_seen(void **state) {
  aft_error error = AFT_ERROR_INIT;
  char path[256];
  got g = {.n = 0};
  (void)state;
  aft_id id = add(&d.as_buyer, of, JPEG);
  path_of(id, path);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fputs("\xff\xd8\xff\xe0JFIG", file);
  fclose(file);
  assert_status(aft_evidence_read(d.session, &d.as_buyer, id, collect, &g, &error), AFT_E_CORRUPT);
  assert_non_null(strstr(error.message, strrchr(path, '/') + 1));
  assert_int_equal(unlink(path), 0);
  assert_status(aft_evidence_read(d.session, &d.as_buyer, id, collect, &g, &error), AFT_E_CORRUPT);
}

static void a_sink_may_end_the_reading(void **state) {
  aft_error error = AFT_ERROR_INIT;
  got g = {.most = 1};
  (void)state;
  aft_id id = add(&d.as_buyer, of, JPEG);
  assert_status(aft_evidence_read(d.session, &d.as_buyer, id, collect, &g, &error), AFT_E_CALLBACK);
}

/* ---- going ---- */

static void removed_bytes_are_gone(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_record *record;
  got g = {.n = 0};
  (void)state;
  aft_id id = add(&d.as_buyer, of, JPEG), twin = add(&d.as_other_buyer, other, JPEG);
  desk_pass(&d, 2 * AFT__MINUTE);
  assert_ok(aft_evidence_remove(d.session, &d.as_agent, id, &record, &error));
  assert_true(aft_evidence_removed(record) == DESK_START + 2 * AFT__MINUTE);
  aft_record_free(record);
  assert_status(aft_evidence_remove(d.session, &d.as_agent, id, NULL, &error), AFT_IGNORED);
  assert_status(aft_evidence_read(d.session, &d.as_agent, id, collect, &g, &error), AFT_E_NOT_FOUND);
  assert_reads(&d.as_agent, twin, JPEG); /* somebody else's still */
  assert_int_equal(contents(), 1);
  assert_ok(aft_evidence_remove(d.session, &d.as_agent, twin, NULL, &error));
  assert_int_equal(contents(), 0);
  assert_int_equal(case_number(&d, of, AFT__CASE_EVIDENCE), 0);
  assert_int_equal(pieces(of), 1); /* the record stays */
  assert_case_chain(&d, of);
}

static void held_evidence_stays(void **state) {
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  aft_id id = add(&d.as_buyer, of, JPEG);
  assert_ok(aft_evidence_hold(d.session, &d.as_agent, id, 1, NULL, &error));
  assert_status(aft_evidence_hold(d.session, &d.as_agent, id, 1, NULL, &error), AFT_IGNORED);
  assert_status(aft_evidence_hold(d.session, &d.as_agent, id, 2, NULL, &error), AFT_E_INVALID);
  assert_status(aft_evidence_remove(d.session, &d.as_agent, id, NULL, &error), AFT_E_DENIED);
  assert_ok(aft_evidence_hold(d.session, &d.as_agent, id, 0, NULL, &error));
  case_set(&d, of, AFT__CASE_HELD, DESK_START, false);
  assert_status(aft_evidence_remove(d.session, &d.as_agent, id, NULL, &error), AFT_E_DENIED);
  case_set(&d, of, AFT__CASE_HELD, 0, true);
  assert_reads(&d.as_buyer, id, JPEG);
  assert_ok(aft_evidence_remove(d.session, &d.as_agent, id, NULL, &error));
  assert_case_chain(&d, of);
}

static void orphans_are_swept(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft__blob_upload upload;
  char digest[AFT__BLOB_NAME];
  int64_t removed = -1;
  (void)state;
  aft_id id = add(&d.as_buyer, of, JPEG);
  /* What a crash between content and record leaves behind. */
  assert_ok(aft__blob_begin(d.blobs, &upload, &error));
  assert_ok(aft__blob_write(&upload, "orphan", 6, &error));
  assert_ok(aft__blob_commit(&upload, digest, &error));
  desk_pass(&d, AFT__DAY);
  assert_ok(aft_evidence_sweep(d.session, &removed, &error));
  assert_int_equal(removed, 0);
  desk_pass(&d, 1);
  assert_ok(aft_evidence_sweep(d.session, &removed, &error));
  assert_int_equal(removed, 1);
  assert_int_equal(contents(), 1);
  assert_reads(&d.as_buyer, id, JPEG);
  assert_ok(aft_evidence_sweep(d.session, &removed, &error));
  assert_int_equal(removed, 0);
}

static void ticks_until_round(void) {
  aft_error error = AFT_ERROR_INIT;
  desk_pass(&d, 2 * AFT__HOUR);
  for (int i = 0; i < 50; i++) {
    aft_tick_report report = {.size = sizeof report};
    assert_ok(aft_tick(d.session, NULL, &report, &error));
  }
}

static void retention_takes_what_ended_long_ago(void **state) {
  int64_t keep = limits().retention_ms;
  aft_id held = case_new(&d, order, d.buyer), late = case_new(&d, order, d.buyer);
  aft_error error = AFT_ERROR_INIT;
  (void)state;
  const aft_id cases[] = {of, held, late};
  aft_id ids[3];
  for (int i = 0; i < 3; i++) {
    char text[32];
    snprintf(text, sizeof text, JPEG " %d", i);
    ids[i] = add(&d.system, cases[i], text);
    case_set(&d, cases[i], AFT__CASE_OPEN, 0, false);
    case_set(&d, cases[i], AFT__CASE_CLOSED, DESK_START + (i == 2 ? AFT__DAY : 0), false);
  }
  aft_id living = add(&d.system, other, JPEG " of a case that is open");
  assert_ok(aft_evidence_hold(d.session, &d.system, ids[1], 1, NULL, &error));
  desk_pass(&d, keep - AFT__DAY);
  ticks_until_round();
  assert_int_equal(contents(), 4);
  desk_pass(&d, AFT__DAY);
  ticks_until_round();
  assert_int_equal(contents(), 3);
  assert_int_equal(case_number(&d, of, AFT__CASE_EVIDENCE), 0);
  assert_reads(&d.system, ids[1], JPEG " 1");
  assert_reads(&d.system, ids[2], JPEG " 2");
  assert_reads(&d.system, living, JPEG " of a case that is open");
  desk_pass(&d, AFT__DAY);
  ticks_until_round();
  assert_int_equal(contents(), 2);
  assert_case_chain(&d, of);
}

/* ---- backup ---- */

static void command(const char *text) { assert_int_equal(system(text), 0); }

static void a_backup_brings_evidence_back(void **state) {
  aft_error error = AFT_ERROR_INIT;
  char copy[128], target[128], line[512];
  aft_blobs *kept;
  (void)state;
  aft_id id = add(&d.as_buyer, of, JPEG " to be kept");
  snprintf(copy, sizeof copy, "%s/copy.db", d.place.folder);
  snprintf(target, sizeof target, "%s/copied", d.place.folder);
  assert_int_equal(mkdir(target, 0700), 0);
  assert_ok(aft_blob_directory_open(d.env, AFT_STR(target), &kept, &error));
  aft_backup_options how = {
      .size = sizeof how, .target = AFT_STR(copy), .flags = AFT_BACKUP_VERIFY, .blobs = d.blobs};
  assert_status(aft_store_backup(d.session, &how, &error), AFT_E_INVALID); /* into itself */
  how.blobs = kept;
  assert_ok(aft_store_backup(d.session, &how, &error));

  /* Everything burns down. */
  aft_session_close(d.session);
  aft_store_unref(d.store);
  snprintf(line, sizeof line, "rm -rf '%s'/* '%s' '%s-wal' '%s-shm' && mv '%s' '%s'", d.blob_folder,
           d.place.file, d.place.file, d.place.file, copy, d.place.file);
  command(line);
  assert_int_equal(contents(), 0);

  aft_blob_copied copied = {.size = sizeof copied};
  assert_ok(aft_blob_copy(kept, d.blobs, &copied, &error));
  assert_int_equal(copied.copied, 1);
  aft_store_options again = desk_store(&d, AFT_STORE_RESTORED);
  assert_ok(aft_store_open(d.env, &again, &d.store, &error));
  assert_ok(aft_session_open(d.store, &d.session, &error));
  assert_reads(&d.as_buyer, id, JPEG " to be kept");
  assert_case_chain(&d, of);
  aft_blobs_unref(kept);
}

/* ---- a process that is killed ---- */

static int64_t clock_of_desk(void *user) {
  (void)user;
  return atomic_load(&d.now);
}

/* In a process of its own: adds until it is killed. */
static void add_for_ever(int turn) {
  aft_env_options options = {.size = sizeof options,
                             .clock = {.size = sizeof(aft_clock), .now_ms = clock_of_desk}};
  aft_env *env;
  aft_store *store;
  aft_store_options how = desk_store(&d, AFT_STORE_RELAXED);
  if (aft_env_new(&options, &env, NULL) < 0 ||
      aft_blob_directory_open(env, AFT_STR(d.blob_folder), &how.blobs, NULL) < 0 ||
      aft_store_open(env, &how, &store, NULL) < 0 || aft_session_open(store, &d.session, NULL) < 0)
    _exit(1);
  for (int i = 0;; i++) {
    char text[32];
    snprintf(text, sizeof text, JPEG " %d %d", turn, i);
    add_text(&d.as_buyer, of, text, NULL, NULL);
  }
}

static uint32_t read_all_of_case(void) {
  aft_error error = AFT_ERROR_INIT;
  aft_cursor *cursor;
  aft_record *record;
  uint32_t n = 0;
  assert_ok(aft_evidence_list(d.session, &d.system, of, &cursor, &error));
  for (; aft_cursor_next(cursor, &record, &error) == AFT_OK; n++) {
    got g = {.n = 0};
    assert_ok(aft_evidence_read(d.session, &d.system, aft_evidence_id(record), collect, &g, &error));
  }
  aft_cursor_free(cursor);
  return n;
}

static void a_kill_leaves_orphans_at_most(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_session *own = d.session;
  uint32_t all = 0;
  (void)state;
  for (int turn = 0; turn < 8; turn++) {
    of = case_new(&d, order, d.buyer);
    pid_t child = fork();
    if (child == 0)
      add_for_ever(turn);
    nanosleep(&(struct timespec){.tv_nsec = 15000000 + 4000000 * turn}, NULL);
    int status;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    d.session = own;
    uint32_t whole = read_all_of_case();
    all += whole;
    assert_int_equal(case_number(&d, of, AFT__CASE_EVIDENCE), whole);
    assert_case_chain(&d, of);
  }
  print_message("# %u pieces, %d contents and %d uploads after 8 kills\n", all, contents(), unfinished());
  desk_pass(&d, AFT__DAY + 1);
  assert_ok(aft_evidence_sweep(d.session, NULL, &error));
  assert_int_equal(contents(), all);
  assert_int_equal(unfinished(), 0);
}

/* ---- memory that runs out ---- */

static fault_alloc fault;

static void every_allocation_of_an_upload_fails_once(void **state) {
  aft_error error = AFT_ERROR_INIT;
  aft_alloc alloc = fault_alloc_hooks(&fault);
  uint64_t at = 1;
  fault = (fault_alloc){.calls = 0};
  desk_open_evidence(&d, (desk_kind)(intptr_t)*state, &alloc);
  order = case_order(&d, "A-1", d.buyer, 0, 0);
  of = case_new(&d, order, d.buyer);
  add(&d.as_buyer, of, JPEG " what is usual is in memory now");
  for (bool done = false; !done; at++) {
    char text[48];
    snprintf(text, sizeof text, JPEG " %llu", (unsigned long long)at);
    uint32_t before = pieces(of);
    atomic_store(&fault.failures, 0);
    fault.fail_at = atomic_load(&fault.calls) + at;
    aft_status status = add_text(&d.as_buyer, of, text, NULL, &error);
    fault.fail_at = 0;
    done = atomic_load(&fault.failures) == 0;
    if (status != AFT_E_NOMEM) /* a failure that a pause or a cache takes is none of the caller's */
      assert_status(status, AFT_OK);
    assert_int_equal(pieces(of), before + (status == AFT_OK));
    assert_int_equal(case_number(&d, of, AFT__CASE_EVIDENCE), before + (status == AFT_OK));
    assert_int_equal(unfinished(), 0);
    assert_case_chain(&d, of);
  }
  assert_true(at > 5);
  print_message("# %llu allocations\n", (unsigned long long)at);
  desk_close(&d);
  assert_int_equal(atomic_load(&fault.bytes), 0);
}

#define ON(kind, test) \
  { #test "_" #kind, test, open_kind, shut, (void *)(intptr_t)(kind) }
#define ON_ALL(test)  ON(DESK_SQLITE, test), ON(DESK_MEMORY, test), ON(DESK_HOSTILE, test)
#define ON_BOTH(test) ON(DESK_SQLITE, test), ON(DESK_MEMORY, test)
#define ALONE(kind, test) \
  { #test "_" #kind, test, NULL, NULL, (void *)(intptr_t)(kind) }

int main(void) {
  static const char *const not_there[] = {"MEMORY", "HOSTILE", "backup", "allocation", "kill"};
  const struct CMUnitTest tests[] = {
      ON_ALL(a_photo_is_added_and_read),
      ON_BOTH(bytes_come_in_any_pieces),
      ON_BOTH(a_file_that_lies_about_its_type),
      ON_BOTH(lies_and_excess_are_kept_as_refusals),
      ON_BOTH(a_size_that_was_announced_is_kept),
      ON(DESK_SQLITE, one_piece_has_a_most),
      ON_BOTH(a_case_has_a_most),
      ON_ALL(a_key_adds_once),
      ON_ALL(the_same_photo_in_another_case_is_reported),
      ON_ALL(the_same_photo_in_the_dispute_about_a_case_is_no_reuse),
      ON_BOTH(the_same_photo_in_the_same_case_is_refused),
      ON_BOTH(buyers_have_their_own_cases_alone),
      ON_ALL(payer_and_recipient_may_add),
      ON_BOTH(a_case_that_ended_takes_nothing),
      ON(DESK_SQLITE, a_store_without_a_blob_store),
      ON_BOTH(another_case_stays_hidden_in_what_an_adding_returns),
      ON_BOTH(a_type_that_the_policy_does_not_take),
      ON_BOTH(damage_is_seen),
      ON(DESK_MEMORY, a_sink_may_end_the_reading),
      ON_BOTH(removed_bytes_are_gone),
      ON_BOTH(held_evidence_stays),
      ON_ALL(orphans_are_swept),
      ON_BOTH(retention_takes_what_ended_long_ago),
      ON(DESK_SQLITE, a_backup_brings_evidence_back),
      ON(DESK_SQLITE, a_kill_leaves_orphans_at_most),
      ALONE(DESK_MEMORY, every_allocation_of_an_upload_fails_once),
      ALONE(DESK_SQLITE, every_allocation_of_an_upload_fails_once),
  };
  return RUN_CASES(tests, not_there);
}

/* The audit log: events that are only appended, chained by hash within one subject.
 *
 * The hash of an event is SHA-256 over these bytes; numbers are big-endian, a text is its length in 4 bytes
 * and its bytes, an absent text is the length 0xFFFFFFFF alone:
 *
 *   1   version of this layout: 1
 *   32  hash of the subject's event before; zeros for the first
 *   8   tenant          8  kind of the subject      8  subject
 *   8   seq, from 1     8  time, ms since 1970      8  role       8  actor
 *   …   verb, from, to, facts: four texts
 *   32  SHA-256 over the 16 bytes of salt and then the personal text; zeros where there was none
 *
 * The id and the feed number are outside, so that a number can be given later. Erasing a personal text and
 * its salt leaves the digest, and with it the chain, as they were. */
#include "store/store_priv.h"

#define LAYOUT    1
#define HASH_SIZE 32
#define SALT_SIZE 16
#define MOST_TEXT (1u << 20)

static const uint8_t zeros[HASH_SIZE];

/* ---- the bytes ---- */

static void add_number(aft__sha256 *sha, uint64_t n, int bytes) {
  uint8_t data[8];
  for (int i = 0; i < bytes; i++)
    data[i] = (uint8_t)(n >> 8 * (bytes - 1 - i));
  aft__sha256_add(sha, data, (size_t)bytes);
}

static void add_text(aft__sha256 *sha, aft_str text) {
  add_number(sha, text.data ? text.len : UINT32_MAX, 4);
  if (text.data && text.len)
    aft__sha256_add(sha, text.data, text.len);
}

static aft_str text_of(const aft__value *v) {
  return v->type == AFT_SQL_NULL ? (aft_str){0} : aft__value_str(v);
}

/* Of a row as it is stored. */
static void hash_row(const aft__value *row, const uint8_t before[HASH_SIZE], uint8_t out[HASH_SIZE]) {
  aft__sha256 sha;
  aft__sha256_init(&sha);
  add_number(&sha, LAYOUT, 1);
  aft__sha256_add(&sha, before, HASH_SIZE);
  add_number(&sha, (uint64_t)row[AFT__EV_TENANT].number, 8);
  add_number(&sha, (uint64_t)row[AFT__EV_KIND].number, 8);
  add_number(&sha, (uint64_t)row[AFT__EV_SUBJECT].number, 8);
  add_number(&sha, (uint64_t)row[AFT__EV_SEQ].number, 8);
  add_number(&sha, (uint64_t)row[AFT__EV_AT].number, 8);
  add_number(&sha, (uint64_t)row[AFT__EV_ROLE].number, 8);
  add_number(&sha, (uint64_t)row[AFT__EV_ACTOR].number, 8);
  add_text(&sha, text_of(&row[AFT__EV_VERB]));
  add_text(&sha, text_of(&row[AFT__EV_FROM]));
  add_text(&sha, text_of(&row[AFT__EV_TO]));
  add_text(&sha, text_of(&row[AFT__EV_FACTS]));
  bool has = row[AFT__EV_DIGEST].type != AFT_SQL_NULL && row[AFT__EV_DIGEST].size == HASH_SIZE;
  aft__sha256_add(&sha, has ? (const void *)row[AFT__EV_DIGEST].data : zeros, HASH_SIZE);
  aft__sha256_end(&sha, out);
}

static void digest_of(const void *salt, aft_str personal, uint8_t out[HASH_SIZE]) {
  aft__sha256 sha;
  aft__sha256_init(&sha);
  aft__sha256_add(&sha, salt, SALT_SIZE);
  aft__sha256_add(&sha, personal.data, personal.len);
  aft__sha256_end(&sha, out);
}

/* ---- appending ---- */

static aft_status check_event(const aft__event *event, aft_error *error) {
  if (!event->verb.len)
    return aft__error(error, AFT_E_INTERNAL, "event", "an event has no verb");
  if (event->facts.len > MOST_TEXT || event->personal.len > MOST_TEXT)
    return aft__error(error, AFT_E_TOO_LARGE, "event", "the texts of an event are longer than %u bytes",
                      MOST_TEXT);
  return AFT_OK;
}

aft_status aft__event_append(aft__tx *tx, const aft__event *event, aft__chain *chain, aft_id *id,
                             aft_error *error) {
  uint8_t salt[SALT_SIZE], digest[HASH_SIZE], hash[HASH_SIZE];
  AFT__TRY(check_event(event, error));
  aft__value row[AFT__EV_COLUMNS] = {
      [AFT__EV_ID] = aft__int(aft__tx_id(tx)),       [AFT__EV_TENANT] = aft__int(event->tenant),
      [AFT__EV_KIND] = aft__int(event->kind),        [AFT__EV_SUBJECT] = aft__int(event->subject),
      [AFT__EV_SEQ] = aft__int(chain->seq + 1),      [AFT__EV_AT] = aft__int(aft__tx_now(tx)),
      [AFT__EV_ROLE] = aft__int(event->role),        [AFT__EV_ACTOR] = aft__int(event->actor),
      [AFT__EV_VERB] = aft__text(event->verb),       [AFT__EV_FROM] = aft__text_or_null(event->from),
      [AFT__EV_TO] = aft__text_or_null(event->to),   [AFT__EV_FACTS] = aft__text_or_null(event->facts),
      [AFT__EV_HASH] = aft__blob(hash, sizeof hash), [AFT__EV_FEED] = aft__int(0),
  };
  if (event->personal.data) {
    AFT__TRY(aft__random(tx->session->store->env, salt, sizeof salt, error));
    digest_of(salt, event->personal, digest);
    row[AFT__EV_PERSONAL] = event->elsewhere ? aft__null() : aft__text(event->personal);
    row[AFT__EV_SALT] = aft__blob(salt, sizeof salt);
    row[AFT__EV_DIGEST] = aft__blob(digest, sizeof digest);
  }
  hash_row(row, chain->hash, hash);
  aft_status status = aft__insert(tx, &aft__event_table, row, NULL, error);
  if (status == AFT_E_EXISTS)
    return aft__tx_race(tx, "event", error);
  AFT__TRY(status);
  chain->seq++;
  memcpy(chain->hash, hash, sizeof hash);
  if (!tx->proof.table)
    aft__tx_proof(tx, &aft__event_table, row[AFT__EV_ID].number);
  if (id)
    *id = row[AFT__EV_ID].number;
  return AFT_OK;
}

static aft_status last_event(void *user, const aft__value *row, aft_error *error) {
  aft__chain *chain = user;
  (void)error;
  chain->seq = row[AFT__EV_SEQ].number;
  if (row[AFT__EV_HASH].size == sizeof chain->hash)
    memcpy(chain->hash, row[AFT__EV_HASH].data, sizeof chain->hash);
  return AFT_DONE;
}

aft_status aft__event_next(aft__tx *tx, const aft__event *event, aft_error *error) {
  aft__chain chain = {0};
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(event->tenant), aft__int(event->subject)},
                    .descending = true,
                    .limit = 1};
  AFT__TRY(aft__scan_each(tx, &scan, last_event, &chain, error));
  return aft__event_append(tx, event, &chain, NULL, error);
}

/* ---- forgetting ---- */

aft_status aft__event_forget(aft__tx *tx, aft__value *row, bool *forgot, aft_error *error) {
  *forgot = row[AFT__EV_PERSONAL].type != AFT_SQL_NULL || row[AFT__EV_SALT].type != AFT_SQL_NULL;
  row[AFT__EV_PERSONAL] = row[AFT__EV_SALT] = aft__null();
  return *forgot ? aft__update(tx, &aft__event_table, row,
                               UINT64_C(1) << AFT__EV_PERSONAL | UINT64_C(1) << AFT__EV_SALT, error)
                 : AFT_OK;
}

/* ---- verifying ---- */

static aft_status damaged(const aft__value *row, const char *what, aft_error *error) {
  return aft__error(error, AFT_E_CORRUPT, "event", "event %lld of its record does not fit the chain: %s",
                    (long long)row[AFT__EV_SEQ].number, what);
}

static aft_status verify_row(void *user, const aft__value *row, aft_error *error) {
  aft__chain *chain = user;
  uint8_t hash[HASH_SIZE];
  if (row[AFT__EV_SEQ].number != chain->seq + 1)
    return damaged(row, "one before it is missing", error);
  bool personal = row[AFT__EV_PERSONAL].type != AFT_SQL_NULL;
  if (personal && row[AFT__EV_SALT].type == AFT_SQL_NULL)
    return damaged(row, "its salt was erased without its personal text", error);
  if (personal) {
    if (row[AFT__EV_SALT].size != SALT_SIZE || row[AFT__EV_DIGEST].size != HASH_SIZE)
      return damaged(row, "its salt or digest has another length", error);
    digest_of(row[AFT__EV_SALT].data, aft__value_str(&row[AFT__EV_PERSONAL]), hash);
    if (memcmp(hash, row[AFT__EV_DIGEST].data, HASH_SIZE))
      return damaged(row, "its personal text was changed", error);
  }
  if (row[AFT__EV_DIGEST].type != AFT_SQL_NULL && row[AFT__EV_DIGEST].size != HASH_SIZE)
    return damaged(row, "its digest has another length", error);
  hash_row(row, chain->hash, hash);
  if (row[AFT__EV_HASH].size != HASH_SIZE || memcmp(hash, row[AFT__EV_HASH].data, HASH_SIZE))
    return damaged(row, "its hash is another", error);
  chain->seq++;
  memcpy(chain->hash, hash, HASH_SIZE);
  return AFT_OK;
}

aft_status aft__event_verify(aft__tx *tx, aft_id tenant, aft_id subject, aft__chain *chain,
                             aft_error *error) {
  aft__scan scan = {.table = &aft__event_table,
                    .index = AFT__EV_BY_SUBJECT,
                    .n_equal = 2,
                    .equal = {aft__int(tenant), aft__int(subject)}};
  *chain = (aft__chain){0};
  return aft__scan_each(tx, &scan, verify_row, chain, error);
}

#include "invariants.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* ---- rules that are a query: each row that it gives is a breach ---- */

static const struct rule {
  const char *name, *sql;
} rules[] = {
    {"the file is sound", "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'"},
    {"events of a record are numbered without gaps",
     "SELECT subject, count(*), max(seq) FROM aft_event GROUP BY tenant, subject "
     "HAVING min(seq) <> 1 OR max(seq) <> count(*)"},
    {"a ticket knows the length and the end of its chain",
     "SELECT t.id, t.events, e.seq FROM aft_ticket t LEFT JOIN aft_event e ON e.tenant = t.tenant "
     "AND e.subject = t.id AND e.seq = t.events WHERE e.id IS NULL OR e.hash <> t.chain OR EXISTS "
     "(SELECT 1 FROM aft_event f WHERE f.tenant = t.tenant AND f.subject = t.id AND f.seq > t.events)"},
    {"feed numbers have no gaps and no doubles",
     "SELECT h.tenant, h.last, count(e.id) FROM aft_feed_head h LEFT JOIN aft_event e ON e.tenant = h.tenant "
     "AND e.feed > 0 GROUP BY h.id HAVING count(e.id) <> h.last OR count(DISTINCT e.feed) <> h.last "
     "OR ifnull(max(e.feed), 0) <> h.last"},
    {"who has feed numbers has a head of the feed",
     "SELECT e.id FROM aft_event e WHERE e.feed > 0 AND e.tenant NOT IN (SELECT tenant FROM aft_feed_head)"},
    {"effects of a record are numbered without gaps",
     "SELECT subject, count(*), max(seq) FROM aft_outbox GROUP BY tenant, subject "
     "HAVING min(seq) <> 1 OR max(seq) <> count(*)"},
    {"effects of a record leave one at a time and in order",
     "SELECT a.subject, a.seq, a.state, b.seq, b.state FROM aft_outbox a JOIN aft_outbox b ON b.tenant = "
     "a.tenant "
     "AND b.subject = a.subject AND b.seq = a.seq + 1 WHERE (a.state IN (3, 4)) = (b.state = 1)"},
    {"the first effect of a record is not queued", "SELECT id FROM aft_outbox WHERE seq = 1 AND state = 1"},
    {"due rows belong to what lives",
     "SELECT d.id, d.name, d.kind FROM aft_due d WHERE NOT (d.kind = 8 AND d.subject IN (SELECT id FROM "
     "aft_ticket "
     "WHERE open > 0) OR d.kind = 8 AND (d.name LIKE 'incident.%' OR d.name = 'merge.move') OR d.kind = 13 "
     "AND d.subject IN (SELECT id FROM aft_survey WHERE state IN "
     "('scheduled', 'sent')) "
     "OR d.kind NOT IN (8, 13))"},
    {"a survey that is to come has its due row",
     "SELECT s.id FROM aft_survey s WHERE s.state = 'scheduled' AND s.id NOT IN (SELECT subject FROM aft_due "
     "WHERE kind = 13)"},
    {"a deadline that was not tried is the one that its ticket shows",
     "SELECT t.id, d.name, d.due_at FROM aft_due d JOIN aft_ticket t ON t.id = d.subject WHERE d.attempts = "
     "0 AND "
     "(d.name = 'sla:first_response' AND d.due_at IS NOT t.first_response_due OR "
     "d.name = 'sla:next_response' AND d.due_at IS NOT t.next_response_due OR "
     "d.name = 'sla:resolution' AND d.due_at IS NOT t.resolution_due)"},
    {"messages belong to a ticket and a customer",
     "SELECT id FROM aft_message WHERE ticket NOT IN (SELECT id FROM aft_ticket) "
     "OR customer NOT IN (SELECT id FROM aft_customer)"},
    {"tickets belong to a customer and have a message, unless another took their place",
     "SELECT id FROM aft_ticket WHERE customer NOT IN (SELECT id FROM aft_customer) "
     "OR (merged_into IS NULL AND id NOT IN (SELECT ticket FROM aft_message))"},
    {"a ticket counts its followers",
     "SELECT t.id FROM aft_ticket t WHERE coalesce(t.followers, 0) <> "
     "(SELECT count(*) FROM aft_watcher w WHERE w.ticket = t.id AND w.follows = 1)"},
    {"who looks at a ticket has an end",
     "SELECT id FROM aft_watcher WHERE until IS NOT NULL AND id NOT IN (SELECT subject FROM aft_due)"},
    {"a mention stands where its message does",
     "SELECT n.id FROM aft_mention n JOIN aft_message m ON m.id = n.message WHERE n.ticket <> m.ticket"},
    {"a child names its incident, and an incident itself",
     "SELECT c.id FROM aft_child c JOIN aft_ticket t ON t.id = c.ticket JOIN aft_ticket i ON i.id = c.parent "
     "WHERE c.detached = 0 AND (t.parent IS NOT c.parent OR i.parent IS NOT i.id)"},
    {"a child that was told has the answer",
     "SELECT c.id FROM aft_child c WHERE c.outcome = 'told' AND c.message NOT IN (SELECT id FROM "
     "aft_message)"},
    {"a message has the parts that it counts",
     "SELECT m.id, m.parts, count(p.id) FROM aft_message m LEFT JOIN aft_part p ON p.message = m.id "
     "GROUP BY m.id HAVING m.parts <> count(p.id)"},
    {"a message has the revisions that it counts",
     "SELECT m.id, m.version, count(r.id) FROM aft_message m LEFT JOIN aft_revision r ON r.message = m.id "
     "GROUP BY m.id HAVING m.version <> count(r.id) + 1"},
    {"decisions have their owner",
     "SELECT id FROM aft_decision WHERE ticket NOT IN (SELECT id FROM aft_ticket UNION ALL SELECT id FROM "
     "aft_case)"},
    {"parts, revisions and surveys have their owner",
     "SELECT id FROM aft_part WHERE message NOT IN (SELECT id FROM aft_message) UNION ALL "
     "SELECT id FROM aft_revision WHERE message NOT IN (SELECT id FROM aft_message) UNION ALL "
     "SELECT id FROM aft_survey WHERE ticket NOT IN (SELECT id FROM aft_ticket) UNION ALL "
     "SELECT id FROM aft_activation WHERE document NOT IN (SELECT id FROM aft_document)"},
    {"a case knows the length and the end of its chain",
     "SELECT t.id, t.events, e.seq FROM aft_case t LEFT JOIN aft_event e ON e.tenant = t.tenant AND "
     "e.subject "
     "= t.id AND e.seq = t.events WHERE e.id IS NULL OR e.hash <> t.chain OR EXISTS (SELECT 1 FROM aft_event "
     "f WHERE f.tenant = t.tenant AND f.subject = t.id AND f.seq > t.events)"},
    {"units under way are those that cases hold",
     "SELECT l.id FROM aft_line l WHERE l.in_return + l.in_exchange + l.in_repair <> (SELECT "
     "coalesce(sum(c.held - c.taken - c.freed - c.lost), 0) FROM aft_case_line c WHERE c.line = l.id)"},
    {"a payment has planned and given back what its legs say",
     "SELECT p.id, p.planned, p.refunded FROM aft_payment p WHERE p.planned <> (SELECT "
     "coalesce(sum(g.requested), 0) FROM aft_leg g WHERE g.payment = p.id AND g.state IN ('planned', 'sent', "
     "'unknown', 'failed') AND g.id NOT IN (SELECT replaces FROM aft_leg WHERE replaces IS NOT NULL)) OR "
     "p.refunded <> (SELECT coalesce(sum(g.confirmed), 0) FROM aft_leg g WHERE g.payment = p.id)"},
    {"a line has given back at least what its cases gave",
     "SELECT l.id FROM aft_line l WHERE l.refunded < (SELECT coalesce(sum(c.given), 0) FROM aft_case_line c "
     "WHERE c.line = l.id)"},
    {"a case that has ended holds and plans nothing",
     "SELECT c.id FROM aft_case c WHERE c.open = 0 AND (EXISTS (SELECT 1 FROM aft_leg g WHERE g.\"case\" = "
     "c.id AND g.state = 'planned') OR EXISTS (SELECT 1 FROM aft_case_line l WHERE l.\"case\" = c.id AND "
     "l.held <> l.taken + l.freed + l.lost))"},
    {"a case in work that the shop decides has a deadline",
     "SELECT c.id FROM aft_case c WHERE c.open > 0 AND c.authority = 'local' AND c.id NOT IN (SELECT subject "
     "FROM aft_due WHERE kind = 31 AND name = 'state')"},
    {"deadlines of cases belong to what lives",
     "SELECT d.id FROM aft_due d WHERE d.kind = 31 AND d.subject NOT IN (SELECT id FROM aft_case WHERE open "
     "> "
     "0)"},
    {"an outcome names records that are there",
     "SELECT i.id, i.verb FROM aft_idem i WHERE i.verb IN ('ticket.answer', 'message.intake') AND i.result_0 "
     "NOT IN "
     "(SELECT id FROM aft_message)"},
};

/* ---- a connection and what is wrong ---- */

typedef struct check {
  sqlite3 *db;
  char *why;
  size_t size;
} check;

static bool broken(check *c, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(c->why, c->size, format, args);
  va_end(args);
  return false;
}

static sqlite3_stmt *prepare(check *c, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  if (sqlite3_prepare_v2(c->db, sql, -1, &stmt, NULL))
    broken(c, "%s: %s", sql, sqlite3_errmsg(c->db));
  return stmt;
}

static bool ended(check *c, sqlite3_stmt *stmt, int rc) {
  sqlite3_finalize(stmt);
  return rc == SQLITE_DONE || broken(c, "SQLite: %s", sqlite3_errmsg(c->db));
}

/* A store of an earlier version has nothing of which a rule about these could hold. */
static bool is_of_later(check *c, const struct rule *rule) {
  static const char *const later[] = {"aft_case", "aft_leg", "aft_watcher", "aft_mention", "aft_child"};
  sqlite3_stmt *stmt = NULL;
  bool about = false;
  for (size_t i = 0; i < sizeof later / sizeof *later; i++)
    about |= strstr(rule->sql, later[i]) != NULL;
  if (!about)
    return false;
  bool missing = sqlite3_prepare_v2(c->db, "SELECT id FROM aft_case", -1, &stmt, NULL) != SQLITE_OK;
  sqlite3_finalize(stmt);
  return missing;
}

static bool holds(check *c, const struct rule *rule) {
  if (is_of_later(c, rule))
    return true;
  sqlite3_stmt *stmt = prepare(c, rule->sql);
  if (!stmt)
    return false;
  int rc = sqlite3_step(stmt);
  if (rc != SQLITE_ROW)
    return ended(c, stmt, rc);
  size_t n = (size_t)snprintf(c->why, c->size, "not true that %s:", rule->name);
  for (int i = 0; i < sqlite3_column_count(stmt) && n < c->size; i++)
    n += (size_t)snprintf(c->why + n, c->size - n, " %s", (const char *)sqlite3_column_text(stmt, i));
  sqlite3_finalize(stmt);
  return false;
}

/* ---- the chains of hashes, by their description at the head of lib/store/event_log.c ---- */

enum {
  TENANT,
  KIND,
  SUBJECT,
  SEQ,
  AT,
  ROLE,
  ACTOR,
  VERB,
  FROM,
  TO,
  FACTS,
  PERSONAL,
  SALT,
  DIGEST,
  HASH
};

static void add_number(aft__sha256 *sha, int64_t n, int bytes) {
  uint8_t data[8];
  for (int i = 0; i < bytes; i++)
    data[i] = (uint8_t)((uint64_t)n >> 8 * (bytes - 1 - i));
  aft__sha256_add(sha, data, (size_t)bytes);
}

static void add_text(aft__sha256 *sha, sqlite3_stmt *row, int column) {
  bool absent = sqlite3_column_type(row, column) == SQLITE_NULL;
  const void *text = sqlite3_column_blob(row, column);
  int n = sqlite3_column_bytes(row, column);
  add_number(sha, absent ? -1 : n, 4);
  if (n)
    aft__sha256_add(sha, text, (size_t)n);
}

static void hash_of(sqlite3_stmt *row, const uint8_t before[32], uint8_t out[32]) {
  static const uint8_t none[32];
  aft__sha256 sha;
  aft__sha256_init(&sha);
  add_number(&sha, 1, 1);
  aft__sha256_add(&sha, before, 32);
  for (int i = TENANT; i <= ACTOR; i++)
    add_number(&sha, sqlite3_column_int64(row, i), 8);
  for (int i = VERB; i <= FACTS; i++)
    add_text(&sha, row, i);
  const void *digest = sqlite3_column_blob(row, DIGEST);
  aft__sha256_add(&sha, digest ? digest : none, 32);
  aft__sha256_end(&sha, out);
}

static bool digest_fits(sqlite3_stmt *row) {
  uint8_t digest[32];
  aft__sha256 sha;
  if (sqlite3_column_type(row, PERSONAL) == SQLITE_NULL)
    return true;
  if (sqlite3_column_bytes(row, SALT) != 16 || sqlite3_column_bytes(row, DIGEST) != 32)
    return false;
  aft__sha256_init(&sha);
  aft__sha256_add(&sha, sqlite3_column_blob(row, SALT), 16);
  aft__sha256_add(&sha, sqlite3_column_blob(row, PERSONAL), (size_t)sqlite3_column_bytes(row, PERSONAL));
  aft__sha256_end(&sha, digest);
  return memcmp(digest, sqlite3_column_blob(row, DIGEST), 32) == 0;
}

static bool chains_hold(check *c) {
  uint8_t last[32] = {0}, hash[32];
  sqlite3_stmt *row =
      prepare(c,
              "SELECT tenant, kind, subject, seq, happened_at, role, actor, verb, state_from, "
              "state_to, facts, personal, salt, digest, hash FROM aft_event "
              "ORDER BY tenant, subject, seq");
  int rc;
  if (!row)
    return false;
  while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
    if (sqlite3_column_int64(row, SEQ) == 1)
      memset(last, 0, sizeof last);
    hash_of(row, last, hash);
    const void *kept = sqlite3_column_blob(row, HASH);
    if (sqlite3_column_bytes(row, HASH) != 32 || memcmp(kept, hash, 32) || !digest_fits(row)) {
      broken(c, "event %lld of record %lld does not fit its chain", sqlite3_column_int64(row, SEQ),
             sqlite3_column_int64(row, SUBJECT));
      sqlite3_finalize(row);
      return false;
    }
    memcpy(last, hash, sizeof last);
  }
  return ended(c, row, rc);
}

/* ---- ids ---- */

/* One query over all tables of the library but the leases, whose ids belong to nodes. */
static char *all_ids(check *c) {
  char *sql = NULL;
  sqlite3_stmt *tables = prepare(c,
                                 "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'aft_*' "
                                 "AND name NOT IN ('aft_meta', 'aft_lease')");
  while (tables && sqlite3_step(tables) == SQLITE_ROW) {
    char *more = sqlite3_mprintf("%s%sSELECT id FROM \"%w\"", sql ? sql : "", sql ? " UNION ALL " : "",
                                 sqlite3_column_text(tables, 0));
    sqlite3_free(sql);
    sql = more;
  }
  sqlite3_finalize(tables);
  return sql;
}

static bool ids_are_unique(check *c) {
  char *ids = all_ids(c);
  char *sql =
      sqlite3_mprintf("SELECT id, count(*) FROM (%s) GROUP BY id HAVING count(*) > 1", ids ? ids : "");
  struct rule rule = {"an id is given once", sql};
  bool fine = ids && holds(c, &rule);
  sqlite3_free(sql);
  sqlite3_free(ids);
  return fine;
}

/* ---- all ---- */

static bool has_tables(check *c, bool *has) {
  sqlite3_stmt *stmt = prepare(c, "SELECT 1 FROM sqlite_master WHERE name = 'aft_meta'");
  if (!stmt)
    return false;
  int rc = sqlite3_step(stmt);
  *has = rc == SQLITE_ROW;
  return ended(c, stmt, rc == SQLITE_ROW ? SQLITE_DONE : rc);
}

static bool all_hold(check *c) {
  bool has;
  if (!has_tables(c, &has))
    return false;
  if (!has)
    return holds(c, &rules[0]);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    if (!holds(c, &rules[i]))
      return false;
  return chains_hold(c) && ids_are_unique(c);
}

bool invariants_hold_in(sqlite3 *db, char *why, size_t size) {
  return all_hold(&(check){.db = db, .why = why, .size = size});
}

bool invariants_hold(const char *path, char *why, size_t size) {
  check c = {.why = why, .size = size};
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  bool fine = sqlite3_open_v2(path, &c.db, flags, NULL) == SQLITE_OK && !sqlite3_busy_timeout(c.db, 10000) &&
              sqlite3_exec(c.db, "PRAGMA synchronous=OFF; BEGIN", 0, 0, 0) == SQLITE_OK;
  fine = fine ? all_hold(&c) : broken(&c, "%s: %s", path, sqlite3_errmsg(c.db));
  sqlite3_close(c.db);
  return fine;
}

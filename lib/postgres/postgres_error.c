/* The PostgreSQL driver: what errors of the server and of the connection mean to the library. */
#include "postgres/postgres_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* SQLSTATE codes (PostgreSQL's manual, appendix A); one of two letters stands for its whole class and comes
 * after the single ones. No text: PostgreSQL's own is given. */
static const struct meaning {
  const char *state;
  aft_status status;
  const char *text;
} meanings[] = {
    {"40001", AFT_E_CONFLICT, NULL},
    {"40P01", AFT_E_CONFLICT, NULL},
    {"55P03", AFT_E_LOCKED, "another transaction holds a lock that this one waited for"},
    {"55006", AFT_E_LOCKED, NULL},
    {"57014", AFT_E_INTERRUPTED, NULL},
    {"25006", AFT_E_READ_ONLY, NULL},
    {"42501", AFT_E_READ_ONLY, NULL},
    {"25P02", AFT_E_INVALID, "the transaction failed before: it can only be rolled back"},
    {"23505", AFT_E_EXISTS, NULL},
    {"23514", AFT_E_CHECK, NULL},
    {"53100", AFT_E_FULL, "no room was left on the server's disk"},
    {"3F000", AFT_E_STORE, "expected the connection's search_path to name a schema that exists, found none"},
    {"XX001", AFT_E_CORRUPT, NULL},
    {"XX002", AFT_E_CORRUPT, NULL},
    {"25P03", AFT_E_LOST, NULL}, /* idle in a transaction for too long: the server ends the connection */
    {"53300", AFT_E_LOST, NULL},
    {"57P", AFT_E_LOST, NULL}, /* shut down, crashed, not up yet, dropped */
    {"08P01", AFT_E_STORE, NULL},
    {"08", AFT_E_LOST, NULL},
};

aft_status aft__pg_fail(aft_error *error, aft_status status, const char *where, const char *format, ...) {
  if (!error)
    return status;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  size_t end = strlen(error->message);
  if (end == sizeof error->message - 1) {
    while (end && ((unsigned char)error->message[end - 1] & 0xC0) == 0x80)
      end--;
    if (end && (unsigned char)error->message[end - 1] >= 0xC0)
      end--;
    error->message[end] = '\0';
  }
  snprintf(error->where, sizeof error->where, "%s", where);
  error->code = status;
  error->native = 0;
  error->line = error->column = 0;
  return status;
}

aft_status aft__pg_nomem(aft_error *error) {
  return aft__pg_fail(error, AFT_E_NOMEM, "postgresql", "out of memory");
}

static const struct meaning *meaning_of(const char *state) {
  for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
    if (!strncmp(meanings[i].state, state, strlen(meanings[i].state)))
      return &meanings[i];
  return NULL;
}

/* The five characters as one number of base 36. */
static int32_t number_of(const char *state) {
  int32_t number = 0;
  for (int i = 0; i < 5 && state[i]; i++)
    number = number * 36 + (state[i] <= '9' ? state[i] - '0' : state[i] - 'A' + 10);
  return number;
}

static int first_line(const char *text) { return (int)strcspn(text, "\n"); }

/* What libpq reports by itself: its own memory, or else the connection, whether it has noticed the end or
 * not. */
static aft_status lost(const aft__pg *c, aft_error *error) {
  const char *text = PQerrorMessage(c->pg);
  if (!strncmp(text, "out of memory", 13))
    return aft__pg_nomem(error);
  return aft__pg_fail(error, AFT_E_LOST, c->place, "the connection broke: %.*s", first_line(text), text);
}

aft_status aft__pg_error(const aft__pg *c, const PGresult *result, aft_error *error) {
  const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
  if (!state)
    return lost(c, error);
  const struct meaning *m = meaning_of(state);
  aft_status status = m ? m->status : AFT_E_STORE;
  const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (m && m->text)
    aft__pg_fail(error, status, c->place, "%s", m->text);
  else
    aft__pg_fail(error, status, c->place, "PostgreSQL reported %.5s: %s", state,
                 text ? text : "nothing more");
  if (error)
    error->native = number_of(state);
  return status;
}

/* The code in a message of full verbosity, "FATAL:  28P01: password …"; the words are in the server's
 * language. */
static const char *state_in(const char *text) {
  const char *at = strstr(text, ":  ");
  return at && strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[8] == ':' ? at + 3 : NULL;
}

/* libpq keeps no SQLSTATE of a refused connection, but shows it when asked to before: so the server is asked
 * again, unless nobody answered. A second try that succeeds is as good as the first. */
aft_status aft__pg_refused(const aft__pg *c, aft_error *error) {
  const char *state = NULL;
  if (PQconnectionNeedsPassword(c->pg))
    return aft__pg_fail(error, AFT_E_STORE, c->place, "expected a password for this user, found none");
  if (strstr(PQerrorMessage(c->pg), ":  ")) {
    PQsetErrorVerbosity(c->pg, PQERRORS_VERBOSE);
    PQreset(c->pg);
    PQsetErrorVerbosity(c->pg, PQERRORS_DEFAULT);
    if (PQstatus(c->pg) == CONNECTION_OK)
      return AFT_OK;
    state = state_in(PQerrorMessage(c->pg));
  }
  aft_status status = AFT_E_LOST;
  const char *text = state ? state + strlen("28P01: ") : PQerrorMessage(c->pg);
  if (!state)
    aft__pg_fail(error, status, c->place, "no connection could be made: %.*s", first_line(text), text);
  else if (!strncmp(state, "3D000", 5))
    status =
        aft__pg_fail(error, AFT_E_NOT_FOUND, c->place, "there is no such database; it must be created first");
  else if (!strncmp(state, "28P01", 5))
    status = aft__pg_fail(error, AFT_E_STORE, c->place, "the server refused the password of this user");
  else {
    const struct meaning *m = meaning_of(state);
    status = m ? m->status : AFT_E_STORE;
    aft__pg_fail(error, status, c->place, "the server refused the connection: %.*s", first_line(text), text);
  }
  if (error && state)
    error->native = number_of(state);
  return status;
}

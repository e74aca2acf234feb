/* Errors: a status from every call, and details in a struct the caller owns. */
#ifndef AFTERSALES_ERROR_H
#define AFTERSALES_ERROR_H

#include <aftersales/common.h>
#include <aftersales/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What went wrong, where, and what was expected. The caller owns it, and every
 * fallible function accepts NULL in its place. It is written only when a call
 * fails; nothing is allocated for it.
 */
typedef struct aft_error {
  size_t size;       /* sizeof(aft_error); set by AFT_ERROR_INIT */
  aft_status code;   /* the status that the call returned */
  int32_t native;    /* the engine's own code (SQLite extended code, errno), or 0 */
  uint32_t line;     /* place in a policy document, from 1, or 0 */
  uint32_t column;   /* likewise */
  char where[96];    /* field or place: "intake.text", "tickets.yaml:41:7" */
  char message[256]; /* one clear sentence in UTF-8, without personal data */
} aft_error;

/* Every aft_error begins so: aft_error error = AFT_ERROR_INIT; */
#define AFT_ERROR_INIT                        \
  {                                           \
    sizeof(aft_error), 0, 0, 0, 0, {0}, { 0 } \
  }

/*
 * The symbolic name of a status: "AFT_E_NOT_FOUND".
 *
 * status: any number.
 * Returns: static text; "AFT_E_?" for a number that this version does not know.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const char *aft_status_name(aft_status status);

/*
 * What a status means, as a short English phrase.
 *
 * status: any number.
 * Returns: static text.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const char *aft_status_text(aft_status status);

/*
 * Whether running the same call again, unchanged, may succeed: the store was
 * locked, a race was lost, or a connection broke.
 *
 * status: any number.
 * Returns: 1 or 0.
 * Threads: any.
 * Since: 0.1
 */
AFT_API int aft_status_is_transient(aft_status status);

#ifdef __cplusplus
}
#endif

#endif

/* Results: opaque records read by field id, and cursors over many of them. */
#ifndef AFTERSALES_RECORD_H
#define AFTERSALES_RECORD_H

#include <aftersales/common.h>
#include <aftersales/env.h>
#include <aftersales/error.h>
#include <aftersales/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One record as it was read: a copy that does not change. */
typedef struct aft_record aft_record;

/* A list that is read record by record. It holds no transaction open. */
typedef struct aft_cursor aft_cursor;

/* Types of fields: by which getter a field is read. */
#define AFT_TYPE_ID   1u
#define AFT_TYPE_INT  2u
#define AFT_TYPE_FLAG 3u
#define AFT_TYPE_TIME 4u
#define AFT_TYPE_TEXT 5u
#define AFT_TYPE_BLOB 6u

/*
 * The kind of a record.
 *
 * Returns: AFT_KIND_…, 0 for NULL.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API uint32_t aft_record_kind(const aft_record *record);

/*
 * A number, flag or id.
 *
 * field: AFT_<KIND>_<FIELD> of <aftersales/records.h>.
 * Returns: the value; 0 where it is absent. A field of another kind, an unknown
 *   one or one of another type gives 0 and sets the record's status.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API int64_t aft_record_int(aft_record *record, uint32_t field);

/*
 * A time.
 *
 * Returns: milliseconds since 1970 UTC, AFT_TIME_NONE where it is absent; wrong
 *   fields as for aft_record_int.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API aft_time aft_record_time(aft_record *record, uint32_t field);

/*
 * A text, or bytes, closed by NUL.
 *
 * Returns: memory that lives as long as the record; "" where the value is absent
 *   and for wrong fields, which set the record's status.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API const char *aft_record_text(aft_record *record, uint32_t field);

/*
 * The length of a text or of bytes.
 *
 * Returns: bytes, without the closing NUL; 0 where the value is absent and for
 *   wrong fields, which set the record's status.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API size_t aft_record_size(aft_record *record, uint32_t field);

/*
 * Whether a value is absent.
 *
 * Returns: 1 or 0; 1 for wrong fields, which set the record's status.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API int aft_record_is_null(aft_record *record, uint32_t field);

/*
 * What went wrong with reading since the record was made: check once after many getters.
 *
 * Returns: AFT_OK, AFT_E_KIND (a field of another kind), AFT_E_INVALID (an unknown
 *   field or another type) or AFT_E_NULL_HANDLE.
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API aft_status aft_record_status(const aft_record *record);

/*
 * The record as a JSON object: ids and hashes as strings, absent values as null.
 *
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: one at a time.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_record_json(const aft_record *record, aft_buf **out, aft_error *error);

/*
 * Frees a record. NULL is allowed.
 *
 * Threads: one at a time.
 * Since: 0.1
 */
AFT_API void aft_record_free(aft_record *record);

/*
 * The name of a field: "first_response_due".
 *
 * field: AFT_<KIND>_<FIELD>.
 * Returns: static text, NULL for an unknown field.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const char *aft_field_name(uint32_t field);

/*
 * The type of a field.
 *
 * field: AFT_<KIND>_<FIELD>.
 * Returns: AFT_TYPE_…, 0 for an unknown field.
 * Threads: any.
 * Since: 0.1
 */
AFT_API uint32_t aft_field_type(uint32_t field);

/*
 * The fields of a kind, one after the other.
 *
 * kind: AFT_KIND_….
 * index: from 0.
 * Returns: a field id, 0 past the last or for an unknown kind.
 * Threads: any.
 * Since: 0.1
 */
AFT_API uint32_t aft_kind_field(uint32_t kind, uint32_t index);

/*
 * Goes to the next record of a list.
 *
 * out: the record, owned by the cursor and valid until the next call on it.
 * Returns: AFT_OK with a record, AFT_DONE at the end; after that AFT_E_CURSOR_END.
 * Threads: one at a time, with its session.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_CURSOR_END (used up, or its session was closed before the next page),
 *   AFT_E_FORKED, AFT_E_STORE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_cursor_next(aft_cursor *cursor, aft_record **out, aft_error *error);

/*
 * A token from which a later call, in any process, goes on after the record
 * that was read last. Give it to the same list call as `token`.
 *
 * out: receives a buffer that the caller frees with aft_buf_free; safe in URLs.
 * Threads: one at a time.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_INVALID (nothing was read yet), AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_cursor_token(const aft_cursor *cursor, aft_buf **out, aft_error *error);

/*
 * Frees a cursor. NULL is allowed.
 *
 * Threads: one at a time, with its session.
 * Since: 0.1
 */
AFT_API void aft_cursor_free(aft_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif

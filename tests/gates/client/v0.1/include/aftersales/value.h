/* Values: time, time zones, money, ids and the short codes that people see. */
#ifndef AFTERSALES_VALUE_H
#define AFTERSALES_VALUE_H

#include <aftersales/common.h>
#include <aftersales/env.h>
#include <aftersales/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Milliseconds since 1970-01-01 00:00 UTC, without leap seconds. */
typedef int64_t aft_time;

/* A time that is not set. */
#define AFT_TIME_NONE INT64_MIN

/*
 * The id of a record: positive, 63 bits, ordered by time of creation
 * (41 bits of milliseconds since 2024-01-01, 10 of node, 12 of sequence).
 * 0 means none. JSON shows it as a string.
 */
typedef int64_t aft_id;

/* An amount in minor units (fen, cents) of an ISO 4217 currency. */
typedef struct aft_money {
  int64_t minor;
  char currency[4]; /* "CNY", closed by NUL */
  uint32_t reserved0;
} aft_money;

/* A place's clock, by IANA name. Immutable, reference-counted, any thread. */
typedef struct aft_zone aft_zone;

/*
 * Opens a zone from the system's zone files ("Asia/Shanghai"; "UTC" needs no file).
 *
 * env: kept alive by the zone.
 * name, name_len: the IANA name; AFT_NTS allowed.
 * out: receives a reference that the caller owns; release with aft_zone_unref.
 * Threads: any.
 * Errors: AFT_E_ZONE (unknown name or damaged file), AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_zone_open(aft_env *env, const char *name, size_t name_len, aft_zone **out,
                                 aft_error *error);

/*
 * Gives a reference back. NULL is allowed.
 *
 * Threads: any.
 * Since: 0.1
 */
AFT_API void aft_zone_unref(aft_zone *zone);

/*
 * The zone's offset from UTC at a moment.
 *
 * Returns: seconds east of UTC.
 * Threads: any.
 * Since: 0.1
 */
AFT_API int32_t aft_zone_offset(const aft_zone *zone, aft_time at);

/* Bytes that aft_time_iso may write, with the closing NUL. */
#define AFT_TIME_ISO_SIZE 32

/*
 * Writes a time as ISO 8601 with milliseconds: "2026-11-23T09:30:00.000+08:00".
 *
 * at: any time between the years 0 and 9999.
 * zone: NULL for UTC ("…Z").
 * out: AFT_TIME_ISO_SIZE bytes.
 * Threads: any.
 * Errors: AFT_E_INVALID (outside the years).
 * Since: 0.1
 */
AFT_API aft_status aft_time_iso(aft_time at, const aft_zone *zone, char *out, aft_error *error);

/*
 * Reads an ISO 8601 time: date, "T" or a space, time, optional fraction, and
 * "Z" or an offset. A date alone means midnight UTC.
 *
 * text, len: AFT_NTS allowed.
 * Threads: any.
 * Errors: AFT_E_INVALID with the place of the first wrong character.
 * Since: 0.1
 */
AFT_API aft_status aft_time_parse(const char *text, size_t len, aft_time *out, aft_error *error);

/* Bytes that aft_money_format may write, with the closing NUL. */
#define AFT_MONEY_SIZE 48

/*
 * Writes an amount for people: "¥1,299.00", "$12.50", "JP¥1,200", "CHF 5.00".
 *
 * money: the currency must be known to ISO 4217.
 * locale: "zh" or "en" or a tag that begins so; others are shown as "en".
 * out: AFT_MONEY_SIZE bytes.
 * Threads: any.
 * Errors: AFT_E_CURRENCY.
 * Since: 0.1
 */
AFT_API aft_status aft_money_format(const aft_money *money, const char *locale, char *out, aft_error *error);

/*
 * Adds two amounts of one currency.
 *
 * Threads: any.
 * Errors: AFT_E_CURRENCY (they differ), AFT_E_OVERFLOW.
 * Since: 0.1
 */
AFT_API aft_status aft_money_add(const aft_money *a, const aft_money *b, aft_money *out, aft_error *error);

/*
 * Splits an amount into n parts by weights so that the parts sum exactly to it
 * (largest remainder; of equal remainders the earlier part gains).
 *
 * weights: n numbers ≥ 0, not all zero.
 * out: n amounts.
 * Threads: any.
 * Errors: AFT_E_INVALID, AFT_E_OVERFLOW.
 * Since: 0.1
 */
AFT_API aft_status aft_money_split(const aft_money *money, const int64_t *weights, size_t n, aft_money *out,
                                   aft_error *error);

/*
 * The number of digits after the decimal point of a currency: 2 for CNY, 0 for JPY.
 *
 * code: three capital letters.
 * Returns: the exponent, or -1 where the currency is unknown.
 * Threads: any.
 * Since: 0.1
 */
AFT_API int32_t aft_currency_exponent(const char *code);

/* Bytes of a short code with its closing NUL: "T-7K3M-Q2XD". */
#define AFT_CODE_SIZE 12

/*
 * Brings a short code as a person typed it into its one written form: letters
 * in capitals, O read as 0 and I and L as 1, dashes and spaces put right, the
 * check character verified.
 *
 * text, len: AFT_NTS allowed.
 * out: AFT_CODE_SIZE bytes.
 * Threads: any.
 * Errors: AFT_E_INVALID (not a code, or the check character is wrong).
 * Since: 0.1
 */
AFT_API aft_status aft_code_parse(const char *text, size_t len, char *out, aft_error *error);

/*
 * When the record with this id was made.
 *
 * id: any id of this library.
 * Returns: the time, to the millisecond, or AFT_TIME_NONE for 0 or a negative id.
 * Threads: any.
 * Since: 0.1
 */
AFT_API aft_time aft_id_time(aft_id id);

#ifdef __cplusplus
}
#endif

#endif

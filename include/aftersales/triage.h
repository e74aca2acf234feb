/* What a message is about, without a store: its category, tone and act, what it states, and why. */
#ifndef AFTERSALES_TRIAGE_H
#define AFTERSALES_TRIAGE_H

#include <aftersales/common.h>
#include <aftersales/env.h>
#include <aftersales/error.h>
#include <aftersales/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a model says of a category. */
typedef struct aft_triage_score {
  size_t size;
  aft_str category; /* one that the policy lacks is passed over */
  int64_t ppm;      /* its probability in millionths: 0 to 1000000 */
} aft_triage_score;

/* A message in its conversation. All but the text may be left out. */
typedef struct aft_triage_in {
  size_t size;
  aft_str text;
  const aft_str *earlier; /* what the same customer said shortly before, the oldest first; up to 64 */
  size_t n_earlier;
  aft_str desk;        /* what the desk said last: an answer to its question is told from other messages */
  aft_str label;       /* the customer's own choice of category */
  aft_str order_state; /* the host's own word for where the order stands: "paid", "shipped" */
  aft_str case_state;  /* likewise of an open return, exchange or repair */
  aft_str channel;     /* "wechat", "email" … */
  aft_str tier;        /* the customer's: "vip" */
  aft_str language;    /* of the text; told from it where not given */
  aft_str currency;    /* of the order, ISO 4217: what "$" and "¥" mean */
  const aft_str *products; /* names of what was ordered; up to 64 */
  size_t n_products;
  const aft_triage_score *scores; /* a model's probabilities; up to 1024 */
  size_t n_scores;
  uint32_t has_order;    /* 1: an order is known */
  uint32_t asked;        /* 1: what the desk said last was a question, whatever it was */
  uint32_t model_weight; /* as learnt from labels, permille up to 10000; both 0: the policy's */
  uint32_t rule_weight;  /* likewise */
} aft_triage_in;

/* What was found. Immutable. */
typedef struct aft_triage aft_triage;

/*
 * Texts of a result, for aft_triage_text. The numbers never change. The act is
 * "request", "question", "answer" (to what the desk asked), "acknowledgement",
 * "greeting", "human" (asks for a person) or "closing".
 */
#define AFT_TRIAGE_CATEGORY  1u  /* a category of the policy; "other" where it is unsure */
#define AFT_TRIAGE_GUESS     2u  /* the best category even then */
#define AFT_TRIAGE_TOPIC     3u  /* below the category, or "" */
#define AFT_TRIAGE_RUNNER_UP 4u  /* the category next to the guess, or "" */
#define AFT_TRIAGE_TONE      5u  /* "negative", "neutral" or "positive" */
#define AFT_TRIAGE_ACT       6u  /* what the last turn does, see above */
#define AFT_TRIAGE_COMPLAINT 7u  /* "none", "service", "regulator" (or the law) or "media" */
#define AFT_TRIAGE_LANGUAGE  8u  /* as aft_text_language tells it */
#define AFT_TRIAGE_LABEL     9u  /* the customer's own label, or "" */
#define AFT_TRIAGE_PRIORITY  10u /* a level of the policy */
#define AFT_TRIAGE_QUEUE     11u /* a queue of the policy, or "" */

/* Numbers of a result, for aft_triage_number. They never change. */
#define AFT_TRIAGE_CONFIDENCE           101u /* of the guess: 0 to 1000 */
#define AFT_TRIAGE_RUNNER_UP_CONFIDENCE 102u /* likewise */
#define AFT_TRIAGE_UNSURE               103u /* 1: a person should decide the category */
#define AFT_TRIAGE_TONE_STRENGTH        104u /* -1000 furious to 1000 delighted */
#define AFT_TRIAGE_QUESTION             105u /* 1: asks something */
#define AFT_TRIAGE_URGENT               106u /* 1: says that it is urgent */
#define AFT_TRIAGE_CHASER               107u /* 1: asks again */
#define AFT_TRIAGE_HUMAN                108u /* 1: asks for a person */
#define AFT_TRIAGE_AGREEMENT            109u /* of the label with the guess: 1, -1, or 0 without a label */
#define AFT_TRIAGE_POINTS               110u /* of rules and label, for the guess */
#define AFT_TRIAGE_TURNS                111u /* earlier ones that were read too */
#define AFT_TRIAGE_PRIORITY_POINTS      112u /* what the rules of priority add up to */

/* Kinds of what a message states. */
#define AFT_STATED_ORDER   1u
#define AFT_STATED_WAYBILL 2u
#define AFT_STATED_AMOUNT  3u
#define AFT_STATED_PRODUCT 4u

/* Of what a message states, for aft_triage_stated_text. */
#define AFT_STATED_VALUE    201u /* "SF1234567890123", "12.50", "保温杯" */
#define AFT_STATED_CURRENCY 202u /* of an amount: "CNY"; otherwise "" */
#define AFT_STATED_CARRIER  203u /* of a parcel number whose form tells it: "sf"; otherwise "" */

/* Of what a message states, for aft_triage_stated_number. */
#define AFT_STATED_KIND  301u /* AFT_STATED_ORDER … */
#define AFT_STATED_BEGIN 302u /* first byte in the text that was given */
#define AFT_STATED_END   303u /* behind its last byte */
#define AFT_STATED_MINOR 304u /* of an amount, in minor units of its currency */

/*
 * Reads a message with the rules and words of a policy, weighs in what a model
 * says where that is given, and takes the policy's decisions on it. No store is
 * needed, and none is changed; aft_intake does the same by itself. In a language
 * that the policy's words do not cover, and without a model, it is unsure.
 *
 * policy: kept alive by the result.
 * in: its texts are read during the call alone.
 * out: receives the result, which the caller frees with aft_triage_free.
 * Threads: any.
 * Errors: AFT_E_ENCODING, AFT_E_NUL_BYTE, AFT_E_TOO_LARGE (a text above the environment's `text_bytes`, a
 *   name above 255 bytes, too many of something), AFT_E_INVALID (a probability or weight out of range),
 *   AFT_E_ABI, AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_triage_run(const aft_policy *policy, const aft_triage_in *in, aft_triage **out,
                                  aft_error *error);

/*
 * A text of the result.
 *
 * field: AFT_TRIAGE_CATEGORY … AFT_TRIAGE_QUEUE.
 * Returns: text owned by the result; "" for NULL and for an unknown field.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const char *aft_triage_text(const aft_triage *triage, uint32_t field);

/*
 * A number of the result.
 *
 * field: AFT_TRIAGE_CONFIDENCE … AFT_TRIAGE_PRIORITY_POINTS.
 * Returns: the number; 0 for NULL and for an unknown field.
 * Threads: any.
 * Since: 0.1
 */
AFT_API int64_t aft_triage_number(const aft_triage *triage, uint32_t field);

/*
 * How many numbers, amounts and products the message states: at most 16.
 *
 * Returns: the count; 0 for NULL.
 * Threads: any.
 * Since: 0.1
 */
AFT_API size_t aft_triage_stated_count(const aft_triage *triage);

/*
 * A text of one of them.
 *
 * index: from 0.
 * field: AFT_STATED_VALUE, AFT_STATED_CURRENCY or AFT_STATED_CARRIER.
 * Returns: text owned by the result; "" for NULL, past the last and for an unknown field.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const char *aft_triage_stated_text(const aft_triage *triage, size_t index, uint32_t field);

/*
 * A number of one of them.
 *
 * index: from 0.
 * field: AFT_STATED_KIND, AFT_STATED_BEGIN, AFT_STATED_END or AFT_STATED_MINOR.
 * Returns: the number; 0 for NULL, past the last and for an unknown field.
 * Threads: any.
 * Since: 0.1
 */
AFT_API int64_t aft_triage_stated_number(const aft_triage *triage, size_t index, uint32_t field);

/*
 * What the policy suggests to do, one after the other: "faq", "review_invitation", "skilled".
 *
 * index: from 0.
 * Returns: name owned by the result; NULL past the last.
 * Threads: any.
 * Since: 0.1
 */
AFT_API const char *aft_triage_suggestion(const aft_triage *triage, size_t index);

/*
 * Why it was decided so, as sentences, one a line: the words that weighed most,
 * with the rules and lexicons they stand in, what the label and a model did, and
 * the priority. Of numbers that the message states the last four characters are
 * shown, so that reasons may be kept.
 *
 * locale: "zh", "en" or a tag that begins so; NULL and others: "en"; closed by NUL.
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_triage_explain(const aft_triage *triage, const char *locale, aft_buf **out,
                                      aft_error *error);

/*
 * The result as a JSON object, without its reasons.
 *
 * out: receives a buffer that the caller frees with aft_buf_free.
 * Threads: any.
 * Errors: AFT_E_NULL_HANDLE, AFT_E_NOMEM.
 * Since: 0.1
 */
AFT_API aft_status aft_triage_json(const aft_triage *triage, aft_buf **out, aft_error *error);

/*
 * Frees a result. NULL is allowed.
 *
 * Threads: any.
 * Since: 0.1
 */
AFT_API void aft_triage_free(aft_triage *triage);

#ifdef __cplusplus
}
#endif

#endif

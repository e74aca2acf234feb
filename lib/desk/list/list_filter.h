/* Between the lists of tickets, customers and orders: filters, as far as they are alike. */
#ifndef AFT_DESK_LIST_FILTER_H
#define AFT_DESK_LIST_FILTER_H

#include "desk/list/list_priv.h"

/* The members that every filter has. */
typedef struct aft__label_filter {
  aft_str tag, attribute, text, from, to;
  const int64_t *least, *most;
  uint32_t reverse;
  aft_str token;
} aft__label_filter;

aft_status aft__label_filter_check(aft__label_filter *labels, aft_error *error);

/* A pick with room for copies of these texts. */
aft_status aft__pick_new(aft_env *env, const aft__listed *listed, const aft__label_filter *labels,
                         const aft_str *texts, size_t n, aft__pick **out, aft_error *error);

/* In the command: forgets an attempt before, then takes over shops, tag and attribute. */
aft_status aft__pick_begin(aft__cmd *cmd, aft__pick *pick, const aft__label_filter *labels, aft_error *error);
/* Buyers ask for little: more says that the filter has what is not for them. */
aft_status aft__pick_denied(aft__cmd *cmd, const aft__label_filter *labels, bool more, aft_error *error);
/* A value of a column; 0 and empty texts ask for nothing. */
void aft__pick_want_number(aft__pick *pick, uint32_t column, int64_t number);
void aft__pick_want_zero(aft__pick *pick, uint32_t column);
void aft__pick_want_null(aft__pick *pick, uint32_t column);
void aft__pick_want_text(aft__pick *pick, uint32_t column, aft_str text);

/* Runs the command, which fills the pick in, and opens the cursor; takes the pick over, also on failure. */
aft_status aft__pick_list(aft_session *session, const aft_call *call, const aft__command *command,
                          uint32_t kind, aft__pick *pick, void *in, aft_str token, aft_cursor **out,
                          aft_error *error);

#endif

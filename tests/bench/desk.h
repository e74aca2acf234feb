/* A desk to measure: a tenant with a shop and an agent, and the messages that its customers write. */
#ifndef BENCH_DESK_H
#define BENCH_DESK_H

#include <aftersales.h>

typedef struct bench_desk {
  aft_env *env;
  aft_store *store;
  aft_session *session;
  aft_id shop;
  aft_call system, agent;
} bench_desk;

/* Makes or opens a desk; alloc and driver may be NULL. 0 on success, with a word on stderr otherwise. */
int bench_desk_open(bench_desk *d, const char *dsn, const aft_sql_driver *driver, const aft_alloc *alloc);
void bench_desk_close(bench_desk *d);

/* The text of message i: complaints, questions and thanks in Chinese and English. */
const char *bench_text(size_t i);

/* Customer i writes message j: with their first one they are not known yet. */
aft_status bench_say(bench_desk *d, size_t customer, size_t message, aft_id *ticket);
aft_status bench_answer(bench_desk *d, aft_id ticket);
aft_status bench_resolve(bench_desk *d, aft_id ticket);

/* Order i of one cup, and a request to return it that waits for the shop. */
aft_status bench_file(bench_desk *d, size_t order, aft_id *filed);
aft_status bench_approve(bench_desk *d, aft_id filed);

#endif

/* Private to lib/text: the compiled block that the matcher's builder writes and its scan reads. */
#ifndef AFT_MATCHER_PRIV_H
#define AFT_MATCHER_PRIV_H

#include "text/text.h"

/*
 * The block: header, then two arrays of one word a cell, the ranks, the ends and
 * the outputs.
 *
 *   step[cell]  base of the cell's state << 9 | AFT__STEP_OUT | byte that leads here
 *   fail[cell]  failure state << 8 | length of the state's text
 *   rank[i]     how many cells before the cell RANK_CELLS x i have AFT__STEP_OUT
 *   end[i]      the first output, from 1, of the cell that is the i-th with AFT__STEP_OUT
 *
 * From state s the byte c leads to t = base(s) ^ c, if step[t] has the byte c. No
 * two states share a base, so the byte alone proves the edge. Bases whose low
 * byte is 0 and the base 1 are never given to states with edges: empty cells and
 * states without edges use them and thus match nothing. Cells come in blocks of
 * 256, so base ^ c stays inside whenever base does. State 0 is the root.
 */
#define AFT__MATCHER_MAGIC     0x324D4641u /* "AFM2" */
#define AFT__MATCHER_CELLS     (UINT32_C(1) << 23)
#define AFT__MATCHER_NO_EDGES  1u
#define AFT__STEP_OUT          0x100u
#define AFT__STEP_BYTE         0xFFu
#define AFT__STEP_BASE(step)   ((step) >> 9)
#define AFT__RANK_CELLS        32u
#define AFT__FAIL_STATE(fail)  ((fail) >> 8)
#define AFT__FAIL_LENGTH(fail) ((fail)&0xFFu)

typedef struct aft__matcher_head {
  uint32_t magic;
  uint32_t bytes; /* of the whole block, a multiple of 8 */
  uint32_t cells;
  uint32_t outputs;
  uint32_t patterns;
  uint32_t states;
  uint32_t ends;
  uint32_t reserved0;
} aft__matcher_head;

/* Patterns that end at a state: its own, then those of the failure states. next
 * is less than the output's own number, so the chain ends. */
typedef struct aft__matcher_output {
  uint32_t id;
  uint32_t info; /* next << 9 | AFT__OUTPUT_WORD | length in bytes */
} aft__matcher_output;

#define AFT__OUTPUT_WORD         0x100u /* the pattern has AFT__MATCH_WORD */
#define AFT__OUTPUT_NEXT(info)   ((info) >> 9)
#define AFT__OUTPUT_LENGTH(info) ((info)&0xFFu)

#endif

/* Private to lib/text: the compiled block that the matcher's builder writes and its scan reads. */
#ifndef AFT_MATCHER_PRIV_H
#define AFT_MATCHER_PRIV_H

#include "text/text.h"

/*
 * The block: a head, and behind it the nodes of a trie of the patterns read from
 * their ends, in which a run of bytes without a branch is one label (Morrison
 * 1968, PATRICIA). From every place of a text the scan goes back along it, so no
 * failure links are needed. A second trie has the patterns without AFT__MATCH_WORD
 * alone, which is all that may end between two letters. The nodes of both are
 * bytes, breadth first, without gaps:
 *
 *   flags                width of the offsets of the children, 0 without any;
 *                        AFT__NODE_MAP; number of outputs; length of the label
 *   label length         where the flags have no room for it
 *   label                bytes before those that led here, in the order of the text
 *   children - 1         where there are some; then
 *     3 bytes            place of the first child in the block
 *     1 each, or 32      the bytes that lead to them in rising order, or a bit for each
 *     width each         how far behind the first child the others lie
 *   number of outputs    where the flags have no room for it
 *   outputs              id and AFT__OUTPUT_WORD
 *
 * Numbers of a fixed width have their low byte first, bits are four native words of
 * 64; the last two are groups of 7 bits, the low one first, with 0x80 in all but the
 * last.
 */
#define AFT__MATCHER_MAGIC 0x334D4641u /* "AFM3" */
#define AFT__MATCHER_MOST  (UINT32_C(1) << 24)

#define AFT__NODE_WIDTH(flags)   ((flags)&3u)
#define AFT__NODE_MAP            4u
#define AFT__NODE_OUTPUTS(flags) ((flags) >> 3 & 3u)
#define AFT__NODE_LABEL(flags)   ((flags) >> 5)
#define AFT__NODE_MANY_OUTPUTS   3u
#define AFT__NODE_LONG_LABEL     7u
#define AFT__NODE_LIST_MOST      12u /* children; more have a map */
#define AFT__OUTPUT_WORD         1u  /* below the id: the pattern has AFT__MATCH_WORD */

typedef struct aft__matcher_head {
  uint32_t magic;
  uint32_t bytes; /* of the whole block, a multiple of 8 */
  uint32_t end;   /* of the last node */
  uint32_t patterns;
  uint32_t characters; /* every pattern is of whole characters */
  uint32_t reserved0;
  uint32_t root[2][256]; /* of both tries, by last byte: place of the node, or 0 */
} aft__matcher_head;

#endif

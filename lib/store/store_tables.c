/* The tables that the store keeps for its services. */
#include "store/term_index_priv.h"

#define INT(name) \
  { name, AFT_SQL_INT, 1, 1 }
#define INT_NULL(name) \
  { name, AFT_SQL_INT, 0, 1 }
#define TEXT(name) \
  { name, AFT_SQL_TEXT, 1, 1 }
#define TEXT_NULL(name) \
  { name, AFT_SQL_TEXT, 0, 1 }
#define BLOB(name) \
  { name, AFT_SQL_BLOB, 1, 1 }
#define BLOB_NULL(name) \
  { name, AFT_SQL_BLOB, 0, 1 }
#define TABLE_SINCE(since, name, columns, indexes) \
  { name, columns, indexes, NULL, AFT__COUNT(columns), AFT__COUNT(indexes), 0, since }
#define TABLE(name, columns, indexes) TABLE_SINCE(1, name, columns, indexes)

static const aft__column event_columns[AFT__EV_COLUMNS] = {
    [AFT__EV_ID] = INT("id"),
    [AFT__EV_REV] = INT("rev"),
    [AFT__EV_TENANT] = INT("tenant"),
    [AFT__EV_KIND] = INT("kind"),
    [AFT__EV_SUBJECT] = INT("subject"),
    [AFT__EV_SEQ] = INT("seq"),
    [AFT__EV_AT] = INT("happened_at"),
    [AFT__EV_ROLE] = INT("role"),
    [AFT__EV_ACTOR] = INT("actor"),
    [AFT__EV_VERB] = TEXT("verb"),
    [AFT__EV_FROM] = TEXT_NULL("state_from"),
    [AFT__EV_TO] = TEXT_NULL("state_to"),
    [AFT__EV_FACTS] = TEXT_NULL("facts"),
    [AFT__EV_PERSONAL] = TEXT_NULL("personal"),
    [AFT__EV_SALT] = BLOB_NULL("salt"),
    [AFT__EV_DIGEST] = BLOB_NULL("digest"),
    [AFT__EV_HASH] = BLOB("hash"),
    [AFT__EV_FEED] = INT("feed"),
};
static const aft__index event_indexes[] = {
    [AFT__EV_BY_SUBJECT] = {"subject", 1, 3, {AFT__EV_TENANT, AFT__EV_SUBJECT, AFT__EV_SEQ}, 0, 1},
    [AFT__EV_BY_FEED] = {"feed", 0, 2, {AFT__EV_TENANT, AFT__EV_FEED}, 0, 1},
    [AFT__EV_PENDING] = {"pending", 0, 1, {AFT__EV_FEED}, 1 + AFT__EV_FEED, 1},
};
const aft__table aft__event_table = TABLE("event", event_columns, event_indexes);

static const aft__column feed_head_columns[AFT__FH_COLUMNS] = {
    [AFT__FH_ID] = INT("id"),
    [AFT__FH_REV] = INT("rev"),
    [AFT__FH_TENANT] = INT("tenant"),
    [AFT__FH_LAST] = INT("last"),
};
static const aft__index feed_head_indexes[] = {
    [AFT__FH_BY_TENANT] = {"tenant", 1, 1, {AFT__FH_TENANT}, 0, 1},
};
const aft__table aft__feed_head_table = TABLE("feed_head", feed_head_columns, feed_head_indexes);

static const aft__column outbox_columns[AFT__OB_COLUMNS] = {
    [AFT__OB_ID] = INT("id"),
    [AFT__OB_REV] = INT("rev"),
    [AFT__OB_TENANT] = INT("tenant"),
    [AFT__OB_SUBJECT] = INT("subject"),
    [AFT__OB_TOPIC] = TEXT("topic"),
    [AFT__OB_PAYLOAD] = TEXT_NULL("payload"),
    [AFT__OB_REDELIVERY] = INT("redelivery"),
    [AFT__OB_STATE] = INT("state"),
    [AFT__OB_AT] = INT("due_at"),
    [AFT__OB_ATTEMPTS] = INT("attempts"),
    [AFT__OB_FENCE] = INT("fence"),
    [AFT__OB_ERROR] = TEXT_NULL("error"),
    [AFT__OB_CREATED] = INT("created_at"),
    [AFT__OB_SEQ] = INT("seq"),
};
static const aft__index outbox_indexes[] = {
    [AFT__OB_BY_STATE] = {"state", 0, 2, {AFT__OB_STATE, AFT__OB_AT}, 0, 1},
    [AFT__OB_BY_SUBJECT] = {"subject", 1, 3, {AFT__OB_TENANT, AFT__OB_SUBJECT, AFT__OB_SEQ}, 0, 1},
    [AFT__OB_SETTLED] = {"settled", 0, 3, {AFT__OB_TENANT, AFT__OB_STATE, AFT__OB_AT}, 0, 2},
};
const aft__table aft__outbox_table = TABLE("outbox", outbox_columns, outbox_indexes);

static const aft__column due_columns[AFT__DU_COLUMNS] = {
    [AFT__DU_ID] = INT("id"),
    [AFT__DU_REV] = INT("rev"),
    [AFT__DU_TENANT] = INT("tenant"),
    [AFT__DU_KIND] = INT("kind"),
    [AFT__DU_SUBJECT] = INT("subject"),
    [AFT__DU_NAME] = TEXT("name"),
    [AFT__DU_STATE] = INT("state"),
    [AFT__DU_AT] = INT("due_at"),
    [AFT__DU_ATTEMPTS] = INT("attempts"),
    [AFT__DU_ERROR] = TEXT_NULL("error"),
};
static const aft__index due_indexes[] = {
    [AFT__DU_BY_NAME] = {"name", 1, 2, {AFT__DU_SUBJECT, AFT__DU_NAME}, 0, 1},
    [AFT__DU_BY_STATE] = {"state", 0, 2, {AFT__DU_STATE, AFT__DU_AT}, 0, 1},
};
const aft__table aft__due_table = TABLE("due", due_columns, due_indexes);

static const aft__column lease_columns[AFT__LE_COLUMNS] = {
    [AFT__LE_ID] = INT("id"),          [AFT__LE_REV] = INT("rev"),     [AFT__LE_NAME] = TEXT("name"),
    [AFT__LE_OWNER] = TEXT("owner"),   [AFT__LE_FENCE] = INT("fence"), [AFT__LE_UNTIL] = INT("held_until"),
    [AFT__LE_LAST] = INT_NULL("last"),
};
static const aft__index lease_indexes[] = {
    [AFT__LE_BY_NAME] = {"name", 1, 1, {AFT__LE_NAME}, 0, 1},
};
const aft__table aft__lease_table = TABLE("lease", lease_columns, lease_indexes);

static const aft__column idem_columns[AFT__ID_COLUMNS] = {
    [AFT__ID_ID] = INT("id"),
    [AFT__ID_REV] = INT("rev"),
    [AFT__ID_TENANT] = INT("tenant"),
    [AFT__ID_ROLE] = INT("role"),
    [AFT__ID_ACTOR] = INT("actor"),
    [AFT__ID_VERB] = TEXT("verb"),
    [AFT__ID_KEY] = TEXT("idem_key"),
    [AFT__ID_DIGEST] = BLOB("digest"),
    [AFT__ID_STATUS] = INT("status"),
    [AFT__ID_FIRST] = INT("result_0"),
    [AFT__ID_FIRST + 1] = INT("result_1"),
    [AFT__ID_FIRST + 2] = INT("result_2"),
    [AFT__ID_FIRST + 3] = INT("result_3"),
};
_Static_assert(AFT__MOST_OUTCOMES == 4, "one column for each outcome");
static const aft__index idem_indexes[] = {
    [AFT__ID_BY_KEY] =
        {"key", 1, 5, {AFT__ID_TENANT, AFT__ID_ROLE, AFT__ID_ACTOR, AFT__ID_VERB, AFT__ID_KEY}, 0, 1},
    [AFT__ID_BY_TENANT] = {"tenant", 0, 1, {AFT__ID_TENANT}, 0, 2},
};
const aft__table aft__idem_table = TABLE("idem", idem_columns, idem_indexes);

static const aft__column meta_columns[AFT__ME_COLUMNS] = {
    [AFT__ME_ID] = INT("id"),
    [AFT__ME_REV] = INT("rev"),
    [AFT__ME_NAME] = TEXT("name"),
    [AFT__ME_NUMBER] = INT("number"),
};
static const aft__index meta_indexes[] = {
    [AFT__ME_BY_NAME] = {"name", 1, 1, {AFT__ME_NAME}, 0, 1},
};
const aft__table aft__meta_table = TABLE("value", meta_columns, meta_indexes);

static const aft__column term_head_columns[AFT__TH_COLUMNS] = {
    [AFT__TH_ID] = INT("id"),       [AFT__TH_REV] = INT("rev"),         [AFT__TH_TENANT] = INT("tenant"),
    [AFT__TH_SPACE] = INT("space"), [AFT__TH_COVERED] = INT("covered"), [AFT__TH_FORMAT] = INT("format"),
};
static const aft__index term_head_indexes[] = {
    [AFT__TH_BY_SPACE] = {"space", 1, 2, {AFT__TH_SPACE, AFT__TH_TENANT}, 0, 2},
};
const aft__table aft__term_head_table = TABLE_SINCE(2, "term_head", term_head_columns, term_head_indexes);

static const aft__column term_segment_columns[AFT__TS_COLUMNS] = {
    [AFT__TS_ID] = INT("id"),
    [AFT__TS_REV] = INT("rev"),
    [AFT__TS_TENANT] = INT("tenant"),
    [AFT__TS_SPACE] = INT("space"),
    [AFT__TS_LEVEL] = INT("level"),
    [AFT__TS_STATE] = INT("state"),
    [AFT__TS_CHANGED] = INT("changed_at"),
    [AFT__TS_INTO] = INT("merged_into"),
    [AFT__TS_REACHED] = BLOB_NULL("reached"),
};
static const aft__index term_segment_indexes[] = {
    [AFT__TS_BY_SPACE] = {"space", 0, 2, {AFT__TS_TENANT, AFT__TS_SPACE}, 0, 2},
    [AFT__TS_BY_STATE] = {"state", 0, 2, {AFT__TS_STATE, AFT__TS_CHANGED}, 0, 2},
    [AFT__TS_BY_INTO] = {"merged_into", 0, 1, {AFT__TS_INTO}, 0, 2},
};
const aft__table aft__term_segment_table =
    TABLE_SINCE(2, "term_segment", term_segment_columns, term_segment_indexes);

static const aft__column term_block_columns[AFT__TB_COLUMNS] = {
    [AFT__TB_ID] = INT("id"),          [AFT__TB_REV] = INT("rev"),    [AFT__TB_SEGMENT] = INT("segment"),
    [AFT__TB_KEY] = BLOB("first_key"), [AFT__TB_DATA] = BLOB("data"),
};
static const aft__index term_block_indexes[] = {
    [AFT__TB_BY_KEY] = {"first_key", 1, 2, {AFT__TB_SEGMENT, AFT__TB_KEY}, 0, 2},
};
const aft__table aft__term_block_table = TABLE_SINCE(2, "term_block", term_block_columns, term_block_indexes);

const aft__table *const aft__store_tables[] = {
    &aft__event_table,        &aft__feed_head_table,  &aft__outbox_table, &aft__due_table,
    &aft__lease_table,        &aft__idem_table,       &aft__meta_table,   &aft__term_head_table,
    &aft__term_segment_table, &aft__term_block_table,
};
const uint32_t aft__store_table_count = AFT__COUNT(aft__store_tables);

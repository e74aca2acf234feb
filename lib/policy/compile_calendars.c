/* Compiling calendars: hours of the week, holidays, and days that are worked in their place. */
#include "policy/policy_priv.h"

#include <stdlib.h>

#define MOST_RANGE 366 /* days of one holiday */

typedef struct week_key {
  const char *name;
  uint8_t first, last; /* 0 is Monday */
} week_key;

/* Where several speak of a day, the later of this list does. */
static const week_key week_keys[] = {{"daily", 0, 6}, {"mon-fri", 0, 4}, {"mon-sat", 0, 5}, {"sat-sun", 5, 6},
                                     {"mon", 0, 0},   {"tue", 1, 1},     {"wed", 2, 2},     {"thu", 3, 3},
                                     {"fri", 4, 4},   {"sat", 5, 5},     {"sun", 6, 6}};

static void fault_text(aft__compile *cx, const aft__node *node, const char *expected) {
  aft__fault_node(cx->faults, AFT_E_POLICY, node, "expected %s, found '%.*s'", expected,
                  (int)aft__utf8_cut(node->text, 60), node->text.data ? node->text.data : "");
}

/* ---- hours ---- */

bool aft__clock_parse(const char *p, uint16_t *minute) {
  for (int i = 0; i < 5; i++)
    if (i == 2 ? p[i] != ':' : p[i] < '0' || p[i] > '9')
      return false;
  uint32_t hour = (uint32_t)(p[0] - '0') * 10 + (uint32_t)(p[1] - '0');
  uint32_t rest = (uint32_t)(p[3] - '0') * 10 + (uint32_t)(p[4] - '0');
  *minute = (uint16_t)(hour * 60 + rest);
  return rest < 60 && *minute <= 1440;
}

static bool hours_at(aft_str text, aft__hours *out) {
  return text.len == 11 && text.data[5] == '-' && aft__clock_parse(text.data, &out->from) &&
         aft__clock_parse(text.data + 6, &out->to) && out->from < out->to;
}

static int by_start(const void *a, const void *b) {
  return ((const aft__hours *)a)->from - ((const aft__hours *)b)->from;
}

/* A day without hours is closed. */
static aft__hours_of compile_hours(aft__compile *cx, const aft__node *list) {
  aft__hours_of made = {aft__compile_count(cx, AFT__SECTION_HOURS), 0};
  for (uint32_t i = 0; list->kind == AFT__NODE_LIST && i < list->count; i++) {
    aft__hours hours;
    if (!hours_at(list->items[i].value->text, &hours)) {
      fault_text(cx, list->items[i].value, "hours of one day such as 09:00-12:00");
      continue;
    }
    aft__compile_add(cx, AFT__SECTION_HOURS, &hours);
    made.count++;
  }
  aft__hours *all = (aft__hours *)(void *)cx->section[AFT__SECTION_HOURS].data;
  if (made.count < 2 || !all)
    return made;
  qsort(all + made.first, made.count, sizeof *all, by_start);
  for (uint32_t i = made.first + 1; i < made.first + made.count; i++)
    if (all[i].from < all[i - 1].to)
      aft__fault_node(cx->faults, AFT_E_POLICY, list, "the hours from %02d:%02d and from %02d:%02d overlap",
                      all[i - 1].from / 60, all[i - 1].from % 60, all[i].from / 60, all[i].from % 60);
  return made;
}

static void check_keys(aft__compile *cx, const aft__node *hours) {
  for (uint32_t i = 0; i < hours->count; i++) {
    bool known = false;
    for (size_t k = 0; k < AFT__COUNT(week_keys); k++)
      known |= aft__str_eq(hours->items[i].key, aft__cstr(week_keys[k].name));
    if (!known)
      aft__fault_key(cx->faults, AFT_E_POLICY_KEY, &hours->items[i],
                     "expected daily, mon-fri, mon-sat, sat-sun or a day such as mon, found '%.*s'",
                     (int)aft__utf8_cut(hours->items[i].key, 60), hours->items[i].key.data);
  }
}

static void compile_week(aft__compile *cx, const aft__node *hours, aft__calendar_row *row) {
  bool open = false;
  check_keys(cx, hours);
  for (size_t k = 0; k < AFT__COUNT(week_keys); k++) {
    const aft__node *list = aft__node_get(hours, week_keys[k].name);
    if (!list)
      continue;
    size_t mark = aft__path_push(cx->faults, aft__cstr(week_keys[k].name));
    aft__hours_of day = compile_hours(cx, list);
    aft__path_pop(cx->faults, mark);
    for (uint32_t d = week_keys[k].first; d <= week_keys[k].last; d++)
      row->week[d] = day;
  }
  for (int d = 0; d < 7; d++)
    open |= row->week[d].count > 0;
  if (!open)
    aft__fault_node(cx->faults, AFT_E_POLICY, hours, "the calendar has no open minute in the week");
}

/* ---- days that differ ---- */

static void add_day(aft__compile *cx, int64_t day, aft__hours_of hours) {
  aft__special_day special = {(int32_t)day, hours};
  aft__compile_add(cx, AFT__SECTION_DAYS, &special);
}

/* "2026-10-01" or "2026-10-01..2026-10-07". */
static void compile_holiday(aft__compile *cx, const aft__node *node) {
  aft_str text = node->text;
  int64_t first, last;
  bool range = text.len == 22 && text.data[10] == '.' && text.data[11] == '.';
  bool sound = aft__label_key_of_date(range ? aft__str(text.data, 10) : text, &first) &&
               (!range || aft__label_key_of_date(aft__str(text.data + 12, 10), &last));
  if (sound && !range)
    last = first;
  if (!sound || last < first || last - first >= MOST_RANGE) {
    fault_text(cx, node, "a day such as 2026-10-01, or days such as 2026-10-01..2026-10-07");
    return;
  }
  for (int64_t day = first; day <= last; day++)
    add_day(cx, day, (aft__hours_of){0, 0});
}

/* A day that is worked in place of another has hours; one without is a holiday. */
static void compile_workday(aft__compile *cx, const aft__item *item) {
  int64_t day;
  size_t mark = aft__path_push(cx->faults, item->key);
  if (!aft__label_key_of_date(item->key, &day))
    aft__fault_key(cx->faults, AFT_E_POLICY_KEY, item, "expected a day such as 2026-10-10");
  else if (item->value->kind == AFT__NODE_LIST && !item->value->count)
    aft__fault_node(
        cx->faults, AFT_E_POLICY, item->value,
        "expected hours such as 09:00-18:00, found none: a day that is closed is one of holidays");
  else
    add_day(cx, day, compile_hours(cx, item->value));
  aft__path_pop(cx->faults, mark);
}

static int by_day(const void *a, const void *b) {
  const aft__special_day *x = a, *y = b;
  return x->day < y->day ? -1 : x->day > y->day;
}

static void compile_days(aft__compile *cx, const aft__node *map, aft__calendar_row *row) {
  const aft__node *holidays = aft__node_get(map, "holidays"), *workdays = aft__node_get(map, "workdays");
  row->first_day = aft__compile_count(cx, AFT__SECTION_DAYS);
  for (uint32_t i = 0; holidays && i < holidays->count; i++)
    compile_holiday(cx, holidays->items[i].value);
  for (uint32_t i = 0; workdays && i < workdays->count; i++)
    compile_workday(cx, &workdays->items[i]);
  row->n_days = aft__compile_count(cx, AFT__SECTION_DAYS) - row->first_day;
  aft__special_day *days = (aft__special_day *)(void *)cx->section[AFT__SECTION_DAYS].data;
  if (!row->n_days || !days)
    return;
  days += row->first_day;
  qsort(days, row->n_days, sizeof *days, by_day);
  for (uint32_t i = 1; i < row->n_days; i++)
    if (days[i].day == days[i - 1].day)
      aft__fault_node(cx->faults, AFT_E_POLICY, map, "a day stands twice among holidays and workdays");
}

/* ---- calendars ---- */

static void check_zone(aft__compile *cx, const aft__node *node) {
  aft_zone *zone;
  size_t mark = aft__path_push(cx->faults, aft__cstr("zone"));
  if (aft_zone_open((aft_env *)(uintptr_t)cx->env, node->text.data, node->text.len, &zone, NULL) < 0)
    fault_text(cx, node, "a zone of this machine such as Asia/Shanghai");
  else
    aft_zone_unref(zone);
  aft__path_pop(cx->faults, mark);
}

static void compile_calendar(aft__compile *cx, const aft__item *item) {
  const aft__node *zone = aft__node_get(item->value, "zone"), *hours = aft__node_get(item->value, "hours");
  aft__calendar_row row = {.name = aft__compile_text(cx, item->key)};
  if (!zone || zone->kind != AFT__NODE_TEXT || !hours || hours->kind != AFT__NODE_MAP)
    return; /* the shape says so */
  row.zone = aft__compile_text(cx, zone->text);
  check_zone(cx, zone);
  size_t mark = aft__path_push(cx->faults, aft__cstr("hours"));
  compile_week(cx, hours, &row);
  aft__path_pop(cx->faults, mark);
  compile_days(cx, item->value, &row);
  aft__compile_add(cx, AFT__SECTION_CALENDARS, &row);
}

void aft__compile_calendars(aft__compile *cx) {
  const aft__node *map = aft__node_get(cx->root, "calendars");
  size_t section = aft__path_push(cx->faults, aft__cstr("calendars"));
  for (uint32_t i = 0; map && map->kind == AFT__NODE_MAP && i < map->count; i++) {
    size_t mark = aft__path_push(cx->faults, map->items[i].key);
    compile_calendar(cx, &map->items[i]);
    aft__path_pop(cx->faults, mark);
  }
  aft__path_pop(cx->faults, section);
}

static aft_str calendar_key(const void *items, uint32_t i) { return ((const aft__item *)items)[i].key; }

uint32_t aft__compile_calendar_ref(aft__compile *cx, const aft__node *owner, const char *key) {
  const aft__node *node = aft__node_get(owner, key);
  const aft__node *map = aft__node_get(cx->root, "calendars");
  uint32_t n = aft__compile_count(cx, AFT__SECTION_CALENDARS);
  const aft__calendar_row *rows = (const void *)cx->section[AFT__SECTION_CALENDARS].data;
  const char *texts = cx->section[AFT__SECTION_TEXTS].data;
  if (!node || node->kind != AFT__NODE_TEXT)
    return AFT__FLOW_NONE;
  for (uint32_t i = 0; i < n; i++)
    if (aft__str_eq(aft__cstr(texts + rows[i].name), node->text))
      return i;
  bool any = map && map->kind == AFT__NODE_MAP;
  size_t mark = aft__path_push(cx->faults, aft__cstr(key));
  aft__fault_node(
      cx->faults, AFT_E_POLICY, node, "there is no calendar '%.*s'%s", (int)aft__utf8_cut(node->text, 60),
      node->text.data,
      aft__did_you_mean(cx->faults, node->text, any ? map->items : NULL, any ? map->count : 0, calendar_key));
  aft__path_pop(cx->faults, mark);
  return AFT__FLOW_NONE;
}

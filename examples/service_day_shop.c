/* The shop: who comes when and with what, who works when, and the ways in which the day is played. */
#include "service_day.h"

#define AT(h, m) ((h)*HOUR + (m)*MINUTE)

/* Over the default policy: this shop promises its answers sooner, to gold customers in a quarter of the time.
 */
static const char own_policy[] =
    "service_levels:\n"
    "  high: {first_response: 45m}\n"
    "  normal: {first_response: 100m}\n"
    "  low: {first_response: 4h}\n"
    "tiers: {gold: {targets: 250}}\n";

static const struct {
  int64_t from, until, per_hour;
} rates[] = {{AT(8, 0), AT(21, 0), 34}, {AT(11, 15), AT(13, 0), 68}, {AT(19, 0), AT(20, 0), 24}};

static const struct {
  const char *category, *topic;
  uint32_t permille;
  int64_t minutes, spread;
} work[] = {{"logistics", "where", 260, 5, 3},       {"logistics", "not_received", 120, 9, 5},
            {"return_refund", "return", 220, 8, 4},  {"quality", "fault", 150, 12, 6},
            {"payment", "payment_failed", 50, 7, 4}, {"product_enquiry", "usage", 200, 4, 2}};

static const struct {
  const char *name;
  uint32_t permille;
} tiers[] = {{"", 850}, {"vip", 110}, {"gold", 40}},
  channels[] = {{"wechat", 560}, {"web", 280}, {"chat", 160}}, languages[] = {{"zh", 850}, {"en", 150}};

static const struct {
  const char *name, *languages;
  int64_t from, until;
} crew[] = {{"Ming", "zh", AT(8, 0), AT(16, 0)},    {"Hua", "zh", AT(8, 0), AT(16, 0)},
            {"Lan", "zh en", AT(8, 0), AT(16, 0)},  {"Jun", "zh", AT(8, 0), AT(16, 0)},
            {"Rui", "zh en", AT(10, 0), AT(18, 0)}, {"Yan", "zh", AT(10, 0), AT(18, 0)},
            {"Tao", "zh", AT(14, 0), AT(22, 0)},    {"Mei", "zh en", AT(14, 0), AT(22, 0)},
            {"Bo", "zh", AT(14, 0), AT(22, 0)},     {"Xin", "zh en", AT(14, 0), AT(22, 0)},
            {"Ning", "zh", AT(14, 0), AT(22, 0)}};

enum {
  RATES = sizeof rates / sizeof *rates,
  WORK = sizeof work / sizeof *work,
  TIERS = sizeof tiers / sizeof *tiers,
  CHANNELS = sizeof channels / sizeof *channels,
  LANGUAGES = sizeof languages / sizeof *languages,
  CREW = sizeof crew / sizeof *crew,
  LIKE_RUI = 4,
  MOMENTS = 36 /* from noon on, every five minutes: of these one is told */
};

int64_t shop_agents(void) { return CREW; }

static aft_str text(const char *s) { return (aft_str){s, AFT_NTS}; }

/* ---- who comes ---- */

static void draw(service_day *d) {
  aft_rate_in rate[RATES];
  aft_work_in kind[WORK];
  aft_share_in tier[TIERS], channel[CHANNELS], language[LANGUAGES];
  for (int i = 0; i < RATES; i++)
    rate[i] = (aft_rate_in){sizeof *rate, d->midnight + rates[i].from, d->midnight + rates[i].until,
                            rates[i].per_hour};
  for (int i = 0; i < WORK; i++)
    kind[i] = (aft_work_in){.size = sizeof *kind,
                            .category = text(work[i].category),
                            .topic = text(work[i].topic),
                            .permille = work[i].permille,
                            .mean_ms = work[i].minutes * MINUTE,
                            .spread_ms = work[i].spread * MINUTE};
  for (int i = 0; i < TIERS; i++)
    tier[i] = (aft_share_in){sizeof *tier, text(tiers[i].name), tiers[i].permille, 0};
  for (int i = 0; i < CHANNELS; i++)
    channel[i] = (aft_share_in){sizeof *channel, text(channels[i].name), channels[i].permille, 0};
  for (int i = 0; i < LANGUAGES; i++)
    language[i] = (aft_share_in){sizeof *language, text(languages[i].name), languages[i].permille, 0};
  aft_demand_in in = {.size = sizeof in,
                      .seed = d->seed,
                      .rates = rate,
                      .n_rates = RATES,
                      .work = kind,
                      .n_work = WORK,
                      .tiers = tier,
                      .n_tiers = TIERS,
                      .channels = channel,
                      .n_channels = CHANNELS,
                      .languages = language,
                      .n_languages = LANGUAGES,
                      .further = 250,
                      .further_ms = 10 * MINUTE,
                      .live = AFT_STR("chat"),
                      .patience_ms = 40 * MINUTE};
  must(d, aft_demand_draw(d->policy, &in, &d->demand, &d->error));
}

void shop_open(service_day *d) {
  aft_document document = {sizeof document, AFT_STR("shop.yaml"), AFT_STR(own_policy)};
  aft_policy_options options = {.size = sizeof options, .documents = &document, .count = 1};
  must(d, aft_env_new(NULL, &d->env, &d->error));
  must(d, aft_policy_load(d->env, &options, &d->policy, NULL, &d->error));
  must(d, aft_time_parse("2026-11-11T00:00:00+08:00", AFT_NTS, &d->midnight, &d->error));
  draw(d);
}

/* ---- how it is played ---- */

static void play(service_day *d, int way, const aft_worker_in *agents) {
  aft_buf *buf;
  aft_time moments[MOMENTS];
  for (int i = 0; i < MOMENTS; i++)
    moments[i] = d->midnight + AT(12, 5 * i);
  aft_simulation_in in = {.size = sizeof in,
                          .agents = agents,
                          .n_agents = CREW,
                          .order = way == FIRST_COME ? AFT_NEXT_FIRST_COME : AFT_NEXT_BY_PLACE,
                          .extra_agents = way == TWO_MORE ? 2 : 0,
                          .extra_like = LIKE_RUI,
                          .explain = moments,
                          .n_explain = MOMENTS};
  must(d, aft_simulate(d->policy, d->demand, &in, &d->played[way], &d->error));
  must(d, aft_simulated_json(d->played[way], &buf, &d->error));
  d->told[way] = json_loadb(aft_buf_data(buf), aft_buf_size(buf), 0, NULL);
  aft_buf_free(buf);
}

void shop_play(service_day *d) {
  aft_span_in shift[CREW];
  aft_worker_in agents[CREW];
  for (int i = 0; i < CREW; i++) {
    shift[i] = (aft_span_in){sizeof *shift, d->midnight + crew[i].from, d->midnight + crew[i].until};
    agents[i] = (aft_worker_in){.size = sizeof *agents,
                                .name = text(crew[i].name),
                                .languages = text(crew[i].languages),
                                .shifts = &shift[i],
                                .n_shifts = 1};
  }
  for (int way = 0; way < WAYS; way++)
    play(d, way, agents);
}

void shop_close(service_day *d) {
  for (int way = 0; way < WAYS; way++) {
    json_decref(d->told[way]);
    aft_simulated_free(d->played[way]);
  }
  aft_demand_free(d->demand);
  aft_policy_unref(d->policy);
  aft_env_unref(d->env);
}

/* libaftersales: the whole after-sales desk, to link into any shop. */
#ifndef AFTERSALES_H
#define AFTERSALES_H

#include <aftersales/actor.h>
#include <aftersales/automation.h>
#include <aftersales/case.h>
#include <aftersales/clock.h>
#include <aftersales/collaborate.h>
#include <aftersales/common.h>
#include <aftersales/desk.h>
#include <aftersales/env.h>
#include <aftersales/error.h>
#include <aftersales/evidence.h>
#include <aftersales/intake.h>
#include <aftersales/label.h>
#include <aftersales/learn.h>
#include <aftersales/link.h>
#include <aftersales/list.h>
#include <aftersales/model.h>
#include <aftersales/order.h>
#include <aftersales/notice.h>
#include <aftersales/outbox.h>
#include <aftersales/policy.h>
#include <aftersales/privacy.h>
#include <aftersales/query.h>
#include <aftersales/record.h>
#include <aftersales/records.h>
#include <aftersales/routing.h>
#include <aftersales/search.h>
#include <aftersales/simulate.h>
#include <aftersales/store.h>
#include <aftersales/survey.h>
#include <aftersales/task.h>
#include <aftersales/text.h>
#include <aftersales/ticket.h>
#include <aftersales/triage.h>
#include <aftersales/value.h>

#endif

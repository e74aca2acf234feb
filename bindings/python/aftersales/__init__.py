"""An after-sales desk in your own process: messages in, tickets with reasons out.

    with Store("desk.db", create=True) as store, store.session() as session:
        tenant = session.as_system().put_tenant("acme")
        desk = session.as_system(tenant.id)
        shop = desk.put_shop("phones")
        message = desk.intake(shop.id, "wechat", external="wx-1", handle="openid-7", text="付款失败了")
        print(desk.explain(message.ticket))
"""
from __future__ import annotations

from ._version import __version__, library_version
from . import errors, inputs, records, text
from ._copies import TwoCopies, one_copy
from ._handle import Closed
from .classifier import NotFitted, TextClassifier
from .cursor import Cursor
from .desk import BatchResult, Desk
from .env import Env, Trace
from .errors import *  # noqa: F403
from .errors import Error
from .evaluation import Evaluation
from .evidence import Blobs, BlobsCopied
from .incidents import Incident
from .inputs import (
    CaseLineIn,
    FieldIn,
    MessageIn,
    OrderItemIn,
    OrderLineIn,
    OrderParcelIn,
    OrderPaymentIn,
    OrderShareIn,
    PartIn,
    RateIn,
    RedactSpanIn,
    ShareIn,
    SpanIn,
    WorkerIn,
    WorkIn,
)
from .learning import Takeover
from .links import LinkKeys, MadeLink, OpenedLink
from .model import Comparison, Model, ModelInfo, Prediction, Threshold, compare_models
from .policy import Policy
from .query import Rows
from .record import Record
from .records import *  # noqa: F403
from .routing import Position
from .simulate import Demand, simulate
from .store import Session, Store, TickReport
from .triage import Stated, Triage
from .values import Money, exponent, made_at, time_of

__all__ = [
    "BatchResult",
    "Blobs",
    "BlobsCopied",
    "CaseLineIn",
    "Closed",
    "Comparison",
    "Cursor",
    "Demand",
    "Desk",
    "Env",
    "Error",
    "Evaluation",
    "FieldIn",
    "Incident",
    "LinkKeys",
    "MadeLink",
    "MessageIn",
    "Model",
    "ModelInfo",
    "Money",
    "NotFitted",
    "OpenedLink",
    "OrderItemIn",
    "OrderLineIn",
    "OrderParcelIn",
    "OrderPaymentIn",
    "OrderShareIn",
    "PartIn",
    "Policy",
    "Position",
    "Prediction",
    "RateIn",
    "Record",
    "RedactSpanIn",
    "Rows",
    "Session",
    "ShareIn",
    "SpanIn",
    "Stated",
    "Store",
    "Takeover",
    "TextClassifier",
    "Threshold",
    "TickReport",
    "Trace",
    "Triage",
    "TwoCopies",
    "WorkIn",
    "WorkerIn",
    "__version__",
    "compare_models",
    "errors",
    "exponent",
    "inputs",
    "library_version",
    "made_at",
    "one_copy",
    "records",
    "simulate",
    "text",
    "time_of",
]
__all__ += errors.__all__ + records.__all__

import importlib
import sys

from tests.contract.causes.concluding import explained

for name in sys.argv[1:]:
    m = importlib.import_module(f"tests.contract.causes.{name}")
    for p in m.cases():
        ex, inc = explained(p.events, is_joined=p.is_joined)
        got = tuple(sorted({i.cause for i in inc}))
        ok = got == tuple(sorted(p.causes)) and ex.diagnosis.expected == p.expected
        msgs = []
        first = next((i for i in inc if p.causes and i.cause == p.causes[0]), None)
        if first:
            if p.sure and first.confidence is not p.sure:
                msgs.append(f"sure {first.confidence}")
            for s in p.seen:
                if s not in [(f.exchange, f.side) for f in first.evidence]:
                    msgs.append(f"unseen {s}: {[(f.exchange, f.side.name, f.fact) for f in first.evidence]}")
            for w in p.says:
                if w not in first.advice:
                    msgs.append(f"advice {first.advice!r} lacks {w!r}")
            if p.possible is not None and first.possible != p.possible:
                msgs.append(f"possible {first.possible}")
        if not ok or msgs or "-v" in sys.argv:
            print("BAD" if not ok else "msg", name, p.name, got, "expected", ex.diagnosis.expected, msgs)
            if not ok:
                for i in inc:
                    print("     ", i.cause, i.confidence, i.exchanges, i.summary)
                for t in [f for f in __import__("tests.contract.judge", fromlist=["x"]).labels(p.events)]:
                    print("        ", t)

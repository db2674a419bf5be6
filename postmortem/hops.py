"""What `streamid diff` tells of one hop: gathered from two taps, as far as it is asked for."""

from collections.abc import Set
from dataclasses import dataclass, field

from contract.profile import Profile
from postmortem.clocks import Clock
from postmortem.comparing import Comparison
from postmortem.pairing import Pair
from postmortem.sightings import Advance, Sighting
from postmortem.taps import Tally, Taps, unheard


@dataclass
class HopReport:
    """One hop. `pairs` are those that were looked at, by their number at A; `comparisons` what is listed.

    `lost` never reached B, `extra` only B saw; `left_out` is how many comparisons are not listed.
    """

    client_side: str
    server_side: str
    clock: Clock
    tally: Tally = field(default_factory=Tally)
    pairs: dict[int, Pair] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    lost: list[Sighting] = field(default_factory=list)
    extra: list[Sighting] = field(default_factory=list)
    left_out: int = 0

    @property
    def repeated(self) -> list[Pair]:
        """Pairs whose request the hop sent more than once."""
        return [pair for pair in self.pairs.values() if pair.others]

    @property
    def is_alike(self) -> bool:
        """Whether all that left A reached B once and unchanged. What only B saw never passed A."""
        return not (self.tally.differing or self.lost or self.repeated)


def hop_report(
    taps: Taps,
    profile: Profile,
    *,
    wanted: Set[int] | None = None,
    everything: bool = False,
    limit: int = 10_000,
    advance: Advance = unheard,
) -> HopReport:
    """What the hop between `taps` did to the exchanges `wanted` (numbers of A's; None: to all).

    Listed are those that differ, or `everything`, but no more than `limit`.
    """
    report = HopReport(str(taps.a.path), str(taps.b.path), taps.clock)
    pairing = taps.pairing
    report.pairs = {
        pair.a.exchange: pair for pair in pairing.pairs if wanted is None or pair.a.exchange in wanted
    }
    report.lost = [each for each in pairing.lost if wanted is None or each.exchange in wanted]
    report.extra = pairing.extra if wanted is None else []
    for comparison in taps.comparisons(profile, advance):
        if comparison.exchange not in report.pairs:
            continue
        report.tally.add(comparison)
        if not (everything or comparison.differences or report.pairs[comparison.exchange].others):
            continue
        if len(report.comparisons) < limit:
            report.comparisons.append(comparison)
        else:
            report.left_out += 1
    report.comparisons.sort(key=lambda each: each.exchange)
    return report

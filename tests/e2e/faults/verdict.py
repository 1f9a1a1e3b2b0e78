"""What became of what was accepted: pure comparison, so that it can be checked with made-up losses, doubles and disorder."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Verdict:
    """What is wrong, each told in words. `other`: what is neither loss, double nor disorder, such as a broken audit chain."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.disordered or self.other)

    def once(self, where: str, accepted: Iterable[Hashable], found: Iterable[Hashable]) -> None:
        """Everything accepted must be found exactly once, and nothing else."""
        wanted, there = Counter(list(accepted)), Counter(list(found))
        self.lost += [f"{where}: {one}" for one in (wanted - there).elements()]
        self.doubled += [f"{where}: {one}" for one in (there - wanted).elements()]

    def same(self, where: str, owner: Mapping[str, Sequence[Hashable]], shown: Mapping[str, Sequence[Hashable]]) -> None:
        """What the owner of records says, and what somebody made of its events, by kind of record."""
        for kind in owner:
            self.once(f"{where}: {kind}", owner[kind], shown[kind])

    def in_order(self, where: str, committed: Mapping[Hashable, Sequence[str]], published: Mapping[Hashable, Sequence[str]]) -> None:
        """By key: what was committed must be published, first time each, in the same order."""
        for key in committed.keys() | published.keys():
            wanted, there = list(committed.get(key, ())), list(published.get(key, ()))
            self.once(f"{where} {key}", wanted, there)
            known = set(there)
            if [one for one in wanted if one in known] != [one for one in there if one in set(wanted)]:
                self.disordered.append(f"{where} {key}")

    def sum(self, where: str, wanted: int, found: int) -> None:
        """A total that must be what its parts come to."""
        if found < wanted:
            self.lost.append(f"{where}: {found} of {wanted}")
        elif found > wanted:
            self.doubled.append(f"{where}: {found} in place of {wanted}")

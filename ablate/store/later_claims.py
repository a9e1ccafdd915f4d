"""Later claims: those that were added when the study already had trials."""

from dataclasses import replace

from ablate.config.spec import Claim, StudySpec

Claims = tuple[Claim, ...]


def join_claims(frozen: StudySpec, asked: StudySpec, *, trials: int) -> tuple[Claims, Claims]:
    """The claims of the study on disk together with those that are asked for now.

    A claim is another one where its contrast, expectation, margin or α is. Once given, a later claim stays, whatever
    is asked for next: a count of all that was tried is what tells a reader how much the best of it is worth.

    Args:
        frozen: what study.yaml says.
        asked: what is asked of it.
        trials: how many of its trials have a result. With none, nothing has been seen, and what is asked is stated.

    Returns:
        The family, and the later claims, the new ones last.
    """
    if not trials:
        same = [c.stated for c in frozen.claims] == [c.stated for c in asked.claims]
        return frozen.claims if same else asked.claims, ()
    known = {claim.stated for claim in (*frozen.claims, *frozen.later)}
    new = {claim.stated: replace(claim, after=trials) for claim in asked.claims if claim.stated not in known}
    return frozen.claims, (*frozen.later, *new.values())


def as_later(spec: StudySpec, *, trials: int) -> StudySpec:
    """The same with all of its claims as later ones: nothing shows that they were stated before these trials.

    A plan of looks is left out, since it is about claims that were.
    """
    given = tuple(replace(claim, after=trials) for claim in spec.claims)
    return replace(spec, claims=(), later=(*given, *spec.later), looks=None)


def claim_text(claim: Claim) -> str:
    """A claim in a line: `head: gap vs fc, equivalent, margin 0.01`, and its α where it is not the usual one."""
    alpha = "" if claim.alpha == Claim.alpha else f", alpha {claim.alpha:g}"
    return f"{claim.text}, {claim.expect}, margin {claim.margin_text}{alpha}"

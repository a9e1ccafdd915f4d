from ablate.design import lay_out
from ablate.plan import bundles, trials


def test_every_trial_is_in_one_bundle_in_order(spec, make_config):
    points = lay_out(spec).points
    planned = trials(spec, points, [make_config(w, a) for w in (16, 32) for a in ("relu", "tanh")])
    made = bundles(planned)
    assert [t for bundle in made for t in bundle.trials] == list(planned)
    assert all(len(bundle.trials) == 1 for bundle in made)
    assert bundles(()) == ()

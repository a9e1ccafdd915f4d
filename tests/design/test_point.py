from ablate.design import DesignPoint


def test_overrides_come_in_the_order_of_the_factors(make_factors):
    factors = make_factors([2, 3])
    point = DesignPoint(levels={"b": "b2", "a": "a1"})
    assert point.overrides(factors) == ("model.a=1", "model.b=2")
    assert not point.is_baseline(factors)
    assert DesignPoint(levels={"a": "a0", "b": "b0"}).is_baseline(factors)

from ablate.store.timings import Overhead, StepTiming, Timings, family, read_timings, write_timings


def test_what_is_kept_comes_back_and_other_machines_have_their_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    timing = StepTiming(work=10.0, step=0.1, stacked={4: 0.05}, example=0.01, build=0.2)
    kept = Timings(families={"f": [timing]}, overheads={"cpu": Overhead(fit=0.1, epoch=0.2)})
    write_timings("this", kept)
    assert read_timings("this") == (kept, None)
    assert read_timings("that") == (Timings(), None)


def test_a_family_is_named_by_its_parts():
    assert family({"device": "cpu", "layers": "Linear, ReLU"}) == "device: cpu; layers: Linear, ReLU"

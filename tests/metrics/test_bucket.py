from __future__ import annotations

from datetime import date

import pytest
from metric_lives import Life, company, spells

from liuke.metrics.bucket import Bucket, has_new_up_old_down, in_words, leaky_bucket
from liuke.metrics.churn import CustomerFlow

MAY, JUNE, JULY = date(2024, 5, 1), date(2024, 6, 1), date(2024, 7, 1)


def bucket(b: int, n: int, lost: int, start: date = MAY, end: date = JUNE) -> Bucket:
    return Bucket(CustomerFlow(b, n, 0, lost, lost, b - lost, b + n - lost, start, end))


def test_the_bucket_of_cm_01_takes_in_135_and_leaks_90() -> None:
    lives: list[Life] = [(f"old {i}", 1, date(2024, 1, 1), date(2024, 6, 9) if i < 70 else None) for i in range(1000)]
    lives += [(f"new {i}", 1, date(2024, 6, 10), date(2024, 6, 20) if i < 20 else None) for i in range(120)]
    lives += [(f"back {i}", 1, date(2024, 1, 1), date(2024, 2, 1)) for i in range(15)]
    lives += [(f"back {i}", 2, date(2024, 6, 30), None) for i in range(15)]
    found = leaky_bucket(company(spells(lives)), start=JUNE, end=JULY)
    assert (found.inflow, found.outflow, found.net, found.merely_replacing) == (135, 90, 45, 90)
    assert found.replacement_ratio == pytest.approx(1.5)
    assert found.leak_per_30_days == pytest.approx(90)
    assert "1000" in in_words(found).zh
    assert "1045 at the end" in in_words(found).en


def test_new_up_and_old_down_is_seen_even_while_the_total_grows() -> None:
    assert has_new_up_old_down(bucket(100, 10, 5), bucket(105, 21, 9, JUNE, JULY))


def test_no_sign_while_the_share_of_the_kept_rises() -> None:
    assert not has_new_up_old_down(bucket(100, 20, 10), bucket(110, 22, 1, JUNE, JULY))


def test_no_sign_while_fewer_newcomers_come() -> None:
    assert not has_new_up_old_down(bucket(100, 20, 10), bucket(110, 15, 60, JUNE, JULY))


def test_an_empty_bucket_shows_no_sign() -> None:
    assert not has_new_up_old_down(bucket(0, 0, 0), bucket(100, 9, 9, JUNE, JULY))
    assert bucket(0, 0, 0).replacement_ratio is None

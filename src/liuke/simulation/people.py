"""Names, numbers and preferences of people who do not exist."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from liuke.simulation import arrow
from liuke.simulation.chance import Array, Chance
from liuke.simulation.population import CITIES, KINDS, SOURCES, Population
from liuke.simulation.records import Records

SURNAMES = tuple("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕")
GIVEN = tuple("安宁远清和平晨曦雨桐思源文博子涵若溪海峰春生秋实明月书瑶嘉禾景行乐天怀瑾")
TRADES = ("商贸", "餐饮", "物流", "建材", "服饰", "科技", "广告", "医药")
OCCUPATIONS = ("职员", "工人", "教师", "自由职业", "学生", "退休", "个体经营", "公务人员")
CHANNELS = ("sms", "phone", "email", "app")
HOURS = ((9, 12), (12, 14), (14, 18), (18, 21))


def given_names(chance: Chance, part: str, size: int) -> pa.Array:
    """Return invented Chinese names."""
    surname = arrow.words(chance.of(f"{part} surname").integers(0, len(SURNAMES), size), SURNAMES)
    first = arrow.words(chance.of(f"{part} first").integers(0, len(GIVEN), size), GIVEN)
    second = arrow.words(chance.of(f"{part} second").integers(0, len(GIVEN) + 8, size), (*GIVEN, *[""] * 8))
    return pc.binary_join_element_wise(surname, first, second, "")


def _firms(chance: Chance, names: pa.Array, city: Array) -> pa.Array:
    """Return invented names of firms."""
    place = arrow.words(city, [name for _, name in CITIES])
    trade = arrow.words(chance.of("trade").integers(0, len(TRADES), len(names)), TRADES)
    return pc.binary_join_element_wise(place, names, trade, "商行", "")


def record_people(chance: Chance, records: Records, population: Population) -> None:
    """Write `people`: telephone numbers begin with 000 and mail goes to a domain that cannot exist."""
    size, traits = population.size, population.traits
    names = given_names(chance, "customer", size)
    place = arrow.words(traits.city, [name + "市虚构路" for _, name in CITIES])
    house = pc.cast(pa.array(chance.of("house").integers(1, 400, size)), pa.string())
    records.add(
        "people",
        customer_id=arrow.fixed_text("C", population.letters),
        name=pc.if_else(pa.array(traits.kind > 0), _firms(chance, names, traits.city), names),
        phone=arrow.fixed_text("000", population.letters),
        email=arrow.fixed_text("c", population.letters, "@example.invalid"),
        address=pc.binary_join_element_wise(place, house, "号", ""),
    )


def _households(chance: Chance, population: Population) -> pa.Array:
    """Return household ids: now and then the neighbour by number shares the home."""
    number = np.arange(population.size)
    shares = (number % 2 == 1) & (chance.uniform("household", population.size) < 0.25)
    return arrow.fixed_text("H", arrow.digits(number - shares + 1, 8))


def record_customers(chance: Chance, records: Records, population: Population, manager_id: pa.Array) -> None:
    """Write `customers`."""
    size, traits = population.size, population.traits
    consumer = traits.kind == 0
    born = traits.joined_day - np.floor((18 + 47 * chance.uniform("age", size)) * 365.25)
    unknown = chance.uniform("facts", size)
    hours = chance.pick("hours", (0.2, 0.15, 0.3, 0.35), size)
    no_hours = unknown > 0.6
    records.add(
        "customers",
        customer_id=arrow.fixed_text("C", population.letters),
        gender=arrow.words(
            np.where(consumer & (unknown > 0.03), chance.pick("gender", (1, 1), size), -1), ("女", "男")
        ),
        born_on=arrow.dates(np.where(consumer & (unknown > 0.05), born, arrow.NEVER)),
        region=arrow.words(traits.city, [city for _, city in CITIES]),
        occupation=arrow.words(
            np.where(consumer & (unknown > 0.2), chance.pick("work", (1,) * 8, size), -1), OCCUPATIONS
        ),
        household=_households(chance, population),
        kind=arrow.words(traits.kind, KINDS),
        org_unit=arrow.words(traits.city, [f"总部/{province}/{city}" for province, city in CITIES]),
        manager_id=manager_id,
        joined_on=arrow.dates(traits.joined_day),
        source=arrow.words(population.source, SOURCES),
        consent_sms=arrow.flags(chance.uniform("consent sms", size) < 0.8),
        consent_email=arrow.flags(chance.uniform("consent email", size) < 0.55),
        consent_phone=arrow.flags(chance.uniform("consent phone", size) < 0.72),
        preferred_channel=arrow.words(
            np.where(unknown < 0.7, chance.pick("channel", (3, 3, 1, 3), size), -1), CHANNELS
        ),
        preferred_from_hour=arrow.whole(np.where(no_hours, -1, np.array(HOURS)[hours, 0])),
        preferred_to_hour=arrow.whole(np.where(no_hours, -1, np.array(HOURS)[hours, 1])),
    )

"""Pictures are as large as their numbers, tell nothing of what is hidden, and hold words as words."""

import re
from xml.etree import ElementTree

from referral.reports.charts import Bar, Box, Link, draw_bars, draw_boxes, draw_flow, write_figure


def widths(picture: str, kind: str) -> list[float]:
    return [float(each) for each in re.findall(rf'width="([\d.]+)"[^>]*class="{kind}"', picture)]


def test_bars_are_as_long_as_their_numbers() -> None:
    picture = draw_bars([Bar("a", 200), Bar("b", 100), Bar("c", 50)], "Een titel")
    longest, half, quarter = widths(picture, "chart-bar")
    assert (round(half / longest, 2), round(quarter / longest, 2)) == (0.5, 0.25)
    assert ElementTree.fromstring(picture).attrib["aria-label"] == "Een titel"


def test_a_hidden_bar_says_so_and_is_the_same_size_whatever_it_hides() -> None:
    picture = draw_bars([Bar("a", 200), Bar("b", None), Bar("c", 0)], "t")
    assert "verborgen" in picture
    assert widths(picture, "chart-hidden") == widths(draw_bars([Bar("x", 8), Bar("y", None)], "t"), "chart-hidden")
    assert len(widths(picture, "chart-bar")) == 2, "the control: a zero that may be shown is a bar"


def test_what_flows_in_flows_out_and_the_bands_are_as_thick_as_the_numbers() -> None:
    picture = draw_flow([Link(0, "A", "X", 30), Link(0, "A", "Y", 10), Link(0, "B", "X", 20)], "t")
    heights = dict(
        zip(
            re.findall(r'class="chart-label">(\w) \d+<', picture),
            [float(each) for each in re.findall(r'height="([\d.]+)" class="chart-node', picture)],
            strict=True,
        )
    )
    assert round(heights["A"] / heights["B"], 1) == 2.0
    assert round(heights["X"] / heights["Y"], 1) == 5.0
    assert round(heights["A"] + heights["B"], 1) == round(heights["X"] + heights["Y"], 1)
    assert len(re.findall(r"<path", picture)) == 3


def test_a_box_without_enough_measurements_is_said_and_not_drawn() -> None:
    picture = draw_boxes([Box("a", 1, 2, 4, 6, 8), Box("b", None, None, 4, None, None), Box("c", *[None] * 5)], "t")
    assert picture.count("chart-box") == 1
    assert picture.count("chart-median") == 2
    assert "te weinig gegevens" in picture


def test_words_stay_words() -> None:
    wicked = '<script>alert(1)</script>"'
    for picture in (
        draw_bars([Bar(wicked, 1, wicked)], wicked),
        draw_boxes([Box(wicked, 1, 1, 1, 1, 1)], wicked),
        draw_flow([Link(0, wicked, wicked, 3)], wicked),
    ):
        assert "<script" not in picture
        assert [each.tag for each in ElementTree.fromstring(picture).iter("script")] == []


def test_nothing_to_draw_is_an_empty_picture() -> None:
    for picture in (draw_bars([], "t"), draw_boxes([], "t"), draw_flow([], "t")):
        assert picture.startswith("<svg")


def test_numbers_are_written_as_dutch_people_do() -> None:
    assert [write_figure(each) for each in (1234567, 92.5, 0, 8.0)] == ["1.234.567", "92,5", "0", "8"]

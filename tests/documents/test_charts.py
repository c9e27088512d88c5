"""The pictures of the ageing: well-formed, told in words, and as long as the sums are large."""

from xml.etree import ElementTree

from dunning.documents.pages.charts import Bar, draw_bars, draw_line

SVG = "{http://www.w3.org/2000/svg}"


def parse(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def test_bars_are_as_long_as_their_sums():
    two = Bar("<б> & в", "1,50 €", [("s1", 100), ("s2", 50)])
    bars = [Bar("а", "2,00 €", [("s1", 200)]), two, Bar("г", "0", [("s1", 0)])]
    root = parse(draw_bars("Заглавие", "Описание", bars, [("s1", "едно"), ("s2", "две")]))
    rects = [rect for rect in root.iter(f"{SVG}rect") if rect.get("height") != "14"]
    widths = [float(rect.get("width")) for rect in rects]
    assert [round(width / widths[0], 2) for width in widths] == [1, 0.5, 0.25, 0]
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {"а", "<б> & в", "2,00 €", "едно", "две"} <= set(texts)
    assert (root.get("role"), root[0].text, root[1].text) == ("img", "Заглавие", "Описание")


def test_nothing_is_drawn_without_sums():
    assert list(parse(draw_bars("т", "о", [])).iter(f"{SVG}rect")) == []
    assert list(parse(draw_line("т", "о", [])).iter(f"{SVG}circle")) == []


def test_a_line_rises_with_the_sums():
    points = [("01.26", "1", 100), ("02.26", "3", 300), ("03.26", "2", 200)]
    root = parse(draw_line("т", "о", points))
    heights = [float(circle.get("cy")) for circle in root.iter(f"{SVG}circle")]
    bottom = float(next(root.iter(f"{SVG}line")).get("y1"))
    rises = [bottom - height for height in heights]
    assert [round(rise / rises[0]) for rise in rises] == [1, 3, 2]
    assert [text.text for text in root.iter(f"{SVG}text")] == ["01.26", "02.26", "03.26", "1", "2"]


def test_one_month_is_a_point_and_no_line():
    root = parse(draw_line("т", "о", [("01.26", "1", 100)]))
    assert (len(list(root.iter(f"{SVG}circle"))), list(root.iter(f"{SVG}polyline"))) == (1, [])

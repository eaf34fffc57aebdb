#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes data/selectors.json: what parsel (Scrapy's selectors, on lxml and cssselect) finds for each selector in each
document below. Debian packages: python3-parsel. Run: oracle.py > data/selectors.json"""
import json
import pathlib
import sys

from parsel import Selector

DOC = pathlib.Path("/usr/share/doc/python3.11/html")
PAGES = ["index.html", "library/json.html", "tutorial/classes.html", "whatsnew/3.0.html"]
DOCUMENTS = {
    "shop": """<!DOCTYPE html><html lang="en-GB"><head><title> A  shop </title><meta name="k" content="v">
<link rel="next" href="/2"></head><body class="home page"><div id="main" class="box wide"><h1 class="title">Tea &amp; <b>more</b></h1>
<p class="intro">First <em>text</em></p><p>Second</p><ul><li class="a">1</li><li>2</li><li class="b a">3</li><li>4</li><li lang="de">5</li></ul>
<a href="/one" title="The one">One</a> <a href="/two.html" class="next ext" data-x="A-b">Two</a><a name="x">Three</a></div>
<div class="box"><p></p><p> </p><p><!-- c --></p><p>last <span>deep <i>est</i></span></p>
<form><input type="checkbox" checked><input type="TEXT" disabled value="q'&quot;z"><select><option selected>o</option></select>
<fieldset disabled><button>b</button></fieldset><textarea>t</textarea></form></div></body></html>""",
    "broken": """<p>one<p>two<b>bold<i>both</b>it</i><ul><li>a<li>b<ul><li>c</ul><li>d</ul><table><tr><td>1<td>2<tr><td>3</table>
<div class=x><div class=y>deep</div><h1>head<h2>sub</h2><img src=a.png><br>after<a href=q?x=1&y=2>link</a>""",
    "empty": "",
    "text": "just text & more",
    "nested": "<div class=a>" * 5 + "<p>x</p>" + "</div>" * 5 + "<div><p>y</p></div>",
    "unicode": "<html><body><p class='größe'>žluťoučký kůň</p><p id='日本'>日本語&nbsp;text</p><p>&#x1F600;</p></body></html>",
}
CSS = [selector.strip() for selector in """title ; h1 ; h1.title ; .box ; #main ; div#main.box > p ; p ; p + p ; h1 ~ p ; div p ; ul li ; ul > li ; li:first-child ;
li:last-child ; li:nth-child(2) ; li:nth-child(odd) ; li:nth-child(2n) ; li:nth-child(-n+2) ; li:nth-child(3n+1) ; li:nth-last-child(2) ;
li:nth-last-child(-n+2) ; p:first-of-type ; p:last-of-type ; p:nth-of-type(2) ; p:nth-last-of-type(1) ; p:only-of-type ; td:only-child ;
p:empty ; :root ; a[href] ; a[href="/one"] ; a[href^="/t"] ; a[href$=".html"] ; a[href*="o"] ; a[class~="ext"] ; [lang|="en"] ;
a[href!="/one"] ; a:not([href]) ; li:not(.a) ; li:not(:first-child) ; :not(p):not(div) > b ; div > * ; * + p ; p:contains("text") ;
input:checked ; input:disabled ; a:link ; li:lang(de) ; h1, h2 ; h2, h1, title ; div div p ; div.a div.a p ; .a .a .a p ;
table td ; tr > td + td ; b i ; DIV P ; a[HREF] ; P.intro ; [data-x] ; img ; br + a ; p span i ; div:nth-child(2) p ; ul ul li ; body > div""".split(";")]
CSS += ["h1::text", "h1 ::text", "p::text", "a::attr(href)", "a.next::attr(title)", "li::attr(lang)", "::text", "div *::text", "title::text",
        "a::attr(data-x)", "h1::text, a::attr(href)", "p:is(.intro, :empty)", "div:has(> h1)", "div:has(ul) > p", "p:has(em)",
        "li:is(.a, .b):not(:last-child)", ".gr\\f6\u00dfe", "#\\65e5本", "p:nth-child( 2n + 1 )", "p:nth-of-type(n+2)", "p:where(.intro)"]
XPATH = ["//title", "//h1/text()", "//p[1]", "(//p)[2]", "//li[last()]", "//a/@href", "//a[@href='/one']/text()", "string(//h1)",
         "count(//li)", "//li[position() < 3]", "//p[contains(@class, 'intro')]/em/text()", "//div[@id='main']//a[2]", "//b/..",
         "//p[em]", "normalize-space(//title)", "boolean(//h1)", "//li | //h1", "//h1/following-sibling::p", "//*[@class]/@class",
         "//li[not(@class)]", "//p/text()", "//em/ancestor::div/@id", "//nothing", "//a[starts-with(@href, '/')]/@title"]


def value(result):
    root = result.root
    if isinstance(root, bool):
        return "true" if root else "false"
    if isinstance(root, float):
        return "%g" % root
    if isinstance(root, str):
        return str(root)
    return normal(root.xpath("string()"))


def normal(text):
    """Collapses XPath's whitespace, and form feeds, as fields do; other spaces of Unicode stay."""
    for space in "\t\n\r\f":
        text = text.replace(space, " ")
    return " ".join(part for part in text.split(" ") if part)


def fnv1a(data):
    """The 64-bit hash that stands for a long list of values."""
    state = 0xCBF29CE484222325
    for byte in data:
        state = (state ^ byte) * 0x100000001B3 % 2**64
    return str(state)


def main():
    out = {"documents": DOCUMENTS, "pages": PAGES, "cases": []}
    texts = dict(DOCUMENTS)
    for page in PAGES:
        texts[page] = (DOC / page).read_text(encoding="utf-8")
    for name, text in texts.items():
        selector = Selector(text=text)
        for kind, expressions in (("css", CSS), ("xpath", XPATH)):
            for expression in expressions:
                try:
                    found = selector.css(expression) if kind == "css" else selector.xpath(expression)
                except Exception as error:
                    print("parsel refuses", kind, expression, error, file=sys.stderr)
                    continue
                values = [value(item) for item in found]
                if sum(map(len, values)) > 300:
                    values = {"count": len(values), "fnv1a": fnv1a("\0".join(values).encode())}
                out["cases"].append({"document": name, "kind": kind, "expression": expression, "values": values})
    json.dump(out, sys.stdout, ensure_ascii=False, indent=None, separators=(",", ":"))
    print()


main()

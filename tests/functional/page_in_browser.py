#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The status page in headless Chromium, driven by a test: a command a line on standard input, a line of JSON as its answer.

    page_in_browser.py URL

    open WIDTH [nojs]     a fresh browser of that width; what it found wrong, and how long the first paint took
    sort TABLE COLUMN     a click on that head
    column TABLE COLUMN   the texts of that column, from above
    text                  all that can be read
    title
    stale                 whether the page says that it is old
    picture FILE [FULL]   a picture of the window, or of the whole page
"""
import base64
import json
import sys

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

HEIGHT = 860
# WCAG 2.1 1.4.3: text against what is behind it, 4.5 to 1; heads of rows and columns, names of fields.
AUDIT = r"""
const found = [];
const channel = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const rgb = (text) => text.match(/[\d.]+/g).map(Number);
const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
for (const e of document.querySelectorAll("body *")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.getClientRects().length || ["SCRIPT", "STYLE"].includes(e.tagName)) continue;
  const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) found.push("contrast " + ratio.toFixed(1) + ": " + e.textContent.trim().slice(0, 40));
}
for (const th of document.querySelectorAll("th")) if (!th.scope) found.push("a head without scope");
for (const i of document.querySelectorAll("input")) if (!i.labels.length) found.push("a field without a label");
if (!document.documentElement.lang) found.push("no language");
if (document.documentElement.scrollWidth > innerWidth)
  found.push("scrolls sideways: " + document.documentElement.scrollWidth + " of " + innerWidth);
return found;
"""
PAINT = "return performance.getEntriesByName('first-contentful-paint').map((e) => e.startTime)[0] || 0"


class Browser:
    def __init__(self, url):
        self.url, self.driver = url, None

    def close(self):
        if self.driver:
            self.driver.quit()

    def open(self, width, script="js", scheme="light"):
        self.close()
        options = Options()
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--disable-background-networking", "--no-first-run"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        if script == "nojs":
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": int(width), "height": HEIGHT, "deviceScaleFactor": 1, "mobile": int(width) < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.driver.get(self.url)
        return {"wrong": [] if script == "nojs" else self.driver.execute_script(AUDIT),
                "paint_ms": 0 if script == "nojs" else self.driver.execute_script(PAINT), **self.log()}

    def log(self):
        """What the console complains of, and who else is asked."""
        asked = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = {m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"}
        return {"console": [entry["message"] for entry in self.driver.get_log("browser")],
                "elsewhere": sorted(url for url in urls if not url.startswith((self.url.rsplit("/", 1)[0], "data:", "chrome")))}

    def sort(self, table, column):
        # In one step: the table is replaced once a second.
        self.driver.execute_script("document.querySelector(arguments[0]).click()", f"#{table} thead th:nth-child({column}) button")

    def column(self, table, column):
        return self.driver.execute_script(
            "return [...document.querySelectorAll('#' + arguments[0] + ' tbody tr')].map((r) => r.cells[arguments[1] - 1].innerText)",
            table, int(column))

    def text(self):
        return self.driver.execute_script("return document.body.innerText")

    def title(self):
        return self.driver.title

    def stale(self):
        return self.driver.execute_script("return document.body.classList.contains('stale')")

    def picture(self, file, full=""):
        settings = {"format": "png"}
        if full:
            size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            settings.update(captureBeyondViewport=True, clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})
        with open(file, "wb") as out:
            out.write(base64.b64decode(self.driver.execute_cdp_cmd("Page.captureScreenshot", settings)["data"]))


def main():
    browser = Browser(sys.argv[1])
    try:
        for line in sys.stdin:
            verb, *words = line.split()
            print(json.dumps(getattr(browser, verb)(*words)), flush=True)
    finally:
        browser.close()


if __name__ == "__main__":
    main()

"""page_check.py pretended FOLDER: the page before page_server.py's invented figures, all that can be made to happen at will.
page_check.py run ADDRESS FOLDER: the page of a real run with restarts: a worker is slowed, a pserver killed.
Screenshots go to FOLDER. Ends with a sentence at the first thing that is not as it should be."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request

from browser import Browser

TABS = ["overview", "shards", "workers", "events", "model", "logs"]
SETTLE_S = 0.5  # until what a view asks for itself is drawn
DESKTOP, PHONE = (1280, 800), (360, 740)
REFUSED = re.compile("ERR_(CONNECTION|EMPTY_RESPONSE|SOCKET)")
FIGURES = ["#epoch", "#figure-ratings", "#figure-loss", "#about"]


def fail(sentence):
    sys.exit(sentence)


def get(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read()


def cell(table, row, column):
    return f'[data-table="{table}"] [data-row="{row}"] [data-column="{column}"]'


def column(browser, table, name):
    return browser.run("return [...document.querySelectorAll(arguments[0])].map((cell) => cell.textContent)",
                       f'[data-table="{table}"] tbody [data-column="{name}"]')


def has(browser, selector, part):
    return part in (browser.text(selector) or "")


def numbers_move(browser):
    before = {selector: browser.text(selector) for selector in FIGURES}
    still = set(FIGURES)

    def all_have_moved():
        still.difference_update([selector for selector in still if browser.text(selector) != before[selector]])
        return not still
    browser.until("the numbers move", 40, all_have_moved)


def quiet(browser, alone=False):
    """Nothing in the console; `alone`: but for what the browser itself says while nobody has the port."""
    complaints = [text for text in browser.complaints() if not (alone and REFUSED.search(text))]
    if complaints:
        fail("the console has got:\n" + "\n".join(complaints))


def own_origin(browser, address):
    names = browser.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    if strangers := [name for name in names if not name.startswith(address)]:
        fail(f"the page asked elsewhere: {strangers}")


def fits(browser, width):
    wide = browser.run("return document.documentElement.scrollWidth")
    if wide > width:
        fail(f"the page is {wide} pixels wide on a screen of {width}")


def views(browser, folder, prefix, size, scheme, tabs):
    """A screenshot of each tab; none of them wider than the screen."""
    browser.look(*size, scheme)
    for tab in tabs:
        browser.click(f"#tab-{tab}")
        browser.until(f"the tab {tab} is open", 5, lambda: not browser.run("return document.getElementById(arguments[0]).hidden", tab))
        time.sleep(SETTLE_S)
        fits(browser, size[0])
        browser.screenshot(folder, f"{prefix}{tab}-{size[0]}-{scheme}")
    browser.look(*DESKTOP)


# ---- invented figures ----

class Pretender:
    """page_server.py with these options; a context."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        script = pathlib.Path(__file__).with_name("page_server.py")
        self.server = subprocess.Popen([sys.executable, str(script), *self.options], stdout=subprocess.PIPE, text=True)
        self.address = self.server.stdout.readline().strip()
        return self

    def __exit__(self, *reason):
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()

    def pretend(self, what):
        get(f"{self.address}/pretend/{what}")


def sorted_by_click_and_key(browser):
    browser.click("#tab-shards")
    browser.click('[data-table="shard"] thead [data-column="load"] button')
    browser.until("the greatest load comes first", 5, lambda: column(browser, "shard", "shard")[0] == "1")
    browser.press("\ue007")
    browser.until("the key turns the order around", 5, lambda: column(browser, "shard", "shard")[-1] == "1")
    order = browser.run('return document.querySelector(\'thead [data-column="load"]\').getAttribute("aria-sort")')
    if order != "ascending":
        fail(f"the heading says it is sorted {order}")


def tabs_by_arrow(browser):
    browser.click("#tab-events")
    browser.press("\ue014", "\ue014")
    if browser.run("return document.activeElement.id") != "tab-logs":
        fail("two arrows right of the events are not the logs")
    browser.until("the log is there", 5, lambda: has(browser, "#logs pre", "event=checkpoint"))


def members_in_trouble(browser, pretender):
    pretender.pretend("lost/2")
    pretender.pretend("straggler/1")
    browser.click("#tab-shards")
    browser.until("the shard is lost", 5, lambda: has(browser, cell("shard", 2, "state"), "lost"))
    browser.until("somebody says so above", 5, lambda: has(browser, "#attention", "shard 2 lost"))
    browser.click("#tab-workers")
    browser.until("the worker is flagged", 5, lambda: has(browser, cell("worker", 1, "state"), "straggler"))
    pretender.pretend("recovered/2")
    browser.click("#tab-shards")
    browser.until("the shard is back", 5, lambda: has(browser, cell("shard", 2, "state"), "recovered"))


def gone_and_back(browser, pretender):
    """The coordinator dies; another takes its port."""
    port = pretender.address.rsplit(":", 1)[1]
    quiet(browser)
    pretender.__exit__()
    browser.until("the page says that the connection is lost", 10, lambda: has(browser, "#banner", "Connection lost"))
    with Pretender("--port", port, "--pid", "101") as successor:
        browser.until("the page is back", 15, lambda: browser.run("return document.getElementById('banner').hidden"))
        numbers_move(browser)
        quiet(browser, alone=True)
        successor.pretend("over")
        browser.until("the run is over", 5, lambda: has(browser, "#banner", "The run is over"))
        quiet(browser)
    browser.until("the last word stays", 10, lambda: has(browser, "#banner", "has gone"))


def beginnings(browser, folder):
    with Pretender("--shards", "1", "--workers", "1") as pretender:
        pretender.pretend("empty")
        browser.open(pretender.address)
        browser.until("the page waits", 10, lambda: has(browser, "#stage", "waiting"))
        views(browser, folder, "empty-", DESKTOP, "light", ["overview", "model"])
        if not has(browser, "#model .empty", "after the first epoch"):
            fail("an empty model does not say why")
        pretender.pretend("run")
        browser.until("the model is there", 10, lambda: browser.run("return document.querySelectorAll('.dot').length") == 300)


def many(browser, folder):
    with Pretender("--shards", "256", "--workers", "256") as pretender:
        browser.open(f"{pretender.address}/#shards")
        browser.until("all shards are there", 20, lambda: len(column(browser, "shard", "shard")) == 256)
        views(browser, folder, "many-", DESKTOP, "light", ["overview", "shards"])
        views(browser, folder, "many-", PHONE, "light", ["overview"])
        if browser.run("return document.querySelectorAll('.tile').length") != 12:
            fail("more than 12 tiles are shown without having been asked for")


def pretended(folder):
    with Browser() as browser:
        with Pretender() as pretender:
            browser.look(*DESKTOP)
            browser.open(pretender.address)
            numbers_move(browser)
            members_in_trouble(browser, pretender)
            sorted_by_click_and_key(browser)
            tabs_by_arrow(browser)
            views(browser, folder, "", DESKTOP, "light", TABS)
            views(browser, folder, "", DESKTOP, "dark", TABS)
            views(browser, folder, "", PHONE, "light", TABS)
            own_origin(browser, pretender.address)
            gone_and_back(browser, pretender)
        beginnings(browser, folder)
        many(browser, folder)
        quiet(browser, alone=True)


# ---- a real run ----

def status(address):
    return json.loads(get(f"{address}/api/v1/status"))


class Slowed:
    """A process that stands still for nine tenths of the time; a context."""

    def __init__(self, pid):
        self.pid, self.over = pid, threading.Event()
        self.thread = threading.Thread(target=self.hinder)

    def hinder(self):
        while not self.over.is_set():
            os.kill(self.pid, signal.SIGSTOP)
            time.sleep(0.045)
            os.kill(self.pid, signal.SIGCONT)
            time.sleep(0.005)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *reason):
        self.over.set()
        self.thread.join()


def straggler_is_flagged(browser, address, folder):
    browser.click("#tab-workers")
    with Slowed(status(address)["workers"][1]["pid"]):
        browser.until("the slowed worker is flagged", 40, lambda: has(browser, cell("worker", 1, "state"), "straggler"))
        browser.screenshot(folder, "straggler")
    browser.until("the flag goes when it is no longer slowed", 40, lambda: not has(browser, cell("worker", 1, "state"), "straggler"))


def killed_pserver_comes_back(browser, address, folder):
    browser.click("#tab-shards")
    os.kill(status(address)["shards"][2]["pid"], signal.SIGKILL)
    # The supervisor may be back before the page has looked: then the events alone say that it was lost.
    browser.until("the killed pserver is lost, or back", 20,
                  lambda: any(has(browser, cell("shard", 2, "state"), word) for word in ("lost", "recovered")))
    browser.screenshot(folder, "lost")
    browser.until("it has recovered", 40, lambda: has(browser, cell("shard", 2, "state"), "recovered"))
    browser.click("#tab-events")
    for event in ("lost", "recovered"):
        browser.until(f"the event {event} is told", 5, lambda: any(event in text for text in column(browser, "event", "event")))
    browser.screenshot(folder, "recovered-events")
    numbers_move(browser)


def run(address, folder):
    with Browser() as browser:
        browser.look(*DESKTOP)
        browser.open(address)
        browser.until("the run trains", 20, lambda: has(browser, "#stage", "training"))
        numbers_move(browser)
        straggler_is_flagged(browser, address, folder)
        quiet(browser)
        killed_pserver_comes_back(browser, address, folder)
        browser.click("#tab-model")
        browser.until("movies are shown", 20, lambda: browser.run("return document.querySelectorAll('.dot').length") > 0)
        views(browser, folder, "run-", DESKTOP, "light", TABS)
        views(browser, folder, "run-", DESKTOP, "dark", ["overview", "model"])
        views(browser, folder, "run-", PHONE, "light", ["overview", "shards", "workers"])
        own_origin(browser, address)
        quiet(browser, alone=True)


def main():
    what, *arguments = sys.argv[1:] or ["help"]
    if what == "pretended" and len(arguments) == 1:
        pretended(*arguments)
    elif what == "run" and len(arguments) == 2:
        run(arguments[0].rstrip("/"), arguments[1])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()

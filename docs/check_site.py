"""Open every page of the built site in Chromium and list the problems.

    python docs/check_site.py docs/_build/html

It checks, at the widths of a phone and of a desktop: links and anchors inside the site,
images, console messages, formulas, text that is too small, and pages wider than the
screen; and that the site's search finds the standard terms in `SEARCHES`.

It needs the packages of the extra ``docs``, Chromium and its driver; if they are not on
the path, use ``--chromium`` and ``--driver``.  No request leaves the machine: on a page
that needs the network, files fail to load.  The exit status is 1 if there are problems.
``--screenshots`` saves screenshots.
"""

import argparse
import functools
import http.server
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlencode, urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

WIDTHS = {"phone": 390, "desktop": 1280}
SMALLEST = 12  # px
N_BEST = 6  # results of a search that count

# Standard terms, and pages of which the site's search must find one.
CLASSIFIER = "generated/sknumpy_mlp.NumpyMLPClassifier.html"
REGRESSOR = "generated/sknumpy_mlp.TabularMLPRegressor.html"
SEARCHES = {
    "overfitting": ["guide.html", "faq.html"],
    "regularization": ["guide.html", "faq.html", "comparison.html"],
    "dropout": ["generated/sknumpy_mlp.layers.Dropout.html"],
    "weight decay": ["comparison.html", "guide.html"],
    "early stopping": ["generated/sknumpy_mlp.callbacks.EarlyStopping.html"],
    "gradient clipping": ["comparison.html", "guide.html", "faq.html"],
    "hyperparameter tuning": ["guide.html", "faq.html"],
    "learning rate schedule": ["generated/sknumpy_mlp.schedules.html", "guide.html"],
    "batch size": [CLASSIFIER, "guide.html", "scaling.html"],
    "class imbalance": ["guide.html", "faq.html", "auto_examples/imbalanced.html"],
    "multilabel": [CLASSIFIER, "comparison.html", "guide.html"],
    "missing values": ["guide.html", "faq.html", "auto_examples/tabular.html"],
    "embedding": ["generated/sknumpy_mlp.embeddings.html"],
    "calibration": ["guide.html", "comparison.html"],
    "conformal prediction": ["guide.html", "comparison.html", REGRESSOR],
    "quantile": ["generated/sknumpy_mlp.losses.Quantile.html"],
    "cross-validation": ["guide.html", "faq.html"],
    "sparse": ["comparison.html", "guide.html", CLASSIFIER],
    "backpropagation": ["reading-the-source.html", "index.html"],
    "checkpoint": ["generated/sknumpy_mlp.callbacks.Checkpoint.html"],
    "reproducibility": ["faq.html", "benchmarks/README.html", "guide.html"],
    "pickle": ["security.html", "guide.html", "migration.html"],
    "ONNX": ["generated/sknumpy_mlp.export.to_onnx.html"],
    "GPU": ["limitations.html", "faq.html", "comparison.html"],
}

# The script that checks a page.  Only visible text counts, not that of closed menus.
LOOK = """
const width = arguments[0], smallest = arguments[1], problems = [];
const isDrawn = e =>
    e.checkVisibility({opacityProperty: true, visibilityProperty: true})
    && e.getBoundingClientRect().width > 1;
const show = e => `<${e.tagName.toLowerCase()}> ` +
    `"${(e.textContent || e.alt || "").replace(/\\s+/g, " ").trim().slice(0, 40)}"`;

for (const image of document.images)
    if (image.naturalWidth === 0) problems.push(`image missing: ${image.src}`);

// A wide table may scroll in a box of its own; the box with the title is the page.
const scrolls = e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
const title = document.querySelector("h1") || document.body;
let wide = document.documentElement.scrollWidth - width;
for (let e = title.parentElement; e; e = e.parentElement)
    if (scrolls(e)) wide = Math.max(wide, e.scrollWidth - e.clientWidth);
if (wide > 0) {
    const inBox = e => {
        for (let p = e.parentElement; p && !p.contains(title); p = p.parentElement)
            if (scrolls(p)) return true;
        return false;
    };
    const widest = [...document.body.querySelectorAll("*")].filter(e =>
        isDrawn(e) && e.getBoundingClientRect().right > width + 1 && !inBox(e));
    problems.push(`${wide} px wider than the screen: ${widest.slice(0, 2).map(show)}`);
}

const small = new Map();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !isDrawn(parent)) continue;
    if (parent.closest("script, style, math, svg")) continue;  // indices are smaller
    const size = parseFloat(getComputedStyle(parent).fontSize);
    if (size < smallest - 0.01) small.set(`${size.toFixed(1)} px`, show(parent));
}
for (const [size, where] of small) problems.push(`text of ${size}: ${where}`);

for (const formula of document.querySelectorAll(".math"))
    if (!formula.matches("math") && !formula.querySelector("math"))
        problems.push(`formula not rendered: ${show(formula)}`);
for (const formula of document.querySelectorAll("math")) {
    const box = formula.getBoundingClientRect();
    const tex = /\\\\[a-zA-Z]+/.test(formula.textContent);
    if (tex || formula.querySelector("merror") ||
        (formula.checkVisibility() && (box.width < 2 || box.height < 2)))
        problems.push(`formula broken: ${show(formula)}`);
}

return {
    problems,
    ids: [...document.querySelectorAll("[id], a[name]")].map(e => e.id || e.name),
    links: [...document.querySelectorAll("a[href]")].map(e => e.href),
    formulas: document.querySelectorAll("math").length,
    images: document.images.length,
};
"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def serve(folder):
    """Serve a folder from localhost; return the server and its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/"


def start(chromium, driver, profile):
    """Start a browser that connects only to localhost."""
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "headless=new",
        "no-sandbox",  # Chromium has none for root
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "hide-scrollbars",
        "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"user-data-dir={profile}",
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(driver))


def resize(browser, width):
    """Emulate the width of a screen; a window cannot be as narrow as a phone."""
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1}
    metrics["mobile"] = width < 600
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def look(browser, url, width):
    """Open a page at a width; return its problems, anchors, links and counts."""
    resize(browser, width)
    browser.get(url)
    # Images below the fold are loaded lazily.
    browser.execute_async_script(
        "const done = arguments[0];"
        "for (const i of document.images) i.loading = 'eager';"
        "Promise.all([...document.images].map(i => i.decode().catch(() => 0)))"
        ".then(() => done());"
    )
    seen = browser.execute_script(LOOK, width, SMALLEST)
    for entry in browser.get_log("browser"):
        if entry["level"] in ("SEVERE", "WARNING"):
            seen["problems"].append(f"console: {entry['message']}")
    return seen


def check(browser, folder, address):
    """Check every page; return the list of problems and a summary."""
    pages = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.html"))
    problems, ids, links = [], {}, {}
    n_images = n_formulas = 0
    for page in pages:
        found = {}
        for name, width in WIDTHS.items():
            seen = look(browser, address + page, width)
            for problem in seen["problems"]:
                found.setdefault(problem, []).append(name)
        problems += [
            f"{page} ({', '.join(names)}): {problem}"
            for problem, names in found.items()
        ]
        ids[page], links[page] = set(seen["ids"]), seen["links"]
        n_images += seen["images"]
        n_formulas += seen["formulas"]
        print(".", end="", flush=True)
    print()
    n_links = 0
    for page, targets in links.items():
        for target in sorted({t for t in targets if t.startswith(address)}):
            n_links += 1
            url, anchor = urldefrag(target)
            path = unquote(urlsplit(url).path).lstrip("/")
            if path == "" or path.endswith("/"):
                path += "index.html"
            if not (folder / path).is_file():
                problems.append(f"{page}: link to {path}, which does not exist")
            elif anchor and path in ids and unquote(anchor) not in ids[path]:
                problems.append(f"{page}: link to {path}#{anchor}, no such anchor")
    summary = (
        f"{len(pages)} pages, {n_links} links, {n_images} images, {n_formulas} formulas"
    )
    return problems, summary


def search(browser, address, term):
    """Return the best pages that the site's search finds for a term, the best first."""
    browser.set_script_timeout(120)
    browser.get(f"{address}search.html?{urlencode({'q': term})}")
    # Results appear one after the other, with an excerpt that is loaded from the page.
    found = browser.execute_async_script(
        """
        const [n_best, done] = arguments;
        const look = () => {
            const summary = document.querySelector("#search-results .search-summary");
            const ended = /finished|did not match/.test(summary?.textContent);
            const links = document.querySelectorAll("#search-results li > a");
            if (ended || links.length >= n_best) done([...links].map(a => a.href));
            else setTimeout(look, 20);
        };
        look();
        """,
        N_BEST,
    )
    pages = [urlsplit(url).path.lstrip("/") for url in found[:N_BEST]]
    return list(dict.fromkeys(pages))


def check_search(browser, address):
    """Search for standard terms; return the list of problems."""
    problems = []
    for term, expected in SEARCHES.items():
        pages = search(browser, address, term)
        if not set(pages) & set(expected):
            problems.append(
                f"search for {term!r} finds {', '.join(pages) or 'nothing'},"
                f" but none of {', '.join(expected)}"
            )
        print(".", end="", flush=True)
    print()
    return problems


def take_screenshots(browser, address, pages, target):
    """Save full-length screenshots of pages at both widths."""
    target.mkdir(parents=True, exist_ok=True)
    for page in pages:
        for name, width in WIDTHS.items():
            resize(browser, width)
            browser.get(address + page)
            height = browser.execute_script("return document.body.scrollHeight")
            browser.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {
                    "width": width,
                    "height": min(height, 6_000),
                    "deviceScaleFactor": 1,
                    "mobile": width < 600,
                },
            )
            stem = page.replace("/", "-").removesuffix(".html")
            browser.save_screenshot(str(target / f"{stem}-{name}.png"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="the built site")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--driver", default=shutil.which("chromedriver"))
    parser.add_argument("--screenshots", type=Path, help="a folder for screenshots")
    parser.add_argument(
        "--pages",
        nargs="+",
        metavar="page",
        help="of these pages",
        default=[
            "index.html",
            "generated/index.html",
            "generated/sknumpy_mlp.NumpyMLPClassifier.html",
            "generated/sknumpy_mlp.losses.Huber.html",
            "auto_examples/index.html",
            "auto_examples/quickstart.html",
        ],
    )
    args = parser.parse_args()
    if not (args.folder / "index.html").is_file():
        parser.error(f"{args.folder} holds no index.html; build the site first")
    if not args.chromium or not args.driver:
        parser.error("Chromium or its driver not found; see --chromium and --driver")
    server, address = serve(args.folder.resolve())
    with tempfile.TemporaryDirectory() as profile:
        browser = start(args.chromium, args.driver, profile)
        try:
            problems, summary = check(browser, args.folder, address)
            problems += check_search(browser, address)
            if args.screenshots:
                take_screenshots(browser, address, args.pages, args.screenshots)
        finally:
            browser.quit()
            server.shutdown()
    print("\n".join(problems))
    print(f"{summary}, {len(SEARCHES)} searches: {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

// What a page does beyond being read: tables sort, filter and download; charts step through the periods and show details;
// the sections and the colours can be chosen. Without this script the page is complete, only still. Text of the data enters
// the page as text (textContent) alone; nothing is fetched, and nothing is kept but the chosen colours.
"use strict";
(() => {
  const plain = (text) => text.replace(/\s+/g, " ").trim(); // thin and no-break spaces, too
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  /** An element with properties (aria-* and data-* as attributes) and children; strings become text. */
  function make(tag, properties = {}, ...children) {
    const found = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name.includes("-")) found.setAttribute(name, value);
      else found[name] = value;
    }
    found.append(...children);
    return found;
  }

  // ---- tables ------------------------------------------------------------------------------------------------------------

  const FILTER_FROM = 9; // rows from which a table gets a field to search in
  const MOST_STACKED = 9; // columns beyond which a table scrolls in its box on a phone, too: period by period, say
  const LONG_TEXT = 40; // letters from which a cell of a card stands below the head of its column
  const LONG = 24, SHORT = 12; // an open table of more rows shows so many first
  const order = new Intl.Collator("en", { numeric: true });

  /** Make a table sort, filter and download; its further rows, which stand in a closed table behind it, become its own. */
  function enrich(table, name) {
    const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells], box = table.parentElement, first = body.rows.length;
    const rest = further(table);
    if (rest) body.append(...rest.querySelector("tbody").rows);
    if (heads.length > 2 && heads.length <= MOST_STACKED && !table.matches(".cards, .pairs")) stacks.push({ table, heads });
    if (body.rows.length < 2) return;
    const long = body.rows.length > LONG && !box.closest("details") && !table.matches(".pairs");
    const few = rest ? first : long ? SHORT : Infinity;
    const view = viewOf(body, few), label = box.getAttribute("aria-label") || name;
    heads.forEach((head, column) => sortable(head, column, view));
    const save = make("button", { type: "button", textContent: "Download CSV", "aria-label": `Download CSV: ${label}` });
    save.addEventListener("click", () => download(`${name}.csv`, csv(heads, view.found())));
    box.before(make("div", { className: "tools" }, ...(view.rows.length >= FILTER_FROM ? filter(view, label) : []), save));
    if (few < view.rows.length) box.after(opener(view, few));
    rest?.remove();
  }

  /** On a phone a row stands as a card, each cell on a line with the head of its column before it, instead of a table that is wider than the screen. */
  function stack({ table, heads }) {
    const words = heads.map((head) => head.textContent), box = table.parentElement;
    const isLong = (cell) => plain(cell.textContent).length > LONG_TEXT;
    const fits = box.clientWidth > 0 ? box.scrollWidth <= box.clientWidth : heads.length <= 3; // a closed one cannot be measured
    if (fits && !all("tbody td", table).some(isLong)) return;
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, i) => {
        cell.dataset.label = words[i];
        cell.classList.toggle("long", isLong(cell));
        cell.classList.toggle("none", i > 0 && plain(cell.textContent) === "\u2013");
      });
    }
    table.classList.add("stack");
  }

  const stacks = [], phone = matchMedia("(max-width: 600px)");
  const stackAll = () => { if (phone.matches) stacks.splice(0).forEach(stack); };

  /** The closed table behind a table that has the same heads, if there is one. */
  function further(table) {
    const next = table.parentElement.nextElementSibling, other = next?.matches("details") && next.querySelector("table");
    return other && other.tHead.textContent === table.tHead.textContent && next.children.length === 2 ? next : null;
  }

  /** The rows of a table as they are seen: in some order, filtered, and, while nothing is filtered, only the first few. */
  function viewOf(body, few) {
    const rows = [...body.rows];
    let found = new Set(rows), most = few;
    const refresh = () => {
      let n = 0;
      for (const row of body.rows) row.hidden = !found.has(row) || (found.size === rows.length && ++n > most);
    };
    refresh();
    return {
      rows,
      found: () => [...body.rows].filter((row) => found.has(row)),
      keep: (some) => { found = new Set(some); refresh(); },
      arrange: (sorted) => { body.append(...sorted); refresh(); },
      shorten: (short) => { most = short ? few : Infinity; refresh(); },
    };
  }

  /** The button behind a table that shows only its first rows; on paper it says so. */
  function opener(view, few) {
    const button = make("button", { type: "button", className: "more" });
    const shorten = (short) => {
      view.shorten(short);
      button.textContent = short ? `Show all ${view.rows.length} rows` : `Show ${few} rows`;
      button.dataset.paper = short ? `The first ${few} of ${view.rows.length} rows.` : "";
    };
    button.addEventListener("click", () => shorten(button.dataset.paper === ""));
    shorten(true);
    return button;
  }

  function sortable(head, column, view) {
    const words = head.textContent;
    if (!words) return;
    const button = make("button", { type: "button", className: "sort", textContent: words, title: head.querySelector("[title]")?.title ?? "" });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending", keys = new Map(view.rows.map((row) => [row, key(row.cells[column])]));
      for (const one of head.parentElement.cells) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      view.arrange([...view.rows].sort((a, b) => compare(keys.get(a), keys.get(b), up ? 1 : -1)));
    });
  }

  /** What a cell is sorted by: its number, else its text, or nothing (a blank or a dash). */
  function key(cell) {
    if ("v" in cell.dataset) return Number(cell.dataset.v);
    const text = plain(cell.textContent);
    return text === "" || text === "\u2013" ? null : text;
  }

  /** Numbers before text; what is missing is last either way. */
  function compare(a, b, sign) {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a !== typeof b) return typeof a === "number" ? -sign : sign;
    return sign * (typeof a === "number" ? a - b : order.compare(a, b));
  }

  /** A field that keeps the rows that hold all its words, and the count of what is left. */
  function filter(view, label) {
    const field = make("input", { type: "search", placeholder: "Filter rows", "aria-label": `Filter: ${label}` });
    const count = make("span", { "aria-live": "polite" });
    let texts = null; // of every row, once somebody asks
    field.addEventListener("input", () => {
      texts ??= view.rows.map((row) => [...row.cells].map((cell) => `${plain(cell.textContent)} ${cell.dataset.v ?? ""}`).join(" ").toLowerCase());
      const words = plain(field.value).toLowerCase().split(" ");
      const kept = view.rows.filter((_, i) => words.every((word) => texts[i].includes(word)));
      count.textContent = kept.length < view.rows.length ? `${kept.length} of ${view.rows.length} rows` : "";
      view.keep(kept);
    });
    return [field, count];
  }

  /** The rows as RFC 4180: numbers raw, their unit in the head of the column or, where it differs by row, in a column of its own. */
  function csv(heads, rows) {
    const mixed = heads.map((_, i) => rows.some((row) => row.cells[i].dataset.u));
    const lines = [heads, ...rows.map((row) => [...row.cells])].map((cells, line) =>
      cells.flatMap((cell, i) => {
        const text = plain(cell.textContent), unit = cell.dataset.u ?? "";
        if (line === 0) return mixed[i] ? [quoted(text), quoted(`${text}: unit`)] : [quoted(unit ? `${text} (${unit})` : text)];
        const value = "v" in cell.dataset ? cell.dataset.v : quoted(text === "\u2013" ? "" : text);
        return mixed[i] ? [value, quoted(unit)] : [value];
      }).join(","));
    return lines.join("\r\n") + "\r\n";
  }

  /** A text for a CSV file; what a spreadsheet would take for a formula gets an apostrophe before it. */
  function quoted(text) {
    const safe = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/.test(text) ? "'" + text : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function download(name, text) {
    const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" })); // the mark tells spreadsheets the encoding
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  for (const section of all("section")) {
    let number = 0;
    for (const table of all("table", section)) {
      if (table.isConnected) enrich(table, section.id + (number++ ? `-${number}` : ""));
    }
  }

  stackAll();
  phone.addEventListener("change", stackAll);

  // A box that scrolls is a stop of the Tab key only while there is something to scroll.
  const boxes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
      else target.removeAttribute("tabindex");
    }
  });
  all(".scroll").forEach((box) => boxes.observe(box));

  // ---- details of a mark: a box at the pointer or at the mark that has the focus --------------------------------------------

  const tip = make("div", { className: "tip", hidden: true, "aria-hidden": "true" });
  const told = new WeakMap(); // mark -> its text, taken out of <title>, so that the browser does not show it a second time
  document.body.append(tip);

  function textOf(target) {
    for (let mark = target; mark instanceof SVGElement && !(mark instanceof SVGSVGElement); mark = mark.parentElement) {
      const title = mark.querySelector(":scope > title");
      if (title) {
        told.set(mark, title.textContent);
        mark.setAttribute("aria-label", title.textContent);
        title.remove();
      }
      if (told.has(mark)) return told.get(mark);
    }
    return "";
  }

  function show(content, x, y) {
    tip.replaceChildren(content);
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const above = y + 18 + height > innerHeight;
    tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - width - 8))}px`;
    tip.style.top = `${Math.max(8, above ? y - height - 12 : y + 18)}px`;
  }

  const hide = () => {
    tip.hidden = true;
    light(null);
  };

  /** Of what joins places (data-of), only what joins this one (data-key) stays in full colour. */
  let lit = null;
  function light(mark) {
    if (lit === mark) return;
    lit?.closest("svg").classList.remove("dimmed");
    lit = mark?.dataset.key ? mark : null;
    if (!lit) return;
    const svg = lit.closest("svg");
    for (const one of all("[data-of]", svg)) one.classList.toggle("lit", one.dataset.of.split(" ").includes(lit.dataset.key));
    svg.classList.add("dimmed");
  }

  addEventListener("pointermove", (event) => {
    const mark = event.target instanceof Element ? event.target.closest("svg *") : null;
    const card = mark?.closest("[data-card]");
    const content = card ? cardOf(card) : mark && textOf(mark);
    if (!content) return hide();
    show(content, event.clientX, event.clientY);
    light(card);
  });
  addEventListener("scroll", () => (document.activeElement.matches("[data-card]") && !tip.hidden ? tell(document.activeElement) : hide()), { passive: true, capture: true });
  addEventListener("keydown", (event) => event.key === "Escape" && hide());

  // ---- charts that step through the periods ---------------------------------------------------------------------------------
  // A figure with data-periods (labels) has a field to choose one. A part with data-at ({attribute: [a value per period]}) follows it;
  // "text" stands for its words. A mark with data-card ({name, rows: [[label, value or values]]}) shows its details for that period.

  const chosen = new WeakMap(); // figure -> index of its period
  const cards = new WeakMap();

  function rowsOf(mark) {
    if (!cards.has(mark)) cards.set(mark, JSON.parse(mark.dataset.card));
    const { name, rows } = cards.get(mark), at = chosen.get(mark.closest("figure")) ?? -1;
    const facts = rows.map(([label, value]) => [label, Array.isArray(value) ? value.at(at) : value]).filter(([, value]) => value !== "");
    return { name, facts };
  }

  function cardOf(mark) {
    const { name, facts } = rowsOf(mark);
    const list = make("dl", {}, ...facts.flatMap(([label, value]) => [make("dt", {}, label), make("dd", {}, value)]));
    const content = document.createDocumentFragment();
    content.append(make("strong", {}, name), list);
    return content;
  }

  /** Show the details beside a mark. */
  function tell(mark) {
    const box = mark.getBoundingClientRect();
    show(cardOf(mark), box.right - 10, box.bottom - 12);
    light(mark);
  }

  function step(figure, at) {
    chosen.set(figure, at);
    for (const part of all("[data-at]", figure)) {
      for (const [name, values] of Object.entries(JSON.parse(part.dataset.at))) {
        if (name === "text") part.textContent = values[at];
        else part.setAttribute(name, values[at]);
      }
    }
    for (const mark of all("[data-card]", figure)) {
      const { name, facts } = rowsOf(mark);
      mark.setAttribute("aria-label", `${name}. ${facts.map(([label, value]) => `${label}: ${value}`).join(". ")}`);
    }
  }

  function slider(figure) {
    const labels = JSON.parse(figure.dataset.periods), last = labels.length - 1;
    const output = make("output", {}, labels[last]);
    const range = make("input", { type: "range", min: "0", max: String(last), step: "1", value: String(last), "aria-valuetext": labels[last] });
    range.addEventListener("input", () => {
      output.textContent = labels[range.valueAsNumber];
      range.setAttribute("aria-valuetext", labels[range.valueAsNumber]);
      step(figure, range.valueAsNumber);
      hide();
    });
    step(figure, last);
    figure.querySelector(".scroll").before(make("label", { className: "slider" }, make("span", {}, "Period"), range, output));
  }

  /** The marks of a chart are one stop of the Tab key; arrows go from mark to mark. */
  function walkable(svg) {
    const marks = all("[data-card]", svg);
    if (!marks.length) return;
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-description", "The arrow keys go from mark to mark; each tells its numbers.");
    marks.forEach((mark, i) => {
      mark.querySelector(":scope > title")?.remove(); // the box says it
      mark.setAttribute("role", "img");
      mark.setAttribute("tabindex", i ? "-1" : "0");
    });
    svg.addEventListener("keydown", (event) => {
      const visible = marks.filter((mark) => getComputedStyle(mark).display !== "none");
      const here = visible.indexOf(document.activeElement), last = visible.length - 1;
      const next = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: last }[event.key];
      if (next === undefined || here < 0) return;
      event.preventDefault();
      visible[Math.max(0, Math.min(next, last))].focus();
    });
    svg.addEventListener("focusin", (event) => {
      const mark = event.target.closest("[data-card]");
      if (!mark) return;
      marks.forEach((one) => one.setAttribute("tabindex", one === mark ? "0" : "-1"));
      tell(mark);
    });
    svg.addEventListener("focusout", hide);
  }

  /** A key with data-layer switches what it explains on and off. */
  function layer(entry) {
    const figure = entry.closest("figure"), box = make("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => figure.classList.toggle(`without-${entry.dataset.layer}`, !box.checked));
    entry.replaceChildren(make("label", {}, box, ...entry.childNodes));
  }

  all("figure[data-periods]").forEach(slider);
  all("svg[data-layers]").forEach(walkable);
  all("[data-layer]").forEach(layer);

  // ---- where one is, and the colours ----------------------------------------------------------------------------------------

  const links = new Map(all("nav a").map((link) => [link.hash.slice(1), link]));
  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    entries.forEach(({ target, isIntersecting }) => (isIntersecting ? seen.add(target.id) : seen.delete(target.id)));
    const here = [...links.keys()].find((id) => seen.has(id));
    if (!here) return;
    links.forEach((link, id) => (id === here ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")));
    const nav = links.get(here).parentElement, link = links.get(here);
    if (nav.scrollWidth > nav.clientWidth) nav.scrollLeft = link.offsetLeft - nav.clientWidth / 3;
  }, { rootMargin: "-15% 0px -70% 0px" });
  all("section").filter((section) => links.has(section.id)).forEach((section) => watch.observe(section));

  const THEMES = ["auto", "light", "dark"], KEY = "placement-theme";
  const theme = make("button", { type: "button", className: "theme" });

  function wear(name) {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    theme.textContent = `Theme: ${name}`;
  }

  function remembered() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // a browser may forbid it to a local file
    }
  }

  let worn = Math.max(0, THEMES.indexOf(remembered()));
  wear(THEMES[worn]);
  theme.addEventListener("click", () => {
    worn = (worn + 1) % THEMES.length;
    wear(THEMES[worn]);
    try {
      localStorage.setItem(KEY, THEMES[worn]);
    } catch {
      // not remembered, then
    }
  });
  document.querySelector("nav")?.append(theme);
})();

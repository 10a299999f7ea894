// SPDX-License-Identifier: BSD-3-Clause
// The page is whole without this. With it, it is fetched anew each second and keeps what its reader has chosen: order,
// filter, scroll position. Rates and the small curves come from what this tab has seen in the last ten minutes.
"use strict";
(() => {
  const period = 1000, patience = 4000, kept = 600;
  const history = new Map(); // row -> [{time, connections, refused}]
  const order = new Map(); // table -> {column, down}
  let answered = Date.now();

  const rate = (points, field, seconds) => {
    const last = points[points.length - 1];
    const first = points.find((p) => last.time - p.time <= seconds * 1000) || points[0];
    const passed = (last.time - first.time) / 1000;
    return passed > 0 ? Math.max(0, last[field] - first[field]) / passed : 0;
  };
  const short = (n) => (n === 0 ? "0" : n < 10 ? n.toFixed(1) : String(Math.round(n)));

  const curve = (points) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "spark");
    svg.setAttribute("viewBox", "0 0 96 22");
    svg.setAttribute("role", "img");
    const rates = [];
    const step = Math.max(1, Math.ceil(points.length / 48));
    for (let i = step; i < points.length; i += step) {
      const passed = (points[i].time - points[i - step].time) / 1000;
      rates.push(Math.max(0, points[i].connections - points[i - step].connections) / passed);
    }
    const most = Math.max(...rates, 0.001);
    svg.setAttribute("aria-label", "new connections a second, at most " + short(rates.length ? Math.max(...rates) : 0));
    if (rates.length > 1) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", rates.map((r, i) =>
        (i ? "L" : "M") + (1 + (94 * i) / (rates.length - 1)).toFixed(1) + " " + (20 - (18 * r) / most).toFixed(1)).join(""));
      svg.append(path);
    }
    return svg;
  };

  const remember = (rows) => {
    const time = Date.now(), seen = new Set();
    for (const row of rows) {
      seen.add(row.id);
      const points = history.get(row.id) || [];
      points.push({time, connections: Number(row.dataset.connections), refused: Number(row.dataset.refused)});
      if (points.length > kept) points.shift();
      history.set(row.id, points);
      // Until a second look the page's own number stands there, a mean of ten seconds.
      if (points.length > 1)
        for (const field of ["connections", "refused"])
          row.querySelector("[data-rate=" + field + "]").textContent = short(rate(points, field, 5));
      row.querySelector("[data-curve]").replaceChildren(curve(points));
    }
    for (const id of history.keys()) if (!seen.has(id)) history.delete(id);
  };

  const key = (cell) => cell.dataset.key === undefined ? cell.textContent.trim() : Number(cell.dataset.key);
  const sort = (table) => {
    const by = order.get(table.id);
    if (!by) return;
    const heads = table.tHead.rows[0].cells, body = table.tBodies[0];
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[by.column].setAttribute("aria-sort", by.down ? "descending" : "ascending");
    const rows = [...body.rows].sort((a, b) => {
      const x = key(a.cells[by.column]), y = key(b.cells[by.column]);
      const one = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), undefined, {numeric: true});
      return by.down ? -one : one;
    });
    body.append(...rows);
  };
  const sortable = (table) => {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = order.get(table.id);
        order.set(table.id, {column, down: now !== undefined && now.column === column && !now.down});
        sort(table);
      });
    });
    sort(table);
  };

  const filter = () => {
    const text = document.getElementById("filter").value.toLowerCase();
    for (const row of document.querySelectorAll("[data-filter] tbody tr"))
      row.hidden = text !== "" && !row.textContent.toLowerCase().includes(text);
  };

  const tell = () => {
    const root = document.getElementById("status");
    document.title = root.dataset.title;
    const colour = {ok: "%231a9850", degraded: "%23e08a00", down: "%23d02c26"}[root.dataset.level];
    document.getElementById("icon").href = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>" +
      "<circle cx='8' cy='8' r='7' fill='" + colour + "'/></svg>";
  };

  const prepare = () => {
    remember([...document.querySelectorAll("tr[data-connections]")]);
    for (const table of document.querySelectorAll("table[data-sort]")) sortable(table);
    filter();
    tell();
  };

  // Scroll positions of inner boxes and the focus stay; the filter's field is not replaced.
  const replace = (fresh) => {
    const events = document.querySelector(".events");
    const scrolled = events ? events.scrollTop : 0;
    const focus = document.activeElement;
    const place = focus && focus.closest("table[id]");
    const nth = place ? [...place.querySelectorAll("thead button")].indexOf(focus) : -1;
    for (const id of ["status", "rest"]) document.getElementById(id).replaceWith(fresh.getElementById(id));
    prepare();
    const box = document.querySelector(".events");
    if (box) box.scrollTop = scrolled;
    if (nth >= 0) document.getElementById(place.id)?.querySelectorAll("thead button")[nth]?.focus();
  };

  const stale = () => {
    const seconds = Math.round((Date.now() - answered) / 1000);
    const is = seconds >= 3;
    document.body.classList.toggle("stale", is);
    document.getElementById("stale").hidden = !is;
    document.getElementById("stale").textContent = is ? "no answer for " + seconds + " s" : "";
    if (is) document.title = "no answer – " + document.title.replace(/^no answer – /, "");
  };

  const look = async () => {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), patience);
    try {
      const reply = await fetch(location.pathname, {signal: stop.signal, cache: "no-store"});
      if (reply.ok) {
        const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
        answered = Date.now();
        replace(fresh);
      }
    } catch (error) {
      // what is shown then says how old it is
    }
    clearTimeout(timer);
    stale();
    setTimeout(look, document.hidden ? 5 * period : period);
  };

  document.body.classList.add("live");
  document.getElementById("filter").addEventListener("input", filter);
  prepare();
  setTimeout(look, period);
})();

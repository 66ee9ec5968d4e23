/* What charts do in the browser by themselves: cards, the worksheet, tables for screen readers, full screen, and files.
 *
 * The list of specs in charts-store is all there is to know about the charts on the page. Everything a person does
 * changes that list; the server says what is on each card, and the cards here follow. No figure and no metric is known
 * here. plotly.js is fetched when the first chart is asked for, not before. */
(function () {
  "use strict";

  const NARROW = 520; // pixels, as charts/draw.py means it
  const none = () => window.dash_clientside.no_update;
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const LARGEST = 16000; // pixels: browsers draw no higher picture
  const GIVE_UP_AFTER = 15000; // milliseconds
  const panel = () => document.getElementById("chart-panel");
  const cardOf = (id) => panel().querySelector(`[data-chart="${CSS.escape(id)}"]`);
  const titleOf = (card) => card.querySelector(".chart-name").textContent;

  let charts = []; // the specs, as charts-store has them
  let announced = null; // what to say once the charts are drawn
  let shown = null; // id of the chart that has just been added
  let choices = null;

  const newId = () => "c" + Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => (byte % 36).toString(36)).join("");
  const change = (next) => {
    charts = next;
    set("charts-store", { data: next });
  };
  const edit = (id, patch) => change(charts.map((spec) => (spec.id === id ? { ...spec, ...patch } : spec)));

  /* ------------------------------------------------------------------ from and to the server */

  const clientside = {
    /* An entry of the Show Chart menu was chosen. A preset is drawn in the form that suits the report, by the server. */
    add(clicks, now) {
      const context = window.dash_clientside.callback_context;
      const trigger = context.triggered && context.triggered[0];
      if (!trigger || !trigger.value) return none();
      const entry = context.triggered_id.preset;
      const spec = { id: newId(), kind: "line", series: [], title: "" };
      if (entry === "blank") spec.title = unused("Blank Chart", now || []);
      else spec.preset = entry;
      shown = spec.id;
      announced = "added";
      reserve();
      return [...(now || []), spec];
    },

    /* Ask for a drawing only if there is a chart to draw and it is not drawn already. */
    ask(now, theme, _look, report, drawn) {
      charts = now || [];
      if (!charts.length) {
        paint([]);
        if (drawn) set("chart-drawn", { data: null });
        return none();
      }
      if (!report || !report.link) return none();
      if (!panel().children.length) reserve();
      wasNarrow = isNarrow();
      const asked = { link: report.link, charts, dark: theme === "dark", narrow: wasNarrow };
      const done = drawn && drawn.asked;
      if (done && same({ ...done, charts: drawn.charts }, asked)) return none();
      load();
      return asked;
    },

    /* Another report is there: without charts nobody has to be told. */
    follow() {
      if (charts.length) set("chart-look", { data: { narrow: isNarrow() } });
    },

    drawn(drawn) {
      if (!drawn) return undefined;
      charts = merged(drawn);
      const wanted = new Set(charts.map((spec) => spec.id));
      paint(drawn.cards.filter((face) => wanted.has(face.id)));
      const card = shown && cardOf(shown);
      if (card) {
        shown = null;
        if (!specOf(card).series.length) open(card, true);
        card.scrollIntoView({ block: "nearest" });
        say(`${titleOf(card)}: chart ${announced}.`);
      }
      return undefined;
    },
  };
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

  /* The charts as they are now, in the form that the server gave them; what a person has changed since they asked stays
   * as it is, and is being asked for already. */
  function merged({ asked, charts: fitted }) {
    const before = new Map(asked.charts.map((spec) => [spec.id, spec]));
    const after = new Map(fitted.map((spec) => [spec.id, spec]));
    const next = charts.flatMap((spec) => {
      if (!before.has(spec.id) || !same(before.get(spec.id), spec)) return [spec];
      return after.has(spec.id) ? [after.get(spec.id)] : [];
    });
    if (!same(next, charts)) change(next);
    return next;
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, { charts: clientside });

  function unused(title, now) {
    const taken = new Set(now.map((spec) => spec.title));
    if (!taken.has(title)) return title;
    let number = 2;
    while (taken.has(`${title} ${number}`)) number += 1;
    return `${title} ${number}`;
  }

  const say = (words) => {
    document.getElementById("chart-said").textContent = words;
  };

  /* The room of the first chart is there before its figure, so that the table does not move twice. */
  function reserve() {
    panel().classList.add("is-waiting");
    /* nothing came: the page has said why */
    setTimeout(() => panel().classList.remove("is-waiting"), GIVE_UP_AFTER);
  }

  const isNarrow = () => ((panel().firstElementChild || panel()).clientWidth || window.innerWidth - 60) < NARROW;

  /* Charts are drawn for the room they have: anew when it becomes another kind of room. */
  let wasNarrow = null;
  function lookAgain() {
    if (!panel().clientWidth || wasNarrow === isNarrow()) return;
    wasNarrow = isNarrow();
    set("chart-look", { data: { narrow: wasNarrow } });
  }

  /* ------------------------------------------------------------------ cards */

  const faces = new WeakMap(); // what the server says is on a card

  /* The cards become what the server says: those that stay are kept, so nothing flickers and no field loses the focus. */
  function paint(all) {
    const host = panel();
    if (!host) return;
    host.classList.remove("is-waiting");
    const wanted = new Set(all.map((face) => face.id));
    for (const card of Array.from(host.children)) {
      if (!wanted.has(card.dataset.chart)) drop(card);
    }
    all.forEach((face, place) => {
      const card = cardOf(face.id) || newCard(face.id);
      if (host.children[place] !== card) host.insertBefore(card, host.children[place] || null);
      const before = faces.get(card);
      faces.set(card, face);
      card.querySelector(".chart-name").textContent = face.title;
      card.querySelector(".chart-name").title = face.title;
      card.querySelector(".chart-figure").setAttribute("aria-label", face.summary);
      const note = card.querySelector(".chart-note");
      note.textContent = face.note || "";
      note.hidden = !face.note;
      if (!before || before.title !== face.title || !same(before.table, face.table)) {
        card.querySelector(".chart-table").replaceChildren(tableFrom(face.title, face.table));
      }
      card.querySelector(".chart-plot").style.height = `${face.height}px`;
      name(card);
      if (card.dataset.editing) fillWorksheet(card);
      if (!before || !same(before.figure, face.figure)) draw(card);
    });
  }

  function drop(card) {
    if (window.Plotly) window.Plotly.purge(graph(card));
    sizes.unobserve(graph(card));
    card.remove();
  }

  function newCard(id) {
    const card = document.getElementById("chart-card").querySelector(".chart-card").cloneNode(true);
    card.dataset.chart = id;
    sizes.observe(card.querySelector(".chart-plot"));
    return card;
  }

  let loading = null;
  function load() {
    loading =
      loading ||
      new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = panel().dataset.plotly;
        script.onload = resolve;
        script.onerror = () => {
          loading = null;
          say("The chart could not be drawn: reload the page and try again.");
          reject(new Error("plotly.js did not arrive"));
        };
        if (window.Plotly) resolve();
        else document.head.append(script);
      });
    return loading;
  }

  async function draw(card) {
    await load();
    const face = faces.get(card);
    if (!card.isConnected) return;
    /* Plotly writes into what it is given */
    const { data, layout } = structuredClone(face.figure);
    await window.Plotly.react(graph(card), data, layout, JSON.parse(panel().dataset.config));
    if (card.classList.contains("is-full")) zoom(card, true);
  }

  /* On paper everything is dark on white, whatever the theme of the screen. */
  function onPaper(figure) {
    choices = choices || JSON.parse(panel().dataset.choices);
    const parts = (shade) => [1, 3, 5].map((at) => parseInt(shade.slice(at, at + 2), 16)).join(",");
    const faded = Object.fromEntries(Object.entries(choices.inPrint).map(([dark, light]) => [parts(dark), parts(light)]));
    const text = JSON.stringify(figure)
      .replace(/#[0-9a-f]{6}\b/g, (shade) => choices.inPrint[shade] || shade)
      .replace(/rgba\((\d+,\d+,\d+),/g, (whole, shade) => (faded[shade] ? `rgba(${faded[shade]},` : whole));
    return JSON.parse(text);
  }

  const drawn = () => Array.from(panel() ? panel().children : []).filter((card) => graph(card).data);

  window.addEventListener("beforeprint", () => {
    if (document.documentElement.dataset.bsTheme !== "dark") return;
    for (const card of drawn()) {
      const { data, layout } = onPaper(faces.get(card).figure);
      window.Plotly.react(graph(card), data, layout, JSON.parse(panel().dataset.config));
    }
  });

  window.addEventListener("afterprint", () => {
    for (const card of drawn()) draw(card);
  });

  /* A figure fills its card whatever makes that wider or higher: the window, full screen, another column. */
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) if (target._fullLayout && target.clientWidth) window.Plotly.Plots.resize(target);
    lookAgain();
  });

  /* Every button names its chart, and one that turns something on says how to turn it off again. */
  function name(card) {
    const title = titleOf(card);
    for (const button of card.querySelectorAll("[data-act]")) button.setAttribute("aria-label", `${button.title} ${title}`);
    const label = (act, on, yes, no) => {
      const button = card.querySelector(`[data-act="${act}"]`);
      button.setAttribute("aria-label", `${on ? yes : no} ${title}`);
      button.title = on ? yes : no;
      button.classList.toggle("is-on", on);
      return button;
    };
    label("table", card.dataset.shown === "table", "Show as chart", "Show as table");
    label("edit", Boolean(card.dataset.editing), "Close worksheet of", "Edit");
    const full = card.classList.contains("is-full");
    const icon = label("screen", full, "Exit full screen", "Full screen").querySelector(".icon");
    icon.classList.toggle("icon-fullscreen-exit", full);
    icon.classList.toggle("icon-fullscreen", !full);
  }

  function tableFrom(title, { header, rows, labels }) {
    const table = document.createElement("table");
    table.createCaption().textContent = title;
    const head = table.createTHead().insertRow();
    header.forEach((text, place) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.classList.toggle("is-label", place < labels);
      cell.textContent = text;
      head.append(cell);
    });
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      row.forEach((text, place) => {
        const cell = document.createElement(place < labels ? "th" : "td");
        if (place < labels) cell.scope = "row";
        cell.textContent = text;
        line.append(cell);
      });
    }
    return table;
  }

  const acts = {
    edit: (card) => open(card, !card.dataset.editing),
    table(card) {
      if (card.dataset.shown === "table") delete card.dataset.shown;
      else card.dataset.shown = "table";
      const holder = card.querySelector(".chart-table");
      const on = card.dataset.shown === "table";
      /* a table that scrolls must be reachable by keyboard */
      if (on) {
        holder.tabIndex = 0;
        holder.setAttribute("role", "region");
        holder.setAttribute("aria-label", `Figures of ${titleOf(card)}`);
      } else {
        holder.removeAttribute("tabindex");
        holder.removeAttribute("role");
        holder.removeAttribute("aria-label");
      }
    },
    screen: (card) => (card.classList.contains("is-full") ? leave(card) : enter(card)),
    png: (card) => save(card, "png"),
    svg: (card) => save(card, "svg"),
    copy(card) {
      const place = charts.findIndex((spec) => spec.id === card.dataset.chart);
      if (place < 0) return;
      const spec = { ...charts[place], id: newId(), title: unused(titleOf(card), charts) };
      shown = spec.id;
      announced = "duplicated";
      change([...charts.slice(0, place + 1), spec, ...charts.slice(place + 1)]);
    },
    keep(card) {
      const spec = charts.find((item) => item.id === card.dataset.chart);
      if (spec) set("chart-keep", { data: { chart: { ...spec, title: titleOf(card) }, at: Date.now() } });
    },
    remove(card) {
      const cards = Array.from(panel().children);
      const place = cards.indexOf(card);
      const next = cards[place + 1] || cards[place - 1];
      if (card.classList.contains("is-full")) leave(card);
      say(`${titleOf(card)}: chart removed.`);
      /* the focus must not fall off the page with the chart */
      (next ? next.querySelector('[data-act="remove"]') : document.querySelector(".chart-toggle")).focus();
      drop(card);
      change(charts.filter((spec) => spec.id !== card.dataset.chart));
    },
  };

  /* Whoever opens the menu is about to ask for a chart. */
  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest(".chart-toggle")) load();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(".chart-card [data-act]");
    if (!button) return;
    const card = button.closest(".chart-card");
    acts[button.dataset.act](card, button);
    if (card.isConnected) name(card);
  });

  const graph = (card) => card.querySelector(".chart-plot");

  /* ------------------------------------------------------------------ full screen */

  async function enter(card) {
    for (const other of panel().querySelectorAll(".is-full")) leave(other);
    card.classList.add("is-full");
    document.documentElement.classList.add("chart-is-full");
    name(card);
    try {
      await card.requestFullscreen();
    } catch {
      /* phones without it: the card fills the window instead */
    }
    zoom(card, true);
  }

  function leave(card) {
    card.classList.remove("is-full");
    document.documentElement.classList.remove("chart-is-full");
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    name(card);
    zoom(card, false);
  }

  /* With the whole screen for it a chart can be zoomed by dragging; beside a table dragging would be in the way. */
  function zoom(card, on) {
    const plot = graph(card);
    const axis = plot.layout && plot.layout.xaxis;
    if (!axis || axis.visible === false) return;
    const range = faces.get(card).figure.layout.xaxis.range;
    const whole = range ? { "xaxis.range": [...range] } : { "xaxis.autorange": true };
    window.Plotly.relayout(plot, { dragmode: on ? "zoom" : false, "xaxis.fixedrange": !on, ...(on ? {} : whole) });
  }

  document.addEventListener("fullscreenchange", () => {
    if (document.fullscreenElement) return;
    const card = panel() && panel().querySelector(".is-full");
    if (card) leave(card);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !panel()) return;
    const card = panel().querySelector(".is-full");
    if (card) leave(card);
  });

  /* ------------------------------------------------------------------ files */

  function inLines(text, most) {
    const lines = [""];
    for (const word of text.split(" ")) {
      const last = lines[lines.length - 1];
      if (last && last.length + word.length >= most) lines.push(word);
      else lines[lines.length - 1] = last ? `${last} ${word}` : word;
    }
    return lines;
  }

  async function save(card, format) {
    await load();
    const plot = faces.get(card).figure;
    const title = titleOf(card);
    const told = plot.layout.meta;
    const width = Math.max(800, graph(card).clientWidth);
    const height = Math.min(Math.max(480, told.whole) + 64, LARGEST);
    // A picture that leaves the page takes its question along, in lines that fit.
    const asked = document.querySelector("#report-told .told-question");
    const cut = told.whole + 64 > LARGEST ? "Not all rows fit into a picture: export the report for the rest." : "";
    const margin = { ...(plot.layout.template.layout.margin), ...(plot.layout.margin || {}) };
    const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
    const lines = inLines([asked ? asked.textContent : told.span, told.note, cut].filter(Boolean).join(" · "), Math.floor(width / 6.5));
    const above = 64 + 15 * (lines.length - 1);
    const picture = {
      data: plot.data,
      layout: {
        ...plot.layout,
        width,
        height: height + above - 64,
        autosize: false,
        margin: { ...margin, t: (margin.t || 0) + above, l: Math.max(16, margin.l || 0), r: Math.max(20, margin.r || 0), b: Math.max(16, margin.b || 0) },
        title: {
          text: `<b>${plain(title)}</b>`,
          font: { size: 18 },
          subtitle: { text: lines.map(plain).join("<br>"), font: { size: 12 } },
          x: 0,
          xref: "container",
          xanchor: "left",
          y: 1,
          yref: "container",
          yanchor: "top",
          pad: { l: 16, t: 14 },
        },
      },
    };
    const address = await window.Plotly.toImage(picture, { format, width, height, scale: format === "png" && 2 * height <= LARGEST ? 2 : 1 });
    const link = document.createElement("a");
    link.href = address;
    link.download = `${title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "chart"}.${format}`;
    document.body.append(link);
    link.click();
    link.remove();
    say(`${title}: ${format.toUpperCase()} saved.`);
  }

  /* ------------------------------------------------------------------ the worksheet */

  function open(card, wanted) {
    const sheet = card.querySelector(".chart-worksheet");
    if (!wanted) {
      delete card.dataset.editing;
      sheet.replaceChildren();
    } else {
      card.dataset.editing = "yes";
      fillWorksheet(card);
      const first = sheet.querySelector("input");
      first.focus();
      first.select();
    }
    name(card);
  }

  const make = (tag, props = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };

  let fields = 0;
  function field(label, control, className = "") {
    fields += 1;
    control.id = `chart-field-${fields}`;
    const words = make("label", { htmlFor: control.id }, make("span", { textContent: label }));
    return make("div", { className: `chart-field ${className}` }, words, control);
  }

  function select(options, value, name) {
    const list = make("select", { className: "form-select form-select-sm" });
    list.dataset.part = name;
    for (const [key, text] of options) list.append(make("option", { value: key, textContent: text }));
    list.value = value;
    return list;
  }

  function metricSelect(value, name) {
    const list = make("select", { className: "form-select form-select-sm" });
    list.dataset.part = name;
    for (const { label, items } of choices.metrics) {
      const group = make("optgroup", { label });
      for (const [id, , full] of items) group.append(make("option", { value: id, textContent: full }));
      list.append(group);
    }
    list.value = value;
    return list;
  }

  const specOf = (card) => charts.find((spec) => spec.id === card.dataset.chart);

  /* Built again only when the chart is another than the fields say: what a person types is never taken from them. */
  function fillWorksheet(card) {
    choices = choices || JSON.parse(panel().dataset.choices);
    const sheet = card.querySelector(".chart-worksheet");
    const spec = specOf(card);
    const state = JSON.stringify([spec.kind, spec.x, spec.stack, spec.split, spec.series, faces.get(card).x, document.documentElement.dataset.bsTheme]);
    if (sheet.dataset.state === state && sheet.childElementCount) return;
    const focused = sheet.contains(document.activeElement) ? document.activeElement.dataset.at : null;
    sheet.dataset.state = state;

    const title = make("input", { className: "form-control form-control-sm", value: spec.title, maxLength: choices.maxTitle });
    title.dataset.part = "title";
    title.autocomplete = "off";
    const xs = faces.get(card).x;
    const x = select(xs, spec.x || "", "x");
    if (spec.kind === "scatter") {
      for (const { label, items } of choices.metrics) {
        const group = make("optgroup", { label });
        for (const [id, , full] of items) group.append(make("option", { value: id, textContent: full }));
        x.append(group);
      }
      x.value = spec.x || "";
    }
    const top = make(
      "div",
      { className: "chart-fields" },
      field("Title", title, "is-wide"),
      field("Kind", select(choices.kinds, spec.kind, "kind")),
      field("X axis", x),
    );
    if (["bar", "area", "stacked_bar"].includes(spec.kind)) {
      const offered = spec.kind === "stacked_bar" ? choices.stackings.filter(([key]) => key !== "none") : choices.stackings;
      top.append(field("Stacking", select(offered, spec.kind === "stacked_bar" && spec.stack === "none" ? "stack" : spec.stack, "stack")));
    }
    if (xs.length > 2) {
      const split = make("input", { type: "checkbox", className: "form-check-input", checked: spec.split !== false });
      split.dataset.part = "split";
      top.append(make("label", { className: "chart-split" }, split, make("span", { textContent: "A series for each group" })));
    }
    const offers = {
      kind: ["line", "bar", "area", "stacked_bar"].includes(spec.kind),
      axis: !["pie", "table"].includes(spec.kind),
      colour: spec.kind !== "table",
    };
    const list = make("div", { className: "chart-series-list" });
    spec.series.forEach((series, place) => list.append(seriesRow(series, place, spec.series.length, offers)));
    const add = make("button", { type: "button", className: "btn btn-quiet btn-sm chart-add-series", disabled: spec.series.length >= choices.maxSeries });
    add.append(make("span", { className: "icon icon-plus-lg" }), make("span", { textContent: "Add series" }));
    add.firstChild.setAttribute("aria-hidden", "true");
    add.dataset.part = "add";
    const done = make("button", { type: "button", className: "btn btn-quiet btn-sm", textContent: "Done" });
    done.dataset.part = "done";
    sheet.replaceChildren(top, list, make("div", { className: "chart-worksheet-foot" }, add, done));
    for (const node of sheet.querySelectorAll("[data-part]")) node.dataset.at = `${node.dataset.place || ""}${node.dataset.part}`;
    const back = focused && sheet.querySelector(`[data-at="${focused}"]`);
    if (back) back.focus();
  }

  function seriesRow(series, place, count, offers) {
    const number = place + 1;
    const dark = document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light";
    const colour = select([["", "Automatic"], ...choices.colours], series.colour || "", "colour");
    const swatch = make("span", { className: "chart-swatch" });
    swatch.style.background = choices.shades[dark][series.colour || choices.own[series.metric]];
    const remove = make("button", { type: "button", className: "icon-button", title: "Remove series" }, make("span", { className: "icon icon-x-lg" }));
    remove.setAttribute("aria-label", `Remove series ${number}`);
    remove.dataset.part = "drop";
    const row = make("fieldset", { className: "chart-series" }, make("legend", { className: "visually-hidden", textContent: `Series ${number}` }));
    row.append(field(count > 1 ? `Metric ${number}` : "Metric", metricSelect(series.metric, "metric"), "is-metric"));
    if (offers.kind) row.append(field("Kind", select([["", "As chart"], ...choices.seriesKinds], series.kind || "", "kind")));
    const colourField = field("Colour", colour);
    colourField.firstChild.prepend(swatch);
    if (offers.colour) row.append(colourField);
    if (offers.axis) row.append(field("Axis", select(choices.axes, series.axis || "left", "axis")));
    row.append(remove);
    for (const node of row.querySelectorAll("[data-part]")) node.dataset.place = place;
    return row;
  }

  const isCount = (metric) => choices.counts.includes(metric);

  /* The next series is a metric that the chart does not have yet; amounts and quantities get an axis of their own. */
  function another(spec) {
    const known = choices.metrics.flatMap(({ items }) => items.map(([id]) => id));
    const taken = new Set(spec.series.map((series) => series.metric));
    const order = ["balance_refill_total", "payg_total", "packages_renew_total", "clients_active_qty", ...known];
    const metric = order.find((id) => known.includes(id) && !taken.has(id)) || known[0];
    const other = spec.series.length && isCount(metric) !== isCount(spec.series[0].metric);
    return { metric, kind: null, colour: null, axis: other && spec.kind !== "pie" && spec.kind !== "table" ? "right" : "left" };
  }

  function touched(part, card) {
    const spec = specOf(card);
    const id = card.dataset.chart;
    const name = part.dataset.part;
    const own = { preset: null }; // from now on it is the person's own
    if (part.dataset.place !== undefined) {
      const place = Number(part.dataset.place);
      if (name === "drop") return edit(id, { ...own, series: spec.series.filter((_, index) => index !== place) });
      const value = name === "metric" || name === "axis" ? part.value : part.value || null;
      return edit(id, { ...own, series: spec.series.map((series, index) => (index === place ? { ...series, [name]: value } : series)) });
    }
    if (name === "title") return edit(id, { title: part.value.trim() || titleOf(card) });
    if (name === "add") return edit(id, { ...own, series: [...spec.series, another(spec)] });
    if (name === "split") return edit(id, { ...own, split: part.checked });
    if (name === "x") return edit(id, { ...own, x: part.value || null });
    if (name === "stack") return edit(id, { ...own, stack: part.value });
    if (name === "kind") {
      const patch = { ...own, kind: part.value };
      if (part.value !== "scatter" && choices.own[spec.x]) patch.x = null;
      if (part.value === "stacked_bar") patch.stack = spec.stack === "percent" ? "percent" : "stack";
      else if (spec.kind === "stacked_bar") patch.stack = "none";
      return edit(id, patch);
    }
    return undefined;
  }

  document.addEventListener("change", (event) => {
    const part = event.target.closest && event.target.closest(".chart-worksheet [data-part]");
    if (part) touched(part, part.closest(".chart-card"));
  });

  document.addEventListener("click", (event) => {
    const part = event.target.closest && event.target.closest(".chart-worksheet button[data-part]");
    if (!part) return;
    const card = part.closest(".chart-card");
    if (part.dataset.part !== "done") {
      touched(part, card);
      return;
    }
    open(card, false);
    card.querySelector('[data-act="edit"]').focus();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    const part = event.target.closest && event.target.closest('.chart-worksheet [data-part="title"]');
    if (!part) return;
    /* Enter means this title, not the query form's button */
    event.preventDefault();
    event.stopPropagation();
    touched(part, part.closest(".chart-card"));
  });
})();
